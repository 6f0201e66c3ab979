//! Scenario types: a class of situation with a fixed-order feature schema and candidate actions.
//!
//! A version of a scenario type is immutable once it is in the log; decisions name the version that
//! they were made under, so that their numbers keep their names and units for ever.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::ActionIx;
use crate::{Vector, zeros};

/// Features that one type may declare.
pub const FEATURES_MAX: usize = 48;
/// Actions that one type may declare.
pub const ACTIONS_MAX: usize = 16;
/// Longest name, in bytes.
pub const NAME_MAX: usize = 64;
/// Longest descriptive text, in bytes.
pub const TEXT_MAX: usize = 4096;
/// Longest TOML form, in bytes: the largest valid type with room for layout and comments.
pub const TOML_MAX: usize = 1 << 20;
/// A standardised value is limited to this many scales either side of its centre; the raw value is
/// kept beside it. One absurd reading cannot dominate a score then, and a prior cannot be so sure
/// of itself that it explains away the people who deny it (see `answers.rs` among the tests).
pub const STANDARDISED_MAX: f64 = 4.0;

/// How much harm a wrong action of this type can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reversible and local.
    Low,
    /// Reversible, may be noticed.
    Medium,
    /// May take service away.
    High,
    /// May take service away widely or for long.
    Critical,
}

impl Risk {
    /// The word used in API, CLI, policies and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One feature of a scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Name: `[a-z][a-z0-9_]*`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Unit of the raw value, `1` if it has none.
    pub unit: String,
    /// What it says, and where it comes from.
    pub description: String,
    /// Smallest raw value accepted.
    pub min: f64,
    /// Largest raw value accepted.
    pub max: f64,
    /// Raw value that standardises to 0.
    pub center: f64,
    /// Raw difference that standardises to 1; positive.
    pub scale: f64,
    /// Prior weight of the standardised value on the logit of "an operator would like this".
    pub prior: f64,
}

/// One candidate action of a scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Name: kebab-case.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Prior effect on the logit, relative to the first action (whose prior must be 0).
    pub prior: f64,
    /// Whether it can be undone.
    pub reversible: bool,
}

/// One version of a scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioType {
    /// Name: kebab-case, the same in all versions.
    pub name: String,
    /// Version, ascending from 1.
    pub version: u32,
    /// Title for people.
    pub title: String,
    /// What kind of situation this is.
    pub description: String,
    /// Risk class.
    pub risk: Risk,
    /// Seconds after which an unanswered decision expires.
    pub expires_after_s: u32,
    /// One override costs as much as this many likes.
    pub override_cost: f64,
    /// Prior intercept on the logit.
    pub prior_intercept: f64,
    /// Features, in the order of the input vector.
    pub features: Vec<Feature>,
    /// Candidate actions.
    pub actions: Vec<Action>,
}

/// Why a scenario type cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidType {
    /// The text is not the expected TOML, or what it says breaks a rule; the message carries line,
    /// column and key.
    #[error("{0}")]
    Syntax(String),
    /// A field breaks a rule.
    #[error("scenario type field `{field}` is {found}, expected {expected}")]
    Field {
        /// Which field.
        field: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
}

/// A feature value that does not fit its declaration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidFeature {
    /// A declared feature was not given.
    #[error("feature `{name}` is missing; `{scenario_type}` needs {expected}")]
    Missing {
        /// The feature.
        name: String,
        /// The scenario type.
        scenario_type: String,
        /// All declared features.
        expected: String,
    },
    /// A feature was given that the type does not declare.
    #[error("feature `{name}` is unknown; `{scenario_type}` declares {expected}")]
    Unknown {
        /// The feature.
        name: String,
        /// The scenario type.
        scenario_type: String,
        /// All declared features.
        expected: String,
    },
    /// A feature was given more than once.
    #[error("feature `{name}` is given twice, expected one value")]
    Twice {
        /// The feature.
        name: String,
    },
    /// A feature is not a finite number.
    #[error("feature `{name}` is {found}, expected a finite number")]
    NotFinite {
        /// The feature.
        name: String,
        /// What was found.
        found: f64,
    },
    /// A feature is outside its declared range.
    #[error("feature `{name}` is {}, expected a value from {min} to {max}", with_unit(*found, unit))]
    OutOfRange {
        /// The feature.
        name: String,
        /// What was found.
        found: f64,
        /// Unit of the value.
        unit: String,
        /// Smallest accepted.
        min: f64,
        /// Largest accepted.
        max: f64,
    },
}

