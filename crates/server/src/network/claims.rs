//! What was computed takes the place of what was claimed.

use npo_core::decide::{Features, NamedProposal};
use npo_core::proposal::{EVIDENCE_MAX, FACTS_MAX, Fact, FactValue, WhatIf};
use npo_core::scenario_type::{Feature, ScenarioType};
use npo_network::optimum::Whole;
use npo_network::what_if::{Development, ahead_words};

use super::model::{Answer, Found, Shift};
use super::view::view;

/// Where computed facts say that they come from.
const SOURCE: &str = "npo what-if";

/// Features that only a model of the network can know: where there is none, or it does not know the target, they are
/// at their centre, which says nothing either way.
const COMPUTED: [&str; 5] = [
    "max_utilisation_after",
    "max_utilisation_ahead",
    "overloaded_links_after",
    "cut_off_share",
    "traffic_share_moved",
];

/// Puts what was found into the proposal.
pub(super) fn settle(
    definition: &ScenarioType,
    proposal: &mut NamedProposal<'_>,
    found: Option<Found>,
) {
    // Nobody else speaks in this name.
    let forged = proposal.text.facts.iter_mut().filter(|fact| fact.source == SOURCE);
    forged.for_each(|fact| fact.source = "claim".into());
    match found {
        None => {}
        Some(Found::Answer(answer)) => answered(definition, proposal, *answer),
        Some(Found::Unknown { target, origin }) => {
            tell(
                proposal,
                format!("nothing was computed: `{target}` is not in the network model ({origin})"),
            );
            put(proposal, "in_network_model", FactValue::Flag(false), "");
        }
        Some(Found::NoMeaning { target, origin }) => {
            let action = proposal.action;
            tell(
                proposal,
                format!(
                    "nothing was computed: `{action}` means nothing on `{target}` in the network model ({origin})"
                ),
            );
            put(proposal, "in_network_model", FactValue::Flag(false), "");
        }
    }
    for name in COMPUTED {
        if let Some(feature) = declared(definition, name) {
            set_feature(proposal, name, feature.center, false);
        }
    }
}

