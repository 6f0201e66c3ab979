//! Which nodes and links a picture shows.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{DrawnLink, DrawnNode, LinkState, Neighbourhood};
use crate::topology::{ArcId, BundleId, NodeId, Position, Topology};
use crate::what_if::Effect;

/// Nodes shown by themselves at most; more names than these do not fit beside one another on a phone.
pub const NODES_DRAWN: usize = 12;
/// Lines at most, groups included.
pub const LINKS_DRAWN: usize = 28;

/// Below this change of utilisation a link is not interesting for having changed.
const CHANGE_LEAST: f64 = 0.01;
/// Nodes of one kind shown by themselves beside those that the change names; the others are alike, and one group.
const OF_KIND_MOST: usize = 4;

/// The part of the network that shows what a change does; `limit` is the utilisation that counts as too busy.
#[must_use]
pub fn neighbourhood(effect: &Effect<'_>, limit: f64) -> Neighbourhood {
    let topology = effect.baseline().topology();
    let changed = effect.overlay().arcs().filter(|(_, change)| !change.removed);
    let changed = changed.map(|(arc, _)| arc).collect();
    let mut chosen = Chosen { topology, effect, changed, nodes: Vec::new() };
    chosen.add_touched();
    let centre: Vec<NodeId> = chosen.nodes.clone();
    chosen.add_by_interest(&centre);
    chosen.draw(limit)
}

struct Chosen<'a> {
    topology: &'a Topology,
    effect: &'a Effect<'a>,
    /// Arcs with another weight or split.
    changed: BTreeSet<ArcId>,
    /// In order of importance.
    nodes: Vec<NodeId>,
}

