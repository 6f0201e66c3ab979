//! Detects that traffic over a group of links has shifted.
//!
//! The spread of a group is the standard deviation of its members' sent rates over their mean. (The maximum over the
//! mean would hide one dead link among thirteen.) An alarm: two rounds in a row whose spread deviates to the same side
//! of the median of the trailing window by more than so many robust standard deviations.
//! A round is one report of every member; it is judged the moment that the last member has reported.

use std::collections::VecDeque;

use super::config::WatchConfig;
use super::rate::Difference;
use super::view::View;
use crate::cabling::{Group, Grouping};
use crate::catalog::{Catalog, DeviceId, PortId};
use crate::sample::Collected;

/// Rounds that a member may miss before it counts as gone: lost telemetry is not an imbalance.
const MISSED_ROUNDS_MAX: u8 = 3;

/// Traffic over a group shifted.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// When the alarm was certain, ms since 1970 UTC.
    pub at_ms: i64,
    /// The group's name.
    pub group: String,
    /// Members that were compared.
    pub members: usize,
    /// Median spread of the trailing window.
    pub norm: f64,
    /// Spread now.
    pub spread: f64,
    /// Deviation that counts as an alarm.
    pub limit: f64,
}

/// What changed for a group in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum News {
    /// An unequal spread began.
    Began { group: u32, device: DeviceId },
    /// An unequal spread is over.
    Over { device: DeviceId },
}

/// An unequal spread that goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Episode {
    pub(super) norm: f64,
    pub(super) limit: f64,
    /// Whether the spread rose above its norm; otherwise it fell and is unequal still.
    pub(super) rose: bool,
    calm: u32,
}

impl Episode {
    /// Whether the spread was back at its norm in the last round.
    pub(super) fn is_calm(&self) -> bool {
        self.calm > 0
    }
}

#[derive(Debug, Default)]
struct Round {
    rates: Vec<f64>,
    /// Not a number where it could not be told.
    spread: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Never seen, or gone.
    Absent,
    /// Expected to report.
    Waiting,
    Reported,
}

#[derive(Debug, Default)]
struct GroupState {
    turns: Vec<Turn>,
    current: Vec<f64>,
    compared: Vec<bool>,
    missed: Vec<u8>,
    present: usize,
    reported: usize,
    is_void: bool,
    membership_changed: bool,
    rounds: VecDeque<Round>,
    in_alarm: bool,
    episode: Option<Episode>,
}

/// The detector of all groups.
#[derive(Debug, Default)]
pub(super) struct Imbalance {
    groups: Vec<GroupState>,
    scratch: Vec<f64>,
}

impl Imbalance {
    /// The unequal spread of a group, while it goes on.
    pub(super) fn episode(&self, group: u32) -> Option<&Episode> {
        self.groups.get(group as usize)?.episode.as_ref()
    }

    /// Spread of the last round.
    pub(super) fn spread(&self, group: u32) -> f64 {
        self.groups
            .get(group as usize)
            .and_then(|state| state.rounds.back())
            .map_or(0.0, |round| round.spread)
    }

    /// Rates of the members that are compared, in order of membership, bit/s.
    pub(super) fn compared_rates(&self, group: u32) -> Vec<(usize, f64)> {
        let Some(state) = self.groups.get(group as usize) else {
            return Vec::new();
        };
        let Some(round) = state.rounds.back() else {
            return Vec::new();
        };
        (0..round.rates.len()).filter(|&k| state.compared[k]).map(|k| (k, round.rates[k])).collect()
    }

