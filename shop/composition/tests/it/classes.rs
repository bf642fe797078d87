//! Who may call what: each route of the table, tried without a key and with wrong ones.

use composition::ShopRoute;
use http::Method;
use messaging::http::Class;
use serde_json::json;

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
        let changes = route.entry.method != Method::GET;
        let of_admin = route.prefix == "/api/admin" && route.entry.path != "/openapi.json";
        if of_admin || (changes && route.prefix == "/api/event-catalog") {
            assert_eq!(route.entry.class, Class::Organiser, "{}", name(route));
        }
    }
}

#[test]
fn unknown_paths_and_methods_are_refused_in_words() {
    let shop = TestShop::open("unknown-paths");
    for path in ["/api", "/api/ordering", "/api/ordering/nothing", "/api/nothing/at/all", "/health"] {
        let reply = shop.get(path);
        assert_eq!((reply.status, reply.is_problem()), (404, true), "{path}");
    }
    for path in ["/api/event-catalog/events", "/health/live", "/api/admin/dead-letters"] {
        let reply = shop.organiser(&Method::PUT, path, &json!({}));
        assert_eq!((reply.status, reply.is_problem()), (405, true), "{path}");
    }
}

#[test]
fn every_path_takes_the_methods_of_the_table_and_no_other() {
    let shop = TestShop::open("methods");
    let ids = Ids::unknown();
    for route in shop.shop().routes() {
        let path = path(route, &parts(route, &ids));
        let of_path = shop.shop().routes().iter().filter(|other| (&other.prefix, other.entry.path) == (&route.prefix, route.entry.path));
        let taken: Vec<&Method> = of_path.map(|other| &other.entry.method).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            if !taken.contains(&&method) {
                let reply = shop.organiser(&method, &path, &json!({}));
                assert_eq!((reply.status, reply.is_problem()), (405, true), "{method} {path}");
            }
        }
    }
}

#[test]
fn a_shop_that_is_not_ready_says_so_and_when_to_ask_again() {
    let shop = TestShop::open("ready");
    let part = shop.parts().health.component("a-part-of-the-test");
    let reply = shop.get("/health/ready");
    assert_eq!((reply.status, reply.retry_after.as_deref(), &reply.body["ready"]), (503, Some("1"), &json!(false)));
    assert_eq!((shop.get("/health/live").status, &reply.body["parts"]["a-part-of-the-test"]["condition"]), (200, &json!("starting")));
    part.degraded("the disk is slow");
    let reply = shop.get("/health/ready");
    assert_eq!((reply.status, &reply.body["parts"]["a-part-of-the-test"]["reason"]), (200, &json!("the disk is slow")));
}
