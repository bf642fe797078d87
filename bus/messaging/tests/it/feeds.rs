//! Stored feeds: R33 to R36. A hall tells who comes and goes; a counter counts them, never twice and never too few.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::{Json, Router};
use bytes::Bytes;
use hosting::{BoxFuture, Clock as _, HttpClient, HttpError};
use http::{Request, Response, StatusCode};
use messaging::feed::{Entry, FeedPage, FeedQuery, FeedSource, Restart};
use messaging::http::{Access, Class, OperationKey, Problem, Query, Routes};
use messaging::topology::check;
use messaging::{Context, Endpoint, FeedEntry, HandlerError, HandlerResult, Service, Settings, TestEndpoint};
use serde::{Deserialize, Serialize};
use storage::{CommitFault, Migrations, SqlError, Tx, params};
use tower::ServiceExt as _;

use crate::bus::Bus;
use crate::world::{Disk, Party, World, disk};

const DAY_S: i64 = 24 * 3_600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Came {
    people: u32,
}

impl FeedEntry for Came {
    const FEED: &'static str = "door";
    const ENDPOINT: &'static str = "hall";
    const VERSION: u16 = 1;
}

#[derive(Debug, Serialize, Deserialize)]
struct Song {
    text: String,
}

impl FeedEntry for Song {
    const FEED: &'static str = "songs";
    const ENDPOINT: &'static str = "hall";
    const VERSION: u16 = 1;
}

const TABLES: Migrations = Migrations {
    set: "counter",
    files: &[("0001_counter.sql", "CREATE TABLE seen (id AUTO_KEY, people BIGINT NOT NULL); CREATE TABLE restarts (why TEXT NOT NULL);")],
};

fn hall() -> Endpoint {
    Endpoint::new("hall").keeps::<Came>()
}

fn counter() -> Endpoint {
    let source = FeedSource { url: "http://hall".to_owned(), service_key: "s".to_owned() };
    Endpoint::new("counter").migrations(TABLES).polls::<Came>(source, count, begin_anew)
}

/// Nobody with the number of the beast is counted.
fn count(ctx: &mut Context<'_>, entry: Entry<Came>) -> HandlerResult {
    if entry.data.people == 666 {
        return Err(HandlerError::transient("not this one"));
    }
    ctx.tx().execute("INSERT INTO seen (people) VALUES ($1)", params![entry.data.people])?;
    Ok(())
}

fn begin_anew(ctx: &mut Context<'_>, why: Restart) -> HandlerResult {
    if why == Restart::NewEpoch {
        ctx.tx().execute("DELETE FROM seen", params![])?;
    }
    ctx.tx().execute("INSERT INTO restarts (why) VALUES ($1)", params![format!("{why:?}")])?;
    Ok(())
}

/// The hall's door, as the network reaches it.
struct Door {
    world: World,
    router: Router,
}

impl Door {
    fn of(world: &World, hall: &Service, service_key: &str) -> Arc<dyn HttpClient> {
        let access = Access { organiser_key: "o".to_owned(), service_key: service_key.to_owned() };
        let router = Routes::new(access).get("/feeds/door", Class::Service, page).finish(hall.clone()).0;
        Arc::new(Self { world: world.clone(), router })
    }
}

impl HttpClient for Door {
    fn send(&self, request: Request<Bytes>, _timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(async move {
            // A way takes its time, so that there are moments between asking, hearing and knowing.
            self.world.sleep(Duration::from_millis(2)).await;
            let answered = self.router.clone().oneshot(request.map(axum::body::Body::from)).await;
            let (parts, body) = answered.unwrap().into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            self.world.sleep(Duration::from_millis(2)).await;
            Ok(Response::from_parts(parts, bytes))
        })
    }
}

async fn page(State(hall): State<Service>, Query(query): Query<FeedQuery>) -> Result<Json<FeedPage>, Problem> {
    hall.feed::<Came>(query).await.map(Json)
}

/// A hall at work, whose feed the counter finds.
fn open(world: &World, disk: &Disk) -> (Arc<Bus>, Party) {
    let bus = Bus::new(world);
    let party = world.start(&bus, disk, hall(), Settings::default());
    world.serve(Some(Door::of(world, &party.service, "s")));
    (bus, party)
}

/// One operation, in which so many come.
fn come(world: &World, hall: &Service, people: &'static [u32]) {
    let told = hall.operation(OperationKey::internal("come", None, b""), move |ctx| {
        people.iter().try_for_each(|people| ctx.append(&Came { people: *people }))?;
        Ok(())
    });
    world.wait(told).unwrap();
}

