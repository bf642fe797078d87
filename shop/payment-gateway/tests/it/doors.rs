//! Who may call what, and what bad requests are told.

use axum::body::Body;
use http::Request;

use crate::world::{Fields, PUBLISHABLE, Reply, SECRET, TestGateway, encoded};

const ROUTES: [(&str, &str); 10] = [
    ("POST", "/v1/payment_methods"),
    ("GET", "/v1/payment_methods/pm_0"),
    ("POST", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents/pi_0"),
    ("POST", "/v1/payment_intents/pi_0/confirm"),
    ("POST", "/v1/payment_intents/pi_0/cancel"),
    ("POST", "/v1/refunds"),
    ("GET", "/v1/refunds"),
    ("GET", "/v1/refunds/re_0"),
];

fn with_authorization(gateway: &TestGateway, route: (&str, &str), authorization: Option<&str>) -> Reply {
    let mut request = TestGateway::request(route.0, route.1, &[], None);
    request.headers_mut().remove("authorization");
    if let Some(value) = authorization {
        request.headers_mut().insert("authorization", value.parse().unwrap());
    }
    gateway.send(request)
}

#[test]
fn every_route_asks_for_a_key_and_only_payment_methods_are_made_with_the_publishable_one() {
    let gateway = TestGateway::new();
    for route in ROUTES {
        for wrong in [None, Some("Bearer "), Some("Bearer sk_test_other"), Some("Basic c2s6"), Some(SECRET)] {
            let refused = with_authorization(&gateway, route, wrong);
            assert_eq!((refused.status, refused.text("/error/type")), (401, "invalid_request_error".into()), "{route:?} {wrong:?}");
        }
        let publishable = with_authorization(&gateway, route, Some(&format!("Bearer {PUBLISHABLE}")));
        let expected = if route.1 == "/v1/payment_methods" { "parameter_missing" } else { "secret_key_required" };
        assert_eq!(publishable.text("/error/code"), expected, "{route:?}");
        assert_ne!(with_authorization(&gateway, route, Some(&format!("bearer {SECRET}"))).status, 401);
    }
}

#[test]
fn bad_parameters_are_named() {
    let gateway = TestGateway::new();
    let long = "x".repeat(501);
    let cases: [(Fields, &str, &str); 12] = [
        (&[("currency", "eur")], "parameter_missing", "amount"),
        (&[("amount", "5")], "parameter_missing", "currency"),
        (&[("amount", ""), ("currency", "eur")], "parameter_invalid_empty", "amount"),
        (&[("amount", "0"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "-5"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "1e9"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "100000000"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "99999999999999999999"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "5"), ("currency", "euro")], "", "currency"),
        (&[("amount", "5"), ("currency", "eur"), ("amuont", "6")], "parameter_unknown", "amuont"),
        (&[("amount", "5"), ("currency", "eur"), ("metadata[a]", &long)], "parameter_too_long", "metadata[a]"),
        (&[("amount", "5"), ("currency", "eur"), ("metadata[a][b]", "1")], "parameter_unknown", "metadata[a][b]"),
    ];
    for (fields, code, param) in cases {
        let refused = gateway.post("/v1/payment_intents", fields);
        assert_eq!(
            (refused.error(), refused.text("/error/param")),
            ((400, "invalid_request_error".into(), code.into()), param.into()),
            "{fields:?}"
        );
    }
    assert_eq!(
        gateway.post("/v1/payment_intents/pi_0/cancel", &[("cancellation_reason", "mood")]).text("/error/param"),
        "cancellation_reason"
    );
    assert_eq!(gateway.post("/v1/payment_intents", &[("amount", "5"), ("amount", "6")]).text("/error/param"), "amount");
    assert!(gateway.get("/v1/payment_intents").page().0.is_empty());
}

#[test]
fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let gateway = TestGateway::new();
    let send = |bytes: usize| {
        let form = encoded(&[("amount", "5"), ("currency", "eur")]);
        let body = format!("{form}{}", "&".repeat(bytes - form.len()));
        let request = Request::post("/v1/payment_intents").header("authorization", format!("Bearer {SECRET}"));
        gateway.send(request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(body)).unwrap())
    };
    assert_eq!(send(payment_gateway::BODY_BYTES_MAX).status, 200);
    assert_eq!(
        (send(payment_gateway::BODY_BYTES_MAX + 1).status, send(3_000_000).text("/error/type")),
        (413, "invalid_request_error".into())
    );
}

