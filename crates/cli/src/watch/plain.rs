//! What is printed where there is no terminal: a line per event as it comes.

use std::ops::ControlFlow;

use npo_api::metrics::Health;

use crate::client::sse::{self, Happening, Told};
use crate::client::{Client, Received};
use crate::exit::Failure;
use crate::output::{Out, say};
use crate::text::explanation::{disposition_name, disposition_tone};
use crate::text::{Line, Tone, clean};

/// Prints events after this position, or from now on, until the reader goes away.
pub(crate) fn run(client: &Client, after: Option<u64>, out: &mut Out) -> Result<(), Failure> {
    // A position from the start on, so that nothing is missed if the first connection is lost early.
    let after = match after {
        Some(after) => after,
        None => {
            let health: Received<Health> = client.get("/healthz", &[])?;
            health.value.position
        }
    };
    let mut ended = Ok(());
    sse::follow(client, Some(after), &mut |told| match told {
        Told::Connected => ControlFlow::Continue(()),
        Told::Lost(why) => {
            say(&format!("connection lost: {why}; trying again"));
            ControlFlow::Continue(())
        }
        Told::Happened(happening) => {
            match out
                .value(&happening, |happening| vec![line(happening)])
                .and_then(|()| out.flush())
            {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    ended = Err(failure);
                    ControlFlow::Break(())
                }
            }
        }
    })?;
    ended
}

fn line(happening: &Happening) -> Line {
    let Happening { event, decision } = happening;
    let line = Line::of(Tone::Faint, format!("{} {}  ", event.position, event.at))
        .and(Tone::Strong, event.kind.clone());
    match decision {
        Some(decision) => line
            .and(Tone::Plain, format!("  {}  ", decision.id))
            .and(disposition_tone(decision.disposition), disposition_name(decision.disposition))
            .and(Tone::Plain, format!("  {:.3}  {}", decision.score, clean(&decision.headline))),
        None => line.and(Tone::Plain, format!("  by {}", clean(&event.actor))),
    }
}

#[cfg(test)]
mod tests {
    use npo_api::event::Event;

    use super::*;
    use crate::sample;

    #[test]
    fn a_decision_fits_on_a_line() {
        let event = Event {
            position: 7,
            at: "2026-03-01T10:00:00Z".into(),
            actor: "fabric".into(),
            kind: "decision-made".into(),
            data: serde_json::Value::Null,
            hash: String::new(),
        };
        let made = Happening { event: event.clone(), decision: Some(sample::decision("d42")) };
        let expected = "7 2026-03-01T10:00:00Z  decision-made  d42  surfaced  0.830  Remove link on leaf4:HundredGigE0/0/0/13 is recommended.";
        assert_eq!(line(&made).text(), expected);
        let other =
            Happening { event: Event { kind: "token-issued".into(), ..event }, decision: None };
        assert_eq!(line(&other).text(), "7 2026-03-01T10:00:00Z  token-issued  by fabric");
    }
}
