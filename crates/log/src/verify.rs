//! Walks the chain and names the first event that is not what was appended.
//!
//! The store is asked about its own structure too, so that events which are in the file but no longer reached are noticed.
//! A tail that was cut off cleanly cannot be seen from inside: compare the head with one noted elsewhere (a snapshot, an export, a colleague).

use std::ops::ControlFlow;

use crate::{Hash, Head, LogReader, ReadError, next_hash, to_hex};

/// How often progress is told, in events: a few dozen times a second at full speed.
const PROGRESS_EVERY: u64 = 16_384;

/// A chain that holds from its beginning to its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the head is what to compare with one noted elsewhere"]
pub struct Verified {
    /// How many events were walked.
    pub count: u64,
    /// The last of them.
    pub head: Head,
}

/// The first bad event, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// An event is missing, or stands where another belongs.
    #[error("event {position} is missing: found event {found} in its place")]
    Gap {
        /// The position that should have come.
        position: u64,
        /// The position that came.
        found: u64,
    },
    /// The event is not the one that its hash was made of, or its predecessor is not.
    #[error(
        "event {position} does not match its hash: found {}, expected {}",
        to_hex(found),
        to_hex(expected)
    )]
    Hash {
        /// Where.
        position: u64,
        /// As stored.
        found: Hash,
        /// As computed from the event and the hash before it.
        expected: Hash,
    },
    /// The log ends before the head that it was trusted to have.
    #[error("event {position} is missing: the log ends at position {end}")]
    Short {
        /// The position that should be there.
        position: u64,
        /// The last position that is.
        end: u64,
    },
    /// The event cannot be read at all.
    #[error("event {position} cannot be read")]
    Unreadable {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: ReadError,
    },
}

impl VerifyError {
    /// The first bad position; 0 when it is the log as a whole.
    #[must_use]
    pub fn position(&self) -> u64 {
        match self {
            VerifyError::Gap { position, .. }
            | VerifyError::Hash { position, .. }
            | VerifyError::Short { position, .. }
            | VerifyError::Unreadable { position, .. } => *position,
        }
    }
}

