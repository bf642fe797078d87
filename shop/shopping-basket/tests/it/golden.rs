//! What others read stays readable: baskets as they are shown and refused, the facts, and the OpenAPI document.
//! `UPDATE_EXPECT=1` writes the files anew; a changed one is a decision.

use expect_test::{ExpectFile, expect_file};
use serde::Serialize;
use shopping_basket::audit;

use crate::door::Shop;

fn is(value: &impl Serialize, file: ExpectFile) {
    file.assert_eq(&format!("{}\n", serde_json::to_string_pretty(value).unwrap()));
}

#[test]
fn a_buyer_sees_the_fields_of_before() {
    let mut shop = Shop::open();
    shop.publish();
    let (basket, line) = shop.held();
    is(&shop.get(&basket).body, expect_file!["../golden/basket.json"]);
    shop.price(2, 2_800);
    is(&shop.check_out(&basket).body, expect_file!["../golden/checkout-refused.json"]);
    shop.ask("POST", &format!("{line}/accept-price"), "");
    shop.check_out(&basket);
    is(&shop.get(&basket).body, expect_file!["../golden/basket-checked-out.json"]);
    is(&shop.endpoint.read(audit::read), expect_file!["../golden/facts.json"]);
}

#[test]
fn the_openapi_document_is_that_of_before() {
    is(&Shop::open().get("/openapi.json").body, expect_file!["../golden/openapi.json"]);
}
