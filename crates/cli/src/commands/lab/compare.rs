//! `npo lab compare`: methods against a baseline, and folders against each other.

use std::path::{Path, PathBuf};

use clap::Args;
use npo_lab::record::Better;
use npo_lab::report::comparison;
use npo_lab::results::{
    Asked, Change, Comparison, FolderComparison, OnlyIn, Paired, Results, Row, Verdict, compare,
    estimate, metric, plain,
};

use super::report::{write, write_figures};
use crate::exit::{Answer, Failure};
use crate::options::{Options, shown};
use crate::output::say;
use crate::text::table::Table;
use crate::text::{Line, Tone, count};

/// Folders that one comparison reads at most: they are all held in memory.
const FOLDERS_MAX: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Folders of results; later ones are held against the first
    #[arg(value_name = "DIR", required = true, num_args = 1..=FOLDERS_MAX)]
    folders: Vec<PathBuf>,
    /// Compare this metric; may be given again [default: the usual ones]
    #[arg(long, value_name = "NAME")]
    metric: Vec<String>,
    /// Hold methods against this one [default: the experiment's baseline]
    #[arg(long, value_name = "METHOD")]
    baseline: Option<String>,
    /// Show this world; may be given again [default: all]
    #[arg(long, value_name = "NAME")]
    world: Vec<String>,
    /// Draw what changed between folders, as a page in this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write what changed as SVG and PNG into this folder too
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

impl Compare {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let draws = self.html.is_some() || self.figures.is_some();
        if draws && self.folders.len() < 2 {
            let folder = shown(&self.folders[0]);
            return Err(Failure::cannot(format!(
                "`--html` and `--figures` draw what changed between two folders or more; `npo lab report {folder}` draws one"
            )));
        }
        let mut folders = Vec::new();
        for folder in &self.folders {
            folders.push((shown(folder), load(folder)?));
        }
        let asked = Asked { metrics: self.metric, baseline: self.baseline, worlds: self.world };
        let compared = compare(&folders, &asked)
            .map_err(|error| Failure::could_not("could not compare", error))?;
        let mut out = options.out();
        out.value(&compared, lines)?;
        out.flush()?;
        if draws {
            draw(&folders, &compared, self.html.as_deref(), self.figures.as_deref())?;
        }
        Ok(Answer::Yes)
    }
}

/// Writes the page and the figures that were asked for; the numbers are on stdout already.
fn draw(
    folders: &[(String, Results)],
    compared: &Comparison,
    html: Option<&Path>,
    figures: Option<&Path>,
) -> Result<(), Failure> {
    let made = comparison(folders, compared);
    if let Some(file) = html {
        write(file, made.html.as_bytes())?;
        say(&format!("the same with pictures in {}", shown(file)));
    }
    let Some(folder) = figures else { return Ok(()) };
    let mut written = Vec::new();
    let pictures = write_figures(folder, &made.figures, &mut written);
    match written.is_empty() {
        true => say("nothing changed, so that there is nothing to draw"),
        false => say(&format!("{} in {}", count(written.len() as u64, "file"), shown(folder))),
    }
    pictures
}

/// Reads a folder and says what was passed over.
pub(super) fn load(folder: &Path) -> Result<Results, Failure> {
    let results = Results::load(folder)
        .map_err(|error| Failure::could_not("could not read the results", error))?;
    results.warnings.iter().for_each(|warning| say(&format!("npo: {warning}")));
    Ok(results)
}

fn lines(compared: &Comparison) -> Vec<Line> {
    let mut lines = Vec::new();
    if compared.folders.len() > 1 {
        name_lines(&mut lines, compared);
        parameter_lines(&mut lines, compared);
        change_lines(&mut lines, compared);
    }
    for (at, folder) in compared.folders.iter().enumerate() {
        folder_lines(&mut lines, folder, compared.folders.first().filter(|_| at > 0));
    }
    let note = "± is half of a 95 % interval over seeds, [ ] are the limits of one; n of N: so many runs have the number; differences are paired by seed, and a word beside one means that its interval leaves 0 out";
    lines.push(Line::of(Tone::Faint, note));
    lines
}

/// Whether the folders are about the same, and what only one of them has.
fn name_lines(lines: &mut Vec<Line>, compared: &Comparison) {
    lines.push(Line::of(Tone::Strong, compared.names()));
    for OnlyIn { kind, name, folder, lacks } in &compared.only {
        lines.push(Line::plain(match compared.folders.len() {
            0..=2 => format!("{kind} {name}: only in {folder}"),
            _ => format!("{kind} {name}: in {folder}, not in {lacks}"),
        }));
    }
    lines.push(Line::empty());
}

fn parameter_lines(lines: &mut Vec<Line>, compared: &Comparison) {
    lines.push(Line::of(Tone::Strong, "Parameters that differ"));
    let mut table = Table::new(&["FOLDER", "KEY", "BEFORE", "AFTER"]).sparing(&["FOLDER"]);
    for change in &compared.parameters {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        table.row([
            change.folder.clone(),
            change.key.clone(),
            side(&change.before),
            side(&change.after),
        ]);
    }
    match compared.parameters.is_empty() {
        true => lines.push(Line::plain("none")),
        false => lines.extend(with_folders(table, compared).lines()),
    }
    lines.push(Line::empty());
}

