//! A summary in sentences, for somebody who has ten seconds.
//!
//! In the order in which people ask: what is cut off, what gets hot, how much moves, what is left.

use super::summary::{ArcChange, Group, Peak, Summary};
use crate::format::rate_words;

/// How much a sentence matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// As it should be.
    Calm,
    /// To be thought about.
    Care,
    /// Speaks against it.
    Alarm,
}

/// A sentence about a what-if.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// How much it matters.
    pub gravity: Gravity,
    /// The sentence.
    pub text: String,
}

/// Most names in one sentence.
const NAMED_MAX: usize = 3;

impl Sentence {
    fn new(gravity: Gravity, text: impl Into<String>) -> Self {
        Self { gravity, text: text.into() }
    }
}

impl Summary {
    /// The summary in sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<Sentence> {
        let mut all = vec![self.cut_off_words()];
        all.extend(self.utilisation_words());
        all.extend(self.unknown_words());
        all.push(self.moved_words());
        all.extend(self.redundancy.groups.first.iter().take(NAMED_MAX).map(group_words));
        let groups = &self.redundancy.groups;
        if groups.count > NAMED_MAX {
            let text = match groups.count - NAMED_MAX {
                1 => "1 more group of links keeps as much or more.".to_owned(),
                more => format!("{more} more groups of links keep as much or more."),
            };
            all.push(Sentence::new(Gravity::Calm, text));
        }
        all.extend(self.single_points_words());
        all
    }

    fn cut_off_words(&self) -> Sentence {
        let cut_off = &self.cut_off;
        if cut_off.pairs.count == 0 {
            return Sentence::new(Gravity::Calm, "Nothing is cut off.");
        }
        let pair =
            |pair: &super::Pair| format!("{}→{} {}", pair.from, pair.to, rate_words(pair.bps));
        let text = format!(
            "{} is cut off, {} of all traffic, between {}: {}.",
            rate_words(cut_off.bps),
            percent(cut_off.share),
            counted(cut_off.pairs.count, "pair"),
            listed(cut_off.pairs.first.iter().map(pair), cut_off.pairs.count),
        );
        Sentence::new(Gravity::Alarm, text)
    }

    fn utilisation_words(&self) -> Vec<Sentence> {
        let (Some(before), Some(after)) = (&self.before.fullest, &self.after.fullest) else {
            return Vec::new();
        };
        let limit = percent_short(self.limit);
        let mut all = Vec::new();
        if self.pushed.count > 0 {
            let verb = if self.pushed.count == 1 { "direction passes" } else { "directions pass" };
            let arcs = listed(self.pushed.first.iter().map(arc_words), self.pushed.count);
            let text = format!("{} {verb} {limit}: {arcs}.", self.pushed.count);
            all.push(Sentence::new(Gravity::Alarm, text));
        }
        if self.pushed_past_capacity > 0 {
            let text = format!(
                "{} of them above capacity: on paper, that traffic does not fit.",
                self.pushed_past_capacity
            );
            all.push(Sentence::new(Gravity::Alarm, text));
        }
        let still = self.after.past_limit - self.pushed.count;
        if still > 0 {
            let text = format!("{} above {limit} before and after.", counted(still, "direction"));
            all.push(Sentence::new(Gravity::Care, text));
        }
        if self.relieved > 0 {
            let text = format!("{} back below {limit}.", counted(self.relieved, "direction"));
            all.push(Sentence::new(Gravity::Calm, text));
        }
        let place = |peak: &Peak| format!("{} at {}", peak.arc, percent(peak.utilisation));
        let text = if same(before, after) {
            format!("The fullest direction stays {}.", place(after))
        } else {
            format!("The fullest direction is {}; before, it was {}.", place(after), place(before))
        };
        let gravity = if after.utilisation > self.limit { Gravity::Care } else { Gravity::Calm };
        all.push(Sentence::new(gravity, text));
        all
    }

    fn unknown_words(&self) -> Option<Sentence> {
        let (unknown, known) = (self.arcs_without_capacity, self.arcs_with_capacity);
        if unknown == 0 {
            return None;
        }
        let text = if known == 0 {
            let most = self.gaining.first.first().map(|arc| {
                let gain = rate_words(arc.after_bps - arc.before_bps);
                format!(" {} gains most, {gain}.", arc.arc)
            });
            format!(
                "No capacity is known, so nothing is said about utilisation.{}",
                most.unwrap_or_default()
            )
        } else {
            format!(
                "The capacity of {unknown} of {} directions is not known; they are not judged.",
                unknown + known
            )
        };
        Some(Sentence::new(Gravity::Care, text))
    }

    fn moved_words(&self) -> Sentence {
        let (before, after) = (self.before.hops_mean, self.after.hops_mean);
        let longer = if (after - before).abs() > 0.005 * before {
            format!(" Ways take {after:.2} links on the mean, {before:.2} before.")
        } else {
            String::new()
        };
        let text = if self.moved.bps > 0.0 {
            let share = percent(self.moved.share);
            format!("{} has to move, {share} of all traffic.{longer}", rate_words(self.moved.bps))
        } else {
            format!("No traffic has to move.{longer}")
        };
        Sentence::new(Gravity::Calm, text)
    }

    fn single_points_words(&self) -> Option<Sentence> {
        let points = &self.redundancy.new_single_points;
        if points.count == 0 {
            return None;
        }
        let verb =
            if points.count == 1 { "becomes a single point" } else { "become single points" };
        let names = listed(points.first.iter().cloned(), points.count);
        Some(Sentence::new(Gravity::Care, format!("{names} {verb} of failure.")))
    }
}

