//! A bounded memory of verdicts, keyed by the exact values on the footprint.
//!
//! Sharded, so that threads seldom meet, and kept in two generations: when the younger is full the
//! older is dropped whole. That costs nothing per hit and approximates keeping what is in use.
//! Why a remembered verdict may stand for a fresh one is argued in [`crate::footprint`].

use std::hash::{BuildHasher, RandomState};
use std::mem;

use hashbrown::HashTable;
use parking_lot::Mutex;

use crate::verdict::{EvalPath, Verdict};

/// More shards than a machine of this kind has cores, so that two threads rarely want the same one.
const SHARDS: usize = 32;
/// Larger keys are evaluated every time: they would push out many small ones.
const KEY_BYTES_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct Memo {
    // Seeded per process, so that nobody outside can aim at one shard.
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    entries_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Shard {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    table: HashTable<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    key: Box<[u8]>,
    verdict: Verdict,
}

impl Memo {
    /// A memo of at most `entries_max` verdicts and `bytes_max` bytes of keys. Zero remembers nothing.
    pub(crate) fn new(entries_max: usize, bytes_max: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            entries_max: entries_max / (2 * SHARDS),
            bytes_max: bytes_max / (2 * SHARDS),
        }
    }

    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    pub(crate) fn get(&self, hash: u64, key: &[u8]) -> Option<Verdict> {
        let mut shard = self.shard(hash).lock();
        let same = |entry: &Entry| entry.hash == hash && *entry.key == *key;
        if let Some(entry) = shard.young.table.find(hash, same) {
            return Some(entry.verdict.clone());
        }
        let entry = shard.old.table.find_entry(hash, same).ok()?.remove().0;
        shard.old.bytes -= entry.key.len();
        let verdict = entry.verdict.clone();
        self.insert(&mut shard, entry);
        Some(verdict)
    }

    pub(crate) fn put(&self, hash: u64, key: &[u8], verdict: &Verdict) {
        if key.len() > KEY_BYTES_MAX.min(self.bytes_max) || self.entries_max == 0 {
            return;
        }
        let mut shard = self.shard(hash).lock();
        // Two threads may have missed on the same key; the second finds it here.
        if shard
            .young
            .table
            .find(hash, |entry| *entry.key == *key)
            .is_none()
        {
            let verdict = Verdict {
                path: EvalPath::Memo,
                ..verdict.clone()
            };
            self.insert(
                &mut shard,
                Entry {
                    hash,
                    key: key.into(),
                    verdict,
                },
            );
        }
    }

    /// Verdicts held now.
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(Mutex::lock)
            .map(|shard| shard.young.table.len() + shard.old.table.len())
            .sum()
    }

    fn insert(&self, shard: &mut Shard, entry: Entry) {
        if shard.young.table.len() >= self.entries_max
            || shard.young.bytes + entry.key.len() > self.bytes_max
        {
            shard.old = mem::take(&mut shard.young);
        }
        shard.young.bytes += entry.key.len();
        shard
            .young
            .table
            .insert_unique(entry.hash, entry, |entry| entry.hash);
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        // The table uses the low and the top bits; take some from between.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn verdict(allow: bool) -> Verdict {
        Verdict {
            allow,
            rules: Arc::from([]),
            path: EvalPath::Vm,
            error: None,
        }
    }

    #[test]
    fn equal_hashes_with_different_keys_stay_apart() {
        let memo = Memo::new(1000, 1 << 20);
        memo.put(7, b"a", &verdict(true));
        memo.put(7, b"b", &verdict(false));
        let get = |key: &[u8]| {
            memo.get(7, key)
                .map(|verdict| (verdict.allow, verdict.path))
        };
        assert_eq!(get(b"a"), Some((true, EvalPath::Memo)));
        assert_eq!(get(b"b"), Some((false, EvalPath::Memo)));
        assert_eq!(get(b"c"), None);
    }

    #[test]
    fn stays_within_its_bounds_and_keeps_what_is_used() {
        let (entries_max, bytes_max) = (1024, 64 * 1024);
        let memo = Memo::new(entries_max, bytes_max);
        for i in 0..20_000u32 {
            let key = i.to_le_bytes();
            memo.put(memo.hash(&key), &key, &verdict(true));
            let favourite = 0u32.to_le_bytes();
            assert!(
                memo.get(memo.hash(&favourite), &favourite).is_some(),
                "at {i}"
            );
            assert!(memo.len() <= entries_max);
        }
        let large = vec![0u8; KEY_BYTES_MAX + 1];
        memo.put(memo.hash(&large), &large, &verdict(true));
        assert!(memo.get(memo.hash(&large), &large).is_none());
    }

    #[test]
    fn a_memo_of_nothing_remembers_nothing() {
        let memo = Memo::new(0, 0);
        memo.put(1, b"", &verdict(true));
        assert!(memo.get(1, b"").is_none());
    }
}
