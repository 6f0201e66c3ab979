//! `npo admin person add|list|change`.

use clap::{Args, Subcommand};
use npo_api::people::{NewPerson, Person, PersonChange, PersonList};

use crate::client::{Client, Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone};

/// The roles that there are.
const ROLES: [&str; 7] =
    ["viewer", "operator", "approver", "engineer", "admin", "auditor", "source"];

/// Verbs on people.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add somebody, or a machine that proposes
    Add(Add),
    /// List people
    List,
    /// Change somebody; what is not named stays
    Change(Change),
}

/// Add somebody, or a machine that proposes.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Unique handle: lower-case letters, digits, dots and the marks - and _
    handle: String,
    /// Name for people; the handle if absent
    #[arg(long)]
    name: Option<String>,
    /// Role; may be given again
    #[arg(long = "role", required = true, value_parser = ROLES)]
    roles: Vec<String>,
    /// Site they belong to
    #[arg(long)]
    site: Option<String>,
    /// Team they belong to; somebody new is trusted as their team is
    #[arg(long)]
    team: Option<String>,
}

/// Change somebody.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// New roles in place of the old ones; may be given again
    #[arg(long = "role", value_parser = ROLES)]
    roles: Vec<String>,
    /// Whether they have access
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, hide_possible_values = true)]
    active: Option<bool>,
    /// New site; empty for none
    #[arg(long)]
    site: Option<String>,
    /// New team; empty for none
    #[arg(long)]
    team: Option<String>,
}

/// Change somebody; what is not named stays.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// Id such as p3, or handle
    person: String,
    #[command(flatten)]
    changes: Changes,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let mut out = options.out();
        match self {
            Self::Add(Add { handle, name, roles, site, team }) => {
                let name = name.unwrap_or_else(|| handle.clone());
                let new = NewPerson { handle, name, roles, site, team };
                let person: Received<Person> = client.post("/v1/people", &new, None)?;
                out.received(&person, |person| lines(std::slice::from_ref(person)))?;
            }
            Self::List => {
                let list: Received<PersonList> = client.get("/v1/people", &[])?;
                out.received(&list, |list| lines(&list.items))?;
            }
            Self::Change(Change { person, changes }) => {
                let Changes { name, roles, active, site, team } = changes;
                let id = id_of(&client, person)?;
                let roles = (!roles.is_empty()).then_some(roles);
                let change = PersonChange { name, roles, active, site, team };
                let person: Received<Person> =
                    client.patch(&path("/v1/people/{}", &[&id]), &change)?;
                out.received(&person, |person| lines(std::slice::from_ref(person)))?;
            }
        }
        out.flush()?;
        Ok(Answer::Yes)
    }
}

/// The id of somebody named by id or handle. An id looks like `p3`; a handle may, too, so handles win.
fn id_of(client: &Client, person: String) -> Result<String, Failure> {
    let list: Received<PersonList> = client.get("/v1/people", &[])?;
    let people = &list.value.items;
    let by_handle = people.iter().find(|known| known.handle == person);
    match by_handle.or_else(|| people.iter().find(|known| known.id == person)) {
        Some(known) => Ok(known.id.clone()),
        None => Err(Failure::Refused(format!(
            "nobody has the handle or the id `{person}`; `npo admin person list` shows who is known"
        ))),
    }
}

fn lines(people: &[Person]) -> Vec<Line> {
    let mut table = Table::new(&["ID", "HANDLE", "NAME", "ROLES", "SITE", "TEAM", "ACCESS"])
        .sparing(&["TEAM", "SITE"]);
    for Person { id, handle, name, roles, active, site, team } in people {
        let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".into());
        let access = if *active { (Tone::Good, "yes") } else { (Tone::Bad, "no") };
        table.toned([
            (Tone::Plain, id.clone()),
            (Tone::Strong, handle.clone()),
            (Tone::Plain, name.clone()),
            (Tone::Plain, roles.join(", ")),
            (Tone::Plain, named(site)),
            (Tone::Plain, named(team)),
            (access.0, access.1.to_owned()),
        ]);
    }
    table.lines()
}
