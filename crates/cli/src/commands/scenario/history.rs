//! `npo scenario history`: how a scenario's score moved, answer by answer, and why.

use clap::Args;
use npo_api::scenario::Scenario;

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::columns;
use crate::text::explanation::signal_name;
use crate::text::table::Table;
use crate::text::{Line, Tone, clean, count, wrap};

/// Show how a scenario's score moved, and why.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Id of the scenario, such as s7
    id: String,
}

impl History {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let scenario: Received<Scenario> =
            options.client()?.get(&path("/v1/scenarios/{}", &[&self.id]), &[])?;
        let mut out = options.out();
        out.received(&scenario, |scenario| lines(scenario, columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(scenario: &Scenario, columns: usize) -> Vec<Line> {
    let Scenario {
        id,
        scenario_type,
        entity,
        decisions,
        directed,
        effect,
        effect_deviation,
        score_now,
        feedback,
        ..
    } = scenario;
    let now = score_now.map(|score| format!("; score now {score:.3}")).unwrap_or_default();
    let mut lines = vec![
        Line::of(Tone::Strong, format!("{id}: {} on {}", clean(scenario_type), clean(entity))),
        Line::plain(format!(
            "{}, {directed} of them liked or overridden; learned effect {effect:+.3} ± {effect_deviation:.3}{now}",
            count(*decisions, "decision")
        )),
        Line::empty(),
    ];
    if feedback.is_empty() {
        lines.push(Line::of(Tone::Faint, "No answers yet."));
        return lines;
    }
    let mut table = Table::new(&["AT", "DECISION", "BY", "ANSWER", ">BEFORE", ">AFTER", ">MOVED"]);
    // Oldest first reads as a story.
    for answer in feedback.iter().rev() {
        let moved = answer.score_after - answer.score_before;
        let tone = if moved > 0.0 { Tone::Good } else { Tone::Bad };
        let tone = if moved == 0.0 { Tone::Faint } else { tone };
        table.toned([
            (Tone::Faint, answer.at.clone()),
            (Tone::Plain, answer.decision.clone()),
            (Tone::Plain, answer.by.clone()),
            (Tone::Plain, signal_name(answer.signal).to_owned()),
            (Tone::Plain, format!("{:.3}", answer.score_before)),
            (Tone::Plain, format!("{:.3}", answer.score_after)),
            (tone, format!("{moved:+.3}")),
        ]);
    }
    lines.extend(table.lines());
    lines.push(Line::empty());
    for answer in feedback.iter().rev() {
        let lesson = clean(&format!("{}: {}", answer.decision, answer.lesson));
        lines.extend(wrap(&lesson, columns, 2).into_iter().map(Line::plain));
    }
    lines
}

#[cfg(test)]
mod tests {
    use npo_api::feedback::{Feedback, Signal};

    use super::*;
    use crate::sample;

    #[test]
    fn the_oldest_answer_comes_first() {
        let first =
            Feedback { position: 1, decision: "d1".into(), ..sample::feedback("d1", Signal::Like) };
        let second = Feedback {
            position: 2,
            score_before: 0.86,
            score_after: 0.7,
            ..sample::feedback("d2", Signal::Override)
        };
        let scenario = Scenario {
            id: "s7".into(),
            scenario_type: "link-flapping".into(),
            entity: "leaf4".into(),
            site: String::new(),
            decisions: 2,
            directed: 2,
            effect: -0.2,
            effect_deviation: 0.5,
            moving_average: 0.5,
            score_now: Some(0.7),
            feedback: vec![second, first],
        };
        let text: Vec<String> = lines(&scenario, 80).iter().map(Line::text).collect();
        assert!(text[4].contains(" d1 ") && text[4].contains("+0.030"), "{}", text[4]);
        assert!(text[5].contains(" d2 ") && text[5].contains("-0.160"), "{}", text[5]);
    }
}
