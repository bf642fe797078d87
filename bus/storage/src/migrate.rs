//! Numbered SQL scripts, each applied once and never changed after that.

use sha2::{Digest, Sha256};

use crate::error::{OpenError, SqlClass, SqlError};
use crate::link::{Link, Standing, own};
use crate::params;
use crate::tx::{Access, Tx};

/// A set of migrations, in order. Several sets may share a database, such as a service's and the framework's.
///
/// Scripts are written for several engines. Three words outside quotes and comments are replaced: `BYTES` (a column of
/// bytes), `AUTO_KEY` (a primary key never used twice) and `WITHOUT_ROWID` (after a table: keep it in its key's order).
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The set's name, unique in the database.
    pub set: &'static str,
    /// Names and scripts. Only ever appended to.
    pub files: &'static [(&'static str, &'static str)],
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (\
    set_name TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, \
    PRIMARY KEY (set_name, number))";

/// Applies what is new, all or nothing.
pub(crate) fn apply(link: &Link, migrations: &[Migrations]) -> Result<(), OpenError> {
    if migrations.is_empty() {
        return Ok(());
    }
    let set_up = |source| OpenError::MigrationFailed { set: "storage".to_owned(), name: "schema_migrations".to_owned(), source };
    link.run(own::BEGIN_WRITE).map_err(set_up)?;
    let _standing = Standing(link);
    link.run_script(TABLE).map_err(set_up)?;
    for set in migrations {
        apply_set(link, set)?;
    }
    link.run(own::COMMIT).map_err(set_up)
}

fn apply_set(link: &Link, set: &Migrations) -> Result<(), OpenError> {
    let failed = |name: &str, source| OpenError::MigrationFailed { set: set.set.to_owned(), name: name.to_owned(), source };
    let mut tx = Tx::new(link, Access::Write);
    let applied = applied(&mut tx, set.set).map_err(|source| failed("schema_migrations", source))?;
    for (index, (name, checksum)) in applied.iter().enumerate() {
        let known = set.files.get(index).filter(|(known, _)| known == name);
        let Some((_, script)) = known else {
            return Err(OpenError::MigrationMissing { set: set.set.to_owned(), name: name.clone() });
        };
        if checksum_of(script) != *checksum {
            return Err(OpenError::MigrationChanged { set: set.set.to_owned(), name: name.clone() });
        }
    }
    for (index, (name, script)) in set.files.iter().enumerate().skip(applied.len()) {
        apply_one(link, &mut tx, set.set, (index, name, script)).map_err(|source| failed(name, source))?;
    }
    Ok(())
}

fn applied(tx: &mut Tx<'_>, set: &str) -> Result<Vec<(String, String)>, SqlError> {
    let sql = "SELECT name, checksum FROM schema_migrations WHERE set_name = $1 ORDER BY number";
    tx.query(sql, params![set], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn apply_one(link: &Link, tx: &mut Tx<'_>, set: &str, (index, name, script): (usize, &str, &str)) -> Result<(), SqlError> {
    link.run_script(&for_sqlite(script))?;
    if !link.in_transaction() {
        return Err(SqlError::new(SqlClass::Other, "a migration must not end the transaction", ""));
    }
    let sql = "INSERT INTO schema_migrations (set_name, number, name, checksum) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![set, index as u64 + 1, name, checksum_of(script)])?;
    Ok(())
}

fn checksum_of(script: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(script.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Replaces the words that stand for what engines spell differently.
fn for_sqlite(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        out.push_str(match token {
            "BYTES" => "BLOB",
            "AUTO_KEY" => "INTEGER PRIMARY KEY AUTOINCREMENT",
            "WITHOUT_ROWID" => "WITHOUT ROWID",
            other => other,
        });
        rest = after;
    }
    out
}

/// The length in bytes of the word, quoted text, comment or single character that `rest` begins with.
fn token_length(rest: &str, first: char) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let until = |end: &str, from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        tail.find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    match first {
        '\'' => until("'", 1),
        '"' => until("\"", 1),
        '-' if rest.starts_with("--") => until("\n", 2),
        '/' if rest.starts_with("/*") => until("*/", 2),
        c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        c => c.len_utf8(),
    }
}
