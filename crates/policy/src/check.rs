//! Checking a bundle before anything else may touch it.
//!
//! In this process only what cannot hurt: sizes, UTF-8, a lexical look at nesting. Parsing and
//! running happen in a child process with limits on time and memory. What comes out well is a
//! [`Validated`] bundle, the only thing that the server can load, holding the very bytes that were checked.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use thiserror::Error;

use crate::bundle::{Bundle, Digest, Manifest};
use crate::child::{REQUEST_BYTES_MAX, Reply, Request};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::report::{EngineChoice, Findings};
use crate::spawn::{self, ChildError};

/// Why a bundle could not be checked, or was refused.
#[derive(Debug, Error)]
pub enum CheckError {
    /// A file or directory could not be read.
    #[error("`{path}` could not be read")]
    Io {
        /// What.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Too many files.
    #[error("bundle has more than {max} files")]
    TooManyFiles {
        /// Allowed.
        max: usize,
    },
    /// Directories nest too deeply.
    #[error("directory `{path}` is more than {depth_max} levels deep")]
    DirectoryDepth {
        /// Where.
        path: String,
        /// Allowed.
        depth_max: usize,
    },
    /// One file is too large.
    #[error("`{path}` has {bytes} bytes, expected at most {max}")]
    FileTooLarge {
        /// Which.
        path: String,
        /// Found.
        bytes: u64,
        /// Allowed.
        max: u64,
    },
    /// All files together are too large.
    #[error("bundle has more than {max} bytes in all")]
    TooLarge {
        /// Allowed.
        max: u64,
    },
    /// A part of the bundle is a link or a device.
    #[error("`{path}` is not a plain file; links are not part of what is reviewed")]
    NotAFile {
        /// Which.
        path: String,
    },
    /// A file is not text.
    #[error("`{path}` is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Which.
        path: String,
        /// First offending byte, from 0.
        offset: usize,
    },
    /// `bundle.toml` is missing or wrong.
    #[error("{message}")]
    Manifest {
        /// What is wrong with which file, and its place where it has one.
        message: String,
    },
    /// There is nothing to evaluate.
    #[error("no `.rego` file in the bundle")]
    Empty,
    /// Brackets nest so deeply that parsing would take for ever.
    #[error(
        "brackets at {file}:{line}:{column} nest deeper than {depth_max}, which takes too long to parse"
    )]
    LiteralDepth {
        /// Which file.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
        /// Allowed.
        depth_max: usize,
    },
    /// The content was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The validation child gave no answer; its end is the answer.
    #[error(transparent)]
    Child(#[from] ChildError),
}

/// What is known of a bundle after a check.
#[derive(Debug)]
#[must_use = "a report says whether the bundle may be used"]
pub struct CheckReport {
    /// Name, version, description.
    pub manifest: Manifest,
    /// Identity of the bundle.
    pub digest: Digest,
    /// What the child found, case by case.
    pub findings: Findings,
    bundle: Bundle,
}

impl CheckReport {
    /// Whether every case of the bundle went as expected.
    pub fn passed(&self) -> bool {
        self.findings.passed()
    }

    /// The bundle, fit to be loaded, if its cases passed.
    pub fn validated(self) -> Option<Validated> {
        self.passed()
            .then(|| Validated { bundle: Arc::new(self.bundle), engine: self.findings.engine })
    }
}

/// A bundle that passed [`check()`], with the bytes that were checked.
///
/// INVARIANT(validated): only [`CheckReport::validated`] makes one.
#[derive(Debug, Clone)]
pub struct Validated {
    pub(crate) bundle: Arc<Bundle>,
    pub(crate) engine: EngineChoice,
}

impl Validated {
    /// Identity of the bundle.
    pub fn digest(&self) -> Digest {
        self.bundle.digest
    }

    /// Name, version, description.
    pub fn manifest(&self) -> &Manifest {
        &self.bundle.manifest
    }
}

/// Checks the bundle in `dir`, in `child_command` as the validation child (see [`crate::child_main`]).
///
/// Takes at most `limits.child_ms_max` and the time to read the files.
///
/// # Errors
/// A bundle that must not be loaded, or that could not be checked. Failing cases are no error; they
/// are in the report.
pub fn check(
    dir: &Path,
    child_command: Command,
    limits: &Limits,
) -> Result<CheckReport, CheckError> {
    let bundle = Bundle::read(dir, limits)?;
    let request = Request { bundle, limits: limits.clone() };
    let text = serde_json::to_vec(&request)
        .map_err(|error| ChildError::Reply { message: error.to_string() })?;
    if text.len() as u64 > REQUEST_BYTES_MAX {
        return Err(CheckError::TooLarge { max: limits.total_bytes_max });
    }
    let reply =
        spawn::run(child_command, text, limits.child_ms_max, limits.child_memory_bytes_max)?;
    let reply = serde_json::from_slice(&reply)
        .map_err(|error| ChildError::Reply { message: error.to_string() })?;
    match reply {
        Reply::Refused(refusal) => Err(refusal.into()),
        Reply::Checked(findings) => {
            let bundle = request.bundle;
            Ok(CheckReport {
                manifest: bundle.manifest.clone(),
                digest: bundle.digest,
                findings,
                bundle,
            })
        }
    }
}
