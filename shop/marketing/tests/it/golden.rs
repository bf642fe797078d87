//! What others read stays readable: the OpenAPI document. `UPDATE_EXPECT=1` writes it anew; a changed one is a decision.

use expect_test::expect_file;

use crate::door::Marketing;

#[test]
fn the_openapi_document_is_that_of_before() {
    let (_, document) = Marketing::open().ask("/openapi.json", None);
    expect_file!["../golden/openapi.json"].assert_eq(&format!("{}\n", serde_json::to_string_pretty(&document).unwrap()));
}
