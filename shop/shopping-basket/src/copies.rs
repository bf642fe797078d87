//! How the basket's copies of the catalog's rows stand.

use contracts::Standing;
use storage::{SqlError, Tx, params};

/// Its copy of events.
///
/// # Errors
/// Those of the database.
pub fn events(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT event_id, version, version FROM events")
}

/// Its copy of ticket types, with their prices.
///
/// # Errors
/// Those of the database.
pub fn ticket_types(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT ticket_type_id, version, version FROM ticket_types")
}

fn standings(tx: &mut Tx<'_>, sql: &str) -> Result<Vec<Standing>, SqlError> {
    tx.query(sql, params![], |row| Ok(Standing { id: row.get(0)?, version: row.get(1)?, shown: row.get(2)? }))
}
