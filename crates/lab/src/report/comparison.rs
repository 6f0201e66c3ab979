//! The page of a comparison: what was changed, what changed, and what did not.

use std::fmt::Write as _;

use super::chart::escape;
use super::figures::Figure;
use super::{html, tables};
use crate::results::{Comparison, OnlyIn, Results, Verdict, plain};

/// The whole page.
pub(super) fn page(
    folders: &[(String, Results)],
    compared: &Comparison,
    figures: &[Figure],
) -> String {
    let names: Vec<&str> = folders.iter().map(|(name, _)| name.as_str()).collect();
    let (first, later) =
        names.split_first().map_or(("", &[][..]), |(first, later)| (*first, later));
    let title = escape(&format!("{} against {first}", later.join(", ")));
    let mut page = html::opening(&title);
    head(&mut page, folders, compared, &title);
    let drawn = figures.iter().map(|figure| (figure.id.as_str(), figure.title.as_str()));
    let first = [("changed", "What was changed"), ("came", "What came of it")].into_iter();
    html::links(&mut page, first.chain(drawn).chain([("tables", "Before and after")]));
    html::section(&mut page, "changed", "What was changed", |page| changed(page, compared));
    html::section(&mut page, "came", "What came of it", |page| {
        came(page, compared);
        figures.iter().for_each(|figure| html::draw(page, figure));
    });
    html::section(&mut page, "tables", "Before and after", |page| numbers(page, compared));
    html::closing(&mut page, "npo lab compare");
    page
}

fn head(page: &mut String, folders: &[(String, Results)], compared: &Comparison, title: &str) {
    let _ =
        write!(page, "<header>\n<p class=\"over\">npo lab · comparison</p>\n<h1>{title}</h1>\n");
    let runs: Vec<(String, String)> = compared
        .folders
        .iter()
        .enumerate()
        .map(|(at, folder)| {
            let side = if at == 0 { "before" } else { "after" };
            let runs = plain(folder.runs as f64, 0);
            (format!("{side}: {}", folder.folder), format!("{runs} runs"))
        })
        .collect();
    let facts: Vec<(&str, String)> =
        runs.iter().map(|(what, value)| (what.as_str(), value.clone())).collect();
    html::facts_of(page, &facts);
    page.push_str("</header>\n");
    let warnings = folders.iter().flat_map(|(_, results)| &results.warnings);
    warnings.for_each(|text| html::warning(page, text));
}

fn changed(page: &mut String, compared: &Comparison) {
    let _ = writeln!(page, "<p>{}.</p>", sentence(compared.names()));
    if !compared.only.is_empty() {
        page.push_str("<ul>");
        for OnlyIn { kind, name, folder, .. } in &compared.only {
            let (name, folder) = (escape(name), escape(folder));
            let _ = write!(page, "<li>{kind} {name}: only in {folder}</li>");
        }
        page.push_str("</ul>\n");
    }
    if compared.parameters.is_empty() {
        page.push_str("<p>No parameter differs. What came out differently was run by another version of npo, or over other seeds.</p>\n");
    } else {
        page.push_str(&tables::differing(compared));
    }
}

fn came(page: &mut String, compared: &Comparison) {
    let count = |test: &dyn Fn(Verdict) -> bool| {
        let moved = compared.changes.iter().filter(|change| !change.unchanged);
        moved.filter(|change| test(change.verdict)).count()
    };
    let of = compared.changes.len();
    if let Some(why) = compared.nothing_compared() {
        let _ = writeln!(page, "<p>{}.</p>", html::prose(&sentence(&why)));
        return;
    }
    let (clear, unclear) = (
        count(&|verdict| verdict != Verdict::Unclear),
        count(&|verdict| verdict == Verdict::Unclear),
    );
    let text = match compared.unchanged() {
        Some(unchanged) if unchanged.same == of => format!("{}.", sentence(&unchanged.to_string())),
        unchanged => {
            let rest = unchanged.map_or("and none not at all".to_owned(), |unchanged| {
                let same = unchanged.same;
                format!("and {same} not at all, not in a single seed{}", unchanged.among())
            });
            format!(
                "Of {of} combinations of world, method and metric, {clear} changed beyond chance, {unclear} within it, {rest}."
            )
        }
    };
    let _ = writeln!(page, "<p>{}</p>", html::prose(&text));
    if clear + unclear > 0 {
        page.push_str(&format!("<p>{}</p>\n", html::prose("Bars are the later folder less the first over common seeds, whiskers their 95 % intervals; the interval of a pale bar holds 0, so that chance may be all there is.")));
    }
    if let Some(note) = compared.other_worlds() {
        html::warning(page, &format!("{}.", sentence(&note)));
    }
}

fn numbers(page: &mut String, compared: &Comparison) {
    if compared.changes.iter().all(|change| change.unchanged) {
        page.push_str("<p>Nothing to set side by side.</p>\n");
        return;
    }
    page.push_str(&format!(
        "<p>{}</p>\n",
        html::prose("Mean ± half-width of its 95 % interval over seeds, and the change paired by seed. ")
            + "<b class=\"good\">✓</b> better and <b class=\"bad\">✗</b> worse than before, <b class=\"care\">≠</b> different where neither is better or the world is another one: the interval of the change leaves 0 out. Without a mark it holds 0. What did not change at all is left out."
    ));
    page.push_str(&tables::changes(compared));
}

/// The text with a capital at its head.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
