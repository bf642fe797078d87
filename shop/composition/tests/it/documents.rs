//! What people and programs read about the doors is what the doors are: docs/http.md and the OpenAPI documents.

use std::collections::BTreeMap;
use std::path::Path;

use composition::ShopRoute;
use expect_test::expect_file;
use messaging::http::Class;
use serde_json::Value;

use crate::request::name;
use crate::shop::TestShop;

fn class(class: Class) -> &'static str {
    match class {
        Class::Public => "public",
        Class::Secret => "secret",
        Class::Organiser => "organiser",
        Class::Service => "service",
    }
}

/// The rows `| `GET /path` | class | …` of the document, by route.
fn documented() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, route, class, ..] = cells.as_slice() else { continue };
        let Some(route) = route.strip_prefix('`').and_then(|route| route.strip_suffix('`')) else { continue };
        let is_ours = route.contains(" /api/") || route.contains(" /health/");
        if is_ours {
            assert_eq!(rows.insert(route.to_owned(), (*class).to_owned()), None, "{route} is there twice");
        }
    }
    rows
}

#[test]
fn the_table_in_docs_http_names_every_route_with_its_class() {
    let shop = TestShop::open("documents");
    let routes = shop.shop().routes().iter().map(|route| (name(route), class(route.entry.class).to_owned()));
    let routes: BTreeMap<String, String> = routes.collect();
    assert_eq!(documented(), routes);
}

/// The paths of the OpenAPI document at the prefix, by route.
fn described(shop: &TestShop, prefix: &str) -> Value {
    let reply = shop.get(&format!("{prefix}/openapi.json"));
    assert_eq!(reply.status, 200, "{prefix}");
    reply.body
}

fn is_described(document: &Value, route: &ShopRoute) -> bool {
    document["paths"][route.entry.path][route.entry.method.as_str().to_lowercase()].is_object()
}

#[test]
fn every_route_below_api_is_in_its_openapi_document_and_no_other() {
    let shop = TestShop::open("openapi");
    let mut by_prefix: BTreeMap<&str, Vec<&ShopRoute>> = BTreeMap::new();
    for route in shop.shop().routes().iter().filter(|route| !route.prefix.is_empty() && route.entry.path != "/openapi.json") {
        by_prefix.entry(&route.prefix).or_default().push(route);
    }
    for (prefix, routes) in by_prefix {
        let document = described(&shop, prefix);
        assert_eq!(document["servers"][0]["url"], prefix, "{prefix}/openapi.json says where its paths begin");
        for route in &routes {
            assert!(is_described(&document, route), "{} is not in {prefix}/openapi.json", name(route));
        }
        let paths = document["paths"].as_object().unwrap();
        let count: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(count, routes.len(), "{prefix}/openapi.json describes what is not there");
    }
}

#[test]
fn the_openapi_document_of_the_admin_routes_is_that_of_before() {
    let document = described(&TestShop::open("openapi-admin"), "/api/admin");
    expect_file!["../golden/admin-openapi.json"].assert_eq(&format!("{}\n", serde_json::to_string_pretty(&document).unwrap()));
}

#[test]
fn the_openapi_document_of_the_box_office_is_that_of_before() {
    let document = described(&TestShop::open("openapi-box-office"), "/api/box-office");
    expect_file!["../golden/box-office-openapi.json"].assert_eq(&format!("{}\n", serde_json::to_string_pretty(&document).unwrap()));
}