impl ScenarioType {
    /// Parses and checks the TOML form.
    ///
    /// # Errors
    /// [`InvalidType`] names the field, or the line and column.
    pub fn from_toml(text: &str) -> Result<Self, InvalidType> {
        if text.len() > TOML_MAX {
            return Err(InvalidType::Field {
                field: "the whole file".into(),
                found: format!("{} bytes long", text.len()),
                expected: "at most 1 MiB",
            });
        }
        let parsed: Self =
            npo_wording::read(text).map_err(|wrong| InvalidType::Syntax(wrong.to_string()))?;
        parsed.validate().map_err(|error| match &error {
            InvalidType::Field { field, .. } => match npo_wording::locate(text, field) {
                Some((line, column)) => {
                    InvalidType::Syntax(format!("line {line}, column {column}: {error}"))
                }
                None => error,
            },
            InvalidType::Syntax(_) => error,
        })?;
        Ok(parsed)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`InvalidType::Field`] names the first field that breaks a rule.
    pub fn validate(&self) -> Result<(), InvalidType> {
        kebab("name", &self.name)?;
        range("version", f64::from(self.version), 1.0, 1e6, "a whole number from 1")?;
        text("title", &self.title, NAME_MAX * 4)?;
        text("description", &self.description, TEXT_MAX)?;
        let expires = f64::from(self.expires_after_s);
        range("expires_after_s", expires, 1.0, 31_536_000.0, "1 second to 1 year")?;
        range("override_cost", self.override_cost, 0.01, 1000.0, "a number from 0.01 to 1000")?;
        range("prior_intercept", self.prior_intercept, -20.0, 20.0, "a number from -20 to 20")?;
        count("features", self.features.len(), 1, FEATURES_MAX, "1 to 48 features")?;
        count("actions", self.actions.len(), 1, ACTIONS_MAX, "1 to 16 actions")?;
        self.features.iter().try_for_each(Feature::validate)?;
        for (i, action) in self.actions.iter().enumerate() {
            kebab(&format!("actions[{i}].name"), &action.name)?;
            text(&format!("actions.{}.title", action.name), &action.title, NAME_MAX * 4)?;
            text(&format!("actions.{}.description", action.name), &action.description, TEXT_MAX)?;
            let limit = if i == 0 { 0.0 } else { 20.0 };
            let expected =
                if i == 0 { "0 for the first action" } else { "a number from -20 to 20" };
            range(
                &format!("actions.{}.prior", action.name),
                action.prior,
                -limit,
                limit,
                expected,
            )?;
        }
        // After the names themselves, so that what is quoted here is short.
        unique("features", self.features.iter().map(|f| f.name.as_str()))?;
        unique("actions", self.actions.iter().map(|a| a.name.as_str()))
    }

