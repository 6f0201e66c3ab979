//! `npo red-button …`: stops everything, a scenario type or a site at once.

use clap::{Args, Subcommand};
use npo_api::oversight::{RedButton, RedButtonOrder, Scope, ScopeKind};

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::text::oversight::held;

/// Verbs on the red button.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Stop a type, a site or everything until it is released
    Press(Press),
    /// Release a type, a site or everything that is held
    Release(Press),
    /// List what the red button or the monitor holds
    List(List),
}

/// What to hold or to release.
#[derive(Debug, Args)]
pub(crate) struct Press {
    #[command(flatten)]
    scope: What,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Everything
    #[arg(long)]
    all: bool,
    /// One scenario type
    #[arg(long = "type", value_name = "NAME")]
    scenario_type: Option<String>,
    /// One site
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
}

/// List what is held.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Press {
    fn order(self) -> RedButtonOrder {
        let What { all: _, scenario_type, site } = self.scope;
        let scope = match (scenario_type, site) {
            (Some(name), _) => Scope { kind: ScopeKind::ScenarioType, name: Some(name) },
            (None, Some(name)) => Scope { kind: ScopeKind::Site, name: Some(name) },
            (None, None) => Scope { kind: ScopeKind::All, name: None },
        };
        RedButtonOrder { scope, reason: self.reason }
    }
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let now: Received<RedButton> = match self {
            Self::Press(press) => client.post("/v1/red-button", &press.order(), None)?,
            Self::Release(press) => client.post("/v1/red-button/release", &press.order(), None)?,
            Self::List(List {}) => client.get("/v1/red-button", &[])?,
        };
        let mut out = options.out();
        out.received(&now, held)?;
        out.flush()?;
        // On stderr, so that neither a table nor JSON that goes elsewhere takes it along unread.
        now.value.held.iter().filter_map(|hold| hold.warning.as_deref()).for_each(say);
        Ok(Answer::Yes)
    }
}
