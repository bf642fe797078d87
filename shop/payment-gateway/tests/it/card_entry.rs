//! The page on which people type a card: who opens it, what it takes, where it leads.

use std::time::Duration;

use axum::body::Body;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use sha2::Sha256;
use storage::CommitFault;

use crate::world::{Fields, Reply, SECRET, TestGateway, encoded};

const RETURN_URL: &str = "http://shop.test:5000/checkout?step=3#card";
/// Half an hour after the test's clock.
const EXPIRES: &str = "1800001800";
const GOOD: [(&str, &str); 4] = [("number", "4242 4242 4242 4242"), ("exp_month", "12"), ("exp_year", "32"), ("cvc", "739")];

fn signed_by(key: &str, fields: Fields<'_>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let code = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(query.as_bytes()).finalize().into_bytes();
    let signature: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/card-entry?{query}&signature={signature}")
}

fn link_to(return_url: &str, expires: &str) -> String {
    let fields =
        [("return_url", return_url), ("title", "Fado <& more>"), ("amount_minor", "6300"), ("currency", "EUR"), ("expires", expires)];
    signed_by(SECRET, &fields)
}

fn link() -> String {
    link_to(RETURN_URL, EXPIRES)
}

fn typed(gateway: &TestGateway, link: &str, fields: Fields<'_>) -> Reply {
    let request = Request::post(link).header("content-type", "application/x-www-form-urlencoded");
    gateway.send(request.body(Body::from(encoded(fields))).unwrap())
}

/// The good card with one field typed otherwise.
fn but<'a>(field: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    GOOD.iter().map(|(name, good)| if *name == field { (*name, value) } else { (*name, *good) }).collect()
}

fn kept_methods(gateway: &TestGateway) -> i64 {
    gateway.count("SELECT COUNT(*) FROM payment_methods")
}

#[test]
fn a_signed_link_opens_the_page_which_says_what_is_paid_for_and_where() {
    let gateway = TestGateway::new();
    let page = gateway.get(&link());
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for text in ["Fado &lt;&amp; more&gt;", "63.00 EUR", "shop.test:5000", "4000 0000 0000 9995", "is declined: not enough money"] {
        assert!(page.html().contains(text), "{text}");
    }
    for field in ["number", "exp_month", "exp_year", "cvc"] {
        assert!(page.html().contains(&format!("<label for=\"{field}\">")), "{field}");
        assert!(page.html().contains(&format!("<input id=\"{field}\" name=\"{field}\"")), "{field}");
    }
    let back = "http://shop.test:5000/checkout?step=3&amp;card=cancelled#card";
    assert!(page.html().contains(&format!("href=\"{back}\"")));
}

#[test]
fn the_page_loads_nothing_but_its_style_and_its_form_leads_nowhere_but_to_itself_and_the_shop() {
    let gateway = TestGateway::new();
    let page = gateway.get(&link());
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' http://shop.test:5000"
    );
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    assert!(!page.html().contains("<script") && !page.html().contains("style=\""));
    let style = gateway.get("/card-entry.css");
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.html().contains("prefers-color-scheme: dark") && !style.html().contains("url("));
}

#[test]
fn the_signature_is_the_one_that_the_documents_describe() {
    // Made by: printf %s 'return_url=…&expires=1800001800' | openssl dgst -sha256 -hmac sk_test_globoticket
    let query = "return_url=https%3A%2F%2Fshop.test%2Fcheckout&title=Fado&amount_minor=6300&currency=EUR&expires=1800001800";
    let signature = "05241cd3aa4e1f8f1b428985876e2c041b08dfde809c60ff066b8f4cadb4aeda";
    let gateway = TestGateway::new();
    assert_eq!(gateway.get(&format!("/card-entry?{query}&signature={signature}")).status, 200);
    assert_eq!(gateway.get(&format!("/card-entry?signature={signature}&{query}")).status, 200);
}

