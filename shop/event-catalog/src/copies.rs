//! How the catalog's rows stand that others copy, and its own copy of what is left.

use contracts::Standing;
use storage::{SqlError, Tx, params};

/// Its events, whole.
///
/// # Errors
/// Those of the database.
pub fn events(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT event_id, version, version FROM events")
}

/// Its events: whether they are cancelled.
///
/// # Errors
/// Those of the database.
pub fn cancellations(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT event_id, version, CASE WHEN cancelled THEN 1 ELSE 0 END FROM events")
}

/// Its ticket types, whole.
///
/// # Errors
/// Those of the database.
pub fn ticket_types(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT ticket_type_id, version, version FROM ticket_types")
}

/// Its ticket types: the places that the organiser wants to sell.
///
/// # Errors
/// Those of the database.
pub fn capacities(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT ticket_type_id, version, capacity FROM ticket_types")
}

/// Its copy of the places that the box office has left.
///
/// # Errors
/// Those of the database.
pub fn places_left(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT ticket_type_id, version, available FROM availability")
}

fn standings(tx: &mut Tx<'_>, sql: &str) -> Result<Vec<Standing>, SqlError> {
    tx.query(sql, params![], |row| Ok(Standing { id: row.get(0)?, version: row.get(1)?, shown: row.get(2)? }))
}
