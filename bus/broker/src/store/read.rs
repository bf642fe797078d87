//! Reading what the core does not hold: contents, and why dead letters died.

use std::collections::BTreeMap;

use broker_core::{Key, Place};
use storage::{Tx, params};

use super::StoreError;
use crate::encoding::{Content, decode_headers};

/// What is stored about one message.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: Key,
    pub(crate) content: Content,
    pub(crate) death: Option<DeathNote>,
}

/// Why a message is in a dead-letter queue.
#[derive(Debug, Clone)]
pub(crate) struct DeathNote {
    pub(crate) died_at: i64,
    pub(crate) reason: String,
    pub(crate) description: String,
    pub(crate) headers: BTreeMap<String, String>,
}

pub(super) fn stored(tx: &mut Tx<'_>, keys: &[(Key, Place)]) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    for (key, place) in keys {
        let Some(content) = content(tx, *key)? else { continue };
        let death = if *place == Place::DeadLetter { death_note(tx, *key)? } else { None };
        found.push(Stored { key: *key, content, death });
    }
    Ok(found)
}

pub(crate) fn content(tx: &mut Tx<'_>, key: Key) -> Result<Option<Content>, StoreError> {
    let blob = tx.query_optional("SELECT content FROM contents WHERE key = $1", params![key.0], |row| row.get::<Vec<u8>>(0))?;
    blob.map(Content::decode).transpose().map_err(|source| StoreError::Encoding { key: key.0, source })
}

pub(crate) fn death_note(tx: &mut Tx<'_>, key: Key) -> Result<Option<DeathNote>, StoreError> {
    let sql = "SELECT died_at, reason, description, headers FROM dead_letters WHERE key = $1";
    let found = tx.query_optional(sql, params![key.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<Vec<u8>>(3)?)))?;
    let Some((died_at, reason, description, headers)) = found else { return Ok(None) };
    let headers = decode_headers(&headers).map_err(|source| StoreError::Encoding { key: key.0, source })?;
    Ok(Some(DeathNote { died_at, reason, description, headers }))
}
