//! The page: what was run, how to read it, figures, tables.

use std::fmt::Write as _;

use super::chart::style::{colours, rules};
use super::chart::{KEY_WIDTH, PANEL_WIDTH, Panel, escape, key};
use super::figures::{Absent, Figure, View};
use super::{notes, tables};
use crate::results::plain;

const STYLE: &str = include_str!("page.css");

/// Settings that the page tells elsewhere, and one that changes no result.
const TOLD: [&str; 4] = ["name", "baseline", "comparisons", "threads"];

/// The whole page.
pub(super) fn page(view: &View<'_>, figures: &[Figure], absent: &[Absent]) -> String {
    let name = match view.results.about.name.as_str() {
        "" => "Experiment",
        name => name,
    };
    let title = escape(name);
    let mut html = opening(&title);
    head(&mut html, view, &title);
    contents(&mut html, figures);
    reading(&mut html, view);
    section(&mut html, "figures", "Figures", |html| {
        figures.iter().for_each(|figure| draw(html, figure));
        left_out(html, absent);
    });
    section(&mut html, "tables", "Tables", |html| {
        html.push_str(&tables_lead(view));
        html.push_str(&tables::metrics(view));
    });
    section(&mut html, "run", "What was run", |html| what_was_run(html, view));
    closing(&mut html, "npo lab report");
    html
}

/// Everything before the page's own content; `title` is escaped.
pub(super) fn opening(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"npo {version}\">\n\
         <title>{title} · npo lab</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n",
        version = env!("CARGO_PKG_VERSION"),
        css = style(),
    )
}

/// Everything behind the page's own content.
pub(super) fn closing(html: &mut String, command: &str) {
    let _ = write!(
        html,
        "<footer>Written by <code>{command}</code>, npo {}. Intervals are Student’s t at 95 % over seeds; differences are paired by seed.</footer>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
}

/// Rules of the page and of its charts, with the colours as variables.
fn style() -> String {
    let variables = |pick: fn((String, &'static str, &'static str)) -> (String, &'static str)| {
        colours().map(pick).map(|(name, colour)| format!("--{name}:{colour};")).collect::<String>()
    };
    let light = variables(|(name, light, _)| (name, light));
    let dark = variables(|(name, _, dark)| (name, dark));
    format!(
        ":root{{{light}--good:#00664a;--bad:#a33a00;--care:#5a4a00}}\n\
         @media (prefers-color-scheme:dark){{:root{{{dark}--good:#2ccb9b;--bad:#ff9d66;--care:#f0b93a}}}}\n\
         @media print{{:root{{{light}--good:#00664a;--bad:#a33a00;--care:#5a4a00}}}}\n\
         {}{STYLE}",
        rules(|name| format!("var(--{name})"))
    )
}

fn head(html: &mut String, view: &View<'_>, title: &str) {
    let results = view.results;
    let _ = write!(html, "<header>\n<p class=\"over\">npo lab · report</p>\n<h1>{title}</h1>\n");
    if let Some(description) = &results.about.description {
        let _ = writeln!(html, "<p class=\"lead\">{}</p>", escape(description));
    }
    let seeds = match results.seeds() {
        (least, most) if least == most => most.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    let mut horizons: Vec<u64> =
        results.worlds().iter().filter_map(|world| results.horizon(world)).collect();
    horizons.sort_unstable();
    let episodes = match (horizons.first(), horizons.last()) {
        (Some(least), Some(most)) if least == most => plain(*most as f64, 0),
        (Some(least), Some(most)) => {
            format!("{} to {}", plain(*least as f64, 0), plain(*most as f64, 0))
        }
        _ => "–".to_owned(),
    };
    let facts = [
        ("Runs", plain(results.len() as f64, 0)),
        ("Worlds", results.worlds().len().to_string()),
        ("Methods", results.methods().len().to_string()),
        ("Seeds each", seeds),
        ("Episodes a run", episodes),
        ("Baseline", view.baseline.unwrap_or("none").to_owned()),
    ];
    facts_of(html, &facts);
    html.push_str("</header>\n");
    results.warnings.iter().for_each(|text| warning(html, text));
}

/// Numbers that a page opens with.
pub(super) fn facts_of(html: &mut String, facts: &[(&str, String)]) {
    html.push_str("<dl class=\"facts\">");
    for (what, value) in facts {
        let _ = write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escape(what), escape(value));
    }
    html.push_str("</dl>\n");
}

/// What a reader must not overlook.
pub(super) fn warning(html: &mut String, text: &str) {
    let _ = writeln!(html, "<p class=\"warning\" role=\"note\">{}</p>", prose(text));
}

fn contents(html: &mut String, figures: &[Figure]) {
    let figures = figures.iter().map(|figure| (figure.id.as_str(), figure.title.as_str()));
    let first = [("reading", "Before reading the numbers")].into_iter();
    let last = [("tables", "Tables"), ("run", "What was run")];
    links(html, first.chain(figures).chain(last));
}

/// Links to parts of the page, by their anchors and titles.
pub(super) fn links<'a>(html: &mut String, parts: impl Iterator<Item = (&'a str, &'a str)>) {
    html.push_str("<nav aria-label=\"Contents\"><ul>");
    for (anchor, title) in parts {
        let _ = write!(html, "<li><a href=\"#{}\">{}</a></li>", escape(anchor), escape(title));
    }
    html.push_str("</ul></nav>\n");
}

