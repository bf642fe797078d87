//! Dead letters through the organiser's routes.

use std::collections::BTreeMap;

use bytes::Bytes;
use composition::ServiceName;
use http::Method;
use messaging::{Destination, OutgoingMessage, Settings};
use serde_json::{Value, json};
use storage::params;

use crate::shop::TestShop;

const LETTERS: &str = "/api/admin/dead-letters";

/// A message to ordering of a type that it does not know.
fn unheard_of(id: &str) -> OutgoingMessage {
    let headers = [("id", id), ("source", "test"), ("specversion", "1.0"), ("type", "globoticket.test.unheard-of")];
    OutgoingMessage {
        destination: Destination::Queue("ordering".to_owned()),
        id: id.to_owned(),
        headers: BTreeMap::from(headers.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        body: Bytes::from_static(b"{}"),
    }
}

fn plant(shop: &TestShop) {
    let sent = shop.block_on(shop.parts().transport.send(vec![unheard_of("planted-1")])).unwrap();
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
}

fn list(shop: &TestShop) -> Vec<Value> {
    let reply = shop.organiser(&Method::GET, LETTERS, &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["dead_letters"].as_array().unwrap().clone()
}

fn id(letter: &Value) -> &str {
    letter["id"].as_str().unwrap()
}

#[test]
fn a_message_of_an_unknown_type_is_listed_shown_and_sent_again() {
    let shop = TestShop::open("letters");
    assert_eq!(list(&shop), Vec::<Value>::new());
    plant(&shop);
    assert_eq!(shop.rest().1.dead_letters, 1);
    let letters = list(&shop);
    let letter = &letters[0];
    assert_eq!(
        (letters.len(), letter["endpoint"].as_str(), letter["kind"].as_str()),
        (1, Some("ordering"), Some("globoticket.test.unheard-of"))
    );
    assert_eq!((letter["message_id"].as_str(), letter["body"].as_str()), (Some("planted-1"), Some("{}")));
    assert!(!letter["reason"].as_str().unwrap().is_empty() && !letter["description"].as_str().unwrap().is_empty());
    let shown = shop.organiser(&Method::GET, &format!("{LETTERS}/{}", id(letter)), &Value::Null);
    assert_eq!((shown.status, &shown.body), (200, letter));

    let retried = shop.organiser(&Method::POST, &format!("{LETTERS}/{}/retry", id(letter)), &Value::Null);
    assert_eq!((retried.status, retried.body), (200, json!({"retried": id(letter)})));
    shop.rest();
    let again = list(&shop);
    assert_eq!((again.len(), again[0]["message_id"].as_str()), (1, Some("planted-1")), "nobody knows it the second time either");
    assert_ne!(id(&again[0]), id(letter));
    let gone = shop.organiser(&Method::POST, &format!("{LETTERS}/{}/retry", id(letter)), &Value::Null);
    assert_eq!((gone.status, gone.is_problem()), (404, true));
}

#[test]
fn a_letter_older_than_the_inbox_remembers_is_sent_again_only_when_confirmed() {
    let shop = TestShop::open_with("old-letters", Settings { inbox_retention_s: 0, ..Settings::default() });
    plant(&shop);
    shop.rest();
    let letters = list(&shop);
    let path = format!("{LETTERS}/{}/retry", id(&letters[0]));
    let refused = shop.organiser(&Method::POST, &path, &json!({"confirmed": false}));
    assert_eq!((refused.status, refused.body["type"].as_str()), (409, Some("older-than-retention")));
    assert_eq!(id(&list(&shop)[0]), id(&letters[0]));
    assert_eq!(shop.organiser(&Method::POST, &path, &json!({"confirmed": true})).status, 200);
}

#[test]
fn a_letter_that_is_not_there_is_not_found() {
    let shop = TestShop::open("no-letters");
    for place in ["1", "18446744073709551615", "0", "-1", "x", "unsendable-1", "unsendable-x", "unsendable-9223372036854775807"] {
        let id = format!("ordering/{place}");
        let shown = shop.organiser(&Method::GET, &format!("{LETTERS}/{id}"), &Value::Null);
        let retried = shop.organiser(&Method::POST, &format!("{LETTERS}/{id}/retry"), &Value::Null);
        assert_eq!((shown.status, shown.is_problem(), retried.status, retried.is_problem()), (404, true, 404, true), "{id}");
    }
    for (path, told) in [(format!("{LETTERS}/nobody/1"), "payment"), (format!("{LETTERS}?after=ordering/x"), "ordering/x")] {
        let refused = shop.organiser(&Method::GET, &path, &Value::Null);
        assert_eq!((refused.status, refused.is_problem()), (404, true), "{path}");
        assert!(refused.body["detail"].as_str().unwrap().contains(told), "{}", refused.body);
    }
}

/// Leaves ordering with a message that it committed and that the bus did not take.
fn plant_unsendable(shop: &TestShop) {
    let ordering = shop.shop().services().iter().find(|running| running.name == ServiceName::Ordering).unwrap();
    let planted = ordering.service.db().write_blocking(|tx| {
        tx.execute(
            "INSERT INTO outbox (message_id, destination, headers, body, due, failure)
             VALUES ($1, 'queue:payment', '{\"type\":\"globoticket.test.too-large\"}', $2, 0, 'too large')",
            params![uuid::Uuid::nil(), b"{}".to_vec()],
        )
    });
    planted.unwrap();
}

#[test]
fn a_message_that_could_not_be_sent_is_listed_shown_and_sent_again() {
    let shop = TestShop::open("unsendable");
    plant_unsendable(&shop);
    assert_eq!(shop.rest().1.dead_letters, 1);
    let letters = list(&shop);
    assert_eq!((letters[0]["kind"].as_str(), letters[0]["description"].as_str()), (Some("globoticket.test.too-large"), Some("too large")));
    let path = format!("{LETTERS}/{}", id(&letters[0]));
    assert_eq!(shop.organiser(&Method::GET, &path, &Value::Null).body, letters[0]);
    let retried = shop.organiser(&Method::POST, &format!("{path}/retry"), &Value::Null);
    assert_eq!((retried.status, &retried.body["retried"]), (200, &letters[0]["id"]));
    shop.rest();
    let after = list(&shop);
    let told = (after.len(), after[0]["endpoint"].as_str(), after[0]["kind"].as_str());
    assert_eq!(told, (1, Some("payment"), Some("globoticket.test.too-large")), "it has left ordering, and payment does not know it");
    assert_eq!(shop.organiser(&Method::POST, &format!("{path}/retry"), &Value::Null).status, 404);
}

#[test]
fn many_letters_are_listed_page_by_page_each_once() {
    let shop = TestShop::open("many-letters");
    let letters: Vec<_> = (0..230).map(|number| unheard_of(&format!("planted-{number:03}"))).collect();
    shop.block_on(shop.parts().transport.send(letters)).unwrap();
    plant_unsendable(&shop);
    assert_eq!(shop.rest().1.dead_letters, 231);
    let (mut sizes, mut ids, mut query) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = shop.organiser(&Method::GET, &format!("{LETTERS}{query}"), &Value::Null).body;
        let found = page["dead_letters"].as_array().unwrap();
        sizes.push(found.len());
        ids.extend(found.iter().map(|letter| id(letter).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?after={next}");
    }
    assert_eq!(sizes, [100, 100, 31]);
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 231);
}
