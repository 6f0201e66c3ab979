//! `npo lab report`: a page of finished runs, and its figures as files.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use npo_lab::report::png::Fonts;
use npo_lab::report::{FigureFile, Options as Shown, report};
use serde::Serialize;

use super::compare::load;
use crate::exit::{Answer, Failure};
use crate::options::{Options, shown};
use crate::text::{Line, Tone};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Folder of results
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write the page to this file [default: DIR/report.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write each figure as SVG and PNG into this folder too
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Hold methods against this one [default: the experiment's baseline]
    #[arg(long, value_name = "METHOD")]
    baseline: Option<String>,
    /// Tell this method apart in charts of lines; may be given again
    #[arg(long, value_name = "METHOD")]
    focus: Vec<String>,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    report: String,
    figures: Vec<String>,
}

impl Report {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        if let Some(page) = super::recovery::page(&self.folder)? {
            let to = self.out.unwrap_or_else(|| self.folder.join("report.html"));
            write(&to, page.as_bytes())?;
            let written = Written { report: shown(&to), figures: Vec::new() };
            let mut out = options.out();
            out.value(&written, |written| vec![Line::of(Tone::Plain, &written.report)])?;
            out.flush()?;
            return Ok(Answer::Yes);
        }
        let results = load(&self.folder)?;
        let wanted = Shown { baseline: self.baseline, focus: self.focus };
        let made = report(&results, &wanted)
            .map_err(|error| Failure::could_not("could not make the report", error))?;
        let page = self.out.unwrap_or_else(|| self.folder.join("report.html"));
        write(&page, made.html.as_bytes())?;
        let mut written = Written { report: shown(&page), figures: Vec::new() };
        let pictures = match &self.figures {
            Some(folder) => write_figures(folder, &made.figures, &mut written.figures),
            None => Ok(()),
        };
        let mut out = options.out();
        out.value(&written, |written| {
            let files = std::iter::once(&written.report).chain(&written.figures);
            files.map(|file| Line::of(Tone::Plain, file)).collect()
        })?;
        out.flush()?;
        pictures?;
        Ok(Answer::Yes)
    }
}

/// Writes all figures as SVG, then as PNG: without a font there are still the former.
pub(super) fn write_figures(
    folder: &Path,
    figures: &[FigureFile],
    written: &mut Vec<String>,
) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        Failure::could_not(format!("could not make the folder `{}`", folder.display()), error)
    })?;
    for figure in figures {
        let file = folder.join(format!("{}.svg", figure.name));
        write(&file, figure.svg.as_bytes())?;
        written.push(shown(&file));
    }
    let fonts = Fonts::of_system().map_err(|error| {
        Failure::could_not("wrote the figures as SVG, but could not draw them as PNG", error)
    })?;
    for figure in figures {
        let png = fonts.draw(&figure.svg).map_err(|error| {
            Failure::could_not(format!("could not draw `{}` as PNG", figure.name), error)
        })?;
        let file = folder.join(format!("{}.png", figure.name));
        write(&file, &png)?;
        written.push(shown(&file));
    }
    Ok(())
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|error| Failure::could_not(format!("could not write `{}`", path.display()), error))
}