fn reading(html: &mut String, view: &View<'_>) {
    section(html, "reading", "Before reading the numbers", |html| {
        html.push_str("<dl class=\"notes\">");
        for note in notes::notes(view) {
            let _ =
                write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", note.heading, prose(&note.text));
        }
        html.push_str("</dl>");
    });
}

pub(super) fn section(html: &mut String, id: &str, title: &str, fill: impl FnOnce(&mut String)) {
    let _ = write!(html, "<section id=\"{id}-section\">\n<h2 id=\"{id}\">{title}</h2>\n");
    fill(html);
    html.push_str("</section>\n");
}

pub(super) fn draw(html: &mut String, figure: &Figure) {
    let title = escape(&figure.title);
    let _ = write!(
        html,
        "<figure id=\"{}\">\n<h3>{title}</h3>\n<figcaption>{}</figcaption>\n",
        figure.id,
        prose(&figure.caption)
    );
    if !figure.keys.is_empty() {
        html.push_str("<ul class=\"keys\">");
        for (label, style) in &figure.keys {
            let _ = write!(
                html,
                "<li><svg width=\"{KEY_WIDTH}\" height=\"16\" viewBox=\"0 0 {KEY_WIDTH} 16\" aria-hidden=\"true\">{}</svg>{}</li>",
                key(*style),
                escape(label)
            );
        }
        html.push_str("</ul>\n");
    }
    html.push_str("<div class=\"panels\">\n");
    for (at, panel) in figure.panels.iter().enumerate() {
        draw_panel(html, &figure.id, at, panel);
    }
    let _ = write!(
        html,
        "</div>\n<details><summary>The numbers of this figure</summary>{}</details>\n</figure>\n",
        tables::plain(&format!("Numbers of: {}", figure.title), &figure.data)
    );
}

fn draw_panel(html: &mut String, figure: &str, at: usize, panel: &Panel) {
    let _ = writeln!(
        html,
        "<svg viewBox=\"0 0 {PANEL_WIDTH} {}\" role=\"img\" aria-labelledby=\"{figure}-{at}-t {figure}-{at}-d\"><title id=\"{figure}-{at}-t\">{}</title><desc id=\"{figure}-{at}-d\">{}</desc>{}</svg>",
        panel.height,
        escape(&panel.title),
        escape(&panel.description),
        panel.body
    );
}

/// Escaped text in which a number and its % stay on one line.
pub(super) fn prose(text: &str) -> String {
    escape(&text.replace('\'', "’").replace(" %", "\u{a0}%"))
}

fn left_out(html: &mut String, absent: &[Absent]) {
    if absent.is_empty() {
        return;
    }
    html.push_str("<h3>Figures that are not here</h3>\n<ul class=\"faint\">");
    for Absent { title, why } in absent {
        let (title, why) = (escape(title), prose(&why.replace('`', "")));
        let _ = write!(html, "<li>{title}: {why}.</li>");
    }
    html.push_str("</ul>\n");
}

fn tables_lead(view: &View<'_>) -> String {
    let Some(baseline) = view.baseline else {
        return "<p>Mean ± half-width of its 95 % interval over seeds.</p>".to_owned();
    };
    format!(
        "<p>Mean ± half-width of its 95 % interval over seeds; below it the difference to <b>{}</b>, paired by seed. \
         <b class=\"good\">✓</b> better and <b class=\"bad\">✗</b> worse than the baseline, <b class=\"care\">≠</b> different where neither is better: the interval of the difference leaves 0 out. Without a mark it holds 0.</p>",
        escape(baseline)
    )
}

fn what_was_run(html: &mut String, view: &View<'_>) {
    let about = &view.results.about;
    let general: Vec<String> = about
        .parameters
        .iter()
        .filter(|(key, _)| {
            !key.starts_with("worlds.")
                && !key.starts_with("methods.")
                && !TOLD.contains(&key.as_str())
        })
        .map(|(key, value)| {
            format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(key), escape(value))
        })
        .collect();
    if !general.is_empty() {
        let _ = write!(html, "<dl class=\"facts small\">{}</dl>", general.concat());
    }
    html.push_str("<h3>Worlds</h3>");
    html.push_str(&tables::parameters(view, "worlds", &view.results.worlds()));
    html.push_str("<h3>Methods</h3>");
    html.push_str(&tables::parameters(view, "methods", &view.methods()));
}
