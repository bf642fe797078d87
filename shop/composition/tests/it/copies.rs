//! A copy that is behind says so: which, by how much, since when, and what is on the way to it.

use http::Method;
use serde_json::{Value, json};
use storage::{SqlError, params};

use composition::ServiceName;

use crate::shop::TestShop;

fn copy(shop: &TestShop, what: &str, of: ServiceName) -> Value {
    let reply = shop.organiser(&Method::GET, "/api/admin/copies", &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let copies = reply.body["copies"].as_array().unwrap().iter();
    let mut found = copies.filter(|copy| copy["what"] == what && copy["copy"] == of.as_str());
    found.next().unwrap_or_else(|| panic!("{what} of {of} is not in {}", reply.body)).clone()
}

fn is_in_step(copy: &Value) -> bool {
    copy["rows_behind"] == 0 && copy["versions_behind"] == 0 && copy["since"].is_null() && copy["age_s"].is_null()
}

fn run(shop: &TestShop, of: ServiceName, sql: &'static str) {
    let service = shop.shop().services().iter().find(|running| running.name == of).unwrap().service.clone();
    shop.block_on(service.db().write(move |tx| tx.execute(sql, params![]).map(drop)))
        .map_err(|error: storage::WriteError<SqlError>| error)
        .unwrap();
}

/// Nothing that the service writes from now on is due: its outbox is not dispatched.
fn stall(shop: &TestShop, of: ServiceName) {
    run(shop, of, "CREATE TRIGGER stalled AFTER INSERT ON outbox BEGIN UPDATE outbox SET due = due + 3600000000 WHERE id = NEW.id; END");
}

fn go_on(shop: &mut TestShop, of: ServiceName) {
    run(shop, of, "DROP TRIGGER stalled");
    run(shop, of, "UPDATE outbox SET due = 0");
    shop.restart();
}

#[test]
fn a_copy_that_is_behind_says_by_how_much_since_when_and_what_is_on_the_way_until_it_is_in_step_again() {
    let mut shop = TestShop::open("copies-stalled");
    let choice = shop.enter("Check Night", 10, 2_500);
    shop.rest();
    for (what, of) in [("events", ServiceName::ShoppingBasket), ("ticket types and prices", ServiceName::ShoppingBasket)] {
        let before = copy(&shop, what, of);
        assert!(is_in_step(&before) && before["rows"] == 1, "{before}");
    }
    stall(&shop, ServiceName::EventCatalog);
    let asked = shop.now();
    for title in ["Another Night", "A Third Night"] {
        let renamed =
            shop.organiser(&Method::POST, &format!("/api/event-catalog/events/{}/rename", choice.event), &json!({ "title": title }));
        assert_eq!(renamed.status, 200, "{}", renamed.body);
    }
    let behind = copy(&shop, "events", ServiceName::ShoppingBasket);
    assert_eq!((&behind["rows_behind"], &behind["versions_behind"]), (&1.into(), &2.into()), "{behind}");
    assert_eq!(behind["on_the_way"], json!({ "outbox": 2, "queue": 0, "given_up": 0 }), "{behind}");
    let since: hosting::Timestamp = behind["since"].as_str().unwrap().parse().unwrap();
    assert!(asked <= since && since <= shop.now() && behind["age_s"].is_u64(), "{behind}");
    // What was not changed is in step, also with another service that copies the same rows.
    assert!(is_in_step(&copy(&shop, "ticket types and prices", ServiceName::ShoppingBasket)));
    assert!(is_in_step(&copy(&shop, "cancellations", ServiceName::BoxOffice)));
    // Ordering has the rows that orders or changes told it of, and lacks no others.
    assert!(is_in_step(&copy(&shop, "events of orders", ServiceName::Ordering)));
    go_on(&mut shop, ServiceName::EventCatalog);
    shop.until("in step", || is_in_step(&copy(&shop, "events", ServiceName::ShoppingBasket)));
}

#[test]
fn a_price_changes_no_copy_of_capacities_and_a_capacity_that_has_not_arrived_puts_its_copy_behind() {
    let mut shop = TestShop::open("copies-capacity");
    let choice = shop.enter("Check Night", 10, 2_500);
    shop.rest();
    stall(&shop, ServiceName::EventCatalog);
    let change = |shop: &TestShop, of: &str, body: Value| {
        let path = format!("/api/event-catalog/events/{}/{of}", choice.event);
        assert_eq!(shop.organiser(&Method::POST, &path, &body).status, 200);
    };
    change(&shop, "price", json!({ "price_minor": 3_000 }));
    assert!(is_in_step(&copy(&shop, "wanted capacity", ServiceName::BoxOffice)));
    assert_eq!(copy(&shop, "ticket types and prices", ServiceName::ShoppingBasket)["rows_behind"], 1);
    change(&shop, "capacity", json!({ "capacity": 12 }));
    assert_eq!(copy(&shop, "wanted capacity", ServiceName::BoxOffice)["rows_behind"], 1);
    go_on(&mut shop, ServiceName::EventCatalog);
    for (what, of) in [("wanted capacity", ServiceName::BoxOffice), ("places left", ServiceName::EventCatalog)] {
        shop.until("in step", || is_in_step(&copy(&shop, what, of)) && copy(&shop, what, of)["rows"] == 1);
    }
}

#[test]
fn a_row_that_never_arrived_is_missed_also_where_nothing_is_on_the_way() {
    let shop = TestShop::open("copies-lost");
    shop.enter("Check Night", 10, 2_500);
    shop.rest();
    run(&shop, ServiceName::ShoppingBasket, "DELETE FROM events");
    let behind = copy(&shop, "events", ServiceName::ShoppingBasket);
    assert_eq!((&behind["rows"], &behind["rows_behind"], &behind["versions_behind"]), (&0.into(), &1.into(), &1.into()), "{behind}");
    assert!(behind["since"].is_null() && behind["age_s"].is_null(), "{behind}");
}
