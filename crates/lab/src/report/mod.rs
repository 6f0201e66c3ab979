//! Reports of finished runs: one self-contained HTML page, and its figures as SVG and PNG.
//!
//! A report is a function of the results: it holds no time and no place of its making, so that the
//! same runs give the same bytes.
//! It runs no script and loads nothing, for it is mailed around and opened years later.

mod chart;
mod comparison;
mod figures;
mod html;
mod notes;
pub mod png;
mod standalone;
mod tables;

use crate::results::{Comparison, Error, Results};
pub(crate) use chart::escape;
use figures::{Figure, View};

/// What a reader wants to see.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The method that others are held against; the experiment's own if absent.
    pub baseline: Option<String>,
    /// Methods that charts of lines tell apart; the baseline and the first five others if empty.
    pub focus: Vec<String>,
}

/// A figure as a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFile {
    /// Name of the file without its ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The SVG, on white ground whoever looks.
    pub svg: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The page.
    pub html: String,
    /// The page's figures, in its order.
    pub figures: Vec<FigureFile>,
}

/// Makes the report of these results.
///
/// # Errors
/// If the baseline or a method in focus did not run.
pub fn report(results: &Results, options: &Options) -> Result<Report, Error> {
    let baseline = results.baseline(options.baseline.as_deref())?;
    let methods = results.methods();
    if let Some(name) = options.focus.iter().find(|name| !methods.contains(&name.as_str())) {
        return Err(Error::unknown("method", name, &methods));
    }
    let mut view = View::new(results, baseline.as_deref(), &options.focus);
    view.baseline_asked = options.baseline.is_some();
    let (figures, absent) = figures::all(&view);
    Ok(Report { figures: files(&figures), html: html::page(&view, &figures, &absent) })
}

/// Makes the page of what changed between folders: parameters, pictures, both means.
///
/// `folders` are the ones that were compared, the first of them before, the others after.
/// Of a comparison of fewer than two folders nothing changed, and the page says so.
#[must_use]
pub fn comparison(folders: &[(String, Results)], compared: &Comparison) -> Report {
    let figures: Vec<Figure> = folders.first().map_or_else(Vec::new, |(_, first)| {
        let view = View::new(first, None, &[]);
        figures::changes(&view, compared).into_iter().map(figures::shortened).collect()
    });
    Report { html: comparison::page(folders, compared, &figures), figures: files(&figures) }
}

fn files(figures: &[Figure]) -> Vec<FigureFile> {
    let file = |figure: &Figure| FigureFile {
        name: figure.id.clone(),
        title: figure.title.clone(),
        svg: standalone::svg(figure),
    };
    figures.iter().map(file).collect()
}

#[cfg(test)]
mod tests;
