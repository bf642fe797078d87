//! The shop in a browser that runs no script: from the first visit to the tickets, and what goes wrong on the way.

use buyer::Choice;
use http::Method;
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::shop::{GOOD_CARD, TestShop};

const PAGE_BYTES_MAX: usize = 100 * 1024;

/// Puts so many places into the basket, and waits until they are held.
fn held(browser: &mut Browser<'_>, choice: &Choice, quantity: u32) -> Page {
    let event = browser.open(&format!("/events/{}", choice.event));
    let form = event.form(&choice.event).with(&format!("quantity-{}", choice.ticket_type), &quantity.to_string());
    let basket = browser.send(&form);
    assert!(basket.url.ends_with("/basket"), "{} {}", basket.url, basket.text);
    browser.until("/basket", "Held for you for 9 minutes more")
}

/// From the basket to the page that is left to be paid.
fn to_review(browser: &mut Browser<'_>, card: &str) -> Page {
    let who = browser.open("/checkout");
    let gateway = browser.send(&who.form("/checkout").with("name", "Ada Ł").with("email", "ada@example.com"));
    with_card(browser, &gateway, card)
}

fn with_card(browser: &mut Browser<'_>, gateway: &Page, card: &str) -> Page {
    assert!(gateway.url.starts_with("http://gateway.shop/card-entry"), "{} {}", gateway.url, gateway.text);
    let form = gateway.form("/card-entry").with("number", card).with("exp_month", "12").with("exp_year", "2040").with("cvc", "123");
    browser.send(&form)
}

fn path(page: &Page) -> String {
    page.url.trim_start_matches("http://shop.test").to_owned()
}

