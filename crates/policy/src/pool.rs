//! Idle machines, kept for the next evaluation.
//!
//! A machine costs more to set up than to run. Whoever takes one and does not give it back (a
//! panic happened in it) has thrown it away.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Slots for idle machines; threads beyond this many share them.
const SLOTS: usize = 32;
/// Idle machines kept per slot.
const IDLE_MAX: usize = 4;

/// Idle machines, in slots by thread, so that a thread finds its own without meeting others.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    slots: Vec<Mutex<Vec<T>>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::default()).collect() }
    }
}

impl<T> Pool<T> {
    pub(crate) fn take(&self) -> Option<T> {
        self.slot().lock().pop()
    }

    pub(crate) fn give(&self, machine: T) {
        let mut idle = self.slot().lock();
        if idle.len() < IDLE_MAX {
            idle.push(machine);
        }
    }

    fn slot(&self) -> &Mutex<Vec<T>> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static SLOT: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SLOTS;
        }
        &self.slots[SLOT.with(|slot| *slot)]
    }
}
