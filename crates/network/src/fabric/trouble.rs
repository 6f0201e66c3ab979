//! Troubles of a generated fabric: what goes wrong, where, for how long, and what would help.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, Exp1};

/// What is really wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TroubleKind {
    /// Optics that lose packets for as long as they are in use.
    DirtyOptics,
    /// A burst of errors that passes by itself.
    ErrorBurst,
    /// A link that keeps going up and down.
    Flapping,
    /// A link that goes up and down for a minute or two and then stays up.
    FlapsBriefly,
    /// A cut fibre: only hands can mend it.
    FibreCut,
    /// A port that hangs and would come back after a reset.
    PortHang,
    /// Somebody works on the link and has shut it.
    Maintenance,
    /// Somebody has shut the link because the device at its far end is about to restart.
    RestartAhead,
    /// A hash that sends most flows over half of the links.
    HashPolarised,
    /// One huge flow that no hash can divide.
    ElephantFlow,
    /// A backup that crowds some links and ends by itself.
    BulkTransfer,
    /// A session that is stuck; the link is fine.
    SessionStuck,
    /// A link whose session is lost and that forwards nothing, while some traffic still enters it.
    PathBroken,
    /// A link that loses packets and counts no error.
    SilentDrops,
}

impl TroubleKind {
    /// Every kind.
    pub const ALL: [Self; 14] = {
        let mut all = [TroubleKind::DirtyOptics; 14];
        let mut n = 0;
        while n < all.len() {
            all[n] = Self::WEIGHTS[n].0;
            n += 1;
        }
        all
    };