/// Verifies the whole chain and the structure of the store. `progress` is told the last good position from time to time and at the end.
///
/// # Errors
/// The first bad event.
pub fn verify(
    reader: &mut dyn LogReader,
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, VerifyError> {
    let verified = verify_from(reader, Head::EMPTY, progress)?;
    reader.check_store().map_err(unreadable)?;
    Ok(verified)
}

/// Verifies the chain after `from`, a head that is trusted for another reason (an earlier run, a snapshot), and takes only as long as that part.
///
/// # Errors
/// The first bad event after `from`.
pub fn verify_from(
    reader: &mut dyn LogReader,
    from: Head,
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, VerifyError> {
    check_anchor(reader, from)?;
    let mut head = from;
    let mut bad = None;
    let read = reader.visit(from.position, None, &mut |entry| {
        let position = head.position + 1;
        if entry.position != position {
            bad = Some(VerifyError::Gap { position, found: entry.position });
            return ControlFlow::Break(());
        }
        let expected = next_hash(&head.hash, position, entry.kind, entry.version, entry.body);
        if entry.hash != expected {
            bad = Some(VerifyError::Hash { position, found: entry.hash, expected });
            return ControlFlow::Break(());
        }
        head = Head { position, hash: expected };
        if position.is_multiple_of(PROGRESS_EVERY) {
            progress(position);
        }
        ControlFlow::Continue(())
    });
    if let Some(bad) = bad {
        return Err(bad);
    }
    read.map_err(unreadable)?;
    progress(head.position);
    Ok(Verified { count: head.position - from.position, head })
}

/// Whether the log still holds the event that `from` speaks of.
fn check_anchor(reader: &mut dyn LogReader, from: Head) -> Result<(), VerifyError> {
    let Head { position, hash: expected } = from;
    if position == 0 {
        return Ok(());
    }
    match reader.get(position).map_err(unreadable)? {
        None => {
            let end = reader.head().map_err(unreadable)?.position;
            Err(VerifyError::Short { position, end })
        }
        Some(entry) if entry.hash != expected => {
            Err(VerifyError::Hash { position, found: entry.hash, expected })
        }
        Some(_) => Ok(()),
    }
}

fn unreadable(source: ReadError) -> VerifyError {
    VerifyError::Unreadable { position: source.position(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, EventLog, MemoryLog, OwnedEntry, Record};

    /// A reader that hands out whatever it was given, as a damaged store would.
    struct Given(Vec<OwnedEntry>);

    impl LogReader for Given {
        fn head(&mut self) -> Result<Head, ReadError> {
            Ok(self.0.last().map_or(Head::EMPTY, |e| Head { position: e.position, hash: e.hash }))
        }
        fn get(&mut self, position: u64) -> Result<Option<OwnedEntry>, ReadError> {
            Ok(self.0.iter().find(|entry| entry.position == position).cloned())
        }
        fn visit(
            &mut self,
            after: u64,
            _: Option<u64>,
            f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
        ) -> Result<(), ReadError> {
            for entry in self.0.iter().filter(|entry| entry.position > after) {
                if f(entry.as_entry()).is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    fn entries() -> Vec<OwnedEntry> {
        let mut head = Head::EMPTY;
        let event = |i: u8| {
            head = head.next(1, 1, &[i; 10]);
            let Head { position, hash } = head;
            OwnedEntry { position, kind: 1, version: 1, body: vec![i; 10], hash }
        };
        (0..9).map(event).collect()
    }

    fn check(damage: fn(&mut Vec<OwnedEntry>), expected: Result<u64, &str>) {
        let mut given = entries();
        damage(&mut given);
        let found = verify(&mut Given(given), &mut |_| {});
        match (found, expected) {
            (Ok(found), Ok(count)) => assert_eq!(found.count, count),
            (Err(found), Err(expected)) => {
                assert!(found.to_string().starts_with(expected), "{found}")
            }
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn names_the_first_bad_event() {
        check(|_| {}, Ok(9));
        check(Vec::clear, Ok(0));
        check(|log| log[3].body[0] ^= 1, Err("event 4 does not match its hash"));
        check(|log| log[3].hash[31] ^= 1, Err("event 4 does not match its hash"));
        check(|log| log[3].kind = 2, Err("event 4 does not match its hash"));
        check(|log| log[8].version = 2, Err("event 9 does not match its hash"));
        check(|log| drop(log.remove(4)), Err("event 5 is missing: found event 6"));
        check(|log| log.swap(1, 2), Err("event 2 is missing: found event 3"));
        check(|log| log[6] = log[5].clone(), Err("event 7 is missing: found event 6"));
    }

    #[test]
    fn an_edit_with_a_new_hash_shows_at_the_next_event() {
        let mut given = entries();
        given[3].body[0] ^= 1;
        given[3].hash = next_hash(&given[2].hash, 4, 1, 1, &given[3].body);
        let error = verify(&mut Given(given), &mut |_| {}).expect_err("edited");
        assert_eq!(error.position(), 5);
    }

    #[test]
    fn a_trusted_head_must_still_be_there() {
        let given = entries();
        let head = |i: usize| Head { position: given[i].position, hash: given[i].hash };
        let cut = || Given(given[..6].to_vec());
        assert_eq!(verify_from(&mut cut(), head(2), &mut |_| {}).expect("holds").count, 3);
        let short = verify_from(&mut cut(), head(8), &mut |_| {}).expect_err("cut off");
        assert!(matches!(short, VerifyError::Short { position: 9, end: 6 }), "{short}");
        let foreign = Head { hash: [7; 32], ..head(2) };
        let error = verify_from(&mut cut(), foreign, &mut |_| {}).expect_err("foreign");
        assert_eq!(error.position(), 3);
    }

    #[test]
    fn progress_ends_at_the_head() {
        let mut log = MemoryLog::new();
        let batch = vec![Record { kind: 1, version: 1, body: vec![1] }; 40_000];
        log.append(0, &batch).expect("appends");
        let mut told = Vec::new();
        let verified = verify(&mut *log.reader().expect("opens"), &mut |p| told.push(p));
        assert_eq!(verified.expect("holds").head, log.head().expect("has a head"));
        assert_eq!(told, [16_384, 32_768, 40_000]);
    }
}
