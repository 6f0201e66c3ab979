//! The page of a recovery experiment: assumptions, distributions, numbers.

use std::fmt::Write as _;

use super::RecoveryRecord;
use super::settings::Settings;
use super::words::{NUMBERS, lines, rows, times};
use crate::report::escape;
use crate::results::Summary;

/// Colours that are told apart with any eyes (Okabe and Ito), with a dash for print.
const STYLES: [(&str, &str); 8] = [
    ("#0072b2", ""),
    ("#56b4e9", "6 2"),
    ("#d55e00", "2 2"),
    ("#009e73", "8 3 2 3"),
    ("#cc79a7", "4 4"),
    ("#777777", "1 3"),
    ("#000000", "10 4"),
    ("#999999", "12 6"),
];
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 36.0;
/// Least and longest time drawn, s.
const SPAN_S: (f64, f64) = (10.0, 20_000.0);

/// A sentence with what stands between backticks set as code.
fn code(text: &str) -> String {
    let mut html = String::new();
    for (i, part) in text.split('`').enumerate() {
        let part = escape(part);
        let _ =
            if i % 2 == 1 { write!(html, "<code>{part}</code>") } else { write!(html, "{part}") };
    }
    html
}

/// The page, by itself.
#[must_use]
pub fn page(settings: &Settings, records: &[RecoveryRecord]) -> String {
    let rows = rows(records);
    let title = escape(&settings.name);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · npo lab</title>\n<style>\nbody{{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}th,td{{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #ccc}}\
         th:first-child,td:first-child{{text-align:left}}.scroll{{overflow-x:auto}}svg{{max-width:100%;height:auto}}\n</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p>{}</p>\n<h2>What is assumed</h2>\n<ul>\n",
        escape(&settings.about)
    );
    for line in lines(settings) {
        let _ = writeln!(html, "<li>{}</li>", code(&line));
    }
    html.push_str("</ul>\n<h2>Time to recovery</h2>\n<p>Share of all troubles that still hurt, by time since they began.</p>\n");
    let methods: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    html.push_str(&curves(&methods, records));
    html.push_str("<div class=\"scroll\"><table>\n<tr><th>Quantile over all troubles, those that still hurt with their time so far, s</th>");
    if let Some(first) = rows.first() {
        for (share, _) in &first.quantiles_s {
            let _ = write!(html, "<th>{:.0} %</th>", share * 100.0);
        }
    }
    html.push_str("</tr>\n");
    for row in &rows {
        if row.quantiles_s.is_empty() {
            // Without troubles there is nothing to recover from.
            continue;
        }
        let _ = write!(html, "<tr><td>{}</td>", escape(&row.method));
        for (_, time) in &row.quantiles_s {
            let _ = write!(html, "<td>{time:.0}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div>\n<h2>Numbers</h2>\n<div class=\"scroll\"><table>\n<tr><th></th>");
    for row in &rows {
        let _ = write!(html, "<th>{}</th>", escape(&row.method));
    }
    html.push_str("</tr>\n");
    for (name, title, unit, digits) in NUMBERS {
        let _ = write!(html, "<tr><td>{} [{}]</td>", escape(title), escape(unit));
        for row in &rows {
            let cell = row.numbers.get(name).map_or("–".to_owned(), |s| told(s, digits));
            let _ = write!(html, "<td>{cell}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div>\n</main>\n</body>\n</html>\n");
    html
}

fn told(Summary { mean, half_width, .. }: &Summary, digits: usize) -> String {
    match half_width {
        Some(half) => format!("{mean:.digits$} ± {half:.digits$}"),
        None => format!("{mean:.digits$}"),
    }
}

/// The share that still hurts, over time on a logarithmic scale.
fn curves(methods: &[&str], records: &[RecoveryRecord]) -> String {
    let x = |s: f64| {
        let (least, most) = (SPAN_S.0.ln(), SPAN_S.1.ln());
        LEFT + (s.clamp(SPAN_S.0, SPAN_S.1).ln() - least) / (most - least) * (WIDTH - LEFT - 8.0)
    };
    let y = |share: f64| 8.0 + (1.0 - share) * (HEIGHT - BOTTOM - 8.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"Share of troubles that still hurt, by time\" font-size=\"12\" fill=\"none\" stroke-width=\"2\">\n",
        HEIGHT + 20.0 * methods.len() as f64
    );
    for (s, label) in
        [(10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3_600.0, "1 h"), (14_400.0, "4 h")]
    {
        let _ = writeln!(
            svg,
            "<path d=\"M{0:.1} 8V{1:.1}\" stroke=\"#ccc\" stroke-width=\"1\"/><text x=\"{0:.1}\" y=\"{2:.1}\" text-anchor=\"middle\" fill=\"currentColor\">{label}</text>",
            x(s),
            y(0.0),
            y(0.0) + 18.0
        );
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {0:.1}H{1:.1}\" stroke=\"#ccc\" stroke-width=\"1\"/><text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"end\" fill=\"currentColor\">{4:.0} %</text>",
            y(share),
            WIDTH - 8.0,
            LEFT - 6.0,
            y(share) + 4.0,
            share * 100.0
        );
    }
    for (n, method) in methods.iter().enumerate() {
        let runs: Vec<&RecoveryRecord> = records.iter().filter(|r| r.method == *method).collect();
        let mut all = times(&runs);
        all.sort_unstable_by(f64::total_cmp);
        let (colour, dash) = STYLES[n % STYLES.len()];
        let mut path = format!("M{:.1} {:.1}", x(SPAN_S.0), y(1.0));
        // A point for each hundredth is as fine as the picture.
        for k in 0..=100 {
            let share = f64::from(k) / 100.0;
            if !all.is_empty() {
                let time = crate::results::quantile(&all, share);
                let _ = write!(path, "L{:.1} {:.1}", x(time), y(1.0 - share));
            }
        }
        let at = HEIGHT + 20.0 * n as f64 + 6.0;
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" stroke=\"{colour}\" stroke-dasharray=\"{dash}\"/><path d=\"M{LEFT} {at}h36\" stroke=\"{colour}\" stroke-dasharray=\"{dash}\"/><text x=\"{}\" y=\"{}\" fill=\"currentColor\">{}</text>",
            LEFT + 44.0,
            at + 4.0,
            escape(method)
        );
    }
    svg.push_str("</svg>\n");
    svg
}