    /// Takes what a port's counters said; gives news, at most one per group of the port.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn observe(
        &mut self,
        catalog: &Catalog,
        view: &View,
        config: &WatchConfig,
        at_ms: i64,
        port: PortId,
        collected: Collected,
        difference: &Difference,
        shifts: &mut Vec<Shift>,
    ) -> [Option<News>; 2] {
        let mut news = [None, None];
        // A member whose sent bytes nobody collects takes no part, so that the others can be compared without it.
        let is_silent = match difference {
            Difference::Stale => true,
            Difference::First | Difference::Restarted => !collected.has(Collected::BYTES_SENT),
            Difference::Rate(rate) => rate.sent_bps.is_none(),
        };
        if is_silent {
            return news;
        }
        for (slot, &(index, member)) in news.iter_mut().zip(view.groups.of(port)) {
            if self.groups.len() <= index as usize {
                self.groups.resize_with(index as usize + 1, GroupState::default);
            }
            let state = &mut self.groups[index as usize];
            let group = view.groups.get(index);
            let member = member as usize;
            state.fit(group.members.len());
            if state.turns[member] == Turn::Reported && state.close(group, config) {
                *slot = state.judge(config, &mut self.scratch, at_ms, group, index, shifts);
            }
            state.report(member, difference);
            if state.reported == state.present && state.reported > 0 && state.close(group, config) {
                *slot = state.judge(config, &mut self.scratch, at_ms, group, index, shifts);
            }
            debug_assert_eq!(
                group.device,
                catalog.device_of(port),
                "a group's members are its device's own ports"
            );
        }
        news
    }
}

impl GroupState {
    fn fit(&mut self, members: usize) {
        if self.turns.len() < members {
            self.turns.resize(members, Turn::Absent);
            self.current.resize(members, f64::NAN);
            self.compared.resize(members, false);
            self.missed.resize(members, 0);
        }
    }

    fn report(&mut self, member: usize, difference: &Difference) {
        if self.turns[member] == Turn::Absent {
            self.turns[member] = Turn::Waiting;
            self.present += 1;
        }
        match difference {
            // The first reading of a member is no rate, and no reason to throw away what the others say.
            Difference::First | Difference::Stale => return,
            Difference::Restarted => self.is_void = true,
            Difference::Rate(rate) => match rate.sent_bps {
                Some(sent_bps) => self.current[member] = sent_bps,
                None => return,
            },
        }
        self.turns[member] = Turn::Reported;
        self.reported += 1;
    }

    /// Ends the round; `true` if it can be judged.
    fn close(&mut self, group: &Group, config: &WatchConfig) -> bool {
        let mut complete = !self.is_void;
        let busiest = self.current.iter().copied().fold(0.0, f64::max);
        for k in 0..self.turns.len() {
            match self.turns[k] {
                Turn::Absent => continue,
                Turn::Waiting => {
                    self.missed[k] += 1;
                    if self.missed[k] < MISSED_ROUNDS_MAX {
                        complete = false;
                        continue;
                    }
                    self.turns[k] = Turn::Absent;
                    self.present -= 1;
                    self.missed[k] = 0;
                    self.membership_changed |= std::mem::take(&mut self.compared[k]);
                }
                Turn::Reported => {
                    self.missed[k] = 0;
                    self.turns[k] = Turn::Waiting;
                    let rate = self.current[k];
                    let joins = match group.grouping {
                        Grouping::Parallel | Grouping::Uplinks => true,
                        Grouping::Assumed => {
                            rate >= config.busy_bps && rate >= config.join_share * busiest
                        }
                    };
                    if joins && !self.compared[k] {
                        self.compared[k] = true;
                        self.membership_changed = true;
                    }
                }
            }
        }
        if complete {
            self.push_round(config);
        }
        self.current.fill(f64::NAN);
        self.reported = 0;
        self.is_void = false;
        complete
    }

    fn push_round(&mut self, config: &WatchConfig) {
        let mut round = if self.rounds.len() >= config.window_rounds + 2 {
            self.rounds.pop_front().unwrap_or_default()
        } else {
            Round::default()
        };
        round.rates.clone_from(&self.current);
        round.spread = spread(&round.rates, &self.compared, config.busy_bps);
        self.rounds.push_back(round);
        // A member that joins was there before, silent: the past is judged as if it had always belonged.
        if std::mem::take(&mut self.membership_changed) {
            for round in &mut self.rounds {
                round.spread = spread(&round.rates, &self.compared, config.busy_bps);
            }
        }
    }

