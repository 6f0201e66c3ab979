//! An evaluation as people read it: what was asked, how often it happens, who predicts it how well, and what follows.

use npo_network::imbalance::bootstrap::Interval;
use npo_network::imbalance::evaluate::{
    Comparison, Difference, Figure, Finding, Predicted, Question,
};

use super::Document;
use crate::text::table::Table;
use crate::text::{Line, Tone};

/// All lines.
pub(super) fn lines(document: &Document) -> Vec<Line> {
    let mut lines = head(document);
    for question in &document.evaluation.questions {
        lines.push(Line::empty());
        lines.extend(question_lines(question, document.evaluation.horizon));
    }
    lines.push(Line::empty());
    lines.extend(foot(document));
    lines
}

fn head(document: &Document) -> Vec<Line> {
    let evaluation = &document.evaluation;
    let step = document.step_s.map_or_else(|| "of unknown length".into(), |s| format!("of {s} s"));
    let mut lines = vec![
        Line::of(Tone::Strong, format!("{} on {}", document.traffic.file, document.topology.file)),
        Line::plain(format!(
            "{} steps {step}; {} directions of links, {} of them used; weights {}",
            evaluation.steps, evaluation.directions, evaluation.active, document.weights
        )),
        Line::plain(format!(
            "fitted on steps {}–{}, calibrated on {}–{}, tested on {}–{}; window {}, horizon {}",
            evaluation.train.start,
            evaluation.train.end - 1,
            evaluation.calibration.start,
            evaluation.calibration.end - 1,
            evaluation.test.start,
            evaluation.test.end - 1,
            evaluation.window,
            evaluation.horizon
        )),
        Line::plain(format!(
            "in the test, {} hot steps and {} episodes (median length {}); lag-1 autocorrelation of log R {}",
            evaluation.hot,
            evaluation.episodes,
            evaluation.episode_steps.map_or_else(|| "–".into(), |steps| format!("{steps}")),
            number(evaluation.autocorrelation)
        )),
    ];
    let assumed = document.assumed.iter().map(|words| ("assumed", words));
    let notes = evaluation.notes.iter().map(|words| ("note", words));
    lines.extend(assumed.chain(notes).map(|(kind, words)| {
        Line::of(Tone::Care, format!("{kind}: ")).and(Tone::Plain, words.as_str())
    }));
    lines
}

fn question_lines(question: &Question, horizon: usize) -> Vec<Line> {
    let words = match question.target {
        "onset" => {
            format!("Does an episode begin within {horizon} steps? (asked where it is not hot)")
        }
        _ => format!("Is there an episode within {horizon} steps?"),
    };
    let rate = question.base_rate.map_or_else(|| "–".into(), |rate| format!("{rate:.3}"));
    let mut lines = vec![
        Line::of(Tone::Strong, format!("{}: {words}", question.target)),
        Line::plain(format!(
            "asked {} times, {} times yes: base rate {rate}",
            question.asked, question.positives
        )),
    ];
    lines.extend(predictors(&question.predictors));
    lines.push(Line::empty());
    lines.extend(comparisons(&question.comparisons));
    let tone = if question.abstention.is_some() { Tone::Care } else { Tone::Strong };
    lines.push(Line::of(tone, format!("→ {}", question.verdict)));
    lines
}

fn predictors(predictors: &[Predicted]) -> Vec<Line> {
    let mut table = Table::new(&[
        "BY STEPS", ">P", ">R", ">F1", ">95 %", ">AP", ">95 %", ">BRIER", ">SKILL", ">ECE",
    ]);
    for predicted in predictors {
        let by_step = &predicted.by_step;
        let chances = &predicted.probabilities;
        table.row([
            predicted.name.to_owned(),
            number(by_step.precision.value),
            number(by_step.recall.value),
            number(by_step.f1.value),
            interval(by_step.f1),
            number(by_step.average_precision.value),
            interval(by_step.average_precision),
            number(chances.brier),
            number(chances.skill),
            number(chances.calibration_error),
        ]);
    }
    let mut lines = table.lines();
    lines.push(Line::empty());
    let mut table = Table::new(&[
        "BY EPISODES",
        ">FOUND",
        ">OF",
        ">ALARMS",
        ">RIGHT",
        ">P",
        ">R",
        ">F1",
        ">LEAD",
    ]);
    for predicted in predictors {
        let found = &predicted.by_episode;
        table.row([
            predicted.name.to_owned(),
            found.found.to_string(),
            found.episodes.to_string(),
            found.alarm_runs.to_string(),
            found.right_runs.to_string(),
            number(found.precision),
            number(found.recall),
            number(found.f1),
            found.lead_steps.map_or_else(|| "–".into(), |steps| format!("{steps} steps")),
        ]);
    }
    lines.extend(table.lines());
    lines
}

fn comparisons(comparisons: &[Comparison]) -> Vec<Line> {
    let mut table = Table::new(&[
        "NPO LESS",
        ">F1",
        ">95 %",
        "",
        ">AP",
        ">95 %",
        "",
        ">LOG LOSS SAVED",
        ">95 %",
        "",
    ]);
    for comparison in comparisons {
        let [f1, average, loss] =
            [&comparison.f1, &comparison.average_precision, &comparison.log_loss].map(cells);
        let plain = |text: String| (Tone::Plain, text);
        table.toned([
            plain(comparison.against.to_owned()),
            plain(f1.0),
            plain(f1.1),
            f1.2,
            plain(average.0),
            plain(average.1),
            average.2,
            plain(loss.0),
            plain(loss.1),
            loss.2,
        ]);
    }
    table.lines()
}

fn cells(difference: &Difference) -> (String, String, (Tone, String)) {
    let finding = match difference.finding {
        Finding::Better => (Tone::Good, "better"),
        Finding::Worse => (Tone::Bad, "worse"),
        Finding::NotDistinguishable => (Tone::Faint, ""),
    };
    let value = difference.value.map_or_else(|| "–".into(), |value| format!("{value:+.3}"));
    (value, shown(difference.interval), (finding.0, finding.1.to_owned()))
}

fn foot(document: &Document) -> Vec<Line> {
    let evaluation = &document.evaluation;
    let lines = [
        format!(
            "Intervals: 95 %, {} draws of blocks of {} test steps. Better or worse: the whole interval of the paired difference is on one side of 0.",
            evaluation.draws, evaluation.block
        ),
        "P precision, R recall, AP average precision (to be above the base rate), skill the share of the base rate's log loss that is saved, ECE the mean distance of probability and rate.".to_owned(),
    ];
    lines.into_iter().map(|text| Line::of(Tone::Faint, text)).collect()
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}

fn interval(figure: Figure) -> String {
    shown(figure.interval)
}

fn shown(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "–".into(), |Interval { low, high }| format!("{low:.2}…{high:.2}"))
}
