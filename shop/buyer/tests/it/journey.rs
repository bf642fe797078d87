//! How a journey ends, by what the shop says.

use buyer::{End, Told};
use hosting::HttpError;
use serde_json::json;

use crate::world::{BASKET, FakeShop, ORDER, Says, TICKETS, buy, buy_and, ok, order, tickets};

const GOOD: &str = "4242 4242 4242 4242";
const DECLINED: &str = "4000000000000002";

fn ended(state: &str, reason: &str) -> End {
    End::Ended { state: state.to_owned(), reason: Some(reason.to_owned()) }
}

fn get(path: &str) -> String {
    format!("GET {path}")
}

#[test]
fn a_ticket_is_bought_and_the_journal_tells_how() {
    let (end, journal) = buy(&FakeShop::without_a_hitch(), GOOD);
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
    assert_eq!(journal.order(), Some(("o1", 2_500)));
    assert_eq!(journal.codes(), Some(&["C1".to_owned()][..]));
    assert_eq!(journal.last_state(), Some("issued"));
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let shop = FakeShop::without_a_hitch();
    let checkout = format!("POST {BASKET}/checkout");
    let lost = Says::Nothing(HttpError::ReplyLost);
    shop.says(&checkout, [lost.clone(), Says::Json(503, json!({})), lost, ok(json!({"order_id": "o1"}))]);
    let (end, _) = buy(&shop, GOOD);
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
    let keys = shop.keys(&checkout);
    assert!(keys.len() == 4 && keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[test]
fn a_shop_that_does_not_answer_leaves_the_buyer_unresolved() {
    let shop = FakeShop::without_a_hitch();
    shop.says("POST /api/shopping-basket/baskets", [Says::Nothing(HttpError::NotSent)]);
    assert!(matches!(buy(&shop, GOOD).0, End::Unresolved(_)));
}

#[test]
fn an_order_that_is_not_known_yet_is_waited_for() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(ORDER), [Says::Json(404, json!({"type": "order-not-known-yet"})), order("issued", None)]);
    assert!(matches!(buy(&shop, GOOD).0, End::Issued { .. }));
}

#[test]
fn a_declined_order_is_cancelled_and_waited_for() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(ORDER), [order("awaiting_payment", Some("generic_decline")), order("cancelled", Some("buyer"))]);
    shop.says(&format!("POST {ORDER}/cancel"), [ok(json!({}))]);
    shop.says(&get(TICKETS), [tickets(&[])]);
    assert_eq!(buy(&shop, DECLINED).0, End::Declined);
    assert_eq!(shop.keys(&format!("POST {ORDER}/cancel")).len(), 1);
}

#[test]
fn a_line_that_is_sold_out_ends_without_an_order() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(BASKET), [ok(json!({"lines": [{"id": "l1", "state": "sold_out", "quantity": 1}]}))]);
    let (end, journal) = buy(&shop, GOOD);
    assert_eq!(end, End::SoldOut);
    assert!(journal.entries.iter().any(|entry| entry.told == Told::SoldOut));
    assert_eq!(journal.order(), None);
}

#[test]
fn what_was_refused_before_the_event_was_cancelled_contradicts_nothing() {
    let shop = FakeShop::without_a_hitch();
    let line = json!({"id": "l1", "state": "event_cancelled", "quantity": 1, "left": 2, "refused_because": "sold_out"});
    shop.says(&get(BASKET), [ok(json!({"lines": [line]}))]);
    let (end, journal) = buy(&shop, GOOD);
    assert_eq!(end, ended("event_cancelled", "event_cancelled"));
    assert!(journal.entries.iter().all(|entry| entry.told != Told::SoldOut), "{journal:?}");
}

#[test]
fn places_refused_because_of_a_cancelled_event_or_a_closed_sale_are_not_sold_out() {
    for reason in ["event_cancelled", "not_on_sale"] {
        let shop = FakeShop::without_a_hitch();
        let line = json!({"id": "l1", "state": "sold_out", "quantity": 1, "left": 0, "refused_because": reason});
        shop.says(&get(BASKET), [ok(json!({"lines": [line]}))]);
        let (end, journal) = buy(&shop, GOOD);
        assert_eq!(end, ended("sold_out", reason));
        assert!(journal.entries.iter().all(|entry| entry.told != Told::SoldOut), "{journal:?}");
    }
}

