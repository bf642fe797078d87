//! What others read stays readable: the stored payment, the stored call and the OpenAPI document. `UPDATE_EXPECT=1` writes
//! the files anew; a changed one is a decision.

use contracts::payment::{CallGateway, GatewayCall};
use expect_test::{ExpectFile, expect_file};
use payment::AskGateway;
use payment::payment::Payment;
use serde::Serialize;

use crate::door::Door;
use crate::payments::{closing, order_id, payment};

fn is(value: &impl Serialize, file: ExpectFile) {
    file.assert_eq(&format!("{}\n", serde_json::to_string_pretty(value).unwrap()));
}

#[test]
fn a_payment_is_stored_as_before_and_read_back() {
    is(&payment(closing()), expect_file!["../golden/payment.json"]);
    assert_eq!(serde_json::from_str::<Payment>(include_str!("../golden/payment.json")).unwrap(), payment(closing()));
}

#[test]
fn a_call_is_stored_as_before_and_read_back() {
    let call = CallGateway { order_id: order_id(), attempt: 1, call: GatewayCall::Cancel, key: "a/1/cancel".into() };
    let asked = AskGateway { call, intent: Some("pi_1".into()), charge: payment(closing()).charge.unwrap() };
    is(&asked, expect_file!["../golden/ask-gateway.json"]);
    assert_eq!(serde_json::from_str::<AskGateway>(include_str!("../golden/ask-gateway.json")).unwrap(), asked);
}

#[test]
fn the_openapi_document_is_that_of_before() {
    is(&Door::open().get("/openapi.json").body, expect_file!["../golden/openapi.json"]);
}
