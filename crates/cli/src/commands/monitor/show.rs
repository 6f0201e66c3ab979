//! `npo monitor show`: what the monitor watches and did, and how far to trust it.

use clap::Args;
use npo_api::monitor::{self, Fidelity, MonitorAct, Source, TypeMonitor, WaitingLook};
use npo_api::oversight::RedButton;

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::{gauges, held, interval, prose};
use crate::text::table::Table;
use crate::text::{Line, Tone, clean, count};

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
    let (seen, idle): (Vec<_>, Vec<_>) = monitor.scenario_types.iter().partition(|of| is_seen(of));
    for of in &seen {
        section(&mut lines, &clean(&of.scenario_type));
        lines.extend(of_type(of));
    }
    if seen.iter().any(|of| !of.gauges.is_empty()) {
        let legend = "VALUE is the evidence that something has changed; the monitor calls once it reaches CALLS AT.";
        lines.extend(prose(Tone::Faint, legend, columns));
    }
    if !idle.is_empty() {
        lines.push(Line::empty());
        for of in idle {
            let name = clean(&of.scenario_type);
            let words = format!(": no episode yet; {}.", source(&of.source));
            lines.push(Line::of(Tone::Strong, name).and(Tone::Faint, words));
        }
    }
    lines
}

/// Whether its gauges have anything to show.
fn is_seen(of: &TypeMonitor) -> bool {
    let moved = of.gauges.iter().any(|gauge| gauge.seen > 0);
    of.episodes > 0 || moved || of.last_refit.is_some()
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

/// What its source sent last.
fn source(of: &Source) -> String {
    match (&of.last_proposal, of.silent_after_s) {
        (Some(last), Some(after)) => {
            format!("last proposal {}, silence is called after {after:.0} s", clean(last))
        }
        (Some(last), None) => format!("last proposal {}", clean(last)),
        (None, _) => "no proposal yet".to_owned(),
    }
}

fn of_type(of: &TypeMonitor) -> Vec<Line> {
    let mut lines = gauges(&of.gauges);
    let mut facts =
        vec![format!("{}, {} since the last look", count(of.episodes, "episode"), of.since_look)];
    facts.push(source(&of.source));
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
    use npo_api::monitor::Looks;
    use npo_api::oversight::{Estimate, Gauge};

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
    fn a_type_without_an_episode_is_one_line() {
        let mut of = quiet();
        let gauge = |seen| Gauge {
            watched: "surprise".into(),
            site: None,
            value: 0.5,
            run_length: 100.0,
            seen,
            hits: 0,
            expected: 0.0,
        };
        of.scenario_types[0].gauges = vec![gauge(0)];
        let shown = |of: &monitor::Monitor| -> Vec<String> {
            lines(of, 10, 120).iter().map(Line::text).collect()
        };
        let idle = shown(&of);
        assert_eq!(
            idle.last().map(String::as_str),
            Some("alert: no episode yet; no proposal yet.")
        );
        assert!(!idle.iter().any(|line| line.contains("surprise")), "{idle:?}");
        of.scenario_types[0].gauges = vec![gauge(1)];
        of.scenario_types[0].episodes = 1;
        let seen = shown(&of);
        for part in ["surprise", "1 episode, 0 since the last look", "VALUE is the evidence"] {
            assert!(seen.iter().any(|line| line.contains(part)), "{part}: {seen:?}");
        }
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
