//! Policy bundles on disk: checked, kept under their digest, put in force.
//!
//! A bundle is only ever loaded after `npo_policy::check` passed it in a process of its own, and
//! only if it still has the digest that is in force.
//! Without a usable bundle every proposal is denied; why is kept for `/readyz`.

mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::Duration;

use npo_api::policy::Policy;
use npo_core::event::PolicyRef;
use npo_core::ids::hex;
use npo_core::people::NPO;
use npo_core::{Command, Digest};
use npo_engine::{Engine, Refusal};
use npo_policy::{CheckError, CheckReport, EngineChoice, Limits, LoadError, Spe, check};
use parking_lot::Mutex;

use crate::chain::chain;
use crate::config::Config;
use crate::shipped;

pub(crate) use files::{Upload, UploadError};

/// Bundles kept at most: each takes up to 8 MiB of disk.
const BUNDLES_MAX: usize = 1000;

/// Wall clock of one evaluation during a check, in milliseconds. Far more than an evaluation may
/// take later: a machine that is busy, as it is when everything starts, must not make a sound
/// bundle look bad.
const CHECK_EVALUATION_MS_MAX: u64 = 3000;
/// Wall clock of a whole check, in milliseconds, for the same reason.
const CHECK_MS_MAX: u64 = 20_000;

/// Times that the bundle in force is checked at a start.
const LOAD_ATTEMPTS: u32 = 3;
/// Pause between them.
const LOAD_PAUSE: Duration = Duration::from_secs(1);

/// Why a bundle was not kept or not put in force.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The files cannot be written or read.
    #[error("policy bundle `{path}` cannot be kept")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The upload is malformed.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The bundle was refused.
    #[error("the bundle was refused: {0}")]
    Refused(#[source] CheckError),
    /// Some of its tests fail.
    #[error("{failed} of {tests} tests of the bundle fail: {names}")]
    Tests {
        /// How many.
        failed: usize,
        /// Of how many.
        tests: usize,
        /// The first few, by file and name.
        names: String,
    },
    /// It passed the check and yet cannot be loaded.
    #[error("the bundle passed its check and could not be loaded")]
    Load(#[from] LoadError),
    /// No such bundle.
    #[error("policy bundle `{0}` is unknown; add it first")]
    Unknown(String),
    /// The files on disk are not those of the digest.
    #[error(
        "policy bundle `{expected}` on disk has the digest {found}; it was changed after it was checked"
    )]
    Changed {
        /// The digest that it is kept under.
        expected: String,
        /// The digest of what is there.
        found: String,
    },
    /// Too many bundles.
    #[error("{BUNDLES_MAX} policy bundles are kept already; remove some from the data directory")]
    TooMany,
    /// The engine refused the order.
    #[error("the bundle was not put in force")]
    Order(#[source] Refusal),
}

/// All bundles of this server.
pub(crate) struct Policies {
    directory: PathBuf,
    child: Vec<String>,
    /// Limits of evaluations that decide.
    limits: Limits,
    /// Limits of the check.
    check_limits: Limits,
    known: Mutex<BTreeMap<Digest, Policy>>,
    /// Why nothing is loaded, if nothing is.
    missing: Mutex<Option<String>>,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
}

/// A bundle that passed, loaded.
struct Ready {
    policy: Policy,
    reference: PolicyRef,
    spe: Arc<Spe>,
}

impl Policies {
    /// Opens the bundles in `directory`.
    pub(crate) fn open(config: &Config) -> Result<Self, PolicyError> {
        let directory = config.data.join("policies");
        let io = |source| PolicyError::Io { path: directory.clone(), source };
        std::fs::create_dir_all(&directory).map_err(io)?;
        let known = files::known(&directory).map_err(io)?;
        Ok(Self {
            child: config.policy_child.clone(),
            limits: Limits::default(),
            check_limits: Limits {
                evaluation_ms_max: CHECK_EVALUATION_MS_MAX,
                child_ms_max: CHECK_MS_MAX,
                ..Limits::default()
            },
            known: Mutex::new(known),
            missing: Mutex::new(Some("no policy bundle was ever put in force".into())),
            changing: tokio::sync::Mutex::new(()),
            directory,
        })
    }

