//! From rows to a report: whether the log supports the question, and if so, the estimates.

use npo_core::Signal;

use super::answering::{AnswerModel, Answering};
use super::estimate::{Estimated, estimate};
use super::outcome::OutcomeModel;
use super::question::Target;
use super::report::{Difference, Evaluation, LogSummary, Report, ShadowSummary, Side};
use super::row::{Kind, Row};
use super::scan::Scan;
use super::sums::{Evidence, Known, Sums, add_up};
use super::verdicts::VerdictChanges;
use super::words;

/// Share of what would be surfaced that may be unknown: beyond it, limits say next to nothing.
pub(super) const UNSUPPORTED_MAX: f64 = 0.2;
/// Labels that an estimate needs.
const LABELS_MIN: u64 = 20;
/// Labels of equal weight that an estimate needs.
const EFFECTIVE_MIN: f64 = 20.0;
/// Scenarios that an interval needs: they are what is resampled.
const SCENARIOS_MIN: u64 = 10;
/// Scenarios of equal weight that an interval needs: with fewer, its limits say where the few that
/// carry the weight happen to lie.
const SCENARIOS_EFFECTIVE_MIN: f64 = 5.0;

pub(super) fn report(scan: Scan<'_>) -> Report {
    let Scan { question, rows, shadow, policy_errors, .. } = &scan;
    let answers = AnswerModel::fit(rows);
    let outcomes = OutcomeModel::fit(rows);
    let added = add_up(rows, &answers, &outcomes, question.other_cost());
    let mut sums = [Sums::default(); 2];
    for group in &added.groups {
        sums[0].add(&group[0]);
        sums[1].add(&group[1]);
    }
    let scenarios = added.scenarios().sides;
    let refusals =
        [0, 1].map(|i| refusal(&added.known[i], &sums[i], &added.evidence[i], scenarios[i]));
    let Estimated { sides: [logged, target], differences } =
        estimate(&added, question.resamples, question.confidence, question.seed);
    let told = refusals.iter().all(Option::is_none);
    let differences = differences.into_iter().filter(|_| told).map(|(method, of)| Difference {
        method,
        utility: of[0],
        utility_at_other_cost: of[1],
    });
    let differences = differences.collect();
    let [logged_refusal, target_refusal] = refusals;
    let side = |i: usize, refusal: Option<Evaluation>, estimates| {
        let (sums, evidence): (&Sums, &Evidence) = (&sums[i], &added.evidence[i]);
        let Known { eligible, surfaced, asked } = added.known[i];
        let per_1000 = |count: f64| if eligible > 0.0 { 1000.0 * count / eligible } else { 0.0 };
        Side {
            eligible,
            surfaced_per_1000: per_1000(surfaced),
            asked_per_1000: per_1000(asked),
            evaluation: refusal.unwrap_or_else(|| Evaluation::Told {
                unsupported_share: sums.unsupported / sums.surfaced,
                labels: evidence.labels,
                effective_labels: evidence.effective(),
                scenarios: evidence.scenarios,
                effective_scenarios: scenarios[i],
                estimates,
            }),
        }
    };
    let mut report = Report {
        question: words::target(&question.target),
        confidence: question.confidence,
        resamples: question.resamples,
        seed: question.seed,
        summary: Vec::new(),
        caveats: Vec::new(),
        log: summary(&scan),
        answering: Answering::of(rows),
        logged: side(0, logged_refusal, logged),
        target: side(1, target_refusal, target),
        differences,
        verdicts: match &question.target {
            Target::Policy(spe) => {
                let bundle = format!("{} {}", spe.manifest().name, spe.manifest().version);
                Some(VerdictChanges::of(bundle, rows, *policy_errors, question.confidence))
            }
            Target::Threshold(_) | Target::OverrideCost(_) | Target::Profile(_) => None,
        },
        shadow: match (&question.target, shadow) {
            (Target::Profile(profile), Some(shadow)) => Some(ShadowSummary {
                profile: profile.name.clone(),
                heard: shadow.heard,
                unheard: shadow.unheard,
                silent: silent(rows),
            }),
            _ => None,
        },
    };
    report.summary = words::summary(&report, &question.target);
    report.caveats = words::caveats(&report, &question.target);
    report
}

/// Decisions that the target asks about and that have no label.
fn silent(rows: &[Row]) -> u64 {
    rows.iter().filter(|row| row.target_asks && row.label().is_none()).count() as u64
}

/// Why nothing can be estimated, if so.
fn refusal(known: &Known, sums: &Sums, evidence: &Evidence, scenarios: f64) -> Option<Evaluation> {
    let refused = |reason: String| Some(Evaluation::Refused { reason });
    if known.eligible == 0.0 {
        return refused("no decision of the window would have passed policy".into());
    }
    if known.surfaced == 0.0 {
        return Some(Evaluation::NothingSurfaced);
    }
    if sums.surfaced == 0.0 {
        return refused(
            "all that would have been surfaced was still open when the log ended".into(),
        );
    }
    let share = sums.unsupported / sums.surfaced;
    if share > UNSUPPORTED_MAX {
        return refused(words::unsupported(share, &evidence.unknown));
    }
    if evidence.labels < LABELS_MIN {
        return refused(format!(
            "only {} of the decisions that would have been surfaced have an answer, expected at \
             least {LABELS_MIN}",
            evidence.labels
        ));
    }
    if evidence.effective() < EFFECTIVE_MIN {
        return refused(format!(
            "a few of the {} answers would decide everything: they weigh as much as {:.1} equal \
             ones, expected at least {EFFECTIVE_MIN}",
            evidence.labels,
            evidence.effective()
        ));
    }
    if evidence.scenarios < SCENARIOS_MIN {
        return refused(format!(
            "the answers come from {} scenarios, expected at least {SCENARIOS_MIN}: answers about \
             one scenario are alike, and nothing shows by how much others differ",
            evidence.scenarios
        ));
    }
    if scenarios < SCENARIOS_EFFECTIVE_MIN {
        return refused(format!(
            "a few of the {} scenarios would decide everything: they weigh as much as {scenarios:.1} \
             equal ones, expected at least {SCENARIOS_EFFECTIVE_MIN}",
            evidence.scenarios
        ));
    }
    None
}

fn summary(scan: &Scan<'_>) -> LogSummary {
    let kinds = |kind| scan.rows.iter().filter(|row| row.kind == kind).count() as u64;
    let labels = |signal| scan.rows.iter().filter(|row| row.label() == Some(signal)).count() as u64;
    LogSummary {
        events: scan.events,
        decisions: scan.rows.len() as u64,
        surfaced: kinds(Kind::Surfaced),
        audits: kinds(Kind::Audit),
        automatic: kinds(Kind::Automatic),
        held: kinds(Kind::Held),
        abstained: kinds(Kind::Abstained),
        blocked: kinds(Kind::Blocked),
        likes: labels(Signal::Like),
        neutral: labels(Signal::Neutral),
        skipped: labels(Signal::Skipped),
        overrides: labels(Signal::Override),
        scenarios: scan.scenarios.len() as u64,
        threshold: scan.thresholds.read(),
        override_cost: scan.costs.read(),
        randomised: scan.randomised,
    }
}
