//! The recovery experiment as a file says it: the fabric, the people, and for how long.

use npo_network::fabric::FabricConfig;
use npo_wording::Wrong;
use serde::{Deserialize, Serialize};

use crate::experiment::{self, Setting};

/// What such a file says of its kind.
pub const KIND: &str = "recovery";

/// A recovery experiment that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no such experiment, or a number is out of its range; names the place.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// No fabric can be made of the settings.
    #[error("no fabric can be made of `fabric`")]
    Fabric(#[from] npo_network::fabric::Error),
}

/// A recovery experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// [`KIND`], which tells it from other experiments.
    pub kind: String,
    /// Name of the experiment and of its folder.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Which seeds.
    pub seeds: Seeds,
    /// Simulated hours, 1 to 10,000.
    pub hours: f64,
    /// From which hour on is counted; below `hours`.
    pub from_hour: f64,
    /// The fabric.
    pub fabric: Fabric,
    /// The people.
    pub people: People,
    /// The method that acts above a threshold.
    pub fixed: Fixed,
}

/// Which seeds are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// How many, 1 to 10,000.
    pub count: u64,
    /// The first.
    #[serde(default = "first")]
    pub first: u64,
}

fn first() -> u64 {
    1
}

/// The fabric, of one site; units as in [`FabricConfig`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fabric {
    /// Spines.
    pub spines: usize,
    /// Leaves.
    pub leaves: usize,
    /// Links from each leaf to each spine.
    pub parallel_links: usize,
    /// Utilisation averaged over a day.
    pub utilisation: f64,
    /// Mean time between two troubles, s.
    pub trouble_every_s: f64,
    /// By how much longer than minutes lasting troubles last.
    pub lasting: f64,
    /// Time until hands have mended what was taken out or has a ticket, s.
    pub mend_after_s: f64,
}

/// What people are assumed to be like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// How many answer, 1 to 100.
    pub operators: u32,
    /// How often one judges rightly whether an action helps, 0.5 to 1.
    pub right: f64,
    /// Median time until people alone notice an alert, s.
    pub notice_median_s: f64,
    /// Median time until they have decided, s.
    pub decide_median_s: f64,
    /// Median time until a person whom npo asked answers, s.
    pub answer_median_s: f64,
    /// Deviation of the logarithm of the delays, 0 to 3.
    pub sigma: f64,
}

/// The fixed threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Above which prior score it acts, 0 to 1.
    pub threshold: f64,
}

impl Settings {
    /// Whether a text says that it is such an experiment.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        toml::from_str::<toml::Table>(text)
            .is_ok_and(|table| table.get("kind").and_then(toml::Value::as_str) == Some(KIND))
    }

    /// Reads an experiment, with these keys (`people.right`) set to these values instead.
    ///
    /// # Errors
    /// What does not parse, an unknown key, a number out of its range, each with its place; a fabric
    /// that cannot be.
    pub fn read(text: &str, set: &[Setting]) -> Result<Self, Error> {
        let outside = |wrong: &Wrong| set.iter().any(|(key, _)| *key == wrong.path);
        Self::read_with(text, set).map_err(|error| match error {
            // What was set from outside does not stand in the text.
            Error::Wrong(wrong) if !outside(&wrong) => Error::Wrong(wrong.in_text(text)),
            other => other,
        })
    }

    fn read_with(text: &str, set: &[Setting]) -> Result<Self, Error> {
        let settings: Self = if set.is_empty() {
            npo_wording::read(text)?
        } else {
            let mut table: toml::Table = npo_wording::read(text)?;
            for (key, value) in set {
                experiment::set(&mut table, key, value)?;
            }
            npo_wording::typed(table.into())?
        };
        settings.check()?;
        Ok(settings)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first number out of its range.
    pub fn check(&self) -> Result<(), Error> {
        let people = &self.people;
        let delay = "1 to 1000000";
        for (name, found, (least, most), expected) in [
            ("seeds.count", self.seeds.count as f64, (1.0, 1e4), "1 to 10000"),
            ("hours", self.hours, (1.0, 1e4), "1 to 10000"),
            ("from_hour", self.from_hour, (0.0, self.hours * 0.99), "0 to below `hours`"),
            ("people.operators", f64::from(people.operators), (1.0, 100.0), "1 to 100"),
            ("people.right", people.right, (0.5, 1.0), "0.5 to 1"),
            ("people.notice_median_s", people.notice_median_s, (1.0, 1e6), delay),
            ("people.decide_median_s", people.decide_median_s, (1.0, 1e6), delay),
            ("people.answer_median_s", people.answer_median_s, (1.0, 1e6), delay),
            ("people.sigma", people.sigma, (0.0, 3.0), "0 to 3"),
            ("fixed.threshold", self.fixed.threshold, (0.0, 1.0), "0 to 1"),
        ] {
            if !(least..=most).contains(&found) {
                let message = format!("found {found}, expected a number from {expected}");
                return Err(Wrong::at(name, message).into());
            }
        }
        let _ = npo_network::fabric::Fabric::new(self.config(), 1, 0)?;
        Ok(())
    }

    /// The fabric's settings.
    pub(super) fn config(&self) -> FabricConfig {
        let Fabric {
            spines,
            leaves,
            parallel_links,
            utilisation,
            trouble_every_s,
            lasting,
            mend_after_s,
        } = self.fabric;
        FabricConfig {
            sites: vec!["lab1".to_owned()],
            spines,
            leaves,
            parallel_links,
            utilisation,
            trouble_every_s,
            lasting,
            mend_after_s,
            ..FabricConfig::default()
        }
    }

    /// All seeds.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let Seeds { count, first } = self.seeds;
        (0..count).map(move |n| first.wrapping_add(n))
    }
}
