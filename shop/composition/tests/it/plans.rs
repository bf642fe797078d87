//! Ten times the events and orders change no step's time by much: every statement of a whole journey finds its rows by a
//! key. What may read a table from end to end is listed, with the reason.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::{Value, json};
use storage::{Database, Plan};

use crate::shop::{GOOD_CARD, SECRET_KEY, TestShop};

/// Scans of what stays small: rows that can never be sent have an index of their own, ready ones are counted up to a
/// limit, and a start looks which tables there are.
const MAY_SCAN: [&str; 3] = ["SCAN outbox USING INDEX outbox_failed", "SCAN ready", "SCAN sqlite_schema"];

fn scans(db: &Database) -> Vec<Plan> {
    let plans = db.read_blocking(|tx| tx.plans()).unwrap();
    assert!(plans.len() > 5, "only {} statements were run", plans.len());
    let scans = |step: &String| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" && !MAY_SCAN.contains(&step.as_str());
    plans.into_iter().filter(|plan| plan.steps.iter().any(scans)).collect()
}

/// Whatever buyers, organisers and the services do.
fn live(shop: &TestShop) {
    let mut choice = shop.enter("Check Night", 10, 2_500);
    let (_, journal) = shop.buy(&choice, GOOD_CARD);
    shop.buy(&choice, "4000000000000002");
    choice.quantity = 10;
    shop.buy(&choice, GOOD_CARD);
    let event = format!("/api/event-catalog/events/{}", choice.event);
    fill_a_basket(shop, &choice.event, &choice.ticket_type);
    for query in ["", "?q=night", "?city=oslo", "?q=night&city=oslo&limit=1", "?from=2027-01-01T00:00:00Z"] {
        assert_eq!(shop.get(&format!("/api/event-catalog/events{query}")).status, 200, "{query}");
    }
    for (verb, body) in [
        ("price", json!({"price": "26.00"})),
        ("capacity", json!({"capacity": 12})),
        ("rename", json!({"title": "Last Night"})),
        ("reschedule", json!({"starts": shop.now().plus(Duration::from_secs(40 * 86_400))})),
        ("cancel", Value::Null),
    ] {
        assert_eq!(shop.organiser(&Method::POST, &format!("{event}/{verb}"), &body).status, 200, "{verb}");
    }
    let (order, _) = journal.order().unwrap();
    shop.until("refunded", || shop.get(&format!("/api/ordering/orders/{order}")).body["state"] == "refunded");
    for path in [
        format!("/api/ordering/orders/{order}/history"),
        format!("/api/payment/orders/{order}/payments"),
        format!("/api/admin/orders/{order}"),
        "/api/admin/dead-letters".to_owned(),
    ] {
        assert_eq!(shop.organiser(&Method::GET, &path, &Value::Null).status, 200, "{path}");
    }
    shop.get(&format!("/api/box-office/orders/{order}/tickets"));
    shop.get(&format!("/api/box-office/ticket-types/{}/availability", choice.ticket_type));
    for path in ["payment_intents", "payment_intents?starting_after=pi_0", "refunds", "refunds?payment_intent=pi_0", "refunds?charge=ch_0"]
    {
        let request = Request::get(format!("http://gateway.shop/v1/{path}")).header(header::AUTHORIZATION, format!("Bearer {SECRET_KEY}"));
        shop.send(request.body(Bytes::new()).unwrap());
    }
}

fn fill_a_basket(shop: &TestShop, event: &str, ticket_type: &str) {
    let ask = |method: &Method, path: &str, body: &Value| shop.ask(method, &format!("/api/shopping-basket/baskets{path}"), None, body);
    let basket = ask(&Method::POST, "", &Value::Null).body["id"].as_str().unwrap().to_owned();
    let wish = json!({"event_id": event, "ticket_type_id": ticket_type, "quantity": 1});
    let line = ask(&Method::POST, &format!("/{basket}/lines"), &wish).body["id"].as_str().unwrap().to_owned();
    ask(&Method::PUT, &format!("/{basket}/lines/{line}"), &json!({"quantity": 2}));
    ask(&Method::POST, &format!("/{basket}/lines/{line}/accept-price"), &Value::Null);
    ask(&Method::DELETE, &format!("/{basket}/lines/{line}"), &Value::Null);
    ask(&Method::GET, &format!("/{basket}"), &Value::Null);
}

#[test]
fn no_statement_of_a_whole_journey_reads_a_table_from_end_to_end() {
    let shop = TestShop::open("plans");
    live(&shop);
    let mut found = scans(shop.gateway_db());
    for running in shop.shop().services() {
        found.extend(scans(running.service.db()));
    }
    assert!(found.is_empty(), "{found:#?}");
}
