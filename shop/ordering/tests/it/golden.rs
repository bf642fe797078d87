//! What others read stays readable: the stored order, the buyer's view and the OpenAPI document. `UPDATE_EXPECT=1` writes
//! the files anew; a changed one is a decision.

use expect_test::{ExpectFile, expect_file};
use ordering::api::OrderView;
use ordering::order::{Order, OrderState};
use serde::Serialize;

use crate::door::Door;
use crate::orders::order;

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

#[test]
fn a_buyer_sees_the_fields_of_before() {
    is(&OrderView::from(&paying_again()), expect_file!["../golden/order-view.json"]);
}

#[test]
fn the_openapi_document_is_that_of_before() {
    is(&Door::open().get("/openapi.json").body, expect_file!["../golden/openapi.json"]);
}
