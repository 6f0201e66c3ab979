//! What a watcher says: a condition that began or ended, with the numbers that a judgement needs.

/// A condition began, goes on past its reminder time, or ended.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a finding that nobody receives leaves a condition open"]
pub struct Finding {
    /// When the watcher knew, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether this opens or closes the condition.
    pub state: FindingState,
    /// The scenario type, as shipped in `scenarios/`.
    pub scenario_type: &'static str,
    /// What it is about, stable over time: `spine3→leaf1` or `leaf4:HundredGigE0/0/0/4`.
    pub entity: String,
    /// Where it is.
    pub site: String,
    /// The action that automation would take, one of the scenario type's.
    pub action: &'static str,
    /// What the action would touch.
    pub target: String,
    /// Exactly the features that the scenario type declares, in its order, finite and within range.
    pub features: Vec<(&'static str, f64)>,
    /// Facts for policies and people; names are unique within a finding.
    pub facts: Vec<Fact>,
    /// One sentence each, in the order in which they convince.
    pub evidence: Vec<String>,
    /// Identifies the condition: what closes it carries the same text as what opened it.
    pub correlation: String,
}

/// Whether a finding opens or closes its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingState {
    /// The condition holds; repeated with the same correlation when it outlasts the reminder time.
    Raised,
    /// The condition is over; an open decision about it can be withdrawn.
    Resolved,
}

/// One named fact with its unit and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Name in lower case with underscores.
    pub name: &'static str,
    /// The value.
    pub value: FactValue,
    /// UCUM-like unit; `1` for plain numbers, empty for text and yes/no.
    pub unit: &'static str,
    /// What it was derived from: `counters`, `state`, `session`, `cabling`, `assumption`.
    pub source: &'static str,
}

/// Value of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum FactValue {
    /// A finite number.
    Number(f64),
    /// Text.
    Text(String),
    /// Yes or no.
    Bool(bool),
}

impl Fact {
    /// A numeric fact; a number that is not finite becomes 0.
    pub(crate) fn number(
        name: &'static str,
        value: f64,
        unit: &'static str,
        source: &'static str,
    ) -> Self {
        let value = if value.is_finite() { value } else { 0.0 };
        Self { name, value: FactValue::Number(value), unit, source }
    }

    pub(crate) fn text(name: &'static str, value: impl Into<String>, source: &'static str) -> Self {
        Self { name, value: FactValue::Text(value.into()), unit: "", source }
    }

    pub(crate) fn yes_no(name: &'static str, value: bool, source: &'static str) -> Self {
        Self { name, value: FactValue::Bool(value), unit: "", source }
    }
}

impl Finding {
    /// The fact of this name.
    pub fn fact(&self, name: &str) -> Option<&FactValue> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value)
    }

    /// The numeric fact of this name.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.fact(name)? {
            FactValue::Number(value) => Some(*value),
            FactValue::Text(_) | FactValue::Bool(_) => None,
        }
    }

    /// The feature of this name.
    pub fn feature(&self, name: &str) -> Option<f64> {
        self.features.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}
