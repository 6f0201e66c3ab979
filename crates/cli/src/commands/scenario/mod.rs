//! `npo scenario …`

mod activate;
mod check;
mod history;
mod list;
mod show;
mod types;

use std::path::Path;

use clap::Subcommand;
use npo_core::scenario_type::ScenarioType;

use crate::exit::{Answer, Failure};
use crate::files;
use crate::options::Options;

/// The largest scenario type file in bytes: the largest type that is accepted is far smaller.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Verbs on scenario types and scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List scenario types
    Types(types::Types),
    /// Show a scenario type and what was learned
    Show(show::Show),
    /// Check a scenario type's TOML file, without a server
    Check(check::Check),
    /// Put a version of a scenario type in force
    Activate(activate::Activate),
    /// List scenarios and what was learned about them
    List(list::List),
    /// Show how a scenario's score moved, and why
    History(history::History),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Types(types) => types.run(options),
            Self::Show(show) => show.run(options),
            Self::Check(check) => check.run(options),
            Self::Activate(activate) => activate.run(options),
            Self::List(list) => list.run(options),
            Self::History(history) => history.run(options),
        }
    }
}

/// Reads and checks a scenario type; what is wrong with it is an answer, not a failure to ask.
fn read(file: &Path) -> Result<ScenarioType, Failure> {
    let text = files::read_text(file, FILE_BYTES_MAX)?;
    let wrong = |error: &dyn std::error::Error| {
        // The parser's excerpt has several lines; they say where.
        Failure::Refused(format!(
            "`{}` is no scenario type: {}",
            file.display(),
            crate::exit::chain(error).trim_end()
        ))
    };
    ScenarioType::from_toml(&text).map_err(|error| wrong(&error))
}

/// The same type as the API takes it: both forms have the same fields.
fn upload_form(definition: &ScenarioType) -> Result<npo_api::scenario::ScenarioType, Failure> {
    serde_json::to_value(definition)
        .and_then(serde_json::from_value)
        .map_err(|error| Failure::could_not("could not write the scenario type as JSON", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_type_is_accepted_and_uploaded_whole() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let mut seen = 0;
        for entry in std::fs::read_dir(directory).expect("shipped types are there") {
            let file = entry.expect("can be listed").path();
            if file.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let definition = read(&file).expect("is a scenario type");
            let upload = upload_form(&definition).expect("has the same fields");
            assert_eq!(
                (upload.features.len(), upload.actions.len()),
                (definition.features.len(), definition.actions.len())
            );
            seen += 1;
        }
        assert!(seen > 0);
    }

    #[test]
    fn what_is_wrong_is_refused_and_what_is_absent_could_not_be_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("bad.toml");
        assert!(matches!(read(&file), Err(Failure::CouldNotAsk { .. })));
        std::fs::write(&file, "name = \"x\"\nvershion = 1\n").expect("writes");
        assert!(matches!(read(&file), Err(Failure::Refused(text)) if text.contains("vershion")));
    }
}
