//! How ordering's copy of the catalog's events stands.

use contracts::Standing;
use storage::{SqlError, Tx, params};

/// Its copy of the events that it knows by a version; of others it heard only from an order of an old message.
///
/// # Errors
/// Those of the database.
pub fn events(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    let sql = "SELECT event_id, version, version FROM known_events WHERE version > 0";
    tx.query(sql, params![], |row| Ok(Standing { id: row.get(0)?, version: row.get(1)?, shown: row.get(2)? }))
}