fn same(before: &Peak, after: &Peak) -> bool {
    before.arc == after.arc && (before.utilisation - after.utilisation).abs() < 5e-4
}

fn arc_words(arc: &ArcChange) -> String {
    let share = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), percent);
    format!("{} from {} to {}", arc.arc, share(arc.before()), share(arc.after()))
}

fn group_words(group: &Group) -> Sentence {
    let Group { one, other, left, next_hops, changed_node, .. } = group;
    let gravity = match *left {
        0 => Gravity::Alarm,
        1 => Gravity::Care,
        _ => Gravity::Calm,
    };
    // Where nothing is left there are no longer ways either.
    let hops = next_hops.iter().filter(|_| *left > 0);
    let text = match changed_node {
        None => {
            let hops = hops.map(|hops| match hops.left {
                0 => format!("; {} has to take longer ways", hops.at),
                left => format!("; {} keeps {left} of {} equal next hops", hops.at, hops.before),
            });
            format!("{}{}.", link_words(group), hops.collect::<String>())
        }
        Some(node) => {
            let neighbour = if node == one { other } else { one };
            let links = match *left {
                0 => "has no other link".to_owned(),
                left => format!("keeps {}", counted(left, "other link")),
            };
            let hops = hops.map(|hops| match hops.left {
                0 => " and has to take longer ways".to_owned(),
                left => format!(" and {left} of {} equal next hops", hops.before),
            });
            format!("{neighbour} {links}{}.", hops.collect::<String>())
        }
    };
    Sentence::new(gravity, text)
}

/// What stays between the ends of removed links.
fn link_words(group: &Group) -> String {
    let Group { one, other, links_before, links_left, left, .. } = group;
    let links = match (*links_left, *links_before) {
        (0, 1) => "their only link goes".to_owned(),
        (0, before) => format!("all {before} links go"),
        (1, before) => format!("1 of {before} links stays"),
        (left, before) => format!("{left} of {before} links stay"),
    };
    let ways = match *left {
        0 => "nothing else joins them".to_owned(),
        1 => "one way is left".to_owned(),
        most if most >= super::WAYS_MAX => format!("{most} or more separate ways are left"),
        ways => format!("{ways} separate ways are left"),
    };
    format!("{one}–{other}: {links}, {ways}")
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first names, and how many more there are.
fn listed(names: impl Iterator<Item = String>, count: usize) -> String {
    let names: Vec<String> = names.take(NAMED_MAX).collect();
    let more = count.saturating_sub(names.len());
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// A share in per cent; what is there is not shown as nothing.
pub(super) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        return "under 0.1 %".to_owned();
    }
    format!("{:.1} %", share * 100.0)
}

pub(super) fn percent_short(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