    /// How often each kind begins, relative to the others.
    const WEIGHTS: [(TroubleKind, u32); 14] = [
        (TroubleKind::DirtyOptics, 18),
        (TroubleKind::ErrorBurst, 8),
        (TroubleKind::Flapping, 14),
        (TroubleKind::FlapsBriefly, 5),
        (TroubleKind::FibreCut, 7),
        (TroubleKind::PortHang, 10),
        (TroubleKind::Maintenance, 6),
        (TroubleKind::RestartAhead, 4),
        (TroubleKind::HashPolarised, 13),
        (TroubleKind::ElephantFlow, 9),
        (TroubleKind::BulkTransfer, 9),
        (TroubleKind::SessionStuck, 8),
        (TroubleKind::PathBroken, 5),
        (TroubleKind::SilentDrops, 8),
    ];

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let total: u32 = Self::WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let mut rest = below(rng, total as usize) as u32;
        for (kind, weight) in Self::WEIGHTS {
            if rest < weight {
                return kind;
            }
            rest -= weight;
        }
        TroubleKind::DirtyOptics
    }

    /// Shortest and longest duration, s.
    fn lasts_s(self) -> (f64, f64) {
        match self {
            TroubleKind::ErrorBurst | TroubleKind::FlapsBriefly => (60.0, 120.0),
            TroubleKind::BulkTransfer => (150.0, 400.0),
            TroubleKind::ElephantFlow => (120.0, 900.0),
            TroubleKind::Maintenance | TroubleKind::RestartAhead => (600.0, 2_400.0),
            TroubleKind::DirtyOptics
            | TroubleKind::Flapping
            | TroubleKind::FibreCut
            | TroubleKind::PortHang
            | TroubleKind::HashPolarised
            | TroubleKind::SessionStuck
            | TroubleKind::PathBroken
            | TroubleKind::SilentDrops => (400.0, 1_800.0),
        }
    }

    /// Whether it stays until somebody does something, or hands come by themselves.
    fn is_lasting(self) -> bool {
        match self {
            TroubleKind::DirtyOptics
            | TroubleKind::Flapping
            | TroubleKind::FibreCut
            | TroubleKind::PortHang
            | TroubleKind::HashPolarised
            | TroubleKind::SessionStuck
            | TroubleKind::PathBroken
            | TroubleKind::SilentDrops => true,
            TroubleKind::ErrorBurst
            | TroubleKind::FlapsBriefly
            | TroubleKind::BulkTransfer
            | TroubleKind::ElephantFlow
            | TroubleKind::Maintenance
            | TroubleKind::RestartAhead => false,
        }
    }

    /// Whether it is work that people have planned, not something to recover from.
    pub fn is_planned(self) -> bool {
        matches!(self, TroubleKind::Maintenance | TroubleKind::RestartAhead)
    }

    /// Whether what watchers propose first helps against it; the others end by themselves or by hands.
    pub fn is_curable(self) -> bool {
        // A reset of the session is tried first where a path is broken, in vain.
        let takes_hands = matches!(self, TroubleKind::FibreCut | TroubleKind::PathBroken);
        (self.is_lasting() && !takes_hands) || self == TroubleKind::ElephantFlow
    }

    /// The scenario types that this trouble shows itself as, the most telling first.
    pub(super) fn shows_as(self) -> &'static [&'static str] {
        match self {
            TroubleKind::DirtyOptics | TroubleKind::ErrorBurst => &["error-growth"],
            TroubleKind::Flapping | TroubleKind::FlapsBriefly => {
                &["link-flapping", "interface-down", "link-imbalance"]
            }
            TroubleKind::FibreCut
            | TroubleKind::PortHang
            | TroubleKind::Maintenance
            | TroubleKind::RestartAhead => &["interface-down", "link-imbalance"],
            TroubleKind::HashPolarised | TroubleKind::ElephantFlow | TroubleKind::BulkTransfer => {
                &["link-imbalance"]
            }
            TroubleKind::SessionStuck | TroubleKind::PathBroken => {
                &["session-loss", "link-imbalance"]
            }
            TroubleKind::SilentDrops => &["silent-drops"],
        }
    }

    /// Whether the action would help against this trouble, and why.
    pub(super) fn judge(self, action: &str, is_link_spare: bool) -> (bool, &'static str) {
        use TroubleKind as T;
        match (self, action) {
            (
                T::DirtyOptics | T::Flapping | T::SessionStuck | T::PathBroken | T::SilentDrops,
                "remove-link",
            ) if !is_link_spare => (false, "the links that are left could not carry the traffic"),
            (T::DirtyOptics | T::Flapping | T::SilentDrops, "remove-link") => {
                (true, "the bad link no longer hurts traffic")
            }
            (T::DirtyOptics, "replace-optics-ticket") => (true, "the optics are dirty"),
            (T::SilentDrops, "investigate-ticket") => (true, "something on the link loses packets"),
            (T::ErrorBurst, _) => (false, "the errors pass by themselves"),
            (T::Flapping, "dampen-link") => (true, "routing sees fewer changes"),
            (T::FlapsBriefly, _) => (false, "the link settles by itself"),
            (T::FibreCut, _) => (false, "only hands can mend a cut fibre"),
            (T::PortHang, "restore-link") => (true, "a reset brings the port back"),
            (T::Maintenance, _) => (false, "somebody works on the link and knows it is down"),
            (T::RestartAhead, "drain-peer") => {
                (true, "the device at the far end is about to restart")
            }
            (T::RestartAhead, _) => (false, "the link was shut for good reason"),
            (T::BulkTransfer, _) => (false, "the transfer ends by itself"),
            (T::HashPolarised, "rebalance-ecmp") => (true, "another seed spreads the flows evenly"),
            (T::HashPolarised, "shift-traffic") => (false, "the hash fills the next link just so"),
            (T::ElephantFlow, "shift-traffic") => (true, "the small flows leave the busy link"),
            (T::ElephantFlow, "rebalance-ecmp") => (false, "one flow cannot be divided"),
            (T::SessionStuck, "reset-session") => (true, "the session comes up anew"),
            (T::SessionStuck, "remove-link") => (false, "the link is fine"),
            (T::PathBroken, "remove-link") => (true, "traffic no longer enters the broken path"),
            (T::PathBroken, "reset-session") => (false, "the session fails again at once"),
            _ => (false, "the action does not touch the cause"),
        }
    }
}