    fn judge(
        &mut self,
        config: &WatchConfig,
        scratch: &mut Vec<f64>,
        at_ms: i64,
        group: &Group,
        index: u32,
        shifts: &mut Vec<Shift>,
    ) -> Option<News> {
        let spread = self.rounds.back()?.spread;
        let alarm = self.deviation(config, scratch);
        let began = match alarm {
            Some((norm, limit)) if !self.in_alarm => {
                let members = self.compared.iter().filter(|&&is| is).count();
                shifts.push(Shift {
                    at_ms,
                    group: group.name.clone(),
                    members,
                    norm,
                    spread,
                    limit,
                });
                let unequal = spread > norm || spread >= config.unequal_spread;
                (unequal && self.episode.is_none()).then_some(Episode {
                    norm,
                    limit,
                    rose: spread > norm,
                    calm: 0,
                })
            }
            _ => None,
        };
        self.in_alarm = alarm.is_some();
        if let Some(episode) = began {
            self.episode = Some(episode);
            return Some(News::Began { group: index, device: group.device });
        }
        self.is_over(config, spread).then_some(News::Over { device: group.device })
    }

    /// Norm and limit, if the last two rounds both deviate from the norm to the same side.
    fn deviation(&self, config: &WatchConfig, scratch: &mut Vec<f64>) -> Option<(f64, f64)> {
        let window = config.window_rounds;
        if self.rounds.len() < window + 2 {
            return None;
        }
        let (previous, last) = (self.rounds[window].spread, self.rounds[window + 1].spread);
        scratch.clear();
        scratch.extend(self.rounds.iter().take(window).map(|round| round.spread));
        if previous.is_nan() || last.is_nan() || scratch.iter().any(|spread| spread.is_nan()) {
            return None;
        }
        let norm = median(scratch);
        scratch.iter_mut().for_each(|spread| *spread = (*spread - norm).abs());
        // 1.4826 makes the median absolute deviation of a normal distribution its standard deviation.
        let limit =
            config.deviation_factor * (1.4826 * median(scratch)).max(config.deviation_floor);
        let (one, two) = (previous - norm, last - norm);
        (one.abs() > limit && two.abs() > limit && one.signum() == two.signum())
            .then_some((norm, limit))
    }

    /// Ends an episode once the spread has been back at its norm, or equal, for some rounds.
    fn is_over(&mut self, config: &WatchConfig, spread: f64) -> bool {
        let Some(episode) = &mut self.episode else {
            return false;
        };
        // A spread that fell and was still unequal has no norm to return to but an equal share.
        let bound = if episode.rose {
            episode.norm + episode.limit / 2.0
        } else {
            config.unequal_spread / 2.0
        };
        // An idle group has no spread and is as good as equal.
        episode.calm = if spread.is_nan() || spread <= bound { episode.calm + 1 } else { 0 };
        let over = episode.calm >= config.calm_rounds;
        if over {
            self.episode = None;
        }
        over
    }
}

/// Standard deviation over mean of the compared members; not a number if one is unknown or the group is idle.
fn spread(rates: &[f64], compared: &[bool], busy_bps: f64) -> f64 {
    let values = || {
        compared
            .iter()
            .enumerate()
            .filter(|(_, is)| **is)
            .map(|(k, _)| rates.get(k).copied().unwrap_or(f64::NAN))
    };
    let (count, sum) = values().fold((0.0, 0.0), |(count, sum), rate| (count + 1.0, sum + rate));
    let mean: f64 = sum / count;
    if count < 2.0 || mean.is_nan() || mean < busy_bps {
        return f64::NAN;
    }
    let squares: f64 = values().map(|rate| (rate - mean) * (rate - mean)).sum();
    (squares / (count - 1.0)).sqrt() / mean
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
