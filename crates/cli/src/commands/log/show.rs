//! `npo log show`: events with everything that they say, one JSON object a line.

use std::ops::ControlFlow;

use clap::Args;
use npo_core::stored;
use npo_log::{Entry, LogReader, to_hex};
use serde_json::{Value, json};

use super::Place;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::when;

/// Show events with everything that they say, as JSON.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    place: Place,
    /// Only events after this position
    #[arg(long, value_name = "POSITION", default_value = "0")]
    after: u64,
    /// Only so many events
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
}

impl Show {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let mut reader = self.place.reader()?;
        let mut out = options.out();
        let mut ended = None;
        let read = reader.visit(self.after, self.limit, &mut |entry| match decoded(entry)
            .and_then(|event| out.raw(&event.to_string()))
        {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                ended = Some(failure);
                ControlFlow::Break(())
            }
        });
        if let Some(failure) = ended {
            return Err(failure);
        }
        out.flush()?;
        read.map_err(|error| Failure::could_not("could not read the log", error))?;
        Ok(Answer::Yes)
    }
}

fn decoded(entry: Entry<'_>) -> Result<Value, Failure> {
    let Entry { position, kind, version, body, hash } = entry;
    let unknown = |what: String| Failure::cannot(format!("event {position}: {what}"));
    let envelope =
        stored::decode(kind, version, body).map_err(|error| unknown(error.to_string()))?;
    let event =
        serde_json::to_value(&envelope.event).map_err(|error| unknown(error.to_string()))?;
    Ok(json!({
        "position": position,
        "at": when::rfc3339_ms(envelope.at.0),
        "actor": envelope.actor,
        "kind": envelope.event.name(),
        "event": event,
        "hash": to_hex(&hash),
    }))
}
