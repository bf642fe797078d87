//! The endpoints that the rows set to work: a pinger that notes what it handles and tells everybody.

use hosting::Timestamp;
use messaging::storage::{Migrations, SqlError, Tx, params};
use messaging::{Command, Context, Endpoint, Event, HandlerError, HandlerResult, Message, OutgoingMessage};
use serde::{Deserialize, Serialize};

use crate::bench::Bench;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ping {
    pub(crate) text: String,
}

impl Message for Ping {
    const NAME: &'static str = "suite.ping";
    const VERSION: u16 = 1;
}

impl Command for Ping {
    const ENDPOINT: &'static str = "pinger";
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pinged {
    pub(crate) text: String,
}

impl Message for Pinged {
    const NAME: &'static str = "suite.pinged";
    const VERSION: u16 = 1;
}

impl Event for Pinged {}

const TABLES: Migrations =
    Migrations { set: "suite", files: &[("0001_notes.sql", "CREATE TABLE notes (id AUTO_KEY, text TEXT NOT NULL, at BIGINT NOT NULL);")] };

/// Notes each ping and tells of it; `fail` fails for good.
pub(crate) fn pinger() -> Endpoint {
    pinger_that(|_| {})
}

/// One that does something besides, with each ping's text.
pub(crate) fn pinger_that(does: impl Fn(&str) + Send + Sync + 'static) -> Endpoint {
    Endpoint::new("pinger").migrations(TABLES).sends::<Ping>().publishes::<Pinged>().handle(move |ctx, cmd: Ping| {
        does(&cmd.text);
        ping(ctx, cmd)
    })
}

/// Notes what it hears.
pub(crate) fn listener(name: &'static str) -> Endpoint {
    Endpoint::new(name).migrations(TABLES).on(|ctx, event: Pinged| note(ctx, &event.text))
}

fn ping(ctx: &mut Context<'_>, cmd: Ping) -> HandlerResult {
    if cmd.text == "fail" {
        return Err(HandlerError::permanent("it fails").caused_by(std::io::Error::other("of itself")));
    }
    note(ctx, &cmd.text)?;
    ctx.publish(Pinged { text: cmd.text })
}

fn note(ctx: &mut Context<'_>, text: &str) -> HandlerResult {
    let now = ctx.now();
    ctx.tx().execute("INSERT INTO notes (text, at) VALUES ($1, $2)", params![text, now])?;
    Ok(())
}

/// What was noted, in order.
pub(crate) fn noted(tx: &mut Tx<'_>) -> Result<Vec<String>, SqlError> {
    tx.query("SELECT text FROM notes ORDER BY id", params![], |row| row.get(0))
}

/// How many different texts were noted, and how many notes there are.
pub(crate) fn counted(tx: &mut Tx<'_>) -> Result<(u32, u32), SqlError> {
    tx.query_one("SELECT count(DISTINCT text), count(*) FROM notes", params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// When each note was made.
pub(crate) fn times(tx: &mut Tx<'_>) -> Result<Vec<Timestamp>, SqlError> {
    tx.query("SELECT at FROM notes ORDER BY id", params![], |row| row.get(0))
}

/// A ping as another endpoint would send it.
pub(crate) fn letter(bench: &Bench, text: &str) -> OutgoingMessage {
    let mut message = bench.message("pinger", format!(r#"{{"text":"{text}"}}"#).as_bytes());
    message.headers.insert("type".to_owned(), Ping::NAME.to_owned());
    message.headers.insert("source".to_owned(), "/suite".to_owned());
    message
}