fn ask(world: &World, hall: &Service, query: FeedQuery) -> Result<FeedPage, Problem> {
    world.wait(hall.feed::<Came>(query))
}

fn after(cursor: Option<String>) -> FeedQuery {
    FeedQuery { after: cursor, ..FeedQuery::default() }
}

fn people(page: &FeedPage) -> Vec<u32> {
    page.entries.iter().map(|entry| serde_json::from_str::<Came>(entry.data.get()).unwrap().people).collect()
}

fn seen(world: &World, counter: &Service) -> Vec<u32> {
    world.wait(counter.read(|tx: &mut Tx<'_>| tx.query("SELECT people FROM seen ORDER BY id", params![], |row| row.get(0)))).unwrap()
}

fn restarts(world: &World, counter: &Service) -> Vec<String> {
    let read = |tx: &mut Tx<'_>| tx.query("SELECT why FROM restarts", params![], |row| row.get(0));
    world.wait(counter.read::<_, SqlError>(read)).unwrap()
}

#[test]
fn eleven_entries_of_one_commit_are_read_as_ten_and_one() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let first = ask(&world, &hall.service, FeedQuery { max: Some(10), ..FeedQuery::default() }).unwrap();
    assert_eq!((people(&first), first.more), ((1..=10).collect(), true));
    let second = ask(&world, &hall.service, FeedQuery { max: Some(10), ..after(first.next) }).unwrap();
    assert_eq!((people(&second), second.more), (vec![11], false));
    let third = ask(&world, &hall.service, after(second.next.clone())).unwrap();
    assert_eq!((third.entries.len(), third.next), (0, second.next));
}

#[test]
fn entries_come_in_commit_order_and_those_of_an_undone_step_never() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1]);
    let refused = hall.service.operation(OperationKey::internal("come", None, b""), |ctx| {
        ctx.append(&Came { people: 99 })?;
        Err::<(), _>(Problem::conflict("full", "the hall is full"))
    });
    assert_eq!(world.wait(refused).unwrap_err().kind(), "full");
    come(&world, &hall.service, &[2, 3]);
    assert_eq!(people(&ask(&world, &hall.service, FeedQuery::default()).unwrap()), [1, 2, 3]);
}

#[test]
fn a_reader_that_waits_is_answered_by_the_commit_it_waits_for() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1]);
    let next = ask(&world, &hall.service, FeedQuery::default()).unwrap().next;
    let began = world.monotonic();
    let later = {
        let (world, service) = (world.clone(), hall.service.clone());
        async move {
            world.sleep(Duration::from_secs(3)).await;
            let key = OperationKey::internal("come", None, b"");
            service.operation(key, |ctx| Ok(ctx.append(&Came { people: 2 })?)).await.unwrap();
        }
    };
    drop(hosting::Spawner::spawn(&world, "later", Box::pin(later)));
    let page = ask(&world, &hall.service, FeedQuery { wait: Some("20s".to_owned()), ..after(next) }).unwrap();
    assert_eq!(people(&page), [2]);
    assert!(world.monotonic() - began < Duration::from_millis(3_100));
}

#[test]
fn a_reader_waits_no_longer_than_it_asked_for() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    let began = world.monotonic();
    let page = ask(&world, &hall.service, FeedQuery { wait: Some("20s".to_owned()), ..FeedQuery::default() }).unwrap();
    let waited = world.monotonic() - began;
    assert_eq!((page.entries.len(), page.next), (0, None));
    assert!((20_000..20_100).contains(&waited.as_millis()), "{waited:?}");
    hall.service.end_waits();
    ask(&world, &hall.service, FeedQuery { wait: Some("20s".to_owned()), ..FeedQuery::default() }).unwrap();
    assert!(world.monotonic() - began - waited < Duration::from_millis(100), "a process that stops keeps nobody waiting");
}

#[test]
fn a_query_that_makes_no_sense_is_refused_with_what_to_do() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    let refused = |query| ask(&world, &hall.service, query).map(drop).unwrap_err();
    let wrong = [
        (after(Some("yesterday".to_owned())), "`next` of an earlier page"),
        (FeedQuery { max: Some(0), ..FeedQuery::default() }, "1 to 1000"),
        (FeedQuery { max: Some(1_001), ..FeedQuery::default() }, "1 to 1000"),
        (FeedQuery { wait: Some("26s".to_owned()), ..FeedQuery::default() }, "at most 25 s"),
        (FeedQuery { wait: Some("soon".to_owned()), ..FeedQuery::default() }, "`20s`"),
        (FeedQuery { reader: Some("Nobody!".to_owned()), ..FeedQuery::default() }, "a-z"),
    ];
    for (query, hint) in wrong {
        let problem = refused(query);
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        assert!(problem.detail().contains(hint), "{}", problem.detail());
    }
}

