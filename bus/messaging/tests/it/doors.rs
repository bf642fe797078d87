//! What a service's HTTP door says: refusals in words that name what was sent, and who gets a stored answer (R32).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::{Body, to_bytes};
use axum::{Json, Router};
use http::header::AUTHORIZATION;
use messaging::http::{Access, Change, Class, Path, Problem, Query, Routes};
use messaging::{Service, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::bus::Bus;
use crate::letters::greeter;
use crate::world::{Party, World, disk};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Wish {
    thing: Uuid,
    quantity: u32,
    note: Option<String>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Part {
    price_minor: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Page {
    limit: Option<u32>,
    after: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A shop below `/api/shop` that counts what it carries out.
struct Door {
    world: World,
    _party: Party,
    router: Router,
}

impl Door {
    fn open() -> Self {
        let world = World::default();
        let party = world.start(&Bus::new(&world), &disk(), greeter(), Settings::default());
        let (service, runs) = (party.service.clone(), Arc::new(AtomicU32::new(0)));
        let count = move |key| counted(service.clone(), runs.clone(), key);
        let (make, wish) = (count.clone(), count);
        let access = Access { organiser_key: "organiser".to_owned(), service_key: "service".to_owned() };
        let (shop, _) = Routes::new(access)
            .post("/things", Class::Public, async move |change: Change<Option<Nothing>>| make(change.key).await)
            .get("/things", Class::Organiser, async |_: Query<Page>| Json(json!({})))
            .get("/things/{id}", Class::Secret, async |_: Path<Uuid>| Json(json!({})))
            .post("/things/{id}/wishes", Class::Secret, async move |_: Path<Uuid>, change: Change<Wish>| wish(change.key).await)
            .finish(());
        Self { world, _party: party, router: Router::new().nest("/api/shop", shop) }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut request = http::Request::builder().method(method).uri(format!("/api/shop{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let asked = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap());
        self.world.wait(async move {
            let answer = asked.await.unwrap();
            let status = answer.status().as_u16();
            (status, serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap())
        })
    }

    fn refusal(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (status, document) = self.ask(method, path, &[(AUTHORIZATION.as_str(), "Bearer organiser")], body);
        (status, document["detail"].as_str().unwrap_or_else(|| panic!("{path} {body} was taken: {document}")).to_owned())
    }

    /// The number of the run whose answer this is.
    fn under(&self, path: &str, key: &str, body: &str) -> Value {
        self.ask("POST", path, &[("idempotency-key", key)], body).1
    }
}

async fn counted(service: Service, runs: Arc<AtomicU32>, key: messaging::http::OperationKey) -> Result<Json<u32>, Problem> {
    service.operation(key, move |_| Ok(runs.fetch_add(1, Ordering::Relaxed) + 1)).await.map(Json)
}

const ONE: &str = "/things/0190f6a2-7b1c-4def-8a55-000000000001";
const TWO: &str = "/things/0190f6a2-7b1c-4def-8a55-000000000002";
const WISH: &str = r#"{"thing":"0190f6a2-7b1c-4def-8a55-000000000003","quantity":1}"#;

#[test]
fn keys_of_different_secrets_in_a_path_have_nothing_to_do_with_each_other() {
    let door = Door::open();
    let (one, two) = (format!("{ONE}/wishes"), format!("{TWO}/wishes"));
    assert_eq!([door.under(&one, "k", WISH), door.under(&two, "k", WISH), door.under(&one, "k", WISH)], [json!(1), json!(2), json!(1)]);
    let other = WISH.replace(r#""quantity":1"#, r#""quantity":2"#);
    assert_eq!(door.under(&one, "k", &other)["type"], "idempotency-key-reused");
}

#[test]
fn a_key_that_alone_tells_callers_apart_must_not_be_short() {
    let door = Door::open();
    let short = door.under("/things", "15-characters-k", "");
    assert_eq!((short["status"].clone(), short["type"].clone()), (json!(400), json!("bad-request")));
    assert!(short["detail"].as_str().unwrap().contains("at least 16 characters"), "{short}");
    let long = ["16-characters--a", "16-characters--b", "16-characters--a"].map(|key| door.under("/things", key, ""));
    assert_eq!(long, [json!(1), json!(2), json!(1)]);
}

#[test]
fn a_body_that_does_not_fit_is_refused_by_the_name_of_its_field_and_what_is_expected_there() {
    let door = Door::open();
    let thing = "0190f6a2-7b1c-4def-8a55-000000000003";
    let long = format!(r#"{{"thing":"{}","quantity":1}}"#, "x".repeat(1_000));
    let cut = format!("`thing` must be a UUID; it is \"{}…", "x".repeat(79));
    let cases = [
        (r#"{"thing":"ID","quantity":-1}"#, "`quantity` must be a whole number from 0 to 4294967295; it is -1"),
        (r#"{"thing":"ID","quantity":4294967296}"#, "`quantity` must be a whole number from 0 to 4294967295; it is 4294967296"),
        (r#"{"thing":"ID","quantity":1.5}"#, "`quantity` must be a whole number from 0 to 4294967295; it is 1.5"),
        (r#"{"thing":"ID","quantity":"1"}"#, "`quantity` must be a whole number from 0 to 4294967295; it is \"1\""),
        (r#"{"thing":"ID","quantity":null}"#, "`quantity` must be a whole number from 0 to 4294967295; it is null"),
        (r#"{"thing":"ID"}"#, "`quantity` is missing"),
        (r#"{"thing":"ID","quantity":1,"note":7}"#, "`note` must be text; it is 7"),
        (r#"{"thing":"ID","quantity":1,"note":{}}"#, "`note` must be text; it is an object"),
        (r#"{"thing":"ID","quantity":1,"parts":{}}"#, "`parts` must be a list; it is an object"),
        (r#"{"thing":"ID","quantity":1,"parts":[{}]}"#, "`parts[0].price_minor` is missing"),
        (r#"{"thing":"ID","quantity":1,"parts":[{"price_minor":true}]}"#, "`parts[0].price_minor` must be a whole number; it is true"),
        (r#"{"thing":"ID","quantity":1,"parts":[1]}"#, "`parts[0]` must be an object; it is 1"),
        (r#"{"thing":"zz","quantity":1}"#, "`thing` must be a UUID; it is \"zz\""),
        (r#"{"thing":7,"quantity":1}"#, "`thing` must be a UUID; it is 7"),
        (long.as_str(), cut.as_str()),
        (r#"{"colour":"red"}"#, "`colour` is unknown here; known: `thing`, `quantity`, `note`, `parts`"),
        (r#"{"quantity":1,"quantity":1}"#, "`quantity` is given twice"),
        ("", "the body must be a JSON object; there is none"),
        ("null", "the body must be a JSON object; there is none"),
        ("{}", "`thing` is missing"),
        ("[1]", "the body must be a JSON object; it is a list"),
        ("  \"thing\"", "the body must be a JSON object; it is \"thing\""),
        ("7", "the body must be a JSON object; it is 7"),
        ("true", "the body must be a JSON object; it is true"),
        ("nonsense", "the body is no JSON: expected ident"),
        ("{", "the body is no JSON: EOF while parsing an object"),
        (r#"{"thing":"ID","quantity":1} more"#, "the body is no JSON: trailing characters"),
    ];
    for (body, told) in cases {
        let said = door.refusal("POST", &format!("{ONE}/wishes"), &body.replace("ID", thing));
        assert_eq!(said, (400, told.to_owned()), "{body:.100}");
    }
    assert_eq!(door.refusal("POST", "/things", "[]").1, "the body must be a JSON object; it is a list");
    for (body, run) in [("", 1), ("null", 2), (" {} ", 3)] {
        assert_eq!(door.ask("POST", "/things", &[], body).1, json!(run));
    }
}

#[test]
fn a_query_that_does_not_fit_is_refused_by_the_name_of_its_parameter() {
    let door = Door::open();
    let cases = [
        ("limit=x", "`limit` must be a whole number; it is `x`"),
        ("limit=-1", "`limit` must be a whole number; it is `-1`"),
        ("limit=", "`limit` must be a whole number; it is ``"),
        ("limit=99999999999", "`limit` is too large; it is `99999999999`"),
        ("after=zz", "`after` must be a UUID; it is `zz`"),
        ("page=2", "`page` is unknown here; known: `limit`, `after`"),
        ("limit=1&limit=2", "`limit` is given twice"),
    ];
    for (query, told) in cases {
        assert_eq!(door.refusal("GET", &format!("/things?{query}"), ""), (400, told.to_owned()), "{query}");
    }
}

#[test]
fn a_refused_path_is_named_as_it_was_asked_for_and_cut_where_it_is_long() {
    let door = Door::open();
    let long = "x".repeat(5_000);
    let cases = [
        ("GET", "/nowhere".to_owned(), 404, "there is nothing at `/api/shop/nowhere`; see the service's openapi.json".to_owned()),
        ("PUT", "/things".to_owned(), 405, "`/api/shop/things` does not take PUT".to_owned()),
        ("GET", "/things/zz".to_owned(), 404, "`zz` is no id: ids are UUIDs".to_owned()),
        ("GET", "/things/%FF".to_owned(), 404, "there is nothing at `/api/shop/things/%FF`".to_owned()),
        ("GET", format!("/things/{long}"), 404, format!("`{}…` is no id: ids are UUIDs", &long[..80])),
        ("GET", format!("/{long}"), 404, format!("there is nothing at `/api/shop/{}…`; see the service's openapi.json", &long[..190])),
    ];
    for (method, path, status, told) in cases {
        assert_eq!(door.refusal(method, &path, ""), (status, told), "{path:.50}");
    }
}

#[test]
fn the_scheme_of_a_key_is_read_ignoring_case() {
    let door = Door::open();
    for (given, status) in [
        ("Bearer organiser", 200),
        ("bearer organiser", 200),
        ("BEARER  organiser", 200),
        ("Bearer ORGANISER", 403),
        ("Bearer", 401),
        ("Bearerorganiser", 401),
        ("Basic organiser", 401),
    ] {
        assert_eq!(door.ask("GET", "/things", &[(AUTHORIZATION.as_str(), given)], "").0, status, "{given}");
    }
}