#[test]
fn a_link_that_the_secret_key_has_not_signed_as_it_is_opens_nothing_and_says_what_to_do() {
    let gateway = TestGateway::new();
    let fields =
        |return_url| [("return_url", return_url), ("title", "F"), ("amount_minor", "1"), ("currency", "EUR"), ("expires", EXPIRES)];
    let good = link();
    let cases = [
        "/card-entry".to_owned(),
        "/card-entry?%FF=%00&=&&signature=".to_owned(),
        good.replace("shop.test", "elsewhere.test"),
        good.replace("6300", "63"),
        good.replace("EUR", "SEK"),
        good.replace(EXPIRES, "1800003000"),
        good.replace("Fado", "Jazz"),
        good.replace("signature=", "signature=0"),
        format!("{good}00"),
        format!("{good}ü").replace('ü', "%C3%BC"),
        good.split("&signature").next().unwrap().to_owned(),
        format!("{good}&return_url=https%3A%2F%2Felsewhere.test"),
        format!("{good}&more=1"),
        signed_by("pk_test_globoticket", &fields("https://shop.test/")),
        signed_by("", &fields("https://shop.test/")),
    ];
    for case in cases {
        for refused in [gateway.get(&case), typed(&gateway, &case, &GOOD)] {
            assert_eq!((refused.status, refused.header("location")), (403, ""), "{case}");
            assert!(refused.html().contains("<h1>This link does not work</h1>") && refused.html().contains("Go back to the shop"));
            assert!(!refused.html().contains("elsewhere.test"));
        }
    }
    assert_eq!(kept_methods(&gateway), 0);
}

#[test]
fn even_a_signed_link_leads_only_to_an_absolute_web_address() {
    let gateway = TestGateway::new();
    for url in
        ["javascript:alert(1)", "/checkout", "//shop.test/", "https://", "https://a@shop.test/", "https://shop.test\\@b/", "https://s;x/"]
    {
        assert_eq!(gateway.get(&link_to(url, EXPIRES)).status, 403, "{url}");
    }
    let long = format!("https://shop.test/{}", "x".repeat(1_982));
    assert_eq!(gateway.get(&link_to(&long, EXPIRES)).status, 200);
    assert_eq!(gateway.get(&link_to(&format!("{long}x"), EXPIRES)).status, 403);
    for signed in
        [("title", " "), ("title", "a\nb"), ("amount_minor", "0"), ("amount_minor", "1e3"), ("currency", "euro"), ("expires", "soon")]
    {
        let fields = [("return_url", RETURN_URL), ("title", "F"), ("amount_minor", "1"), ("currency", "EUR"), ("expires", EXPIRES)];
        let fields = fields.map(|(name, value)| if name == signed.0 { signed } else { (name, value) });
        assert_eq!(gateway.get(&signed_by(SECRET, &fields)).status, 403, "{signed:?}");
    }
}

#[test]
fn a_link_whose_time_is_over_takes_no_card_and_leads_back_to_the_shop() {
    let gateway = TestGateway::new();
    let link = link();
    gateway.clock.advance(Duration::from_secs(1_799));
    assert_eq!(gateway.get(&link).status, 200);
    gateway.clock.advance(Duration::from_secs(1));
    for closed in [gateway.get(&link), typed(&gateway, &link, &GOOD)] {
        assert_eq!((closed.status, closed.header("location")), (410, ""));
        assert!(closed.html().contains("<h1>This page has closed</h1>"));
        assert!(closed.html().contains("href=\"http://shop.test:5000/checkout?step=3&amp;card=cancelled#card\""));
    }
    assert_eq!(kept_methods(&gateway), 0);
}

#[test]
fn a_link_that_is_to_last_longer_than_an_hour_does_not_open() {
    let gateway = TestGateway::new();
    assert_eq!(gateway.get(&link_to(RETURN_URL, "1800003600")).status, 200);
    for expires in ["1800003601", "9223372036854775807"] {
        assert_eq!(gateway.get(&link_to(RETURN_URL, expires)).status, 403);
    }
}

#[test]
fn a_card_leads_back_to_the_shop_with_a_payment_method_that_pays() {
    let gateway = TestGateway::new();
    let taken = typed(&gateway, &link(), &GOOD);
    assert_eq!((taken.status, taken.header("cache-control")), (303, "no-store"));
    let location = taken.header("location");
    let rest = location.strip_prefix("http://shop.test:5000/checkout?step=3&payment_method=").unwrap();
    let method = rest.strip_suffix("&brand=visa&last4=4242#card").unwrap();
    let fields = [("amount", "6300"), ("currency", "eur"), ("payment_method", method)];
    let intent = gateway.post("/v1/payment_intents", &fields).id();
    assert_eq!((gateway.confirm(&intent).text("/status"), gateway.captured()), ("succeeded".into(), 1));
}

#[test]
fn the_way_back_is_added_to_whatever_the_address_has_already() {
    let gateway = TestGateway::new();
    let cases = [
        ("https://shop.test", "https://shop.test?payment_method="),
        ("https://shop.test/a?", "https://shop.test/a?payment_method="),
        ("https://shop.test/a?b=1&", "https://shop.test/a?b=1&payment_method="),
        ("http://[::1]:5000/a#b?c", "http://[::1]:5000/a?payment_method="),
    ];
    for (url, back) in cases {
        let taken = typed(&gateway, &link_to(url, EXPIRES), &GOOD);
        assert!(taken.header("location").starts_with(back), "{}", taken.header("location"));
    }
}

