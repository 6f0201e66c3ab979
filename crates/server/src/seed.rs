//! What is put in force when a server starts: scenario types that are new.
//!
//! Only what is not known yet, or is exactly the next version of what is; a type that somebody
//! changed here is never overruled by what is shipped.

use std::path::{Path, PathBuf};

use npo_core::Command;
use npo_core::people::NPO;
use npo_core::scenario_type::{InvalidType, ScenarioType};
use npo_engine::{Engine, Refusal};

use crate::shipped;

/// Largest file of a scenario type, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why a scenario type was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The directory or a file in it cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than any scenario type.
    #[error("`{path}` has {found} bytes, expected at most {FILE_BYTES_MAX}")]
    TooLarge {
        /// Which one.
        path: PathBuf,
        /// Its size.
        found: u64,
    },
    /// A file is no scenario type.
    #[error("`{name}` is no scenario type: {source}")]
    Invalid {
        /// Which file.
        name: String,
        /// Why.
        #[source]
        source: InvalidType,
    },
    /// The engine refused it.
    #[error("`{name}` was not put in force")]
    Refused {
        /// Which file.
        name: String,
        /// Why.
        #[source]
        source: Refusal,
    },
}

/// Puts the shipped scenario types in force, then those of `directory`. Blocks.
pub(crate) fn scenario_types(engine: &Engine, directory: Option<&Path>) -> Result<(), SeedError> {
    for (name, text) in shipped::SCENARIO_TYPES {
        activate(engine, name, text)?;
    }
    let Some(directory) = directory else { return Ok(()) };
    let read = |source| SeedError::Read { path: directory.to_owned(), source };
    let entries = std::fs::read_dir(directory).map_err(read)?;
    let mut paths: Vec<_> =
        entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>().map_err(read)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    for path in paths {
        let read = |source| SeedError::Read { path: path.clone(), source };
        let found = std::fs::metadata(&path).map_err(read)?.len();
        if found > FILE_BYTES_MAX {
            return Err(SeedError::TooLarge { path, found });
        }
        let text = std::fs::read_to_string(&path).map_err(read)?;
        activate(engine, &path.display().to_string(), &text)?;
    }
    Ok(())
}

fn activate(engine: &Engine, name: &str, text: &str) -> Result<(), SeedError> {
    let definition = ScenarioType::from_toml(text)
        .map_err(|source| SeedError::Invalid { name: name.to_owned(), source })?;
    let current = engine.read(|state| {
        state.type_named(&definition.name).map_or(0, |(_, known)| known.definition().version)
    });
    if definition.version != current + 1 {
        tracing::debug!(name, current, found = definition.version, "scenario type stays as it is");
        return Ok(());
    }
    let command = Command::ActivateScenarioType(Box::new(definition));
    let _receipt = engine
        .order_blocking(NPO, None, command)
        .map_err(|source| SeedError::Refused { name: name.to_owned(), source })?;
    tracing::info!(name, version = current + 1, "scenario type put in force");
    Ok(())
}