#[test]
fn a_json_body_is_refused_with_what_to_send_instead() {
    let gateway = TestGateway::new();
    let request = Request::post("/v1/payment_intents").header("authorization", format!("Bearer {SECRET}"));
    let refused = gateway.send(request.header("content-type", "application/json").body(Body::from(r#"{"amount":5}"#)).unwrap());
    assert_eq!((refused.status, refused.text("/error/type")), (415, "invalid_request_error".into()));
    assert!(refused.text("/error/message").contains("application/x-www-form-urlencoded"));
}

#[test]
fn unknown_addresses_and_methods_answer_error_objects() {
    let gateway = TestGateway::new();
    assert_eq!(gateway.get("/v1/charges").error(), (404, "invalid_request_error".into(), String::new()));
    assert_eq!(
        gateway.send(TestGateway::request("DELETE", "/v1/payment_intents", &[], None)).error(),
        (405, "invalid_request_error".into(), String::new())
    );
}

#[test]
fn an_idempotency_key_that_is_too_long_or_empty_is_refused() {
    let gateway = TestGateway::new();
    for (key, status) in [("x".repeat(255), 200), ("x".repeat(256), 400), (String::new(), 400)] {
        assert_eq!(gateway.post_once(&key, "/v1/payment_intents", &[("amount", "5"), ("currency", "eur")]).status, status);
    }
}

/// A reproducible source of rubbish (xorshift).
struct Rubbish(u64);

impl Rubbish {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(60)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    fn field(&mut self, known: &[String]) -> String {
        let names = [
            "amount",
            "currency",
            "payment_method",
            "payment_intent",
            "charge",
            "limit",
            "starting_after",
            "reason",
            "type",
            "metadata[a]",
            "metadata[]",
            "metadata",
            "metadata[[a]]",
            "card[number]",
            "card[exp_month]",
            "card[exp_year]",
            "card[cvc]",
            "card",
            "]",
            "[",
            "payment_method_types[0]",
            "cancellation_reason",
            "",
        ];
        let values =
            ["5", "eur", "0", "-1", "99999999999999999999", "", "card", "\0", "ü€𝄞", "4242424242424242", "12", "2032", "abandoned", "NaN"];
        let name = self.one_of(&names);
        let value = match self.below(4) {
            0 => known[self.below(known.len())].clone(),
            1 => String::from_utf8_lossy(&self.bytes()).into_owned(),
            _ => self.one_of(&values).to_owned(),
        };
        encoded(&[(name, &value)])
    }

    fn request(&mut self, known: &[String]) -> Request<Body> {
        let method = self.one_of(&["GET", "POST", "POST", "POST", "PUT", "HEAD", "BREW"]);
        let id = if self.below(2) == 0 {
            known[self.below(known.len())].clone()
        } else {
            self.one_of(&["%00", "%FF", "x", "..", "%2F"]).to_owned()
        };
        let route = self.one_of(&["payment_methods", "payment_intents", "refunds", "charges"]);
        let path = match self.below(4) {
            0 => format!("/v1/{route}"),
            1 => format!("/v1/{route}/{id}"),
            2 => format!("/v1/{route}/{id}/confirm"),
            _ => format!("/v1/{route}/{id}/cancel"),
        };
        let form = (0..self.below(6)).map(|_| self.field(known)).collect::<Vec<_>>().join("&");
        let body = if self.below(5) == 0 { self.bytes() } else { form.clone().into_bytes() };
        let path = if method == "GET" || self.below(6) == 0 { format!("{path}?{form}") } else { path };
        let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {SECRET}"));
        if self.below(3) == 0 {
            let key = self.one_of(&["a", "b", "c", ""]).as_bytes().to_vec();
            request = request.header("idempotency-key", if self.below(4) == 0 { vec![0xFF, 0x80] } else { key });
        }
        if self.below(8) != 0 {
            let kind = self.one_of(&["application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "text/plain", "rubbish"]);
            request = request.header("content-type", kind);
        }
        request.body(Body::from(body)).unwrap()
    }
}

#[test]
fn rubbish_is_never_the_gateways_fault() {
    let gateway = TestGateway::new();
    let known = vec![gateway.card("4242424242424242"), gateway.intent("4242424242424242"), gateway.intent("4000000000000002")];
    let mut rubbish = Rubbish(0x9E37_79B9_7F4A_7C15);
    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    for round in 0..3_000 {
        let request = rubbish.request(&known);
        let (head, shown) = (request.method() == "HEAD", format!("{} {}", request.method(), request.uri()));
        let reply = gateway.send(request);
        *statuses.entry(reply.status).or_default() += 1;
        assert!(reply.status < 500 && !reply.dropped, "{round}: {shown}: {}", reply.body);
        assert!(
            head || reply.status == 200 || reply.body["error"]["message"].is_string(),
            "{round}: {shown}: {} {}",
            reply.status,
            reply.body
        );
    }
    for status in [200, 400, 404, 405, 415] {
        assert!(statuses.contains_key(&status), "no request was answered with {status}: {statuses:?}");
    }
}
