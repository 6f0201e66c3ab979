//! A bounded memory of verdicts or of parts of them, keyed by the exact values on their footprint.
//!
//! Sharded, so that threads seldom meet, and kept in two generations: when the younger is full the
//! older is dropped whole. That costs nothing per hit and approximates keeping what is in use.
//! Why what is remembered may stand for what is fresh is argued in [`crate::footprint`].

use std::hash::{BuildHasher, RandomState};
use std::mem;

use hashbrown::HashTable;
use parking_lot::Mutex;

/// More shards than a machine of this kind has cores, so that two threads rarely want the same one.
const SHARDS: usize = 32;
/// Larger keys are evaluated every time: they would push out many small ones.
const KEY_BYTES_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct Memo<T> {
    // Seeded per process, so that nobody outside can aim at one shard.
    hasher: RandomState,
    shards: Vec<Mutex<Shard<T>>>,
    entries_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Shard<T> {
    young: Generation<T>,
    old: Generation<T>,
}

#[derive(Debug)]
struct Generation<T> {
    table: HashTable<Entry<T>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    hash: u64,
    key: Box<[u8]>,
    value: T,
}

// By hand, because a derive would ask the same of `T`.
impl<T> Default for Shard<T> {
    fn default() -> Self {
        Self { young: Generation::default(), old: Generation::default() }
    }
}

impl<T> Default for Generation<T> {
    fn default() -> Self {
        Self { table: HashTable::new(), bytes: 0 }
    }
}

impl<T: Clone> Memo<T> {
    /// A memo of at most `entries_max` values and `bytes_max` bytes of keys. Zero remembers nothing.
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

    pub(crate) fn get(&self, hash: u64, key: &[u8]) -> Option<T> {
        let mut shard = self.shard(hash).lock();
        let same = |entry: &Entry<T>| entry.hash == hash && *entry.key == *key;
        if let Some(entry) = shard.young.table.find(hash, same) {
            return Some(entry.value.clone());
        }
        let entry = shard.old.table.find_entry(hash, same).ok()?.remove().0;
        shard.old.bytes -= entry.key.len();
        let value = entry.value.clone();
        self.insert(&mut shard, entry);
        Some(value)
    }

    pub(crate) fn put(&self, hash: u64, key: &[u8], value: &T) {
        if key.len() > KEY_BYTES_MAX.min(self.bytes_max) || self.entries_max == 0 {
            return;
        }
        let mut shard = self.shard(hash).lock();
        // Two threads may have missed on the same key; the second finds it here.
        if shard.young.table.find(hash, |entry| *entry.key == *key).is_none() {
            self.insert(&mut shard, Entry { hash, key: key.into(), value: value.clone() });
        }
    }

    /// Values held now.
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(Mutex::lock)
            .map(|shard| shard.young.table.len() + shard.old.table.len())
            .sum()
    }

    fn insert(&self, shard: &mut Shard<T>, entry: Entry<T>) {
        if shard.young.table.len() >= self.entries_max
            || shard.young.bytes + entry.key.len() > self.bytes_max
        {
            shard.old = mem::take(&mut shard.young);
        }
        shard.young.bytes += entry.key.len();
        shard.young.table.insert_unique(entry.hash, entry, |entry| entry.hash);
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard<T>> {
        // The table uses the low and the top bits; take some from between.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_hashes_with_different_keys_stay_apart() {
        let memo = Memo::new(1000, 1 << 20);
        memo.put(7, b"a", &true);
        memo.put(7, b"b", &false);
        let get = |key: &[u8]| memo.get(7, key);
        assert_eq!(get(b"a"), Some(true));
        assert_eq!(get(b"b"), Some(false));
        assert_eq!(get(b"c"), None);
    }

    #[test]
    fn stays_within_its_bounds_and_keeps_what_is_used() {
        let (entries_max, bytes_max) = (1024, 64 * 1024);
        let memo = Memo::new(entries_max, bytes_max);
        for i in 0..20_000u32 {
            let key = i.to_le_bytes();
            memo.put(memo.hash(&key), &key, &true);
            let favourite = 0u32.to_le_bytes();
            assert!(memo.get(memo.hash(&favourite), &favourite).is_some(), "at {i}");
            assert!(memo.len() <= entries_max);
        }
        let large = vec![0u8; KEY_BYTES_MAX + 1];
        memo.put(memo.hash(&large), &large, &true);
        assert!(memo.get(memo.hash(&large), &large).is_none());
    }

    #[test]
    fn a_memo_of_nothing_remembers_nothing() {
        let memo = Memo::new(0, 0);
        memo.put(1, b"", &true);
        assert!(memo.get(1, b"").is_none());
    }
}
