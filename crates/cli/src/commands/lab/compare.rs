//! `npo lab compare`: methods against a baseline, and folders against each other.

use std::path::{Path, PathBuf};

use clap::Args;
use npo_lab::record::Better;
use npo_lab::results::{
    Asked, Change, Comparison, FolderComparison, MetricComparison, Paired, Results, Row, Verdict,
    compare, estimate, plain,
};

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
}

impl Compare {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
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
        Ok(Answer::Yes)
    }
}

/// Reads a folder and says what was passed over.
pub(super) fn load(folder: &Path) -> Result<Results, Failure> {
    let results = Results::load(folder)
        .map_err(|error| Failure::could_not("could not read the results", error))?;
    results.warnings.iter().for_each(|warning| say(&format!("npo: {warning}")));
    Ok(results)
}

fn lines(compared: &Comparison) -> Vec<Line> {
    let Comparison { folders, changes, parameters } = compared;
    let mut lines = Vec::new();
    for folder in folders {
        folder_lines(&mut lines, folder);
    }
    let several = folders.len() > 1;
    if several {
        lines.push(Line::of(Tone::Strong, "Before and after"));
        lines.extend(change_lines(changes));
        if changes.iter().any(|change| change.verdict == Verdict::OtherWorld) {
            let note = "other world: settings of the world differ, see below, so that the change is none of the method alone, and may be one of price";
            lines.push(Line::of(Tone::Care, note));
        }
        lines.push(Line::empty());
        lines.push(Line::of(Tone::Strong, "Parameters that differ"));
        let mut table = Table::new(&["FOLDER", "KEY", "BEFORE", "AFTER"]);
        for change in parameters {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
            table.row([
                change.folder.clone(),
                change.key.clone(),
                side(&change.before),
                side(&change.after),
            ]);
        }
        match parameters.is_empty() {
            true => lines.push(Line::plain("none")),
            false => lines.extend(table.lines()),
        }
        lines.push(Line::empty());
    }
    let note = "± is half of a 95 % interval over seeds, [ ] are the limits of one; n of N: so many runs have the number; differences are paired by seed, and a word beside one means that its interval leaves 0 out";
    lines.push(Line::of(Tone::Faint, note));
    lines
}

fn folder_lines(lines: &mut Vec<Line>, folder: &FolderComparison) {
    let FolderComparison { folder: path, experiment, runs, baseline, worlds } = folder;
    let against = baseline.as_ref().map_or(String::new(), |name| format!(", against {name}"));
    let head = format!("{experiment} ({path})");
    let rest = format!(", {}{against}", count(*runs as u64, "run"));
    lines.push(Line::of(Tone::Strong, head).and(Tone::Plain, rest));
    lines.push(Line::empty());
    for world in worlds {
        lines.push(Line::of(Tone::Strong, &world.world));
        let mut table =
            Table::new(&["METRIC", "METHOD", ">SEEDS", ">MEAN ± 95 %", ">DIFFERENCE", ""])
                .sparing(&["SEEDS"]);
        for metric in &world.metrics {
            for (at, row) in metric.rows.iter().enumerate() {
                let name = if at == 0 { metric_name(metric) } else { String::new() };
                table.toned(metric_row(name, row, baseline.as_deref()));
            }
        }
        lines.extend(table.lines());
        lines.push(Line::empty());
    }
}

fn metric_name(metric: &MetricComparison) -> String {
    let way = match metric.better {
        Better::Lower => " ↓",
        Better::Higher => " ↑",
        Better::Neither => "",
    };
    format!("{}{way}", metric.metric)
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

fn change_lines(changes: &[Change]) -> Vec<Line> {
    if changes.is_empty() {
        return vec![Line::plain("no world and method of the same name in both")];
    }
    let headings = ["FOLDER", "WORLD", "METRIC", "METHOD", ">BEFORE", ">AFTER", ">CHANGE", ""];
    let mut table = Table::new(&headings).sparing(&["FOLDER"]);
    for change in changes {
        let mean = npo_lab::results::Summary::text;
        table.toned([
            (Tone::Plain, change.after_folder.clone()),
            (Tone::Plain, change.world.clone()),
            (Tone::Plain, change.metric.clone()),
            (Tone::Plain, change.method.clone()),
            (Tone::Plain, mean(&change.before)),
            (Tone::Plain, mean(&change.after)),
            (Tone::Plain, change.difference.as_ref().map_or("no common seeds".to_owned(), signed)),
            verdict(Some(change.verdict)),
        ]);
    }
    table.lines()
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
        let found = text(&[("d".to_owned(), results(2.0)), ("f".to_owned(), results(1.0))]);
        let change =
            found.iter().find(|line| line.starts_with("f ") && line.contains(" b ")).unwrap();
        assert!(change.ends_with("−1 ± 0  better"), "{change}");
        // At another price, nothing has become better.
        let dear = results_of(1.0, "[worlds.w]\noverride_cost = 9");
        let found = text(&[("d".to_owned(), results(2.0)), ("f".to_owned(), dear)]);
        let change =
            found.iter().find(|line| line.starts_with("f ") && line.contains(" b ")).unwrap();
        assert!(change.ends_with("−1 ± 0  other world"), "{change}");
        assert!(found.iter().any(|line| line.starts_with("other world: ")), "{found:?}");
    }
}
