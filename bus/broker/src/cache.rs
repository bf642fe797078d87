//! Contents of messages that were sent a short while ago, up to a number of bytes; the oldest go first.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_core::Key;

use crate::encoding::Content;

/// What an entry costs beside its bytes: maps, strings and counters, roughly.
const ENTRY_BYTES: usize = 256;

#[derive(Debug)]
pub(crate) struct Cache {
    entries: BTreeMap<Key, Arc<Content>>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { entries: BTreeMap::new(), bytes: 0, bytes_max }
    }

    pub(crate) fn insert(&mut self, key: Key, content: Arc<Content>) {
        self.bytes += cost(&content);
        if let Some(old) = self.entries.insert(key, content) {
            self.bytes -= cost(&old);
        }
        while self.bytes > self.bytes_max
            && let Some((_, oldest)) = self.entries.pop_first()
        {
            self.bytes -= cost(&oldest);
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Arc<Content>> {
        self.entries.get(&key)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Arc<Content>> {
        let content = self.entries.remove(&key)?;
        self.bytes -= cost(&content);
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
        assert!(cache.get(Key(1)).is_none() && cache.get(Key(2)).is_some() && cache.get(Key(3)).is_some());
        assert!(cache.remove(Key(2)).is_some() && cache.remove(Key(3)).is_some());
        assert_eq!(cache.bytes, 0);
    }
}