    /// Loads the bundle in force, or puts the first one in force. Blocks.
    ///
    /// Where the bundle in force is missing or changed, the server starts all the same and denies.
    pub(crate) fn restore(&self, engine: &Engine, first: Option<&Path>) -> Result<(), PolicyError> {
        let in_force = engine.read(|state| state.policy().cloned());
        let Some(in_force) = in_force else { return self.first(engine, first) };
        match self.load_patiently(&in_force.digest) {
            Ok(ready) => {
                self.put(engine, &ready);
                Ok(())
            }
            Err(error) => {
                let why = format!(
                    "policy bundle `{}` in force cannot be used: {}",
                    hex(&in_force.digest),
                    chain(&error)
                );
                tracing::error!(why, "every proposal is denied");
                *self.missing.lock() = Some(why);
                Ok(())
            }
        }
    }

    /// Tries again where the check may have failed for want of time: denying everything until the
    /// next start is too much for that.
    fn load_patiently(&self, digest: &Digest) -> Result<Ready, PolicyError> {
        for _ in 1..LOAD_ATTEMPTS {
            match self.load_kept(digest) {
                Err(PolicyError::Refused(error)) => {
                    tracing::warn!(%error, "the policy bundle in force was refused; trying again");
                    std::thread::sleep(LOAD_PAUSE);
                }
                other => return other,
            }
        }
        self.load_kept(digest)
    }

    fn first(&self, engine: &Engine, directory: Option<&Path>) -> Result<(), PolicyError> {
        let upload = match directory {
            Some(directory) => Upload::read(directory)?,
            None => Upload::new(
                shipped::DEFAULT_POLICY.iter().map(|(p, t)| ((*p).into(), (*t).into())),
            )?,
        };
        let ready = self.keep(&upload)?;
        let order = Command::ActivatePolicy(ready.reference.clone());
        let _receipt = engine.order_blocking(NPO, None, order).map_err(PolicyError::Order)?;
        self.put(engine, &ready);
        Ok(())
    }

    /// Checks a bundle and keeps it. Blocks for as long as the check takes (seconds at most).
    pub(crate) fn add(&self, upload: &Upload) -> Result<Policy, PolicyError> {
        self.keep(upload).map(|ready| ready.policy)
    }

    /// Puts a kept bundle in force by `order`, which records it. Blocks.
    pub(crate) fn activate(
        &self,
        engine: &Engine,
        digest: &str,
        order: impl FnOnce(Command) -> Result<(), Refusal>,
    ) -> Result<Policy, PolicyError> {
        let _one_at_a_time = self.changing.blocking_lock();
        let digest = files::digest(digest)
            .ok_or_else(|| PolicyError::Unknown(digest.chars().take(64).collect()))?;
        let ready = self.load_kept(&digest)?;
        order(Command::ActivatePolicy(ready.reference.clone())).map_err(PolicyError::Order)?;
        self.put(engine, &ready);
        Ok(Policy { active: true, ..ready.policy })
    }

    /// All bundles, by digest.
    pub(crate) fn list(&self, active: Option<&Digest>) -> Vec<Policy> {
        let known = self.known.lock();
        let mark = |(digest, policy): (&Digest, &Policy)| Policy {
            active: active == Some(digest),
            ..policy.clone()
        };
        known.iter().map(mark).collect()
    }

    /// Why no bundle is loaded, if none is.
    pub(crate) fn missing(&self) -> Option<String> {
        self.missing.lock().clone()
    }

    fn put(&self, engine: &Engine, ready: &Ready) {
        engine.set_policy(Some(Arc::clone(&ready.spe)));
        *self.missing.lock() = None;
        tracing::info!(
            digest = ready.policy.digest,
            name = ready.policy.name,
            "policy bundle in force"
        );
    }

