//! The report's tables: numbers per world and method, differences, parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::chart::escape;
use super::figures::{Data, View};
use crate::results::{Comparison, Row, Verdict, metric, metric_names, of_metric};

/// Metrics that are read together; those that no group names come last.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Decisions", &["regret", "utility", "override_rate", "coverage", "audits", "labels"]),
    ("Alignment", &["loss", "episode_loss", "latent", "reward", "threshold"]),
    ("Monitor", &["fidelity", "fidelity_never", "youden", "retrains"]),
    (
        "Scores and people",
        &["log_loss", "brier", "adversaries_flagged", "good_flagged", "sloppy_flagged"],
    ),
    (
        "Certificates",
        &[
            "certified_share",
            "certified_coverage",
            "certified_above",
            "certified_above_end",
            "certified_rate",
            "first_certificate",
        ],
    ),
];

/// Mean and interval of every metric, and its paired difference to the baseline.
pub(super) fn metrics(view: &View<'_>) -> String {
    let mut left: Vec<String> = metric_names(view.results);
    let mut html = String::new();
    for (title, names) in GROUPS {
        let (these, others) = left.into_iter().partition(|name| names.contains(&name.as_str()));
        left = others;
        group(&mut html, view, title, &these);
    }
    group(&mut html, view, "Others", &left);
    html
}

fn group(html: &mut String, view: &View<'_>, title: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let _ = write!(html, "<h3>{}</h3>", escape(title));
    let mut head =
        "<th scope=\"col\">Method</th><th scope=\"col\" class=\"n\">Seeds</th>".to_owned();
    for name in names {
        let known = metric(name);
        let title = known.map_or(name.as_str(), |known| known.title);
        let unit = known.map_or("", |known| known.unit);
        let unit = if matches!(unit, "" | "1") {
            String::new()
        } else {
            format!(" <span class=\"u\">{}</span>", escape(unit))
        };
        let _ = write!(head, "<th scope=\"col\" class=\"n\">{}{unit}</th>", escape(title));
    }
    let mut body = String::new();
    for world in view.results.worlds() {
        let columns: Vec<BTreeMap<String, Row>> = names
            .iter()
            .map(|name| {
                let rows = of_metric(view.results, world, name, view.baseline).rows;
                rows.into_iter().map(|row| (row.method.clone(), row)).collect()
            })
            .collect();
        let methods = view.methods_in(world).into_iter();
        let methods: Vec<&str> = methods
            .filter(|method| columns.iter().any(|rows| rows.contains_key(*method)))
            .collect();
        if methods.is_empty() {
            continue;
        }
        let span = names.len() + 2;
        let _ = write!(
            body,
            "<tbody><tr class=\"w\"><th scope=\"rowgroup\" colspan=\"{span}\"><span>{}</span></th></tr>",
            escape(world)
        );
        for method in methods {
            let _ = write!(body, "{}", method_row(view, world, method, &columns));
        }
        body.push_str("</tbody>");
    }
    html.push_str(&scrolled(
        title,
        &format!("<table><thead><tr>{head}</tr></thead>{body}</table>"),
    ));
}

fn method_row(
    view: &View<'_>,
    world: &str,
    method: &str,
    columns: &[BTreeMap<String, Row>],
) -> String {
    let base =
        if view.baseline == Some(method) { " <span class=\"u\">baseline</span>" } else { "" };
    let seeds = view.results.runs(world, method).len();
    let mut row =
        format!("<tr><th scope=\"row\">{}{base}</th><td class=\"n\">{seeds}</td>", escape(method));
    for rows in columns {
        let cell = rows.get(method).map_or_else(|| "–".to_owned(), metric_cell);
        let _ = write!(row, "<td class=\"n\">{cell}</td>");
    }
    row.push_str("</tr>");
    row
}

/// Mean with its half-width, and below it the difference to the baseline with its mark.
fn metric_cell(row: &Row) -> String {
    let mean = row.summary.text();
    let Some(difference) = row.difference else { return mean };
    let (words, mark) = marked(row.verdict, "the baseline");
    let text = difference.text();
    format!("{mean}<br><span class=\"d\" title=\"{words}\">{text}{mark}</span>")
}

/// What a difference to `than` means, in words and as a mark with a space before it.
fn marked(verdict: Option<Verdict>, than: &str) -> (String, String) {
    let (class, mark, words) = match verdict {
        Some(Verdict::Better) => ("good", "✓", format!("better than {than}")),
        Some(Verdict::Worse) => ("bad", "✗", format!("worse than {than}")),
        Some(Verdict::Differs) => ("care", "≠", format!("differs from {than}")),
        Some(Verdict::OtherWorld) => ("care", "≠", "from another world".to_owned()),
        Some(Verdict::Unclear) | None => return ("no clear difference".to_owned(), String::new()),
    };
    let mark = format!(" <b class=\"{class}\" role=\"img\" aria-label=\"{words}\">{mark}</b>");
    (words, mark)
}

