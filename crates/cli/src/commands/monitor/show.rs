//! `npo monitor show`: what the monitor watches and did, and how far to trust it.

use clap::Args;
use npo_api::monitor::{self, Fidelity, MonitorAct, TypeMonitor, WaitingLook};
use npo_api::oversight::RedButton;

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::{gauges, held, interval, prose};
use crate::text::table::Table;
use crate::text::{Line, Tone, clean};

/// Acts shown unless all are asked for.
const ACTS: usize = 10;

/// Show what the monitor watches and did, and how far to trust it.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Show everything that it did lately, and not the latest only
    #[arg(long)]
    all: bool,
}

impl Show {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let monitor: Received<monitor::Monitor> = options.client()?.get("/v1/monitor", &[])?;
        let acts = if self.all { usize::MAX } else { ACTS };
        let mut out = options.out();
        out.received(&monitor, |monitor| lines(monitor, acts, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(monitor: &monitor::Monitor, acts: usize, columns: usize) -> Vec<Line> {
    let mut lines = vec![headline(monitor)];
    if monitor.settings.is_none() {
        lines.push(Line::of(Tone::Faint, "The profile watches nothing beside the published rule."));
    }
    if !monitor.holds.is_empty() {
        lines.extend(held(&RedButton { held: monitor.holds.clone() }));
    }
    section(&mut lines, "How far to trust it");
    lines.extend(prose(Tone::Plain, &monitor.fidelity.summary, columns));
    lines.extend(fidelity(&monitor.fidelity));
    if !monitor.waiting.is_empty() {
        section(&mut lines, "Looks that wait for a verdict (npo monitor verdict NAME LOOK yes|no)");
        lines.extend(waiting(&monitor.waiting));
    }
    section(&mut lines, "What it did");
    lines.extend(done(&monitor.actions, acts));
    for of in &monitor.scenario_types {
        section(&mut lines, &clean(&of.scenario_type));
        lines.extend(of_type(of));
    }
    lines
}

fn section(lines: &mut Vec<Line>, title: &str) {
    lines.push(Line::empty());
    lines.push(Line::of(Tone::Strong, title));
}

/// What somebody must do now, if anything.
fn headline(monitor: &monitor::Monitor) -> Line {
    let names = |is: fn(&TypeMonitor) -> bool| {
        let names = monitor.scenario_types.iter().filter(|of| is(of));
        names.map(|of| clean(&of.scenario_type)).collect::<Vec<_>>().join(", ")
    };
    let mut news = Vec::new();
    if !monitor.holds.is_empty() {
        news.push(format!("{} held", monitor.holds.len()));
    }
    for (is, word) in [
        ((|of| of.escalated) as fn(&TypeMonitor) -> bool, "escalated"),
        (|of| of.source.silent, "silent"),
        (|of| of.retrain_due, "to be refitted"),
    ] {
        let names = names(is);
        if !names.is_empty() {
            news.push(format!("{word}: {names}"));
        }
    }
    if news.is_empty() {
        Line::of(Tone::Good, "All quiet: nothing is held, escalated or silent.")
    } else {
        Line::of(Tone::Bad, format!("Needs somebody: {}.", news.join("; ")))
    }
}

fn fidelity(from: &Fidelity) -> Vec<Line> {
    let mut table = Table::new(&["", "VALUE"]);
    for (name, estimate) in [
        ("right at its looks", &from.fidelity),
        ("the same of never acting", &from.never_acting),
        ("right when it acted", &from.precision),
    ] {
        table.row([name.to_owned(), interval(estimate)]);
    }
    // Of a monitor that has not acted it is 0 whatever people say, which is no verdict on it.
    let known = from.acted.judged > 0 && from.silent.judged > 0;
    let youden = if known { interval(&from.youden) } else { "not known".to_owned() };
    table.row(["Youden's J".to_owned(), youden]);
    table.lines().into_iter().skip(1).collect()
}

fn waiting(looks: &[WaitingLook]) -> Vec<Line> {
    let mut table = Table::new(&["SCENARIO TYPE", ">LOOK", "AT", "IT"]);
    for look in looks {
        let did = if look.acted { "acted" } else { "kept silent" };
        table.row([
            look.scenario_type.clone(),
            look.look.to_string(),
            look.at.clone(),
            did.to_owned(),
        ]);
    }
    table.lines()
}

fn done(actions: &[MonitorAct], limit: usize) -> Vec<Line> {
    if actions.is_empty() {
        return vec![Line::of(Tone::Faint, "Nothing so far.")];
    }
    let mut lines: Vec<Line> = actions
        .iter()
        .take(limit)
        .map(|act| {
            Line::of(Tone::Faint, format!("{}  ", clean(&act.at)))
                .and(Tone::Strong, format!("{} {}", clean(&act.action), clean(&act.scenario_type)))
                .and(Tone::Plain, format!(": {}", clean(&act.evidence)))
        })
        .collect();
    if actions.len() > limit {
        let more = format!("{} more: --all", actions.len() - limit);
        lines.push(Line::of(Tone::Faint, more));
    }
    lines
}

fn of_type(of: &TypeMonitor) -> Vec<Line> {
    let mut lines = gauges(&of.gauges);
    let mut facts =
        vec![format!("{} episodes, {} since the last look", of.episodes, of.since_look)];
    match (&of.source.last_proposal, of.source.silent_after_s) {
        (Some(last), Some(after)) => facts
            .push(format!("last proposal {}, silence is called after {after:.0} s", clean(last))),
        (Some(last), None) => facts.push(format!("last proposal {}", clean(last))),
        (None, _) => facts.push("no proposal yet".to_owned()),
    }
    if let Some(refit) = &of.last_refit {
        let came = if refit.in_force { "in force" } else { "not in force" };
        let gate = if refit.passed { "passed its gate" } else { "failed its gate" };
        facts.push(format!("last refit {} {gate}, {came}", clean(&refit.model)));
    }
    lines.push(Line::of(Tone::Faint, format!("{}.", facts.join("; "))));
    lines
}

#[cfg(test)]
mod tests {
    use npo_api::monitor::{Looks, Source};
    use npo_api::oversight::Estimate;

    use super::*;

    fn quiet() -> monitor::Monitor {
        let unknown = Estimate { value: None, low: 0.0, high: 1.0 };
        let none = Looks { total: 0, judged: 0, right: 0 };
        let fidelity = Fidelity {
            summary: "Not enough verdicts.".into(),
            acted: none,
            silent: none,
            fidelity: unknown,
            never_acting: unknown,
            youden: unknown,
            precision: unknown,
            delta: 0.05,
        };
        let source =
            Source { last_proposal: None, usual_gap_s: 0.0, silent_after_s: None, silent: false };
        monitor::Monitor {
            settings: None,
            fidelity: fidelity.clone(),
            scenario_types: vec![TypeMonitor {
                scenario_type: "alert".into(),
                gauges: vec![],
                episodes: 0,
                since_look: 0,
                fidelity,
                escalated: false,
                retrain_due: false,
                source,
                last_refit: None,
            }],
            holds: vec![],
            actions: vec![],
            waiting: vec![],
        }
    }

    #[test]
    fn the_skill_of_a_monitor_that_has_not_acted_is_not_known() {
        let mut of = quiet().fidelity;
        of.youden = Estimate { value: Some(0.0), low: 0.0, high: 0.0 };
        of.silent = Looks { total: 50, judged: 2, right: 2 };
        let shown = |of: &Fidelity| fidelity(of).iter().map(Line::text).collect::<String>();
        assert!(shown(&of).contains("not known"), "{}", shown(&of));
        of.acted = of.silent;
        assert!(!shown(&of).contains("not known"), "{}", shown(&of));
    }

    #[test]
    fn the_first_line_says_whether_somebody_is_needed() {
        let check = |monitor: &monitor::Monitor, expected: &str| {
            assert_eq!(lines(monitor, 10, 80)[0].text(), expected);
        };
        check(&quiet(), "All quiet: nothing is held, escalated or silent.");
        let mut loud = quiet();
        loud.scenario_types[0].escalated = true;
        loud.scenario_types[0].source.silent = true;
        check(&loud, "Needs somebody: escalated: alert; silent: alert.");
    }
}
