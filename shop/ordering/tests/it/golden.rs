//! What others read stays readable: the stored order, the buyer's view and the OpenAPI document. `UPDATE_EXPECT=1` writes
//! the files anew; a changed one is a decision.

use std::collections::BTreeMap;

use expect_test::{ExpectFile, expect_file};
use ordering::KnownEvent;
use ordering::api::OrderView;
use ordering::order::{Order, OrderState};
use serde::Serialize;

use crate::door::Door;
use crate::orders::{event, minute, order};

fn is(value: &impl Serialize, file: ExpectFile) {
    file.assert_eq(&format!("{}\n", serde_json::to_string_pretty(value).unwrap()));
}

fn paying_again() -> Order {
    order(OrderState::AwaitingPayment { attempt: 1, declined: Some("insufficient_funds".into()) })
}

#[test]
fn an_order_is_stored_as_before_and_read_back() {
    is(&paying_again(), expect_file!["../golden/order.json"]);
    assert_eq!(serde_json::from_str::<Order>(include_str!("../golden/order.json")).unwrap(), paying_again());
}

/// Its lines did not say which event the buyer saw.
#[test]
fn an_order_that_was_stored_earlier_is_still_read() {
    let mut earlier = paying_again();
    (earlier.lines[0].event_version, earlier.lines[0].event_starts) = (0, None);
    assert_eq!(serde_json::from_str::<Order>(include_str!("../golden/order.v1.json")).unwrap(), earlier);
}

#[test]
fn a_buyer_sees_the_fields_of_before() {
    let moved =
        KnownEvent { event_id: event(), version: 4, title: "A day of fado".into(), starts: Some(minute(13 * 60)), cancelled: false };
    is(&OrderView::new(&paying_again(), &BTreeMap::from([(event(), moved)])), expect_file!["../golden/order-view.json"]);
}

#[test]
fn the_openapi_document_is_that_of_before() {
    is(&Door::open().get("/openapi.json").body, expect_file!["../golden/openapi.json"]);
}