/// What changed, with both means; combinations that did not change at all are left out.
pub(super) fn changes(compared: &Comparison) -> String {
    let several = compared.folders.len() > 2;
    let folder = if several { "<th scope=\"col\">Folder</th>" } else { "" };
    let mut html = format!(
        "<table><thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Metric</th>{folder}<th scope=\"col\" class=\"n\">Before</th><th scope=\"col\" class=\"n\">After</th><th scope=\"col\" class=\"n\">Change</th></tr></thead>"
    );
    let span = if several { 6 } else { 5 };
    let mut world = None;
    for change in compared.changes.iter().filter(|change| !change.unchanged) {
        if world != Some(&change.world) {
            let end = if world.is_some() { "</tbody>" } else { "" };
            let _ = write!(
                html,
                "{end}<tbody><tr class=\"w\"><th scope=\"rowgroup\" colspan=\"{span}\"><span>{}</span></th></tr>",
                escape(&change.world)
            );
            world = Some(&change.world);
        }
        let (words, mark) = marked(Some(change.verdict), "before");
        let folder = match several {
            true => format!("<td>{}</td>", escape(&change.after_folder)),
            false => String::new(),
        };
        let difference =
            change.difference.map_or_else(|| "no common seeds".to_owned(), |paired| paired.text());
        let title = metric(&change.metric).map_or(change.metric.as_str(), |known| known.title);
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td>{folder}<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\"><span title=\"{words}\">{difference}{mark}</span></td></tr>",
            escape(&change.method),
            escape(title),
            change.before.text(),
            change.after.text(),
        );
    }
    html.push_str(if world.is_some() { "</tbody></table>" } else { "</table>" });
    scrolled("What changed", &html)
}

/// Parameters that differ between folders.
pub(super) fn differing(compared: &Comparison) -> String {
    let several = compared.folders.len() > 2;
    let mut data = Data::default();
    let heading = |heading: &str| heading.to_owned();
    data.headings.push(heading("Parameter"));
    if several {
        data.headings.push(heading("<Folder"));
    }
    data.headings.extend([heading("<Before"), heading("<After")]);
    for change in &compared.parameters {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let mut row = vec![change.key.clone()];
        if several {
            row.push(change.folder.clone());
        }
        row.extend([side(&change.before), side(&change.after)]);
        data.rows.push(row);
    }
    plain("Parameters that differ", &data)
}

/// Parameters of worlds or methods: those that differ as a table, the others below it.
pub(super) fn parameters(view: &View<'_>, kind: &str, names: &[&str]) -> String {
    let about = &view.results.about;
    let of: Vec<BTreeMap<&str, &str>> =
        names.iter().map(|name| about.parameters_of(kind, name)).collect();
    let keys: BTreeSet<&str> =
        of.iter().flat_map(|parameters| parameters.keys().copied()).collect();
    let same = |key: &&str| of.iter().all(|parameters| parameters.get(*key) == of[0].get(*key));
    let (same, differing): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|key| names.len() > 1 && same(key));
    let mut html = String::new();
    let described: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let text = about.descriptions.get(&format!("{kind}.{name}"))?;
            Some(format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(text)))
        })
        .collect();
    if !described.is_empty() {
        let _ = write!(html, "<dl class=\"names\">{}</dl>", described.concat());
    }
    let table = |keys: &[&str], names: &[&str]| {
        let mut data = Data { headings: vec!["Parameter".to_owned()], rows: Vec::new() };
        data.headings.extend(names.iter().map(|name| (*name).to_owned()));
        for key in keys {
            let values = of.iter().take(names.len());
            let mut row = vec![(*key).to_owned()];
            row.extend(
                values.map(|parameters| parameters.get(key).copied().unwrap_or("–").to_owned()),
            );
            data.rows.push(row);
        }
        data
    };
    if !differing.is_empty() {
        html.push_str(&plain(
            &format!("Parameters of {kind} that differ"),
            &table(&differing, names),
        ));
    }
    if !same.is_empty() {
        let shown = plain(&format!("Parameters that all {kind} share"), &table(&same, &["all"]));
        let _ = write!(
            html,
            "<details><summary>{} parameters that all {kind} share</summary>{shown}</details>",
            same.len()
        );
    }
    if html.is_empty() {
        let _ =
            write!(html, "<p class=\"faint\">{}: {}.</p>", escape(kind), escape(&names.join(", ")));
    }
    html
}

/// A plain table; a heading that begins with `<` stands over words.
pub(super) fn plain(label: &str, data: &Data) -> String {
    let mut html = "<table><thead><tr>".to_owned();
    let words = |at: usize| at == 0 || data.headings[at].starts_with('<');
    let class = |at: usize| if words(at) { "" } else { " class=\"n\"" };
    for (at, heading) in data.headings.iter().enumerate() {
        let _ = write!(
            html,
            "<th scope=\"col\"{}>{}</th>",
            class(at),
            escape(heading.trim_start_matches('<'))
        );
    }
    html.push_str("</tr></thead><tbody>");
    for row in &data.rows {
        html.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = match at {
                // Dotted keys are long; on a narrow page they break where they are joined.
                0 => write!(html, "<th scope=\"row\">{}</th>", cell.replace('.', ".<wbr>")),
                at => write!(html, "<td{}>{cell}</td>", class(at)),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    scrolled(label, &html)
}

/// A table that scrolls by itself where the page is narrow, by keyboard too.
fn scrolled(label: &str, table: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">{table}</div>",
        escape(label)
    )
}
