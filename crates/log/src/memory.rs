//! A log in memory: durable as long as the process, for laboratory runs and for tests of whatever stands on a log.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use crate::record::Entry;
use crate::{AppendError, EventLog, Head, LogReader, OwnedEntry, ReadError, Record, check_batch};

/// [`EventLog`] in memory.
#[derive(Debug, Default)]
pub struct MemoryLog {
    shared: Arc<RwLock<Shared>>,
    max_bytes: Option<usize>,
}

/// What the writer and its readers share. Batches are immutable, so that a visit holds the lock for a moment only.
#[derive(Debug)]
struct Shared {
    /// INVARIANT: never empty inside, in order, without gaps between or within.
    batches: Vec<Arc<[OwnedEntry]>>,
    head: Head,
    bytes: usize,
}

impl Default for Shared {
    fn default() -> Self {
        Shared { batches: Vec::new(), head: Head::EMPTY, bytes: 0 }
    }
}

impl MemoryLog {
    /// An empty log without a bound.
    #[must_use]
    pub fn new() -> MemoryLog {
        MemoryLog::default()
    }

    /// An empty log that answers [`AppendError::Full`] rather than hold more than `max_bytes` bytes of bodies.
    #[must_use]
    pub fn with_max_bytes(max_bytes: usize) -> MemoryLog {
        MemoryLog { shared: Arc::default(), max_bytes: Some(max_bytes) }
    }

    /// The room there is from now on, in bytes of bodies; `None` for no bound.
    pub fn set_max_bytes(&mut self, max_bytes: Option<usize>) {
        self.max_bytes = max_bytes;
    }
}

/// Nothing panics while it holds the lock for writing, so a poisoned lock still guards a whole state.
fn read<T>(lock: &RwLock<Shared>, f: impl FnOnce(&Shared) -> T) -> T {
    f(&lock.read().unwrap_or_else(PoisonError::into_inner))
}

impl EventLog for MemoryLog {
    fn head(&self) -> Result<Head, ReadError> {
        Ok(read(&self.shared, |shared| shared.head))
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        check_batch(shared.head.position, after, batch)?;
        let bytes = shared.bytes + batch.iter().map(|record| record.body.len()).sum::<usize>();
        if let Some(limit) = self.max_bytes.filter(|&limit| bytes > limit) {
            let source = format!("the log would hold {bytes} bytes, expected at most {limit}");
            return Err(AppendError::Full { after, records: batch.len(), source: source.into() });
        }
        let mut head = shared.head;
        let entries: Arc<[OwnedEntry]> = batch
            .iter()
            .map(|Record { kind, version, body }| {
                head = head.next(*kind, *version, body);
                let Head { position, hash } = head;
                OwnedEntry { position, kind: *kind, version: *version, body: body.clone(), hash }
            })
            .collect();
        if !entries.is_empty() {
            shared.batches.push(entries);
        }
        shared.head = head;
        shared.bytes = bytes;
        Ok(head)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        Ok(Box::new(MemoryReader { shared: Arc::clone(&self.shared) }))
    }
}

struct MemoryReader {
    shared: Arc<RwLock<Shared>>,
}

impl MemoryReader {
    /// The batch that holds `position`.
    fn batch(&self, position: u64) -> Option<Arc<[OwnedEntry]>> {
        read(&self.shared, |shared| {
            let index = shared.batches.partition_point(|batch| batch[0].position <= position);
            let batch = shared.batches.get(index.checked_sub(1)?)?;
            (position <= batch[batch.len() - 1].position).then(|| Arc::clone(batch))
        })
    }
}

impl LogReader for MemoryReader {
    fn head(&mut self) -> Result<Head, ReadError> {
        Ok(read(&self.shared, |shared| shared.head))
    }

    fn get(&mut self, position: u64) -> Result<Option<OwnedEntry>, ReadError> {
        let batch = self.batch(position);
        Ok(batch.map(|batch| batch[(position - batch[0].position) as usize].clone()))
    }

    fn visit(
        &mut self,
        after: u64,
        limit: Option<u64>,
        f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let end = self.head()?.position.min(after.saturating_add(limit.unwrap_or(u64::MAX)));
        let mut next = after.saturating_add(1);
        while next <= end {
            let Some(batch) = self.batch(next) else { break };
            for entry in &batch[(next - batch[0].position) as usize..] {
                if entry.position > end || f(entry.as_entry()).is_break() {
                    return Ok(());
                }
                next = entry.position + 1;
            }
        }
        Ok(())
    }
}
