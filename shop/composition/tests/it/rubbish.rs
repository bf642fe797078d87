//! Rubbish at every route: whatever is sent, the answer says what is wrong, and what is refused has changed nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use composition::ShopRoute;
use composition::invariants::judge;
use http::{Method, Request, header};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::request::{Ids, body, name, parts, path};
use crate::shop::{GOOD_CARD, ORGANISER, Reply, SERVICE, TestShop};

/// Requests thrown at the shop.
const CASES: u32 = 2_000;

/// How a part of a path is spoilt.
#[derive(Debug, Clone)]
enum Part {
    Known,
    Unknown,
    Odd(String),
}

/// What is sent as the body. Fields and sizes are drawn as numbers and reckoned from the right body.
#[derive(Debug, Clone)]
enum Sent {
    Right,
    With { field: usize, value: Value },
    Without { field: usize },
    More { name: String, value: Value },
    Json(Value),
    Raw(Vec<u8>),
    Huge(usize),
    Deep(usize),
}

#[derive(Debug, Clone)]
struct Rubbish {
    route: usize,
    parts: Vec<Part>,
    query: String,
    key: Option<Vec<u8>>,
    headers: Vec<(&'static str, Vec<u8>)>,
    sent: Sent,
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\u{0}".to_owned()),
        Just("-1".to_owned()),
        Just("25.00".to_owned()),
        Just("1e400".to_owned()),
        Just("4242424242424242".to_owned()),
        Just("'; DROP TABLE events; --".to_owned()),
        Just("%_\\".to_owned()),
        Just("9999-12-31T23:59:59Z".to_owned()),
        Just("0190F6A27B1C4DEF8A55000000000001".to_owned()),
        Just("🎫".repeat(70)),
        Just("x".repeat(5_000)),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ]
}

fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(i64::MIN), Just(-1), Just(0), Just(1), Just(101), Just(4_294_967_296), Just(i64::MAX)].prop_map(Value::from),
        Just(json!(u64::MAX)),
        any::<f64>().prop_map(|number| json!(number)),
        odd_text().prop_map(Value::from),
    ];
    let wild = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((odd_text(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop_oneof![2 => nearly_right(), 3 => wild]
}

/// Of the right type somewhere, and perhaps against a rule.
fn nearly_right() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!(Ids::unknown().event)),
        3 => (0..15).prop_map(Value::from),
        1 => Just(json!("2001-01-01T00:00:00Z")),
        1 => Just(json!("0.001")),
        1 => Just(json!("XXX")),
        1 => Just(json!(" ")),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let odd = prop_oneof![
        Just("7".to_owned()),
        Just("%00".to_owned()),
        Just("%FF%FE".to_owned()),
        Just("..".to_owned()),
        Just("%2e%2e%2f".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("unsendable-1".to_owned()),
        Just("x".repeat(3_000)),
        Just("00000000-0000-0000-0000-000000000000".to_owned()),
        "[a-z0-9%-]{1,40}",
    ];
    prop_oneof![9 => Just(Part::Known), 1 => Just(Part::Unknown), 2 => odd.prop_map(Part::Odd)]
}

fn query() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("limit".to_owned()),
        Just("after".to_owned()),
        Just("q".to_owned()),
        Just("city".to_owned()),
        Just("from".to_owned()),
        "[a-z]{1,6}",
    ];
    let value = prop_oneof![
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("-1".to_owned()),
        Just("101".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("%00".to_owned()),
        Just("%FF".to_owned()),
        Just("%".to_owned()),
        Just("%25%5F".to_owned()),
        Just("2027-01-01T00:00:00Z".to_owned()),
        Just("9223372036854775807.0190f6a27b1c4def8a55000000000001".to_owned()),
        Just("-9223372036854775808.0190f6a27b1c4def8a55000000000001".to_owned()),
        Just("x".repeat(3_000)),
        "[a-zA-Z0-9.%+-]{0,20}",
    ];
    let fields = prop::collection::vec((field, value), 1..4);
    let fields = fields.prop_map(|fields| fields.iter().map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join("&"));
    prop_oneof![2 => Just(String::new()), 3 => fields]
}