#[test]
fn a_ticket_is_bought_on_pages_without_a_script() {
    let shop = TestShop::open("pages-buy");
    let choice = shop.enter("Night of <Jazz> & Rain", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    let catalogue = browser.open("/");
    assert!(
        catalogue.says("Night of &#60;Jazz&#62; &#38; Rain") || catalogue.says("Night of &lt;Jazz&gt; &amp; Rain"),
        "{}",
        catalogue.text
    );
    assert!(catalogue.says("€25.00"));
    let basket = held(&mut browser, &choice, 2);
    assert!(basket.says("€50.00") && basket.says("Check out"), "{}", basket.text);
    let review = to_review(&mut browser, GOOD_CARD);
    assert!(review.says("Ada Ł") && review.says("ending in 4242") && review.says("Pay €50.00"), "{}", review.text);
    let order = browser.send(&review.form("/checkout/review"));
    let issued = browser.until(&path(&order), "Here are your tickets");
    assert_eq!(issued.text.matches("class=\"code\"").count(), 2);
    assert!(browser.open("/basket").says("Your basket is empty"), "the basket became the order");
    let (_, report) = shop.rest();
    assert!(report.violations.is_empty(), "{:?}", report.violations);
}

#[test]
fn an_order_form_that_is_sent_twice_orders_once() {
    let shop = TestShop::open("pages-twice");
    let choice = shop.enter("Twice", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    let event = browser.open(&format!("/events/{}", choice.event));
    let form = event.form(&choice.event).with(&format!("quantity-{}", choice.ticket_type), "1");
    browser.send(&form);
    browser.send(&form);
    let basket = browser.until("/basket", "Held for you for 9 minutes more");
    assert!(basket.says("€25.00") && !basket.says("€50.00"), "{}", basket.text);
    let review = to_review(&mut browser, GOOD_CARD);
    let order = review.form("/checkout/review");
    let first = browser.send(&order);
    browser.until(&path(&first), "Here are your tickets");
    let (facts, _) = shop.rest();
    assert_eq!(facts.ordering.orders.len(), 1);
}

#[test]
fn a_declined_card_says_why_and_another_one_brings_the_tickets() {
    let shop = TestShop::open("pages-declined");
    let choice = shop.enter("Second try", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    held(&mut browser, &choice, 1);
    let review = to_review(&mut browser, "4000000000009995");
    let order = browser.send(&review.form("/checkout/review"));
    let declined = browser.until(&path(&order), "The payment did not go through");
    assert!(declined.says("there is not enough money on the card"), "{}", declined.text);
    let gateway = browser.send(&declined.form("/card"));
    let again = with_card(&mut browser, &gateway, GOOD_CARD);
    let order = browser.send(&again.form("/pay"));
    browser.until(&path(&order), "Here are your tickets");
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let shop = TestShop::open("pages-foreign");
    let choice = shop.enter("Mine", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    let event = browser.open(&format!("/events/{}", choice.event));
    let form = event.form(&choice.event).with(&format!("quantity-{}", choice.ticket_type), "1");
    for forged in [form.clone().without("visit"), form.clone().with("visit", "019230a2-5c1b-4e4d-8f3a-6b7c8d9e0f1a")] {
        let page = browser.send(&forged);
        assert_eq!(page.status, 403, "{}", page.text);
        assert!(page.says("Nothing was changed"));
    }
    assert!(browser.open("/basket").says("Your basket is empty"));
    assert!(browser.send(&form).url.ends_with("/basket"), "the shop's own form is taken");
}

#[test]
fn a_raised_price_is_shown_beside_the_old_one_and_has_to_be_accepted() {
    let shop = TestShop::open("pages-raised");
    let choice = shop.enter("Dearer", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    held(&mut browser, &choice, 1);
    let raised =
        shop.organiser(&Method::POST, &format!("/api/event-catalog/events/{}/price", choice.event), &json!({"price_minor": 2_800}));
    assert_eq!(raised.status, 200, "{}", raised.body);
    let basket = browser.until("/basket", "The price is now €28.00; it was €25.00");
    assert!(!basket.says("href=\"/checkout\""));
    let refused = browser.open("/checkout");
    assert_eq!(refused.status, 409);
    let line = basket.text.split("action=\"/basket/lines/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let accepted = browser.send(&basket.form(&line).with("do", "accept"));
    assert!(accepted.says("€28.00") && accepted.says("href=\"/checkout\""), "{}", accepted.text);
}

#[test]
fn a_mistake_at_checkout_is_named_first_and_what_was_typed_stays() {
    let shop = TestShop::open("pages-mistake");
    let choice = shop.enter("Mistakes", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    held(&mut browser, &choice, 1);
    let who = browser.open("/checkout").form("/checkout");
    let again = browser.send(&who.with("name", "Ada \"the first\"").with("email", "ada.example.com"));
    assert_eq!(again.status, 422);
    assert!(again.says("Type your mail address") && again.says("href=\"#email\""), "{}", again.text);
    assert!(again.says("ada.example.com") && again.says("the first"));
}

#[test]
fn too_many_and_no_tickets_are_refused_with_what_can_be_had() {
    let shop = TestShop::open("pages-many");
    let choice = shop.enter("Few", 20, 2_500);
    shop.quiet();
    let mut browser = Browser::new(&shop);
    let form = browser.open(&format!("/events/{}", choice.event)).form(&choice.event);
    let field = format!("quantity-{}", choice.ticket_type);
    for (quantity, says) in
        [("0", "Choose at least one ticket"), ("11", "At most 10 Standard tickets"), ("many", "a whole number from 0 to 10")]
    {
        let page = browser.send(&form.clone().with(&field, quantity));
        assert_eq!(page.status, 422);
        assert!(page.says(says), "{quantity}: {}", page.text);
    }
}

#[test]
fn what_is_not_there_has_a_page_that_says_so_and_the_services_still_answer_programs() {
    let shop = TestShop::open("pages-missing");
    let mut browser = Browser::new(&shop);
    for (path, says) in [
        ("/nothing", "There is nothing here"),
        ("/events/x", "No such event"),
        ("/events/019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a", "No such event"),
        ("/orders/x", "No such order"),
        ("/orders/019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a", "Your order is being placed"),
    ] {
        let page = browser.open(path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.says(says), "{path}: {}", page.text);
    }
    assert!(browser.open("/?q=nobody+plays+this").says("Nothing fits"));
    let missing = shop.get("/api/nothing");
    assert!(missing.status == 404 && missing.is_problem());
}

#[test]
fn pages_are_small_strict_and_kept_only_where_they_hold_no_secret() {
    let shop = TestShop::open("pages-headers");
    shop.seed();
    let mut browser = Browser::new(&shop);
    let catalogue = browser.open("/");
    let event = catalogue.text.split("/events/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in ["/".to_owned(), format!("/events/{event}"), "/basket".to_owned(), "/nothing".to_owned()] {
        let page = browser.open(&path);
        let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert!(page.bytes_without_artwork() < PAGE_BYTES_MAX, "{path}: {}", page.bytes_without_artwork());
        assert!(header("content-security-policy").starts_with("default-src 'none';"), "{path}");
        assert!(!page.says("<script") && !page.says("style=\"") && !page.says(" src=\"http"), "{path}");
        let kept = header("etag");
        assert_eq!(kept.is_empty(), path != "/", "{path}");
    }
}

#[test]
fn the_document_names_all_pages_and_no_other() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http.md")).unwrap();
    let section = document.split("## Pages").nth(1).unwrap().split("\n## ").next().unwrap();
    let told: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let pages: Vec<String> = storefront::PAGES.iter().map(|(method, path, what)| format!("| `{method} {path}` | {what} |")).collect();
    assert_eq!(told, pages);
}