    /// Length of the input vector: intercept, features, and one indicator for every action but the
    /// first.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.features.len() + self.actions.len()
    }

    /// Prior mean of the weights, in the order of the input vector.
    #[must_use]
    pub fn prior(&self) -> Vector {
        std::iter::once(self.prior_intercept)
            .chain(self.features.iter().map(|f| f.prior))
            .chain(self.actions.iter().skip(1).map(|a| a.prior))
            .collect()
    }

    /// Position of the action called `name`.
    #[must_use]
    pub fn action_named(&self, name: &str) -> Option<ActionIx> {
        self.actions.iter().position(|a| a.name == name).and_then(|i| ActionIx::try_from(i).ok())
    }

    /// Puts named raw values into schema order.
    ///
    /// # Errors
    /// [`InvalidFeature`] names the feature that is missing, unknown, not finite or out of range.
    pub fn raw_from_named<'a>(
        &self,
        named: impl Iterator<Item = (&'a str, f64)>,
    ) -> Result<Vector, InvalidFeature> {
        let mut raw: Vector = std::iter::repeat_n(f64::NAN, self.features.len()).collect();
        let mut given = [false; FEATURES_MAX];
        for (name, value) in named {
            let Some(i) = self.features.iter().position(|f| f.name == name) else {
                return Err(InvalidFeature::Unknown {
                    name: name.chars().take(NAME_MAX).collect(),
                    scenario_type: self.name.clone(),
                    expected: self.feature_names(),
                });
            };
            if given[i] {
                return Err(InvalidFeature::Twice { name: name.to_owned() });
            }
            self.features[i].check(value)?;
            raw[i] = value;
            given[i] = true;
        }
        match given.iter().zip(&self.features).find(|(given, _)| !**given) {
            Some((_, feature)) => Err(InvalidFeature::Missing {
                name: feature.name.clone(),
                scenario_type: self.name.clone(),
                expected: self.feature_names(),
            }),
            None => Ok(raw),
        }
    }

    /// Checks raw values that are in schema order already.
    ///
    /// # Errors
    /// As [`Self::raw_from_named`].
    pub fn check_raw(&self, raw: &[f64]) -> Result<(), InvalidFeature> {
        self.features.iter().zip(raw).try_for_each(|(feature, value)| feature.check(*value))?;
        if let Some(feature) = self.features.get(raw.len()) {
            return Err(InvalidFeature::Missing {
                name: feature.name.clone(),
                scenario_type: self.name.clone(),
                expected: self.feature_names(),
            });
        }
        if raw.len() > self.features.len() {
            return Err(InvalidFeature::Unknown {
                name: format!("#{}", self.features.len() + 1),
                scenario_type: self.name.clone(),
                expected: self.feature_names(),
            });
        }
        Ok(())
    }

    /// The input vector of raw values in schema order and an action: intercept 1, standardised
    /// features, action indicators.
    ///
    /// # Errors
    /// As [`Self::check_raw`].
    pub fn input(&self, raw: &[f64], action: ActionIx) -> Result<Vector, InvalidFeature> {
        let mut x = Vector::new();
        self.input_into(raw, action, &mut x).map(|()| x)
    }

    /// As [`Self::input`], written where it stays: a vector that is moved on as soon as it is made
    /// waits for its entries to arrive in memory. `x` means nothing on errors.
    ///
    /// # Errors
    /// As [`Self::check_raw`].
    #[inline]
    pub(crate) fn input_into(
        &self,
        raw: &[f64],
        action: ActionIx,
        x: &mut Vector,
    ) -> Result<(), InvalidFeature> {
        *x = zeros(self.dim());
        let (intercept, rest) = x.split_at_mut(1);
        intercept.fill(1.0);
        let (values, indicators) = rest.split_at_mut(self.features.len());
        // Every proposal passes here, and nearly all of them are fine: they are checked on the way.
        let mut fits = raw.len() == self.features.len();
        for (x, (feature, value)) in values.iter_mut().zip(self.features.iter().zip(raw)) {
            fits &= feature.takes(*value);
            *x = ((value - feature.center) / feature.scale)
                .clamp(-STANDARDISED_MAX, STANDARDISED_MAX);
        }
        if !fits {
            self.check_raw(raw)?;
        }
        // The first action has none.
        let indicator = usize::from(action).checked_sub(1).and_then(|i| indicators.get_mut(i));
        indicator.into_iter().for_each(|x| *x = 1.0);
        Ok(())
    }

    /// True if what was learned under `other` can be kept: same inputs in the same order and scale.
    #[must_use]
    pub fn same_inputs(&self, other: &Self) -> bool {
        let key = |t: &Self| -> Vec<(String, f64, f64)> {
            t.features.iter().map(|f| (f.name.clone(), f.center, f.scale)).collect()
        };
        key(self) == key(other)
            && self.actions.iter().map(|a| &a.name).eq(other.actions.iter().map(|a| &a.name))
    }

    fn feature_names(&self) -> String {
        self.features.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(", ")
    }
}

