//! How the box office's copies of the catalog's rows stand, and its own counters that others copy.

use contracts::Standing;
use storage::{SqlError, Tx, params};

/// Its copy of events: whether they are cancelled.
///
/// # Errors
/// Those of the database.
pub fn cancellations(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT id, catalog_version, CASE WHEN cancelled THEN 1 ELSE 0 END FROM events")
}

/// Its copy of the places that the organiser wants to sell.
///
/// # Errors
/// Those of the database.
pub fn capacities(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT id, catalog_version, wanted FROM ticket_types")
}

/// The places that it has left.
///
/// # Errors
/// Those of the database.
pub fn places_left(tx: &mut Tx<'_>) -> Result<Vec<Standing>, SqlError> {
    standings(tx, "SELECT id, version, CASE WHEN wanted > held + sold THEN wanted - held - sold ELSE 0 END FROM ticket_types")
}

fn standings(tx: &mut Tx<'_>, sql: &str) -> Result<Vec<Standing>, SqlError> {
    tx.query(sql, params![], |row| Ok(Standing { id: row.get(0)?, version: row.get(1)?, shown: row.get(2)? }))
}
