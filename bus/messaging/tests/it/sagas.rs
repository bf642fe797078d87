//! Sagas: R23 to R27.

use std::time::Duration;

use messaging::{Command, Context, Decide, Endpoint, HandlerError, HandlerResult, Message, Missing, NotHandled, Saga, Saved, TestEndpoint};
use serde::{Deserialize, Serialize};
use storage::{Migrations, SqlError, Tx, params};

use crate::letters::{Archive, Greeted, Remind};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Invite {
    guest: String,
}

impl Message for Invite {
    const NAME: &'static str = "letters.invite";
    const VERSION: u16 = 1;
}

impl Command for Invite {
    const ENDPOINT: &'static str = "greeter";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Close {
    guest: String,
}

impl Message for Close {
    const NAME: &'static str = "letters.close";
    const VERSION: u16 = 1;
}

impl Command for Close {
    const ENDPOINT: &'static str = "greeter";
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Invitation {
    asked: u32,
    reminded: u32,
    banned: bool,
}

impl Saga for Invitation {
    type Key = String;
    const NAME: &'static str = "invitation";
}

impl Invitation {
    fn start(invite: Invite, banned: bool, decide: &mut Decide) -> Result<Self, HandlerError> {
        let due = decide.now().plus(Duration::from_secs(60));
        decide.send_at(due, &invite.guest, Remind { name: invite.guest.clone() });
        if invite.guest == "nobody" {
            return Err(HandlerError::permanent("nobody is no guest"));
        }
        Ok(Self { asked: 1, reminded: 0, banned })
    }

    fn again(&mut self, invite: Invite, decide: &mut Decide) -> HandlerResult {
        self.asked += 1;
        decide.send(Archive { name: invite.guest });
        Ok(())
    }

    fn remind(&mut self, _: Remind, _: &mut Decide) -> HandlerResult {
        self.reminded += 1;
        Ok(())
    }

    fn close(&mut self, _: Close, decide: &mut Decide) -> HandlerResult {
        decide.complete();
        Ok(())
    }

    fn greeted(&mut self, _: Greeted, _: &mut Decide) -> HandlerResult {
        self.asked += 100;
        Ok(())
    }
}

const TABLES: Migrations = Migrations { set: "sagas", files: &[("0001_banned.sql", "CREATE TABLE banned (guest TEXT PRIMARY KEY);")] };

fn is_banned(tx: &mut Tx<'_>, invite: &Invite) -> Result<bool, SqlError> {
    tx.query_one("SELECT count(*) > 0 FROM banned WHERE guest = $1", params![invite.guest], |row| row.get(0))
}

fn endpoint(missing: Missing) -> Endpoint {
    Endpoint::new("greeter").migrations(TABLES).sends::<Remind>().sends::<Archive>().saga::<Invitation>(|routes| {
        routes
            .starts_knowing(|invite: &Invite| invite.guest.clone(), is_banned, Invitation::start, Invitation::again)
            .handle(|remind: &Remind| remind.name.clone(), Invitation::remind, Missing::DeadLetter)
            .handle(|close: &Close| close.guest.clone(), Invitation::close, missing)
            .on(|greeted: &Greeted| greeted.name.clone(), Invitation::greeted, missing)
    })
}

fn stored(test: &TestEndpoint, guest: &'static str) -> Option<(i64, bool, Invitation)> {
    let found = test.read(move |tx| {
        tx.query_optional("SELECT version, completed, body FROM sagas WHERE saga = 'invitation' AND saga_key = $1", params![guest], |row| {
            Ok((row.get::<i64>(0)?, row.get::<bool>(1)?, row.get::<String>(2)?))
        })
    });
    found.map(|(version, completed, body)| (version, completed, serde_json::from_str(&body).unwrap()))
}

fn ada() -> String {
    "Ada".to_owned()
}

#[test]
fn a_starting_message_that_meets_an_instance_is_an_input_of_its_state() {
    let mut test = TestEndpoint::new(endpoint(Missing::Ignore));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Invite { guest: ada() }).unwrap();
    assert_eq!(stored(&test, "Ada"), Some((2, false, Invitation { asked: 2, reminded: 0, banned: false })));
    assert_eq!(test.sent::<Archive>().len(), 1);
}