impl Chosen<'_> {
    fn add(&mut self, node: NodeId) {
        if self.nodes.len() < NODES_DRAWN && !self.nodes.contains(&node) {
            self.nodes.push(node);
        }
    }

    /// Nodes and ends of links that the change itself names.
    fn add_touched(&mut self) {
        let overlay = self.effect.overlay();
        overlay.no_transit().collect::<Vec<_>>().into_iter().for_each(|node| self.add(node));
        // A removed node shows as all its arcs removed: its neighbours come by interest, it comes first.
        let mut removed: BTreeMap<NodeId, usize> = BTreeMap::new();
        for (arc, change) in overlay.arcs() {
            if change.removed {
                *removed.entry(self.topology.arc(arc).from).or_default() += 1;
            }
        }
        let gone = removed.iter().filter(|(node, count)| {
            let degree = self.topology.leaving(**node).len();
            degree > 1 && **count == degree
        });
        gone.map(|(&node, _)| node).collect::<Vec<_>>().into_iter().for_each(|node| self.add(node));
        for (arc, _) in overlay.arcs() {
            let arc = self.topology.arc(arc);
            self.add(arc.from);
            self.add(arc.to);
        }
    }

    /// Adds a node that is shown for its links, unless enough of its kind are.
    fn add_neighbour(&mut self, node: NodeId) {
        let own = kind(&self.topology.node(node).name);
        let alike = |&&known: &&NodeId| kind(&self.topology.node(known).name) == own;
        if own.is_empty() || self.nodes.iter().filter(alike).count() < OF_KIND_MOST {
            self.add(node);
        }
    }

    /// Ends of the bundles whose utilisation moves most or ends up highest, those at the centre first.
    fn add_by_interest(&mut self, centre: &[NodeId]) {
        let mut by_interest: Vec<(f64, BundleId)> = Vec::new();
        let mut seen: BTreeSet<BundleId> = BTreeSet::new();
        let at_centre = centre.iter().flat_map(|&node| self.topology.leaving(node).iter().copied());
        for arc in self.effect.touched().chain(at_centre) {
            let bundle = self.topology.link(self.topology.arc(arc).link).bundle;
            if seen.insert(bundle) {
                by_interest.push((self.interest(bundle, centre), bundle));
            }
        }
        by_interest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (interest, bundle) in by_interest {
            if interest <= 0.0 {
                break;
            }
            let (one, other) = self.topology.bundle(bundle).ends;
            self.add_neighbour(one);
            self.add_neighbour(other);
            if self.nodes.len() >= NODES_DRAWN {
                break;
            }
        }
    }

    fn interest(&self, bundle: BundleId, centre: &[NodeId]) -> f64 {
        let sums = self.sums(bundle);
        let moved =
            (0..2).map(|d| (sums.after[d].unwrap_or(0.0) - sums.before[d].unwrap_or(0.0)).abs());
        let moved = moved.fold(0.0, f64::max);
        let busy = sums.after.iter().flatten().copied().fold(0.0, f64::max);
        let (one, other) = self.topology.bundle(bundle).ends;
        let near = centre.contains(&one) || centre.contains(&other);
        match (moved >= CHANGE_LEAST, near) {
            (true, near) => 1.0 + moved * 4.0 + busy + if near { 0.5 } else { 0.0 },
            // Where nothing moves, what is beside the change still says where it is.
            (false, true) => busy.min(1.0) + f64::MIN_POSITIVE,
            (false, false) => 0.0,
        }
    }

    /// What a bundle carries, seen from its first end.
    fn sums(&self, bundle: BundleId) -> Sums {
        let bundle = self.topology.bundle(bundle);
        let mut sums = Sums::default();
        for &link in &bundle.links {
            sums.links += 1;
            let mut removed = true;
            for arc in self.topology.arcs_of(link) {
                let known = self.topology.arc(arc);
                let direction = usize::from(known.from != bundle.ends.0);
                let (before, after) =
                    (self.effect.baseline().loads().arc_bps(arc), self.effect.arc_bps(arc));
                sums.before_bps[direction] += before;
                sums.after_bps[direction] += after;
                removed &= self.effect.overlay().is_removed(arc);
                sums.changed |= self.changed.contains(&arc);
                if let Some(capacity) = known.capacity_bps {
                    raise(&mut sums.before[direction], before / capacity);
                    if !self.effect.overlay().is_removed(arc) {
                        raise(&mut sums.after[direction], after / capacity);
                    }
                }
            }
            sums.removed += u32::from(removed);
        }
        sums
    }

    fn draw(&self, limit: f64) -> Neighbourhood {
        let tiers = Tiers::of(self.topology, &self.nodes);
        let mut drawn = Neighbourhood { limit, ..Neighbourhood::default() };
        let mut place: BTreeMap<NodeId, u16> = BTreeMap::new();
        let overlay = self.effect.overlay();
        for &node in &self.nodes {
            let known = self.topology.node(node);
            place.insert(node, index(drawn.nodes.len()));
            let leaving = self.topology.leaving(node);
            let is_gone = leaving.len() > 1 && leaving.iter().all(|&arc| overlay.is_removed(arc));
            drawn.nodes.push(DrawnNode {
                name: known.name.clone(),
                stands_for: 1,
                tier: tiers.of_node(self.topology, node),
                position: known.position,
                touched: overlay.is_drained(node) || is_gone,
            });
        }
        let groups = self.add_groups(&tiers, &mut drawn, &mut place);
        self.add_links(&mut drawn, &place);
        let shown = self.nodes.len() + groups;
        drawn.nodes_hidden = u32::try_from(self.topology.nodes().len() - shown).unwrap_or(u32::MAX);
        drawn
    }

    /// Puts the neighbours that are not drawn together, by kind and site; gives how many nodes they stand for.
    fn add_groups(
        &self,
        tiers: &Tiers,
        drawn: &mut Neighbourhood,
        place: &mut BTreeMap<NodeId, u16>,
    ) -> usize {
        let mut groups: BTreeMap<(u8, String, String), Vec<NodeId>> = BTreeMap::new();
        let neighbours: BTreeSet<NodeId> = self
            .nodes
            .iter()
            .flat_map(|&node| self.topology.leaving(node))
            .map(|&arc| self.topology.arc(arc).to)
            .filter(|node| !place.contains_key(node))
            .collect();
        for node in neighbours {
            let known = self.topology.node(node);
            let kind = if tiers.is_tiered() { kind(&known.name).to_owned() } else { String::new() };
            let tier = tiers.of_node(self.topology, node);
            groups.entry((tier, known.site.clone(), kind)).or_default().push(node);
        }
        let mut stands_for = 0;
        for ((tier, site, kind), members) in groups {
            let at = index(drawn.nodes.len());
            members.iter().for_each(|&node| {
                place.insert(node, at);
            });
            stands_for += members.len();
            let name = match members.as_slice() {
                [only] => self.topology.node(*only).name.clone(),
                many => group_name(many.len(), &kind, &site),
            };
            drawn.nodes.push(DrawnNode {
                name,
                stands_for: u32::try_from(members.len()).unwrap_or(u32::MAX),
                tier,
                position: middle(members.iter().filter_map(|&n| self.topology.node(n).position)),
                touched: false,
            });
        }
        stands_for
    }

    fn add_links(&self, drawn: &mut Neighbourhood, place: &BTreeMap<NodeId, u16>) {
        let mut lines: BTreeMap<(u16, u16), Sums> = BTreeMap::new();
        let own = index(self.nodes.len());
        let bundles: BTreeSet<BundleId> = self
            .nodes
            .iter()
            .flat_map(|&node| {
                self.topology.leaving(node).iter().chain(self.topology.arriving(node))
            })
            .map(|&arc| self.topology.link(self.topology.arc(arc).link).bundle)
            .collect();
        for bundle in bundles {
            let (one, other) = self.topology.bundle(bundle).ends;
            let (Some(&one), Some(&other)) = (place.get(&one), place.get(&other)) else { continue };
            let mut sums = self.sums(bundle);
            if one > other {
                sums.turn();
            }
            lines.entry((one.min(other), one.max(other))).or_default().add(&sums);
        }
        let mut all: Vec<DrawnLink> =
            lines.into_iter().map(|((from, to), sums)| sums.line(from, to)).collect();
        // Touched first, then by how much they move; lines to groups last.
        let moved = |link: &DrawnLink| {
            let change = link.busiest_after().unwrap_or(0.0) - link.busiest_before().unwrap_or(0.0);
            (link.state == LinkState::Stays, link.to >= own, -change.abs())
        };
        all.sort_by(|a, b| {
            let (a_key, b_key) = (moved(a), moved(b));
            (a_key.0, a_key.1)
                .cmp(&(b_key.0, b_key.1))
                .then(a_key.2.total_cmp(&b_key.2))
                .then((a.from, a.to).cmp(&(b.from, b.to)))
        });
        all.truncate(LINKS_DRAWN);
        drawn.links = all;
    }
}

