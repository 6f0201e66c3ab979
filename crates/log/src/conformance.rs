//! One suite that every backend's tests call, so that all of them keep the same promise.
//!
//! A backend's test is one line: `npo_log::conformance::run(&mut || Box::new(MyPlace::new()))`.
//! The cases use nothing but [`EventLog`] and [`LogReader`](crate::LogReader); what only one backend can go through (corrupt pages, full disks, killed processes) is tested beside it.

mod appending;
mod lasting;
mod reading;
mod steps;

use crate::EventLog;

/// Where one log lives; opening it again gives the same log.
pub trait Place {
    /// Opens the log. The suite drops what it opened before it opens again.
    fn open(&mut self) -> Box<dyn EventLog>;

    /// Whether events outlive the log that appended them.
    fn durable(&self) -> bool;
}

/// One case: an empty place comes in, a broken promise panics.
pub type Case = fn(&mut dyn Place);

/// All cases by name.
pub const CASES: &[(&str, Case)] = &[
    ("empty_log", appending::empty_log),
    ("positions_and_order", appending::positions_and_order),
    ("conflict", appending::conflict),
    ("empty_batch", appending::empty_batch),
    ("size_limits", appending::size_limits),
    ("refused_batch_leaves_nothing", appending::refused_batch_leaves_nothing),
    ("large_bodies", appending::large_bodies),
    ("large_batches", appending::large_batches),
    ("every_kind_and_version", appending::every_kind_and_version),
    ("frozen_hash_chain", appending::frozen_hash_chain),
    ("get", reading::get),
    ("visit_ranges", reading::visit_ranges),
    ("visit_stops_on_break", reading::visit_stops_on_break),
    ("visit_ends_where_it_began", reading::visit_ends_where_it_began),
    ("readers_are_independent", reading::readers_are_independent),
    ("reading_while_appending", reading::reading_while_appending),
    ("reopening", lasting::reopening),
    ("many_reopenings", lasting::many_reopenings),
    ("export_and_import", lasting::export_and_import),
];

/// Runs every case in a place of its own.
///
/// # Panics
/// When the log breaks a promise; the name of the case is on standard error.
pub fn run(new_place: &mut dyn FnMut() -> Box<dyn Place>) {
    for (name, case) in CASES {
        eprintln!("conformance: {name}");
        case(&mut *new_place());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryLog;

    struct Memory;

    impl Place for Memory {
        fn open(&mut self) -> Box<dyn EventLog> {
            Box::new(MemoryLog::new())
        }
        fn durable(&self) -> bool {
            false
        }
    }

    #[test]
    fn memory_log_conforms() {
        run(&mut || Box::new(Memory));
    }
}