    /// Checks an upload beside its place, and moves it there.
    fn keep(&self, upload: &Upload) -> Result<Ready, PolicyError> {
        if self.known.lock().len() >= BUNDLES_MAX {
            return Err(PolicyError::TooMany);
        }
        let temporary =
            self.directory.join(format!("incoming-{}", hex(&rand::random::<[u8; 8]>())));
        let io = |source| PolicyError::Io { path: temporary.clone(), source };
        let written = upload.write(&temporary).map_err(io);
        let result = written.and_then(|()| self.check(&temporary)).and_then(|ready| {
            files::settle(&temporary, &self.directory, &ready.policy).map_err(io)?;
            self.known.lock().insert(ready.reference.digest, ready.policy.clone());
            Ok(ready)
        });
        if temporary.exists()
            && let Err(error) = std::fs::remove_dir_all(&temporary)
        {
            tracing::warn!(%error, path = %temporary.display(), "a refused bundle was not removed");
        }
        result
    }

    /// Loads a kept bundle, if it still is what its digest says.
    fn load_kept(&self, digest: &Digest) -> Result<Ready, PolicyError> {
        let name = hex(digest);
        let directory = self.directory.join(&name);
        if !directory.is_dir() {
            return Err(PolicyError::Unknown(name));
        }
        let ready = self.check(&directory)?;
        if ready.reference.digest != *digest {
            return Err(PolicyError::Changed { expected: name, found: ready.policy.digest });
        }
        self.known.lock().insert(*digest, ready.policy.clone());
        Ok(ready)
    }

    fn check(&self, directory: &Path) -> Result<Ready, PolicyError> {
        let report =
            check(directory, self.process()?, &self.check_limits).map_err(PolicyError::Refused)?;
        let policy = describe(&report);
        let reference = PolicyRef {
            digest: report.digest.0,
            name: policy.name.clone(),
            version: policy.version.clone(),
        };
        let failed: Vec<_> = report.findings.cases.iter().filter(|case| !case.passed).collect();
        let named = |case: &&npo_policy::CaseReport| format!("{} `{}`", case.file, case.name);
        let (failures, tests) = (failed.len(), report.findings.cases.len());
        let names = failed.iter().take(5).map(named).collect::<Vec<_>>().join(", ");
        let Some(validated) = report.validated() else {
            return Err(PolicyError::Tests { failed: failures, tests, names });
        };
        let spe = Arc::new(Spe::load(&validated, &self.limits)?);
        Ok(Ready { policy, reference, spe })
    }

    /// The process that checks.
    fn process(&self) -> Result<Process, PolicyError> {
        if let Some((program, arguments)) = self.child.split_first() {
            let mut process = Process::new(program);
            process.args(arguments);
            return Ok(process);
        }
        let io = |source| PolicyError::Io { path: "the program itself".into(), source };
        let mut process = Process::new(std::env::current_exe().map_err(io)?);
        process.arg("policy-child");
        // The allocator of `npo` reserves a gigabyte of addresses at a time unless told in KiB, which
        // is more than the child is allowed in all.
        process.env("MIMALLOC_ARENA_RESERVE", "65536");
        Ok(process)
    }
}

fn describe(report: &CheckReport) -> Policy {
    let (evaluator, evaluator_reason) = match &report.findings.engine {
        EngineChoice::Vm => ("vm", None),
        EngineChoice::Interpreter { reason } => ("interpreter", Some(reason.clone())),
    };
    Policy {
        digest: report.digest.to_string(),
        name: report.manifest.name.clone(),
        version: report.manifest.version.clone(),
        description: report.manifest.description.clone(),
        active: false,
        evaluator: evaluator.into(),
        evaluator_reason,
        tests: u32::try_from(report.findings.cases.len()).unwrap_or(u32::MAX),
    }
}