#[test]
fn a_cursor_out_of_retention_is_told_the_oldest_position() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1, 2, 3]);
    let first = ask(&world, &hall.service, FeedQuery { max: Some(1), ..FeedQuery::default() }).unwrap();
    world.jump(20 * DAY_S);
    come(&world, &hall.service, &[4]);
    world.jump(20 * DAY_S);
    world.run_for(Duration::from_secs(61));
    let gone = ask(&world, &hall.service, after(first.next)).map(drop).unwrap_err();
    assert_eq!((gone.status(), gone.kind()), (StatusCode::GONE, "feed-cursor-expired"));
    let oldest = gone.detail().split('`').nth(1).unwrap().to_owned();
    assert_eq!(people(&ask(&world, &hall.service, after(Some(oldest))).unwrap()), [4]);
    assert_eq!(people(&ask(&world, &hall.service, FeedQuery::default()).unwrap()), [4]);
}

#[test]
fn a_cursor_of_a_foreign_epoch_is_told_so() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1]);
    let (_bus, other) = open(&world, &disk());
    come(&world, &other.service, &[1]);
    let cursor = ask(&world, &other.service, FeedQuery::default()).unwrap().next;
    let gone = ask(&world, &hall.service, after(cursor)).map(drop).unwrap_err();
    assert_eq!((gone.status(), gone.kind()), (StatusCode::GONE, "feed-epoch-changed"));
    assert!(gone.detail().contains("read on after `"), "{}", gone.detail());
}

#[test]
fn a_reader_ahead_of_a_restored_publisher_makes_it_begin_a_new_epoch() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1, 2]);
    let behind = ask(&world, &hall.service, FeedQuery { max: Some(1), ..FeedQuery::default() }).unwrap().next;
    let ahead = ask(&world, &hall.service, FeedQuery::default()).unwrap().next;
    let restore = |tx: &mut Tx<'_>| {
        tx.execute("DELETE FROM feed_entries WHERE position = 2", params![])?;
        tx.execute("UPDATE feeds SET last_position = 1", params![]).map_err(HandlerError::from)
    };
    world.wait(hall.service.db().write(restore)).unwrap();
    let gone = ask(&world, &hall.service, after(ahead)).map(drop).unwrap_err();
    assert_eq!(gone.kind(), "feed-epoch-changed");
    // Also those whose position would fit: what they know of it may be something else.
    come(&world, &hall.service, &[3, 4]);
    assert_eq!(ask(&world, &hall.service, after(behind)).map(drop).unwrap_err().kind(), "feed-epoch-changed");
}

#[test]
fn two_readers_do_not_disturb_each_other_and_each_is_shown_with_its_backlog() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    come(&world, &hall.service, &[1, 2, 3, 4, 5]);
    let read = |reader: &str, after: Option<String>, max| {
        let query = FeedQuery { after, max: Some(max), wait: None, reader: Some(reader.to_owned()) };
        ask(&world, &hall.service, query).unwrap()
    };
    let (slow, quick) = (read("slow", None, 1), read("quick", None, 4));
    assert_eq!((people(&read("slow", slow.next, 1)), people(&read("quick", quick.next, 4))), (vec![2], vec![5]));
    let feeds = world.wait(hall.service.feeds()).unwrap();
    let shown: Vec<(&str, u64)> = feeds[0].readers.iter().map(|reader| (reader.reader.as_str(), reader.behind)).collect();
    assert_eq!((feeds[0].feed, feeds[0].entries, shown), ("door", 5, vec![("quick", 1), ("slow", 4)]));
}

#[test]
fn a_page_of_large_entries_ends_early_and_says_that_there_is_more() {
    let world = World::default();
    let bus = Bus::new(&world);
    let hall = world.start(&bus, &disk(), Endpoint::new("hall").keeps::<Song>(), Settings::default());
    let sung = hall.service.operation(OperationKey::internal("sing", None, b""), |ctx| {
        let song = Song { text: "la".repeat(8_000) };
        (0..100).try_for_each(|_| ctx.append(&song))?;
        Ok(())
    });
    world.wait(sung).unwrap();
    let (mut next, mut sizes) = (None, Vec::new());
    loop {
        let page = world.wait(hall.service.feed::<Song>(FeedQuery { max: Some(1_000), ..after(next) })).unwrap();
        assert!(page.entries.iter().map(|entry| entry.data.get().len()).sum::<usize>() <= 1024 * 1024);
        sizes.push(page.entries.len());
        next = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (2, 100), "{sizes:?}");
}