/// The table with its folders where there are several that a row may be about.
fn with_folders(table: Table, compared: &Comparison) -> Table {
    match compared.folders.len() {
        0..=2 => table.without("FOLDER"),
        _ => table,
    }
}

fn better(name: &str) -> Better {
    metric(name).map_or(Better::Neither, |metric| metric.better)
}

/// A folder's methods against its baseline; worlds that came out as in the `first` folder are named.
fn folder_lines(
    lines: &mut Vec<Line>,
    folder: &FolderComparison,
    first: Option<&FolderComparison>,
) {
    let FolderComparison { folder: path, experiment, runs, baseline, worlds } = folder;
    let against = baseline.as_ref().map_or(String::new(), |name| format!(", against {name}"));
    let head = format!("{experiment} ({path})");
    let rest = format!(", {}{against}", count(*runs as u64, "run"));
    lines.push(Line::of(Tone::Strong, head).and(Tone::Plain, rest));
    lines.push(Line::empty());
    for world in worlds {
        let same =
            first.filter(|first| first.baseline == *baseline && first.worlds.contains(world));
        if let Some(first) = same {
            let as_before = format!(", exactly as in {}", first.folder);
            lines.push(Line::of(Tone::Strong, &world.world).and(Tone::Plain, as_before));
            lines.push(Line::empty());
            continue;
        }
        lines.push(Line::of(Tone::Strong, &world.world));
        let mut table =
            Table::new(&["METRIC", "METHOD", ">SEEDS", ">MEAN ± 95 %", ">DIFFERENCE", ""])
                .sparing(&["SEEDS"]);
        for metric in &world.metrics {
            for (at, row) in metric.rows.iter().enumerate() {
                let name = if at == 0 {
                    metric_name(&metric.metric, metric.better)
                } else {
                    String::new()
                };
                table.toned(metric_row(name, row, baseline.as_deref()));
            }
        }
        if !world.metrics.is_empty() {
            lines.extend(table.lines());
        }
        if !world.absent.is_empty() {
            let absent = world.absent.join(" or ");
            lines.push(Line::plain(format!("no run in this world has {absent}")));
        }
        lines.push(Line::empty());
    }
}

/// The metric's name with an arrow to where it is better.
fn metric_name(name: &str, better: Better) -> String {
    let way = match better {
        Better::Lower => " ↓",
        Better::Higher => " ↑",
        Better::Neither => "",
    };
    format!("{name}{way}")
}

fn metric_row(name: String, row: &Row, baseline: Option<&str>) -> [(Tone, String); 6] {
    let difference = match (row.difference, baseline == Some(row.method.as_str())) {
        (Some(difference), _) => signed(&difference),
        (None, true) => "baseline".to_owned(),
        (None, false) => "–".to_owned(),
    };
    [
        (Tone::Strong, name),
        (Tone::Plain, row.method.clone()),
        (Tone::Faint, row.summary.part().unwrap_or_else(|| row.summary.n.to_string())),
        (
            Tone::Plain,
            estimate(row.summary.mean, row.summary.half_width, row.summary.interval, None),
        ),
        (Tone::Plain, difference),
        verdict(row.verdict),
    ]
}

/// What changed, and in one sentence what did not.
fn change_lines(lines: &mut Vec<Line>, compared: &Comparison) {
    lines.push(Line::of(Tone::Strong, "Before and after"));
    if let Some(why) = compared.nothing_compared() {
        lines.push(Line::plain(why));
        lines.push(Line::empty());
        return;
    }
    let headings = ["FOLDER", "WORLD", "METRIC", "METHOD", ">BEFORE", ">AFTER", ">CHANGE", ""];
    let mut table = Table::new(&headings).sparing(&["FOLDER"]);
    let moved: Vec<&Change> = compared.changes.iter().filter(|change| !change.unchanged).collect();
    for change in &moved {
        let mean = npo_lab::results::Summary::text;
        table.toned([
            (Tone::Plain, change.after_folder.clone()),
            (Tone::Plain, change.world.clone()),
            (Tone::Plain, metric_name(&change.metric, better(&change.metric))),
            (Tone::Plain, change.method.clone()),
            (Tone::Plain, mean(&change.before)),
            (Tone::Plain, mean(&change.after)),
            (Tone::Plain, change.difference.as_ref().map_or("no common seeds".to_owned(), signed)),
            verdict(Some(change.verdict)),
        ]);
    }
    if !moved.is_empty() {
        lines.extend(with_folders(table, compared).lines());
    }
    lines.extend(compared.unchanged().map(|unchanged| Line::plain(unchanged.to_string())));
    lines.extend(
        compared.other_worlds().map(|note| Line::of(Tone::Care, format!("other world: {note}"))),
    );
    lines.push(Line::empty());
}