impl Feature {
    /// Whether [`Self::check`] passes; both ends of the range are finite.
    #[inline]
    fn takes(&self, value: f64) -> bool {
        value >= self.min && value <= self.max
    }

    fn check(&self, value: f64) -> Result<(), InvalidFeature> {
        if !value.is_finite() {
            return Err(InvalidFeature::NotFinite { name: self.name.clone(), found: value });
        }
        if value < self.min || value > self.max {
            return Err(InvalidFeature::OutOfRange {
                name: self.name.clone(),
                found: value,
                unit: self.unit.clone(),
                min: self.min,
                max: self.max,
            });
        }
        Ok(())
    }

    fn validate(&self) -> Result<(), InvalidType> {
        let field = |part: &str| format!("features.{}.{part}", self.name);
        let named =
            self.name.bytes().enumerate().all(|(i, b)| {
                b.is_ascii_lowercase() || (i > 0 && (b.is_ascii_digit() || b == b'_'))
            });
        if !named || self.name.is_empty() || self.name.len() > NAME_MAX {
            return Err(InvalidType::Field {
                field: "features.name".into(),
                found: format!("`{}`", shown(&self.name)),
                expected: "lower-case letters, digits and underscores, a letter first",
            });
        }
        text(&field("title"), &self.title, NAME_MAX * 4)?;
        text(&field("unit"), &self.unit, NAME_MAX)?;
        text(&field("description"), &self.description, TEXT_MAX)?;
        range(&field("min"), self.min, -1e300, self.max, "a number not above `max`")?;
        range(&field("max"), self.max, self.min, 1e300, "a number not below `min`")?;
        range(&field("center"), self.center, -1e300, 1e300, "a finite number")?;
        range(&field("scale"), self.scale, f64::MIN_POSITIVE, 1e300, "a positive number")?;
        range(&field("prior"), self.prior, -20.0, 20.0, "a number from -20 to 20")
    }
}

/// A number as people write it, with its unit where it has one.
fn with_unit(value: f64, unit: &str) -> String {
    let plain = value == 0.0 || (1e-4..1e9).contains(&value.abs());
    let number = if plain { value.to_string() } else { format!("{value:e}") };
    if unit.is_empty() || unit == "1" { number } else { format!("{number} {unit}") }
}

fn range(
    field: &str,
    value: f64,
    low: f64,
    high: f64,
    expected: &'static str,
) -> Result<(), InvalidType> {
    if value.is_finite() && value >= low && value <= high {
        return Ok(());
    }
    Err(InvalidType::Field { field: field.into(), found: value.to_string(), expected })
}

fn count(
    field: &str,
    found: usize,
    low: usize,
    high: usize,
    expected: &'static str,
) -> Result<(), InvalidType> {
    if (low..=high).contains(&found) {
        return Ok(());
    }
    Err(InvalidType::Field { field: field.into(), found: format!("{found} entries"), expected })
}

fn text(field: &str, value: &str, max: usize) -> Result<(), InvalidType> {
    let found = if value.trim().is_empty() {
        "empty".into()
    } else if value.len() > max {
        format!("{} bytes long", value.len())
    } else if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        "a text with control characters".into()
    } else {
        return Ok(());
    };
    Err(InvalidType::Field {
        field: field.into(),
        found,
        expected: "printable text within its length limit",
    })
}

/// As much of a wrong name as a message quotes, on one line.
fn shown(name: &str) -> String {
    name.chars().take(NAME_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn kebab(field: &str, name: &str) -> Result<(), InvalidType> {
    let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.len() <= NAME_MAX;
    if fits {
        return Ok(());
    }
    let found = format!("`{}`", shown(name));
    Err(InvalidType::Field {
        field: field.into(),
        found,
        expected: "a kebab-case name, a letter first",
    })
}

fn unique<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Result<(), InvalidType> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(InvalidType::Field {
                field: field.into(),
                found: format!("`{name}` twice"),
                expected: "distinct names",
            });
        }
    }
    Ok(())
}
