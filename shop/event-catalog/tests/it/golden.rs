//! What others read stays readable: events as they are shown, the facts and the OpenAPI document. `UPDATE_EXPECT=1` writes
//! the files anew; a changed one is a decision.

use event_catalog::{EventPage, audit};
use expect_test::{ExpectFile, expect_file};
use serde::Serialize;

use crate::door::Shop;

fn is(value: &impl Serialize, file: ExpectFile) {
    file.assert_eq(&format!("{}\n", serde_json::to_string_pretty(value).unwrap()));
}

#[test]
fn buyers_see_the_fields_of_before() {
    let mut shop = Shop::open();
    let id = shop.enter("Check Night")["id"].as_str().unwrap().to_owned();
    is(&shop.get(&format!("/events/{id}")).body, expect_file!["../golden/event.json"]);
    is(&shop.get("/events").body, expect_file!["../golden/events.json"]);
    is(&shop.endpoint.read(audit::read), expect_file!["../golden/facts.json"]);
}

#[test]
fn a_page_of_before_is_read_back() {
    let page: EventPage = serde_json::from_str(include_str!("../golden/events.json")).unwrap();
    is(&serde_json::to_value(page).unwrap(), expect_file!["../golden/events.json"]);
}

#[test]
fn the_openapi_document_is_that_of_before() {
    is(&Shop::open().get("/openapi.json").body, expect_file!["../golden/openapi.json"]);
}