fn key() -> impl Strategy<Value = Option<Vec<u8>>> {
    let bearer = |key: &str| Just(Some(format!("Bearer {key}").into_bytes()));
    let odd = prop::collection::vec(0x80_u8..=0xff, 0..20).prop_map(Some);
    prop_oneof![12 => bearer(ORGANISER), 1 => bearer(SERVICE), 1 => bearer("wrong"), 1 => Just(None), 1 => odd]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let name = prop_oneof![Just("idempotency-key"), Just("content-type"), Just("accept"), Just("x-odd"), Just("traceparent")];
    let value = prop_oneof![
        Just(Vec::new()),
        Just(b"once".to_vec()),
        Just(b"text/html; charset=utf-16".to_vec()),
        Just(vec![b'k'; 129]),
        Just(vec![b'k'; 9_000]),
        prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..30),
    ];
    prop::collection::vec((name, value), 0..3)
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        2 => Just(Sent::Right),
        6 => (any::<usize>(), odd_value()).prop_map(|(field, value)| Sent::With { field, value }),
        2 => any::<usize>().prop_map(|field| Sent::Without { field }),
        1 => (odd_text(), odd_value()).prop_map(|(name, value)| Sent::More { name, value }),
        2 => odd_value().prop_map(Sent::Json),
        2 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Sent::Raw),
        1 => prop_oneof![Just(65_536_usize), Just(65_537), Just(200_000)].prop_map(Sent::Huge),
        1 => (100_usize..20_000).prop_map(Sent::Deep),
    ]
}

/// Changing routes more often than those that only read.
fn rubbish(routes: &[ShopRoute]) -> impl Strategy<Value = Rubbish> {
    let often = |(number, route): (usize, &ShopRoute)| (if route.entry.method == Method::GET { 1 } else { 4 }, Just(number));
    let route = prop::strategy::Union::new_weighted(routes.iter().enumerate().map(often).collect());
    (route, prop::collection::vec(part(), 2), query(), key(), headers(), sent())
        .prop_map(|(route, parts, query, key, headers, sent)| Rubbish { route, parts, query, key, headers, sent })
}

fn bytes_of(sent: &Sent, right: &Value) -> Vec<u8> {
    let mut members = right.as_object().cloned().unwrap_or_default();
    let nth = |field: usize| members.keys().nth(field.checked_rem(members.len()).unwrap_or(0)).cloned().unwrap_or_default();
    match sent {
        Sent::Right if right.is_null() => return Vec::new(),
        Sent::Right => {}
        Sent::With { field, value } => drop(members.insert(nth(*field), value.clone())),
        Sent::Without { field } => drop(members.remove(&nth(*field))),
        Sent::More { name, value } => drop(members.insert(name.clone(), value.clone())),
        Sent::Json(value) => return value.to_string().into_bytes(),
        Sent::Raw(bytes) => return bytes.clone(),
        Sent::Huge(bytes) => drop(members.insert("name".to_owned(), Value::from("x".repeat(*bytes)))),
        Sent::Deep(levels) => return b"[".repeat(*levels),
    }
    Value::Object(members).to_string().into_bytes()
}

/// Nothing where the address is none that HTTP can carry.
fn request(shop: &TestShop, route: &ShopRoute, ids: &Ids, rubbish: &Rubbish) -> Option<Request<Bytes>> {
    let (known, unknown) = (parts(route, ids), parts(route, &Ids::unknown()));
    let spoilt = known.iter().zip(&unknown).zip(&rubbish.parts).map(|((known, unknown), part)| match part {
        Part::Known => known.clone(),
        Part::Unknown => unknown.clone(),
        Part::Odd(text) => text.clone(),
    });
    let mut uri = format!("http://shop.test{}", path(route, &spoilt.collect::<Vec<_>>()));
    if !rubbish.query.is_empty() {
        uri = format!("{uri}?{}", rubbish.query);
    }
    let mut request = Request::builder().method(&route.entry.method).uri(uri);
    for (name, value) in &rubbish.headers {
        request = request.header(*name, value.as_slice());
    }
    if let Some(key) = &rubbish.key {
        request = request.header(header::AUTHORIZATION, key.as_slice());
    }
    request.body(Bytes::from(bytes_of(&rubbish.sent, &body(shop, route, ids)))).ok()
}

