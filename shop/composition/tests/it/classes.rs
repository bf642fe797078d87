//! Who may call what: each route of the table, tried without a key and with wrong ones.

use composition::ShopRoute;
use messaging::http::Class;

use crate::request::{Ids, body, name, parts, path};
use crate::shop::{ORGANISER, Reply, SERVICE, TestShop};

fn ask(shop: &TestShop, route: &ShopRoute, key: Option<&str>) -> Reply {
    let ids = Ids::unknown();
    shop.ask(&route.entry.method, &path(route, &parts(route, &ids)), key, &body(shop, route, &ids))
}

fn of_class(shop: &TestShop, class: Class) -> Vec<ShopRoute> {
    let routes: Vec<ShopRoute> = shop.shop().routes().iter().filter(|route| route.entry.class == class).cloned().collect();
    assert!(!routes.is_empty(), "no route of class {class:?}");
    routes
}

/// Without a key: 401. With any other: 403. With the right one: something else.
fn is_closed_by(shop: &TestShop, class: Class, key: &str, others: &[&str]) {
    for route in of_class(shop, class) {
        let without = ask(shop, &route, None);
        assert_eq!((without.status, without.is_problem()), (401, true), "{} without a key", name(&route));
        for other in others {
            let wrong = ask(shop, &route, Some(other));
            assert_eq!((wrong.status, wrong.is_problem()), (403, true), "{} with {other}", name(&route));
        }
        assert!(!matches!(ask(shop, &route, Some(key)).status, 401 | 403), "{} with its key", name(&route));
    }
}

#[test]
fn organisers_routes_open_to_the_organisers_key_alone() {
    let longer = format!("{ORGANISER}x");
    is_closed_by(&TestShop::open("organiser-class"), Class::Organiser, ORGANISER, &["wrong", "", SERVICE, &longer]);
}

#[test]
fn service_routes_open_to_the_service_key_alone() {
    is_closed_by(&TestShop::open("service-class"), Class::Service, SERVICE, &["wrong", "", ORGANISER]);
}

#[test]
fn public_routes_ask_for_no_key() {
    let shop = TestShop::open("public-class");
    for route in of_class(&shop, Class::Public) {
        for key in [None, Some("wrong")] {
            assert!(!matches!(ask(&shop, &route, key).status, 401 | 403), "{}", name(&route));
        }
    }
}

#[test]
fn a_secret_that_nobody_was_given_opens_nothing_whatever_the_key() {
    let shop = TestShop::open("secret-class");
    let before = shop.quiet();
    for route in of_class(&shop, Class::Secret) {
        for key in [None, Some("wrong"), Some(ORGANISER), Some(SERVICE)] {
            let reply = ask(&shop, &route, key);
            assert_eq!((reply.status, reply.is_problem()), (404, true), "{}: {}", name(&route), reply.body);
        }
    }
    assert_eq!(shop.quiet(), before);
}

#[test]
fn every_changing_route_of_the_catalogue_and_of_the_admin_is_the_organisers() {
    let shop = TestShop::open("changes-class");
    for route in shop.shop().routes() {
        let changes = route.entry.method != http::Method::GET;
        let of_admin = route.prefix == "/api/admin" && route.entry.path != "/openapi.json";
        if of_admin || (changes && route.prefix == "/api/event-catalog") {
            assert_eq!(route.entry.class, Class::Organiser, "{}", name(route));
        }
    }
}

#[test]
fn unknown_paths_and_methods_are_refused_in_words() {
    let shop = TestShop::open("unknown-paths");
    for path in ["/", "/api", "/api/ordering", "/api/ordering/nothing", "/api/nothing/at/all", "/health"] {
        let reply = shop.get(path);
        assert_eq!((reply.status, reply.is_problem()), (404, true), "{path}");
    }
    for path in ["/api/event-catalog/events", "/health/live", "/api/admin/dead-letters"] {
        let reply = shop.organiser(&http::Method::PUT, path, &serde_json::json!({}));
        assert_eq!((reply.status, reply.is_problem()), (405, true), "{path}");
    }
}