fn index(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn raise(known: &mut Option<f64>, value: f64) {
    *known = Some(known.map_or(value, |known| known.max(value)));
}

/// What the links between two drawn nodes carry.
#[derive(Debug, Clone, Default)]
struct Sums {
    links: u32,
    removed: u32,
    changed: bool,
    before_bps: [f64; 2],
    after_bps: [f64; 2],
    before: [Option<f64>; 2],
    after: [Option<f64>; 2],
}

impl Sums {
    fn turn(&mut self) {
        self.before_bps.swap(0, 1);
        self.after_bps.swap(0, 1);
        self.before.swap(0, 1);
        self.after.swap(0, 1);
    }

    fn add(&mut self, other: &Self) {
        self.links += other.links;
        self.removed += other.removed;
        self.changed |= other.changed;
        for d in 0..2 {
            self.before_bps[d] += other.before_bps[d];
            self.after_bps[d] += other.after_bps[d];
            other.before[d].into_iter().for_each(|u| raise(&mut self.before[d], u));
            other.after[d].into_iter().for_each(|u| raise(&mut self.after[d], u));
        }
    }

    fn line(self, from: u16, to: u16) -> DrawnLink {
        let Self { links, removed, changed, before_bps, after_bps, before, after } = self;
        let state = match (removed, changed) {
            (gone, _) if gone == links => LinkState::Removed,
            (1.., _) => LinkState::Thinned,
            (0, true) => LinkState::Changed,
            (0, false) => LinkState::Stays,
        };
        DrawnLink { from, to, links, state, before_bps, after_bps, before, after }
    }
}

/// Tiers of a network whose names say them: `leaf7` and `spine2` are of two kinds, and links join different kinds only.
struct Tiers {
    rows: BTreeMap<String, u8>,
}

impl Tiers {
    /// Most kinds that are drawn as rows.
    const MOST: usize = 4;

    fn of(topology: &Topology, nodes: &[NodeId]) -> Self {
        let none = Self { rows: BTreeMap::new() };
        let mut degree: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for &node in nodes {
            let own = kind(&topology.node(node).name);
            let leaving = topology.leaving(node);
            if own.is_empty()
                || leaving.iter().any(|&a| kind(&topology.node(topology.arc(a).to).name) == own)
            {
                return none;
            }
            let entry = degree.entry(own).or_default();
            entry.0 += leaving.len();
            entry.1 += 1;
        }
        if !(2..=Self::MOST).contains(&degree.len()) {
            return none;
        }
        // What the field draws on top, where names say it; else the kind with more links to a node.
        let rank = |kind: &str| match kind {
            "core" | "superspine" | "super-spine" | "dr" => 0,
            "spine" | "agg" | "aggregation" | "fabric" => 1,
            "leaf" | "tor" | "edge" | "access" => 2,
            "host" | "server" => 3,
            _ => 1,
        };
        let mut kinds: Vec<(u8, std::cmp::Reverse<usize>, &str)> = degree
            .iter()
            .map(|(kind, (links, count))| {
                (rank(kind), std::cmp::Reverse(links / count.max(&1)), *kind)
            })
            .collect();
        kinds.sort_unstable();
        let rows = (0u8..).zip(kinds).map(|(row, (_, _, kind))| (kind.to_owned(), row)).collect();
        Self { rows }
    }

    fn is_tiered(&self) -> bool {
        !self.rows.is_empty()
    }

    fn of_node(&self, topology: &Topology, node: NodeId) -> u8 {
        let lowest = self.rows.values().copied().max().map_or(0, |row| row + 1);
        match self.rows.get(kind(&topology.node(node).name)) {
            Some(&row) => row,
            None if self.is_tiered() => lowest,
            None => 0,
        }
    }
}

/// The kind that a name says: `leaf` of `leaf12`.
fn kind(name: &str) -> &str {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    if letters.len() < name.len() { letters } else { "" }
}

fn group_name(count: usize, kind: &str, site: &str) -> String {
    let what = match kind {
        "" => "nodes".to_owned(),
        "leaf" => "leaves".to_owned(),
        kind => format!("{kind}s"),
    };
    let at = if site.is_empty() { String::new() } else { format!(" at {site}") };
    format!("{count} {what}{at}")
}

fn middle(positions: impl Iterator<Item = Position>) -> Option<Position> {
    let mut sum = (0.0, 0.0, 0.0);
    for Position { longitude, latitude } in positions {
        sum = (sum.0 + longitude, sum.1 + latitude, sum.2 + 1.0);
    }
    (sum.2 > 0.0).then(|| Position { longitude: sum.0 / sum.2, latitude: sum.1 / sum.2 })
}
