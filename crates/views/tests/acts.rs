//! What the monitor did is found again, newest first, and what people did is not taken for it.

use npo_core::event::{Cause, CertificateCause, MonitorAction};
use npo_core::learning::window::Finding;
use npo_core::oversight::Level;
use npo_core::people::NPO;
use npo_core::{Envelope, Event, Millis, PersonId, TypeId};
use npo_views::Views;

fn event(actor: PersonId, event: Event) -> Envelope {
    Envelope { at: Millis(1), actor, request: None, event }
}

fn level_changed() -> Event {
    let (ceiling, level) = (Level::Automatic, Level::Shadow);
    Event::AutonomyChanged { type_id: TypeId(0), ceiling, level, reason: "why".into() }
}

fn acted() -> Event {
    let cause = Cause::Window(Finding { episodes: 9, losses: 9, mean_loss: 0.5, tolerance: 0.1 });
    Event::MonitorActed { type_id: TypeId(0), action: MonitorAction::Retrain, cause }
}

#[test]
fn the_monitors_acts_are_listed_newest_first() {
    let (cause, certificate) = (CertificateCause::Reset, None);
    let certified = Event::CertificateChanged { type_id: TypeId(0), certificate, cause };
    let events = [
        event(NPO, acted()),
        event(PersonId(1), level_changed()),
        event(NPO, certified),
        event(NPO, level_changed()),
        event(NPO, Event::DecisionExpired(npo_core::DecisionId(7))),
        event(NPO, acted()),
    ];
    let events: Vec<_> = (1..).zip(events).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    views.apply(&events).expect("applies");
    let reader = views.reader().expect("a reader");
    assert_eq!(reader.acts(10).expect("reads"), [6, 4, 3, 1]);
    assert_eq!(reader.acts(2).expect("reads"), [6, 4]);
}