fn answered(definition: &ScenarioType, proposal: &mut NamedProposal<'_>, answer: Answer) {
    let Answer { summary, picture, links_left, development, shift, origin } = answer;
    let gbps = |bps: f64| bps / 1e9;
    let peak = |condition: &npo_network::what_if::Condition| {
        condition.fullest.as_ref().map(|peak| peak.utilisation)
    };
    let (before, after) = (peak(&summary.before), peak(&summary.after));
    let mut lines = Vec::new();
    let mut line = |name: &str, unit: &str, before: f64, after: f64| {
        lines.push(WhatIf { name: name.into(), unit: unit.into(), before, after });
    };
    if let (Some(before), Some(after)) = (before, after) {
        line("busiest_link", "%", before * 100.0, after * 100.0);
    }
    let past = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let (past_before, past_after) =
        (past(summary.before.past_limit), past(summary.after.past_limit));
    line("links_too_busy", "1", past_before, past_after);
    line(
        "traffic_without_a_way",
        "Gbit/s",
        gbps(summary.before.stranded_bps),
        gbps(summary.after.stranded_bps),
    );
    for group in summary.redundancy.groups.first.iter().take(3) {
        let (links, left) = (past(group.links_before), past(group.links_left));
        line(&format!("links {}–{}", group.one, group.other), "1", links, left);
    }
    if let Some(development) = &development
        && let (Some((_, before)), Some((_, after))) =
            (development.fullest_before(), development.fullest_after())
    {
        let (before, after) = (before.utilisation * 100.0, after.utilisation * 100.0);
        lines.push(WhatIf { name: "busiest_link_ahead".into(), unit: "%".into(), before, after });
    }
    replace_lines(proposal, lines);

    let number = FactValue::Number;
    if let Some(left) = links_left.or(summary.redundancy.left) {
        put(proposal, "redundancy_left", number(past(left)), "1");
        set_declared(definition, proposal, "redundancy_left", past(left));
    }
    if let Some(ways) = summary.redundancy.left {
        put(proposal, "ways_left", number(past(ways)), "1");
    }
    put(proposal, "blast_radius_gbps", number(gbps(summary.moved.bps)), "Gbit/s");
    put(proposal, "blast_radius_share", number(summary.moved.share), "1");
    put(proposal, "cut_off_gbps", number(gbps(summary.cut_off.bps)), "Gbit/s");
    put(proposal, "overloaded_links_after", number(past(summary.pushed.count)), "1");
    if let Some(after) = after {
        put(proposal, "max_utilisation_after", number(after), "1");
        set_declared(definition, proposal, "max_utilisation_after", after);
    }
    put(proposal, "in_network_model", FactValue::Flag(true), "");
    put(proposal, "network_model", FactValue::Text(origin), "");
    set_declared(definition, proposal, "overloaded_links_after", past(summary.pushed.count));
    set_declared(definition, proposal, "cut_off_share", summary.cut_off.share);
    set_declared(definition, proposal, "traffic_share_moved", summary.moved.share);

    if summary.cut_off.bps > 0.0
        && let Some(pair) = summary.cut_off.pairs.first.first()
    {
        let more = summary.cut_off.pairs.unlisted() + summary.cut_off.pairs.first.len() - 1;
        let more = if more > 0 { format!(" and {more} more pairs") } else { String::new() };
        tell(
            proposal,
            format!(
                "it would cut off {:.2} Gbit/s: {} to {}{more}",
                gbps(summary.cut_off.bps),
                pair.from,
                pair.to
            ),
        );
    }
    if let Some(arc) = summary.pushed.first.first()
        && let (Some(before), Some(after)) = (arc.before(), arc.after())
    {
        tell(
            proposal,
            format!(
                "it would push {} from {:.0} % to {:.0} %, past the limit of {:.0} %",
                arc.arc,
                before * 100.0,
                after * 100.0,
                summary.limit * 100.0
            ),
        );
    }
    if let Some(development) = &development {
        ahead(definition, proposal, development);
    }
    if let Some(shift) = &shift {
        best(proposal, shift);
    }
    proposal.text.network = Some(Box::new(view(&picture)));
}

/// How it goes on in the coming hours.
fn ahead(definition: &ScenarioType, proposal: &mut NamedProposal<'_>, development: &Development) {
    if let Some((ahead_ms, peak)) = development.fullest_after() {
        put(proposal, "max_utilisation_ahead", FactValue::Number(peak.utilisation), "1");
        set_declared(definition, proposal, "max_utilisation_ahead", peak.utilisation);
        let sentence = development.sentence().map(|sentence| sentence.text).unwrap_or_default();
        let line = format!(
            "{} The fullest direction will be {}, at {:.0} % in {}.",
            sentence,
            peak.arc,
            peak.utilisation * 100.0,
            ahead_words(ahead_ms)
        );
        tell(proposal, line);
    }
    if let Some(passed_ms) = development.first_past_limit_ms {
        let hours = passed_ms as f64 / 3_600_000.0;
        put(proposal, "hours_to_limit", FactValue::Number(hours), "h");
    }
}

