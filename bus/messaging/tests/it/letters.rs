//! A little world of its own: a greeter that greets, tells everybody, and reminds itself.

use std::time::Duration;

use bytes::Bytes;
use hosting::Timestamp;
use messaging::{Command, Context, Destination, Endpoint, Event, HandlerResult, Headers, Message, OutgoingMessage};
use serde::{Deserialize, Serialize};
use storage::{Migrations, SqlError, Tx, params};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Greet {
    pub(crate) name: String,
}

impl Message for Greet {
    const NAME: &'static str = "letters.greet";
    const VERSION: u16 = 1;

    fn subject(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

impl Command for Greet {
    const ENDPOINT: &'static str = "greeter";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Greeted {
    pub(crate) name: String,
}

impl Message for Greeted {
    const NAME: &'static str = "letters.greeted";
    const VERSION: u16 = 1;
}

impl Event for Greeted {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remind {
    pub(crate) name: String,
}

impl Message for Remind {
    const NAME: &'static str = "letters.remind";
    const VERSION: u16 = 1;
}

impl Command for Remind {
    const ENDPOINT: &'static str = "greeter";
}

/// A command to somebody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Archive {
    pub(crate) name: String,
}

impl Message for Archive {
    const NAME: &'static str = "letters.archive";
    const VERSION: u16 = 1;

    fn expires_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(3_600))
    }

    fn partition_key(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

impl Command for Archive {
    const ENDPOINT: &'static str = "archive";
}

pub(crate) const TABLES: Migrations = Migrations {
    set: "letters",
    files: &[(
        "0001_greetings.sql",
        "CREATE TABLE greetings (id AUTO_KEY, name TEXT NOT NULL, at BIGINT NOT NULL);
         CREATE TABLE people (name TEXT PRIMARY KEY);
         CREATE TABLE debts (name TEXT NOT NULL REFERENCES people (name) DEFERRABLE INITIALLY DEFERRED);",
    )],
};

/// A greeter with everything declared and nothing handled.
pub(crate) fn bare() -> Endpoint {
    Endpoint::new("greeter").migrations(TABLES).publishes::<Greeted>().sends::<Remind>().sends::<Archive>()
}

/// A greeter that notes whom it greets and tells everybody.
pub(crate) fn greeter() -> Endpoint {
    bare().handle(greet)
}

pub(crate) fn greet(ctx: &mut Context<'_>, cmd: Greet) -> HandlerResult {
    note(ctx, &cmd.name)?;
    ctx.publish(Greeted { name: cmd.name })
}

pub(crate) fn note(ctx: &mut Context<'_>, name: &str) -> Result<(), SqlError> {
    let now = ctx.now();
    ctx.tx().execute("INSERT INTO greetings (name, at) VALUES ($1, $2)", params![name, now]).map(drop)
}

/// Whom it has greeted, in order.
pub(crate) fn noted(tx: &mut Tx<'_>) -> Result<Vec<String>, SqlError> {
    tx.query("SELECT name FROM greetings ORDER BY id", params![], |row| row.get(0))
}

pub(crate) fn noted_at(tx: &mut Tx<'_>) -> Result<Vec<Timestamp>, SqlError> {
    tx.query("SELECT at FROM greetings ORDER BY id", params![], |row| row.get(0))
}

/// A letter to the greeter, with an id that sorts by its number.
pub(crate) fn letter(number: u32, name: &str) -> OutgoingMessage {
    raw(&format!("00000000-0000-7000-8000-{number:012}"), Greet::NAME, &format!(r#"{{"name":"{name}"}}"#))
}

pub(crate) fn raw(id: &str, kind: &str, body: &str) -> OutgoingMessage {
    let headers = [("type", kind), ("source", "/stranger"), ("dataschema", &format!("{kind}/v1")), ("id", id)];
    OutgoingMessage {
        destination: Destination::Queue("greeter".to_owned()),
        id: id.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect::<Headers>(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(crate) fn named(name: &str) -> Greet {
    Greet { name: name.to_owned() }
}