#[test]
fn instances_of_different_keys_are_independent() {
    let mut test = TestEndpoint::new(endpoint(Missing::Ignore));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Invite { guest: "Bo".to_owned() }).unwrap();
    assert_eq!((stored(&test, "Ada").unwrap().0, stored(&test, "Bo").unwrap().0), (1, 1));
}

#[test]
fn a_stale_instance_is_never_saved() {
    let mut test = TestEndpoint::new(endpoint(Missing::Ignore));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Invite { guest: ada() }).unwrap();
    let stale = test.operation(|ctx| {
        let saved = Saved { loaded_version: 1, completed: false, now: ctx.now(), input: "test", message_id: None, sent: &[] };
        let result = Invitation { asked: 9, reminded: 9, banned: false }.save(ctx.tx(), &ada(), &saved);
        Ok(result.map_err(|error| error.class()))
    });
    assert_eq!(stale.unwrap(), Err(messaging::FailureClass::Conflict));
    assert_eq!(stored(&test, "Ada").unwrap().2.asked, 2);
}

#[test]
fn what_a_failed_decision_sent_or_changed_does_not_happen() {
    let mut test = TestEndpoint::new(endpoint(Missing::Ignore));
    assert!(test.handle(Invite { guest: "nobody".to_owned() }).is_err());
    test.advance(Duration::from_secs(120));
    assert_eq!((stored(&test, "nobody"), test.outgoing().len()), (None, 0));
}

#[test]
fn a_message_that_finds_no_instance_follows_what_was_declared() {
    let close = || Close { guest: ada() };
    assert_eq!(TestEndpoint::new(endpoint(Missing::Ignore)).handle(close()), Ok(()));
    assert!(matches!(TestEndpoint::new(endpoint(Missing::Retry)).handle(close()), Err(NotHandled::PutOff(_))));
    let ended = TestEndpoint::new(endpoint(Missing::DeadLetter)).handle(close());
    assert!(matches!(ended, Err(NotHandled::DeadLettered(_, description)) if description.contains("`Ada` is not known")));
}

#[test]
fn a_completed_instance_ignores_late_timeouts() {
    let mut test = TestEndpoint::new(endpoint(Missing::DeadLetter));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Close { guest: ada() }).unwrap();
    let before = stored(&test, "Ada");
    test.advance(Duration::from_secs(120));
    assert_eq!((stored(&test, "Ada"), test.sent::<Remind>().len()), (before, 1), "it came, and nothing came of it");
    let last = test.outgoing().iter().rfind(|message| message.headers["type"] == "letters.remind").cloned().unwrap();
    let ended = test.deliver(last);
    assert_eq!(ended, Err(NotHandled::Duplicate), "it counts as handled, not as a dead letter");
}

#[test]
fn a_completed_instance_follows_missing_for_other_messages() {
    let mut test = TestEndpoint::new(endpoint(Missing::DeadLetter));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Close { guest: ada() }).unwrap();
    for ended in [test.handle(Close { guest: ada() }), test.handle(Greeted { name: ada() })] {
        assert!(matches!(ended, Err(NotHandled::DeadLettered(_, description)) if description.contains("`Ada` is completed")));
    }
}

#[test]
fn a_completed_instance_is_started_anew_by_a_starting_message() {
    let mut test = TestEndpoint::new(endpoint(Missing::DeadLetter));
    test.handle(Invite { guest: ada() }).unwrap();
    test.handle(Close { guest: ada() }).unwrap();
    test.handle(Invite { guest: ada() }).unwrap();
    assert_eq!(stored(&test, "Ada"), Some((3, false, Invitation { asked: 1, reminded: 0, banned: false })));
}

#[test]
fn what_one_must_know_beside_its_instance_is_read_in_the_same_savepoint() {
    let mut test = TestEndpoint::new(endpoint(Missing::Ignore));
    let ban = |ctx: &mut Context<'_>| Ok(ctx.tx().execute("INSERT INTO banned (guest) VALUES ('Ada')", params![]).map(drop)?);
    test.operation(ban).unwrap();
    test.handle(Invite { guest: ada() }).unwrap();
    assert!(stored(&test, "Ada").unwrap().2.banned);
}
