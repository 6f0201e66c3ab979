//! What is on the screen, and what can happen to it.

use std::collections::BTreeMap;

use npo_api::decision::{Decision, DecisionDetail, Status};
use npo_api::feedback::{Feedback, FeedbackRequest, Signal};
use npo_api::oversight::{RedButton, RedButtonOrder, Scope};

use crate::client::sse::Told;
use crate::text::{Tone, when};

/// Details kept at hand; older ones are asked for again.
pub(super) const DETAILS_MAX: usize = 64;
/// Decisions in the list at most: the largest page of the API. Older ones are there after a refresh.
pub(super) const ITEMS_MAX: usize = 500;
/// For so long, in milliseconds, a decision that moved under the selection by itself takes no answer:
/// a key meant for the one before it, or held down, would reach it unread. Longer than keys take to
/// repeat, shorter than reading a headline.
pub(super) const SETTLE_MS: i64 = 700;
/// The longest reason that can be typed, in bytes; the API's limit.
pub(super) const REASON_BYTES_MAX: usize = 1024;

/// Everything on the screen.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Open decisions, newest first.
    pub(super) items: Vec<Item>,
    /// Id of the selected one; it stays selected while others come and go.
    pub(super) selected: Option<String>,
    /// Explanations by decision.
    pub(super) details: BTreeMap<String, DecisionDetail>,
    /// What is shown of the selected decision.
    pub(super) pane: Pane,
    /// Lines scrolled down in it.
    pub(super) scroll: u16,
    /// The reason being typed for an override or for the red button on a scope.
    pub(super) typing: Option<Typing>,
    /// Whether the red button asks on what it is to be pressed.
    pub(super) choosing: bool,
    /// What is held, in words.
    pub(super) held: Vec<String>,
    /// Whether the keys are explained.
    pub(super) help: bool,
    /// The latest news.
    pub(super) status: (Tone, String),
    /// Whether the stream stands.
    pub(super) link: Link,
    /// The decision whose answer is on its way.
    pub(super) answering: Option<String>,
    /// Now, in milliseconds since 1970 UTC.
    pub(super) now_ms: i64,
    /// How long each decision was selected, in milliseconds, up to the last change of selection.
    pub(super) viewed_ms: BTreeMap<String, u64>,
    /// Since when the selected one is.
    pub(super) viewing_since_ms: i64,
    /// When the selection last moved without a key, because what was selected went away.
    pub(super) moved_at_ms: Option<i64>,
}

/// One open decision.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) decision: Decision,
    pub(super) made_ms: i64,
    pub(super) expires_ms: i64,
}

impl Item {
    /// An item, if the decision waits for an answer.
    pub(super) fn of(decision: Decision) -> Option<Self> {
        match decision.status {
            Status::Open => {}
            Status::Answered | Status::Expired | Status::Withdrawn | Status::Closed => return None,
        }
        let made_ms = when::millis(&decision.made_at)?;
        let expires_ms = when::millis(&decision.expires_at)?;
        Some(Self { decision, made_ms, expires_ms })
    }
}

/// What is shown of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    /// Headline and evidence.
    Evidence,
    /// The whole explanation.
    Full,
}

/// The stream's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// Not there yet.
    Connecting,
    /// There.
    Live,
    /// Lost, and why.
    Lost(String),
}

/// A reason being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typing {
    pub(super) purpose: Purpose,
    pub(super) text: String,
}

/// What a reason is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The override of this decision.
    Override(String),
    /// The red button on this scope.
    Hold(Scope),
}

/// A key, freed of the terminal's details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Escape,
    Backspace,
    /// Ctrl-C.
    Interrupt,
}

/// Something happened.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Key(Key),
    /// Time passed.
    Tick(i64),
    Stream(Told),
    Loaded(Result<Vec<Decision>, String>),
    Detail(String, Result<Box<DecisionDetail>, String>),
    Answered(String, Result<Box<Feedback>, Refusal>),
    /// What is held, as it is.
    Held(Result<RedButton, String>),
    /// The red button was pressed on a scope, or could not be.
    Pressed(Scope, Result<RedButton, String>),
}

/// Why an answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) words: String,
    /// Whether the decision no longer waits for an answer.
    pub(super) is_over: bool,
}

/// An errand for the world outside.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Get the list of open decisions.
    LoadOpen,
    /// Get a decision with its explanation.
    LoadDetail(String),
    /// Answer a decision.
    Answer(String, Box<FeedbackRequest>),
    /// Get what is held.
    LoadHeld,
    /// Press the red button on a scope.
    Press(Box<RedButtonOrder>),
    /// Leave.
    Quit,
}

impl Model {
    /// An empty screen.
    pub(super) fn new(now_ms: i64) -> Self {
        Self {
            items: Vec::new(),
            selected: None,
            details: BTreeMap::new(),
            pane: Pane::Evidence,
            scroll: 0,
            typing: None,
            choosing: false,
            held: Vec::new(),
            help: false,
            status: (Tone::Faint, "? explains the keys".to_owned()),
            link: Link::Connecting,
            answering: None,
            now_ms,
            viewed_ms: BTreeMap::new(),
            viewing_since_ms: now_ms,
            moved_at_ms: None,
        }
    }

    /// Place of the selected decision in the list.
    pub(super) fn selected_ix(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.items.iter().position(|item| item.decision.id == *selected)
    }

    /// The selected decision.
    pub(super) fn selected_item(&self) -> Option<&Item> {
        self.items.get(self.selected_ix()?)
    }

    /// Milliseconds for which this decision has been on the screen.
    pub(super) fn viewed(&self, id: &str) -> u64 {
        let before = self.viewed_ms.get(id).copied().unwrap_or(0);
        let current = if self.selected.as_deref() == Some(id) {
            self.now_ms - self.viewing_since_ms
        } else {
            0
        };
        before + u64::try_from(current).unwrap_or(0)
    }

    /// The request that answers this decision.
    pub(super) fn request(
        &self,
        id: &str,
        signal: Signal,
        reason: Option<String>,
    ) -> FeedbackRequest {
        FeedbackRequest {
            signal,
            reason,
            confidence: None,
            viewed_ms: Some(self.viewed(id)),
            explanation_version: self.details.get(id).map(|detail| detail.explanation.version),
            channel: Some("watch".to_owned()),
            consent: true,
        }
    }
}