/// Where a trouble sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Link(usize),
    Leaf(usize),
    Spine(usize),
}

/// One trouble from its beginning to its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble {
    pub(super) id: u64,
    pub(super) kind: TroubleKind,
    pub(super) place: Place,
    pub(super) begin_ms: i64,
    pub(super) end_ms: i64,
    /// How bad, 0 to 1.
    pub(super) severity: f64,
    /// Which of several equal things it hits, such as one link of many.
    pub(super) choice: usize,
    /// Since when it has hurt no longer, ms, while it does not.
    pub(super) recovered_ms: Option<i64>,
    /// Whether its end has been told.
    pub(super) is_past: bool,
}

impl Trouble {
    /// The end that people shut: the one whose far end is worked on, a spine where a device is about to restart.
    pub(super) fn shut_end(&self) -> usize {
        if self.kind == TroubleKind::RestartAhead { 0 } else { self.choice % 2 }
    }
}

/// Draws troubles one after the other.
#[derive(Debug)]
pub(super) struct Schedule {
    rng: ChaCha8Rng,
    next_ms: i64,
    next_id: u64,
    every_ms: f64,
    /// By how much longer than in the table lasting troubles last.
    lasting: f64,
}

impl Schedule {
    /// A schedule whose first trouble comes once watchers know what is normal.
    pub(super) fn new(mut rng: ChaCha8Rng, start_ms: i64, every_s: f64, lasting: f64) -> Self {
        const QUIET_START_MS: i64 = 180_000;
        let every_ms = every_s * 1e3;
        let next_ms = start_ms + QUIET_START_MS + pause_ms(&mut rng, every_ms);
        Self { rng, next_ms, next_id: 1, every_ms, lasting }
    }

    /// The next trouble that begins by `now_ms`, if its place is free.
    pub(super) fn next(
        &mut self,
        now_ms: i64,
        (links, leaves, spines): (usize, usize, usize),
        is_free: impl Fn(Place) -> bool,
    ) -> Option<Trouble> {
        if now_ms < self.next_ms {
            return None;
        }
        let begin_ms = self.next_ms;
        self.next_ms += pause_ms(&mut self.rng, self.every_ms);
        let kind = TroubleKind::draw(&mut self.rng);
        let place = match kind {
            TroubleKind::HashPolarised if unit(&mut self.rng) < 0.4 => {
                Place::Spine(below(&mut self.rng, spines))
            }
            TroubleKind::HashPolarised | TroubleKind::ElephantFlow | TroubleKind::BulkTransfer => {
                Place::Leaf(below(&mut self.rng, leaves))
            }
            _ => Place::Link(below(&mut self.rng, links)),
        };
        let (least, most) = kind.lasts_s();
        let longer = if kind.is_lasting() { self.lasting } else { 1.0 };
        let lasts_s = longer * (least + unit(&mut self.rng) * (most - least));
        let severity = unit(&mut self.rng);
        let choice = below(&mut self.rng, 1 << 16);
        let id = self.next_id;
        self.next_id += 1;
        let end_ms = begin_ms + (lasts_s * 1e3) as i64;
        is_free(place).then_some(Trouble {
            id,
            kind,
            place,
            begin_ms,
            end_ms,
            severity,
            choice,
            recovered_ms: None,
            is_past: false,
        })
    }

    /// Whether another trouble begins by `now_ms`.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        now_ms >= self.next_ms
    }
}

/// Time until the next trouble, ms; never two within one reading: they would look like one.
fn pause_ms(rng: &mut ChaCha8Rng, every_ms: f64) -> i64 {
    let pause: f64 = Exp1.sample(rng);
    ((pause * every_ms) as i64).clamp(1_000, 1_000_000_000_000)
}

/// Uniform in 0..1.
pub(super) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Uniform in 0..n; the bias for such small n is far below what anybody could see.
pub(super) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((unit(rng) * n as f64) as usize).min(n.saturating_sub(1))
}
