//! Numbered SQL scripts, each applied once and never changed after that.

use std::collections::BTreeSet;

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

/// What the database lacks of these sets: migrations that were never applied to it, and tables that they made and that
/// are gone.
pub(crate) fn lacking(tx: &mut Tx<'_>, sets: &[Migrations]) -> Result<Vec<String>, SqlError> {
    let tables: BTreeSet<String> =
        tx.query("SELECT name FROM sqlite_schema WHERE type = 'table'", params![], |row| row.get(0))?.into_iter().collect();
    let mut lacking = Vec::new();
    for set in sets {
        let applied = if tables.contains("schema_migrations") { applied(tx, set.set)?.len() } else { 0 };
        let (made, missing) = set.files.split_at(applied.min(set.files.len()));
        let gone = tables_of(made).into_iter().filter(|table| !tables.contains(*table));
        lacking.extend(gone.map(|table| format!("table {table} of {}", set.set)));
        lacking.extend(missing.iter().map(|(name, _)| format!("migration {}/{name}", set.set)));
    }
    Ok(lacking)
}

/// The tables that are there after these scripts.
fn tables_of(files: &[(&str, &'static str)]) -> BTreeSet<&'static str> {
    let mut tables = BTreeSet::new();
    for (_, script) in files {
        let words: Vec<&str> = tokens(script).filter(|token| token.starts_with(|c: char| c.is_alphanumeric() || c == '_')).collect();
        for (at, pair) in words.windows(2).enumerate() {
            let mut names = words[at + 2..].iter().copied().filter(|word| !["IF", "NOT", "EXISTS"].contains(word));
            match (pair, names.next()) {
                (["CREATE", "TABLE"], Some(table)) => drop(tables.insert(table)),
                (["DROP", "TABLE"], Some(table)) => drop(tables.remove(table)),
                (["ALTER", "TABLE"], Some(table)) if names.next() == Some("RENAME") && names.next() == Some("TO") => {
                    tables.remove(table);
                    tables.extend(names.next());
                }
                _ => {}
            }
        }
    }
    tables
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
    let replaced = tokens(script).map(|token| match token {
        "BYTES" => "BLOB",
        "AUTO_KEY" => "INTEGER PRIMARY KEY AUTOINCREMENT",
        "WITHOUT_ROWID" => "WITHOUT ROWID",
        other => other,
    });
    replaced.collect()
}

/// The script's words, quoted texts, comments and single characters.
fn tokens(script: &str) -> impl Iterator<Item = &str> {
    let mut rest = script;
    std::iter::from_fn(move || {
        let length = token_length(rest, rest.chars().next()?);
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
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
