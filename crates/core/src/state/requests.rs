//! Which requests were answered by which event: the memory behind idempotency keys.

use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::event::RequestKey;

/// Keys remembered; the oldest is forgotten first. At 100 keyed requests a second that is more than
/// half an hour of retries, in about 20 MB.
pub const REQUESTS_KEPT: usize = 200_000;

/// Keys are digests, so their first bytes are a hash already.
#[derive(Debug, Clone, Copy, Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.0 ^= u64::from_le_bytes(first);
    }

    fn write_usize(&mut self, _length_prefix: usize) {}
}

/// Keys in the order of their answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Requests {
    order: VecDeque<Answered>,
    index: HashMap<[u8; 16], ([u8; 8], u64), BuildHasherDefault<FirstBytes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Answered {
    request: RequestKey,
    position: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored(Vec<Answered>);

impl Requests {
    /// The position that answered `key`, and the content it was asked with.
    #[must_use]
    pub fn get(&self, key: &[u8; 16]) -> Option<(u64, [u8; 8])> {
        self.index.get(key).map(|(content, position)| (*position, *content))
    }

    /// Remembers the first event of a request.
    pub(crate) fn remember(&mut self, request: RequestKey, position: u64) {
        if self.index.contains_key(&request.key) {
            return;
        }
        if self.order.len() >= REQUESTS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.index.remove(&oldest.request.key);
        }
        self.index.insert(request.key, (request.content, position));
        self.order.push_back(Answered { request, position });
    }
}

impl PartialEq for Requests {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl From<Stored> for Requests {
    fn from(Stored(answered): Stored) -> Self {
        let mut requests = Self::default();
        for entry in answered {
            requests.remember(entry.request, entry.position);
        }
        requests
    }
}

impl From<Requests> for Stored {
    fn from(requests: Requests) -> Self {
        Self(requests.order.into())
    }
}