fn signed(difference: &Paired) -> String {
    match difference.interval {
        Some(_) => difference.text(),
        None => format!("{} ({} seed)", difference.text(), plain(1.0, 0)),
    }
}

fn verdict(verdict: Option<Verdict>) -> (Tone, String) {
    match verdict {
        Some(Verdict::Better) => (Tone::Good, "better".to_owned()),
        Some(Verdict::Worse) => (Tone::Bad, "worse".to_owned()),
        Some(Verdict::OtherWorld) => (Tone::Care, "other world".to_owned()),
        Some(Verdict::Differs) => (Tone::Care, "differs".to_owned()),
        Some(Verdict::Unclear) | None => (Tone::Plain, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use npo_lab::record::RunRecord;
    use npo_lab::results::About;

    use super::*;

    /// Two methods over four seeds; the second is worse by `gap` and a little luck.
    fn results(gap: f64) -> Results {
        results_of(gap, "")
    }

    /// The same with more in the experiment's file.
    fn results_of(gap: f64, more: &str) -> Results {
        let run = |method: &str, seed: u64, regret: f64| RunRecord {
            world: "w".to_owned(),
            method: method.to_owned(),
            seed,
            metrics: [("regret".to_owned(), regret)].into(),
            curves: [].into(),
            checkpoints: vec![10],
        };
        let seeds = 1..=4_u64;
        let runs = seeds.flat_map(|seed| {
            let luck = seed as f64;
            [run("a", seed, 40.0 + luck), run("b", seed, 40.0 + gap + luck + 0.1 * (luck % 2.0))]
        });
        let about = format!("name = \"e\"\nbaseline = \"a\"\n{more}");
        let about = About::parse(&about).unwrap();
        Results::new(about, runs.collect()).unwrap()
    }

    fn text(folders: &[(String, Results)]) -> Vec<String> {
        let compared = compare(folders, &Asked::default()).unwrap();
        lines(&compared).iter().map(|line| line.text().trim_end().to_owned()).collect()
    }

    #[test]
    fn a_table_says_means_and_paired_differences() {
        let found = text(&[("d".to_owned(), results(2.0))]);
        let expected = [
            "e (d), 8 runs, against a",
            "",
            "w",
            "METRIC    METHOD  SEEDS  MEAN ± 95 %      DIFFERENCE",
            "regret ↓  a           4   42.5 ± 2.1        baseline",
            "          b           4   44.5 ± 2.0  +2.050 ± 0.092  worse",
            "",
        ];
        assert_eq!(found[..7], expected);
    }

    #[test]
    fn flags_have_limits_and_seeds_without_a_number_are_told() {
        let run = |seed: u64| RunRecord {
            world: "w".to_owned(),
            method: "a".to_owned(),
            seed,
            metrics: [("certified_above".to_owned(), 0.0)]
                .into_iter()
                .chain((seed > 2).then(|| ("youden".to_owned(), 0.25)))
                .collect(),
            curves: [].into(),
            checkpoints: vec![10],
        };
        let results = Results::new(About::default(), (1..=10).map(run).collect()).unwrap();
        let asked =
            Asked { metrics: vec!["certified_above".into(), "youden".into()], ..Asked::default() };
        let compared = compare(&[("d".to_owned(), results)], &asked).unwrap();
        let found: Vec<String> = lines(&compared).iter().map(|line| line.text()).collect();
        let has = |part: &str| assert!(found.iter().any(|line| line.contains(part)), "{found:#?}");
        has("0.00 [0.00, 0.28]");
        has("8 of 10");
    }

    #[test]
    fn folders_are_held_against_the_first() {
        let [before, after] = [2.0, 1.0].map(results);
        let found = text(&[("d".to_owned(), before), ("f".to_owned(), after)]);
        // What changed comes first, and what did not is a sentence.
        let expected = [
            "the same worlds and methods in both",
            "",
            "Parameters that differ",
            "none",
            "",
            "Before and after",
            "WORLD  METRIC    METHOD      BEFORE       AFTER  CHANGE",
            "w      regret ↓  b       44.5 ± 2.0  43.5 ± 2.0  −1 ± 0  better",
            "1 of 2 combinations of world, method and metric did not change at all, not in a single seed; among them all of a",
            "",
            "e (d), 8 runs, against a",
        ];
        assert_eq!(found[..expected.len()], expected);
        // At another price, nothing has become better.
        let dear = results_of(1.0, "[worlds.w]\noverride_cost = 9");
        let found = text(&[("d".to_owned(), results(2.0)), ("f".to_owned(), dear)]);
        assert!(found.iter().any(|line| line.ends_with("−1 ± 0  other world")), "{found:?}");
        assert!(found.iter().any(|line| line.starts_with("other world: ")), "{found:?}");
        // With three, each row says which it is of, and the same is not told twice.
        let three =
            [("d", 2.0), ("f", 1.0), ("g", 2.0)].map(|(n, gap)| (n.to_owned(), results(gap)));
        let found = text(&three);
        assert!(found.iter().any(|line| line.starts_with("f       w")), "{found:?}");
        assert!(found.contains(&"w, exactly as in d".to_owned()), "{found:?}");
    }
}