#[test]
fn an_order_is_sold_out_only_where_the_box_office_says_so_and_ends_with_its_reason_elsewhere() {
    let end_of = |reason: &str| {
        let shop = FakeShop::without_a_hitch();
        shop.says(&get(ORDER), [order("cancelled", Some(reason))]);
        shop.says(&get(TICKETS), [tickets(&[])]);
        buy(&shop, GOOD).0
    };
    assert_eq!(end_of("sold_out"), End::SoldOut);
    for reason in ["buyer", "organiser", "event_cancelled", "deadline", "securing_deadline", "not_held"] {
        assert_eq!(end_of(reason), ended("cancelled", reason));
    }
    assert!(matches!(end_of("payment_unresolved"), End::Unresolved(_)));
}

#[test]
fn places_that_are_sold_out_and_left_contradict() {
    let shop = FakeShop::without_a_hitch();
    let line = json!({"id": "l1", "state": "sold_out", "quantity": 1, "left": 1, "refused_because": "sold_out"});
    shop.says(&get(BASKET), [ok(json!({"lines": [line]}))]);
    assert!(matches!(buy(&shop, GOOD).0, End::Contradicted(_)));
}

#[test]
fn more_places_than_a_buyer_may_have_are_wrong_use() {
    let shop = FakeShop::without_a_hitch();
    let line = json!({"id": "l1", "state": "sold_out", "quantity": 1, "left": 50, "refused_because": "quantity_limit"});
    shop.says(&get(BASKET), [ok(json!({"lines": [line]}))]);
    assert!(matches!(buy(&shop, GOOD).0, End::WrongUse(_)));
}

#[test]
fn an_unknown_card_is_wrong_use_and_is_not_repeated() {
    let shop = FakeShop::without_a_hitch();
    shop.says("POST /v1/payment_methods", [Says::Json(402, json!({"error": {"message": "Your card number is incorrect."}}))]);
    let End::WrongUse(why) = buy(&shop, "1234").0 else { panic!("no wrong use") };
    assert!(why.contains("card") && !why.contains("1234"), "{why}");
    assert!(matches!(buy(&shop, "no digits").0, End::WrongUse(_)));
}

#[test]
fn another_total_than_was_promised_contradicts() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(ORDER), [ok(json!({"state": "issued", "total_minor": 2_600}))]);
    assert!(matches!(buy(&shop, GOOD).0, End::Contradicted(_)));
}

#[test]
fn an_issued_order_without_tickets_contradicts() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(TICKETS), [tickets(&[])]);
    assert!(matches!(buy(&shop, GOOD).0, End::Contradicted(_)));
}

#[test]
fn tickets_that_change_later_contradict() {
    let shop = FakeShop::without_a_hitch();
    let (end, _) = buy_and(&shop, GOOD, |shop| shop.says(&get(TICKETS), [tickets(&["C2"])]));
    assert!(matches!(end, End::Contradicted(_)), "{end:?}");
}

#[test]
fn an_issued_order_that_is_refunded_later_is_a_truthful_notice() {
    let shop = FakeShop::without_a_hitch();
    let (end, _) = buy_and(&shop, GOOD, |shop| {
        shop.says(&get(ORDER), [order("refunded", Some("event_cancelled"))]);
        shop.says(&get(TICKETS), [tickets(&[])]);
    });
    assert!(matches!(end, End::Issued { .. }), "{end:?}");
}

#[test]
fn a_cancelled_order_with_a_valid_ticket_contradicts() {
    let shop = FakeShop::without_a_hitch();
    shop.says(&get(ORDER), [order("cancelled", Some("sold_out"))]);
    assert!(matches!(buy(&shop, GOOD).0, End::Contradicted(_)));
}

#[test]
fn an_end_that_the_card_cannot_have_contradicts() {
    assert!(matches!(buy(&FakeShop::without_a_hitch(), DECLINED).0, End::Contradicted(_)));
}

#[test]
fn a_raised_price_is_accepted_before_checkout_is_tried_again() {
    let shop = FakeShop::without_a_hitch();
    let accept = format!("POST {BASKET}/lines/l1/accept-price");
    shop.says(&format!("POST {BASKET}/checkout"), [Says::Json(409, json!({"type": "price-raised"})), ok(json!({"order_id": "o1"}))]);
    shop.says(&accept, [ok(json!({}))]);
    assert!(matches!(buy(&shop, GOOD).0, End::Issued { .. }));
    assert_eq!(shop.keys(&accept).len(), 1);
}
