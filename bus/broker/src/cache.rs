//! Contents of messages that were sent a short while ago, up to a number of bytes; the oldest go first.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_core::Key;

use crate::encoding::Content;

/// What an entry costs beside its bytes: maps, strings and counters, roughly.
const ENTRY_BYTES: usize = 256;

#[derive(Debug)]
pub(crate) struct Cache {
    /// Each with what it costs.
    entries: BTreeMap<Key, (Arc<Content>, usize)>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { entries: BTreeMap::new(), bytes: 0, bytes_max }
    }

    pub(crate) fn insert(&mut self, key: Key, content: Arc<Content>) {
        let cost = cost(&content);
        self.bytes += cost;
        if let Some((_, cost)) = self.entries.insert(key, (content, cost)) {
            self.bytes -= cost;
        }
        while self.bytes > self.bytes_max
            && let Some((_, (_, cost))) = self.entries.pop_first()
        {
            self.bytes -= cost;
        }
    }

    pub(crate) fn contains(&self, key: Key) -> bool {
        self.entries.contains_key(&key)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Arc<Content>> {
        let (content, cost) = self.entries.remove(&key)?;
        self.bytes -= cost;
        Some(content)
    }
}

fn cost(content: &Content) -> usize {
    content.encoded_len() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let content = Content { message_id: "m".to_owned(), session_id: None, headers: BTreeMap::new(), body: bytes::Bytes::new() };
        let content = Arc::new(content);
        let mut cache = Cache::new(2 * cost(&content));
        (1..=3).for_each(|key| cache.insert(Key(key), Arc::clone(&content)));
        assert!(!cache.contains(Key(1)) && cache.contains(Key(2)) && cache.contains(Key(3)));
        assert!(cache.remove(Key(2)).is_some() && cache.remove(Key(3)).is_some());
        assert_eq!(cache.bytes, 0);
    }
}