/// An event to spoil, an open basket with a line of it, and an order that is paid for.
fn fresh(shop: &TestShop) -> Ids {
    let spoilt = shop.enter("Rubbish Night", 50, 2_500);
    let (_, journal) = shop.buy(&spoilt, GOOD_CARD);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let basket = text(&shop.ask(&Method::POST, "/api/shopping-basket/baskets", None, &json!({})).body["id"]);
    let line = json!({"event_id": spoilt.event, "ticket_type_id": spoilt.ticket_type, "quantity": 1});
    let line = shop.ask(&Method::POST, &format!("/api/shopping-basket/baskets/{basket}/lines"), None, &line);
    let order = journal.order().unwrap().0.to_owned();
    Ids { event: spoilt.event, ticket_type: spoilt.ticket_type, basket, line: text(&line.body["id"]), order }
}

/// What is over once it was asked for, so that whoever comes next finds everything refused.
fn ends_something(route: &ShopRoute) -> bool {
    let last = route.entry.path.rsplit('/').next().unwrap_or_default();
    matches!(last, "cancel" | "checkout" | "refund") || route.entry.method == Method::DELETE
}

fn check(route: &ShopRoute, reply: &Reply) -> Result<(), TestCaseError> {
    let what = format!("{}: {} {}", name(route), reply.status, reply.body);
    prop_assert!(reply.status < 500 || (reply.status == 503 && reply.retry_after.is_some()), "{}", what);
    prop_assert!(reply.status < 400 || reply.is_problem(), "{}", what);
    let kind = reply.body["type"].as_str().filter(|_| reply.status >= 400);
    let documented = kind.is_none_or(|kind| include_str!("../../../../docs/http.md").contains(&format!("`{kind}`")));
    prop_assert!(documented, "{:?} is not in docs/http.md", kind);
    Ok(())
}

#[test]
fn rubbish_at_any_route_is_refused_in_words_and_changes_nothing() {
    let shop = TestShop::open("rubbish");
    let routes = shop.shop().routes().to_vec();
    let (ids, statuses) = (RefCell::new(fresh(&shop)), RefCell::new(BTreeMap::<u16, u32>::new()));
    let facts = RefCell::new(shop.quiet());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let thrown = runner.run(&rubbish(&routes), |rubbish| {
        let route = &routes[rubbish.route];
        let Some(request) = request(&shop, route, &ids.borrow(), &rubbish) else { return Ok(()) };
        let reply = shop.send(request);
        *statuses.borrow_mut().entry(reply.status).or_default() += 1;
        check(route, &reply)?;
        if reply.status >= 400 {
            prop_assert_eq!(&*facts.borrow(), &shop.facts(), "{} changed something: {}", name(route), reply.body);
        } else if route.entry.method != Method::GET {
            if ends_something(route) {
                *ids.borrow_mut() = fresh(&shop);
            }
            *facts.borrow_mut() = shop.quiet();
        }
        Ok(())
    });
    thrown.unwrap_or_else(|error| panic!("{error}"));
    for status in [200, 201, 400, 401, 403, 404, 409, 413, 422] {
        assert!(statuses.borrow().contains_key(&status), "no answer was {status}: {statuses:?}");
    }
    let facts = shop.quiet();
    assert_eq!(facts.dead_letters(), 0, "what was taken could be handled by everyone");
    assert_eq!(judge(&facts, &facts, shop.now()).violations, []);
}
