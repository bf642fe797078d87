//! Marketing follows the baskets: whatever is stopped and started meanwhile, it counts what is true.

use std::collections::BTreeSet;
use std::time::Duration;

use composition::ServiceName;
use http::Method;
use serde_json::Value;

use crate::shop::{GOOD_CARD, TestShop};

#[test]
fn marketing_restarted_thirty_times_while_baskets_change_counts_what_is_true() {
    let mut shop = TestShop::open("learning");
    let choice = shop.enter("Check Night", 10_000, 2_500);
    let buyers = shop.let_buy(&choice, GOOD_CARD, 120);
    let mut told = BTreeSet::new();
    for moment in 0..30 {
        shop.pause(Duration::from_millis(5 + moment % 7));
        told.insert(shop.facts().basket.told);
        shop.restart();
    }
    shop.wait_for_buyers(buyers);
    let (facts, report) = shop.rest();
    assert!(told.len() >= 10, "baskets changed between at least ten of the restarts: {told:?}");
    assert_eq!(report.violations, []);
    assert_eq!((facts.marketing.entries(), facts.marketing.incomplete), (facts.basket.told, false));
    assert!(facts.marketing.counted["checked_out"] > 100, "{:?}", facts.marketing.counted);
}

#[test]
fn what_was_bought_is_in_the_funnel_and_the_reader_is_shown_without_a_backlog() {
    let shop = TestShop::open("funnel");
    let choice = shop.enter("Check Night", 10, 2_500);
    shop.buy(&choice, GOOD_CARD);
    shop.buy(&choice, "4000000000000002");
    shop.rest();
    let get = |path: &str| shop.organiser(&Method::GET, path, &Value::Null).body;
    let lines = get("/api/marketing/funnel")["lines"].clone();
    assert_eq!((&lines["added"], &lines["held"], &lines["checked_out"], &lines["paid"]), (&2.into(), &2.into(), &2.into(), &1.into()));
    assert_eq!(get("/api/marketing/interest")["events"][0]["event_id"], choice.event.as_str());
    // What it has read it says with its next request, which waits there already.
    shop.until("read to the end", || get("/api/shopping-basket/feeds")["feeds"][0]["readers"][0]["behind"] == 0);
    assert_eq!(get("/api/shopping-basket/feeds")["feeds"][0]["readers"][0]["reader"], ServiceName::Marketing.as_str());
}