#[test]
fn cards_that_will_be_declined_are_taken_and_declined_when_they_are_charged() {
    for number in ["4000000000000002", "4000-0000-0000-9995", "4000000000000069", "4000002500003155"] {
        let gateway = TestGateway::new();
        let taken = typed(&gateway, &link(), &but("number", number));
        let (_, method) = taken.header("location").split_once("payment_method=").unwrap();
        let method = method.split('&').next().unwrap().to_owned();
        let fields = [("amount", "6300"), ("currency", "eur"), ("payment_method", method.as_str())];
        let intent = gateway.post("/v1/payment_intents", &fields).id();
        assert_eq!((gateway.confirm(&intent).status, gateway.captured()), (402, 0), "{number}");
    }
}

#[test]
fn what_is_wrong_with_a_card_is_said_first_beside_its_field_and_nothing_typed_is_repeated() {
    let gateway = TestGateway::new();
    let cases = [
        ("number", "", "Type the card number."),
        ("number", "4242424242424241", "This card number is not right."),
        ("number", "\"><script>alert(7171)</script>", "This card number is not right."),
        ("number", "４２４２424242424242", "This card number is not right."),
        ("exp_month", "13", "Type the month"),
        ("exp_month", "+7", "Type the month"),
        ("exp_year", "977", "Type the year"),
        ("exp_year", "99999999999999999999", "Type the year"),
        ("exp_year", "26", "This card has expired."),
        ("cvc", "12", "Type the security code"),
        ("cvc", "83719", "Type the security code"),
        ("cvc", "\0\0\0", "Type the security code"),
    ];
    for (field, value, words) in cases {
        let again = typed(&gateway, &link(), &but(field, value));
        assert_eq!(again.status, 422, "{field} {value}");
        let html = again.html();
        let summary = html.find("role=\"alert\"").unwrap();
        assert!(summary < html.find("<h1>").unwrap() && html[summary..].contains(words), "{field} {value}: {html}");
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("autofocus"));
        let number = but(field, value)[0].1;
        for secret in [number, value, "739", "4242424242424242"] {
            assert!(secret.len() < 3 || !html.contains(secret) || secret == "4242 4242 4242 4242", "{field} {value}: {secret}");
        }
        assert!(!html.contains("value="), "no field is filled in");
    }
    let empty = typed(&gateway, &link(), &[]);
    assert_eq!((empty.status, empty.html().matches("aria-invalid").count()), (422, 4));
    assert_eq!(kept_methods(&gateway), 0);
}

#[test]
fn a_card_is_good_until_the_end_of_its_month() {
    let gateway = TestGateway::new();
    // The test's clock stands in January 2027.
    let mut fields = but("exp_month", "1");
    fields[2].1 = "2027";
    assert_eq!(typed(&gateway, &link(), &fields).status, 303);
    gateway.clock.advance(Duration::from_secs(30 * 86_400));
    let later = link_to(RETURN_URL, "1802593000");
    assert_eq!(typed(&gateway, &later, &fields).status, 422);
}

#[test]
fn a_request_that_is_no_form_or_too_large_is_answered_with_the_page() {
    let gateway = TestGateway::new();
    let send = |kind: &str, body: Vec<u8>| gateway.send(Request::post(link()).header("content-type", kind).body(Body::from(body)).unwrap());
    let form = "application/x-www-form-urlencoded";
    let cases = [
        (send("application/json", b"{}".to_vec()), 415),
        (send(form, vec![b'a'; payment_gateway::BODY_BYTES_MAX + 1]), 413),
        (send(form, b"number=%FF%FE&&&=&cvc=%".to_vec()), 422),
        (send(form, vec![0xFF; 40]), 422),
    ];
    for (again, status) in cases {
        assert_eq!(again.status, status);
        assert!(again.html().contains("The card was not taken"));
    }
}

#[test]
fn a_store_that_does_not_take_the_card_is_said_in_words() {
    let gateway = TestGateway::new();
    gateway.fail_next_commit(CommitFault::DiskFull);
    let again = typed(&gateway, &link(), &GOOD);
    assert_eq!((again.status, again.html().contains("Nothing was charged")), (503, true));
    assert_eq!(typed(&gateway, &link(), &GOOD).status, 303);
}

#[test]
fn the_typed_card_number_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::in_file(&folder.path().join("gateway.sqlite"));
    let mut fields = but("number", "4000 0000 0000 9995");
    fields[3].1 = "7391";
    assert_eq!(typed(&gateway, &link(), &fields).status, 303);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!has("40000000") && !has("4000 0000") && !has("7391"));
    }
}