#[test]
fn a_slow_reader_misses_nothing_while_much_is_told_and_holds_up_nobody() {
    let world = World::default();
    let (bus, hall) = open(&world, &disk());
    let quick = world.start(&bus, &disk(), counter(), Settings::default());
    let (mut next, mut slow, mut pages) = (None, Vec::new(), 0);
    for number in 1..=1_000_u32 {
        let told =
            hall.service.operation(OperationKey::internal("come", None, b""), move |ctx| Ok(ctx.append(&Came { people: 1_000 + number })?));
        world.wait(told).unwrap();
        if number % 50 == 0 {
            let page = ask(&world, &hall.service, FeedQuery { max: Some(7), ..after(next) }).unwrap();
            slow.extend(people(&page));
            (next, pages) = (page.next, pages + 1);
        }
    }
    world.run_for(Duration::from_secs(1));
    let all: Vec<u32> = (1_001..=2_000).collect();
    assert_eq!((slow.len(), pages, seen(&world, &quick.service)), (140, 20, all.clone()));
    loop {
        let page = ask(&world, &hall.service, FeedQuery { max: Some(1_000), ..after(next) }).unwrap();
        slow.extend(people(&page));
        next = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!(slow, all);
}

#[test]
fn a_reader_learns_each_entry_once_whenever_it_is_killed() {
    // Every millisecond of its way is one at which it may be killed: before asking, while the answer is under way, before
    // and after its commit.
    for moment in 0..12 {
        let world = World::default();
        let (hall_disk, counter_disk) = (disk(), disk());
        let (bus, hall) = open(&world, &hall_disk);
        come(&world, &hall.service, &[1, 2, 3]);
        let _counter = world.start(&bus, &counter_disk, counter(), Settings::default());
        world.run_for(Duration::from_millis(moment));
        world.kill();
        let (bus, hall) = open(&world, &hall_disk);
        come(&world, &hall.service, &[4]);
        let counter = world.start(&bus, &counter_disk, counter(), Settings::default());
        world.run_for(Duration::from_secs(1));
        assert_eq!(seen(&world, &counter.service), [1, 2, 3, 4], "killed after {moment} ms");
    }
}

#[test]
fn a_reader_learns_each_entry_once_whatever_its_commits_come_to() {
    for fault in [CommitFault::DiskFull, CommitFault::NotCommitted, CommitFault::CommittedButUnknown] {
        let world = World::default();
        let (bus, hall) = open(&world, &disk());
        let counter = world.start(&bus, &disk(), counter(), Settings::default());
        counter.commits.faults.lock().unwrap().push_back(fault);
        come(&world, &hall.service, &[1, 2, 3]);
        world.run_for(Duration::from_secs(2));
        assert_eq!(seen(&world, &counter.service), [1, 2, 3], "{fault:?}");
        assert!(world.health_of("counter").contains("Ready"), "{}", world.health_of("counter"));
    }
}

#[test]
fn an_entry_that_cannot_be_taken_in_stops_the_reader_there_and_health_says_so() {
    let world = World::default();
    let (bus, hall) = open(&world, &disk());
    let disk = disk();
    let reader = world.start(&bus, &disk, counter(), Settings::default());
    come(&world, &hall.service, &[1, 666, 2]);
    world.run_for(Duration::from_secs(30));
    assert_eq!(seen(&world, &reader.service), [1]);
    let health = world.health_of("counter");
    assert!(health.contains("hall/feeds/door") && health.contains("not this one"), "{health}");
    // A build that can take it in goes on there.
    world.kill();
    let source = FeedSource { url: "http://hall".to_owned(), service_key: "s".to_owned() };
    let mended = Endpoint::new("counter").migrations(TABLES).polls::<Came>(
        source,
        |ctx, entry| Ok(ctx.tx().execute("INSERT INTO seen (people) VALUES ($1)", params![entry.data.people]).map(drop)?),
        begin_anew,
    );
    let reader = world.start(&bus, &disk, mended, Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!(seen(&world, &reader.service), [1, 666, 2]);
}

#[test]
fn a_publisher_that_is_away_or_refuses_is_told_in_the_readers_health_and_read_on_later() {
    let world = World::default();
    let (bus, hall) = open(&world, &disk());
    world.serve(None);
    let reader = world.start(&bus, &disk(), counter(), Settings::default());
    come(&world, &hall.service, &[1]);
    world.run_for(Duration::from_secs(1));
    assert!(world.health_of("counter").contains("could not be sent"), "{}", world.health_of("counter"));
    world.serve(Some(Door::of(&world, &hall.service, "another")));
    world.run_for(Duration::from_secs(15));
    assert!(world.health_of("counter").contains("403"), "{}", world.health_of("counter"));
    world.serve(Some(Door::of(&world, &hall.service, "s")));
    world.run_for(Duration::from_secs(15));
    assert_eq!(seen(&world, &reader.service), [1]);
    assert!(world.health_of("counter").contains("Ready"));
}

#[test]
fn a_reader_of_a_restored_publisher_begins_anew() {
    let world = World::default();
    let (bus, hall) = open(&world, &disk());
    let reader = world.start(&bus, &disk(), counter(), Settings::default());
    come(&world, &hall.service, &[1, 2]);
    world.run_for(Duration::from_secs(1));
    let (_bus, restored) = open(&world, &disk());
    come(&world, &restored.service, &[7]);
    world.run_for(Duration::from_secs(25));
    assert_eq!((seen(&world, &reader.service), restarts(&world, &reader.service)), (vec![7], vec!["NewEpoch".to_owned()]));
}

#[test]
fn a_reader_that_was_away_too_long_goes_on_at_the_oldest_and_knows_that_it_missed_some() {
    let world = World::default();
    let (bus, hall) = open(&world, &disk());
    let disk = disk();
    let mut reader = world.start(&bus, &disk, counter(), Settings::default());
    come(&world, &hall.service, &[1]);
    world.run_for(Duration::from_secs(1));
    world.wait(reader.host.stop());
    come(&world, &hall.service, &[2]);
    world.jump(31 * DAY_S);
    world.run_for(Duration::from_secs(61));
    come(&world, &hall.service, &[3]);
    let reader = world.start(&bus, &disk, counter(), Settings::default());
    world.run_for(Duration::from_secs(1));
    assert_eq!((seen(&world, &reader.service), restarts(&world, &reader.service)), (vec![1, 3], vec!["EntriesMissed".to_owned()]));
}

#[test]
fn a_feed_that_nobody_keeps_is_noticed_before_anything_runs() {
    let (hall, lonely) = (Endpoint::new("hall"), counter());
    let misfit = check(&[hall.declaration(), lonely.declaration()]).unwrap_err();
    assert_eq!(misfit.faults, ["endpoint `counter` polls feed `door` of `hall`, which does not keep it"]);
    let thief = Endpoint::new("thief").keeps::<Came>();
    assert_eq!(check(&[thief.declaration()]).unwrap_err().faults, ["endpoint `thief` keeps feed `door`, which belongs to endpoint `hall`"]);
}

#[test]
fn an_endpoint_tells_only_through_feeds_that_it_declared_and_nothing_too_large() {
    let mut undeclared = TestEndpoint::new(Endpoint::new("hall"));
    let refused = undeclared.operation(|ctx| Ok(ctx.append(&Came { people: 1 }).unwrap_err().to_string())).unwrap();
    assert!(refused.contains("has not declared that it keeps feed `door`"), "{refused}");
    let mut hall = TestEndpoint::new(hall());
    hall.operation(|ctx| Ok(ctx.append(&Came { people: 1 })?)).unwrap();
    assert_eq!(hall.told::<Came>(), [Came { people: 1 }]);
    let mut counter = TestEndpoint::new(counter());
    counter.learn(&Came { people: 5 }).unwrap();
    assert!(counter.learn(&Came { people: 666 }).unwrap_err().contains("not this one"));
    let seen = counter.read(|tx| tx.query("SELECT people FROM seen", params![], |row| row.get::<u32>(0)));
    assert_eq!(seen, [5]);
}

#[test]
fn a_feed_is_closed_without_the_service_key() {
    let world = World::default();
    let (_bus, hall) = open(&world, &disk());
    world.serve(Some(Door::of(&world, &hall.service, "s")));
    let request = Request::get("http://hall/feeds/door").body(Bytes::new()).unwrap();
    let answer = world.wait(world.send(request, Duration::from_secs(1))).unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