/// What a shift could reach, and how near the network is to its best.
fn best(proposal: &mut NamedProposal<'_>, shift: &Shift) {
    match &shift.relief {
        Ok(relief) => {
            let best = FactValue::Number(relief.network_best);
            put(proposal, "max_utilisation_best_split", best, "1");
            tell(proposal, relief.words());
        }
        Err(none) => tell(proposal, format!("no better split: {none}")),
    }
    if let Some(Whole { now, best, ways }) = shift.best {
        put(proposal, "max_utilisation_optimum", FactValue::Number(best), "1");
        tell(
            proposal,
            format!(
                "at best, with all traffic over up to {ways} ways each, the fullest direction would be at {:.0} %; now \
                 it is at {:.0} %",
                best * 100.0,
                now * 100.0
            ),
        );
    }
    if let Some(imbalance) = shift.imbalance {
        let probability = FactValue::Number(imbalance.probability);
        put(proposal, "imbalance_probability", probability, "1");
        let within = imbalance.within_ms.map_or_else(|| "3 steps".into(), ahead_words);
        let alarm = if imbalance.is_alarm { ", enough for an alarm" } else { "" };
        tell(
            proposal,
            format!(
                "an episode of imbalance begins within {within} with probability {:.2}{alarm}; usual is {:.2}",
                imbalance.probability, imbalance.usual
            ),
        );
    }
}

fn declared<'d>(definition: &'d ScenarioType, name: &str) -> Option<&'d Feature> {
    definition.features.iter().find(|feature| feature.name == name)
}

/// Sets a feature that the type declares, within its range.
fn set_declared(
    definition: &ScenarioType,
    proposal: &mut NamedProposal<'_>,
    name: &'static str,
    value: f64,
) {
    if let Some(feature) = declared(definition, name) {
        set_feature(proposal, name, value.clamp(feature.min, feature.max), true);
    }
}

/// Sets a feature by name; one that is there is replaced only if `replace`. Features in schema order carry no names and
/// stay as they are.
fn set_feature(proposal: &mut NamedProposal<'_>, name: &'static str, value: f64, replace: bool) {
    let Features::Named(pairs) = &mut proposal.features else { return };
    match pairs.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) if replace => *known = value,
        Some(_) => {}
        None => pairs.push((name, value)),
    }
}

/// Puts a computed fact in the place of the claimed one, and says so where the two differ.
fn put(proposal: &mut NamedProposal<'_>, name: &str, value: FactValue, unit: &str) {
    let computed = Fact { name: name.into(), value, unit: unit.into(), source: SOURCE.into() };
    let facts = &mut proposal.text.facts;
    match facts.iter_mut().find(|fact| fact.name == name) {
        Some(claimed) => {
            let differs = match (&claimed.value, &computed.value) {
                (FactValue::Number(claimed), FactValue::Number(computed)) => {
                    (claimed - computed).abs() > 0.1 * computed.abs().max(0.05)
                }
                (claimed, computed) => claimed != computed,
            };
            let said = differs.then(|| {
                format!(
                    "the source said {name} {}; the network model says {}",
                    shown(&claimed.value),
                    shown(&computed.value)
                )
            });
            *claimed = computed;
            said.into_iter().for_each(|line| tell(proposal, line));
        }
        None => {
            // What was computed comes first: of too many claims the last gives way.
            facts.truncate(FACTS_MAX - 1);
            facts.insert(0, computed);
        }
    }
}

fn shown(value: &FactValue) -> String {
    match value {
        FactValue::Number(number) => format!("{}", (number * 1e3).round() / 1e3),
        FactValue::Text(text) => format!("`{}`", text.chars().take(64).collect::<String>()),
        FactValue::Flag(yes) => yes.to_string(),
    }
}

/// Adds a line of evidence if there is room.
fn tell(proposal: &mut NamedProposal<'_>, line: String) {
    if proposal.text.evidence.len() < EVIDENCE_MAX {
        proposal.text.evidence.push(line);
    }
}

/// Computed lines come first; claimed ones of other names stay behind them.
fn replace_lines(proposal: &mut NamedProposal<'_>, mut lines: Vec<WhatIf>) {
    let claimed = std::mem::take(&mut proposal.text.what_if);
    let others = claimed.into_iter().filter(|old| lines.iter().all(|new| new.name != old.name));
    let others: Vec<WhatIf> = others.collect();
    lines.extend(others);
    lines.truncate(FACTS_MAX);
    proposal.text.what_if = lines;
}
