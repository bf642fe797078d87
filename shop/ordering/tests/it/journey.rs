//! Orders driven by messages and requests, as the endpoint handles them.

use std::time::Duration;

use contracts::OrderId;
use contracts::box_office::{IssueTickets, ReleaseOrder, SecureTickets, TicketsIssued, TicketsSecured, TicketsUnavailable, Unavailable};
use contracts::ordering::{CancelReason, OrderCancelled, OrderPaid, OrderPlaced, OrderRefunded};
use contracts::payment::{
    CancelPayment, PaymentCancelled, PaymentDeclined, PaymentMethod, PaymentNeedsAction, PaymentRefunded, PaymentSucceeded, RefundPayment,
    RequestPayment,
};
use messaging::{NotHandled, TestEndpoint};
use ordering::api::{self, OrderView, Page};

use crate::orders::{id, place_order};

fn order_id() -> OrderId {
    id(6)
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn placed(total_minor: i64) -> TestEndpoint {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    ordering.handle(place_order(total_minor)).unwrap();
    ordering
}

fn secured() -> TestEndpoint {
    let mut ordering = placed(5_000);
    let until = ordering.now().plus(minutes(15));
    ordering.handle(TicketsSecured { order_id: order_id(), securing: 1, until }).unwrap();
    ordering
}

fn declined() -> TestEndpoint {
    let mut ordering = secured();
    ordering.handle(PaymentDeclined { order_id: order_id(), attempt: 1, reason: "insufficient_funds".into() }).unwrap();
    ordering
}

fn issued() -> TestEndpoint {
    let mut ordering = secured();
    ordering.handle(succeeded(1)).unwrap();
    ordering.handle(TicketsIssued { order_id: order_id(), securing: 1, quantity: 2 }).unwrap();
    ordering
}

fn succeeded(attempt: u32) -> PaymentSucceeded {
    PaymentSucceeded { order_id: order_id(), attempt, amount: place_order(5_000).total }
}

fn view(ordering: &TestEndpoint) -> OrderView {
    ordering.read(|tx| Ok(api::order_view(tx, order_id()))).unwrap()
}

fn state(ordering: &TestEndpoint) -> String {
    view(ordering).state
}

fn state_and_reason(ordering: &TestEndpoint) -> (String, Option<String>) {
    let view = view(ordering);
    (view.state, view.reason)
}

fn with_reason(state: &str, reason: &str) -> (String, Option<String>) {
    (state.to_owned(), Some(reason.to_owned()))
}

#[test]
fn an_order_goes_from_placed_over_secured_and_paid_to_issued() {
    let mut ordering = placed(5_000);
    assert_eq!((state(&ordering).as_str(), ordering.published::<OrderPlaced>().len()), ("securing", 1));
    assert_eq!(ordering.sent::<SecureTickets>()[0].lines[0].quantity, 2);
    let until = ordering.now().plus(minutes(15));
    ordering.handle(TicketsSecured { order_id: order_id(), securing: 1, until }).unwrap();
    assert_eq!(state(&ordering), "paying");
    assert_eq!(ordering.sent::<RequestPayment>()[0].payment_method, PaymentMethod::new("pm_1"));
    ordering.handle(succeeded(1)).unwrap();
    assert_eq!((state(&ordering).as_str(), ordering.published::<OrderPaid>().len()), ("paid", 1));
    assert_eq!(ordering.sent::<IssueTickets>().len(), 1);
    ordering.handle(TicketsIssued { order_id: order_id(), securing: 1, quantity: 2 }).unwrap();
    assert_eq!(state(&ordering), "issued");
    ordering.advance(minutes(60));
    assert_eq!((state(&ordering).as_str(), ordering.sent::<ReleaseOrder>().len()), ("issued", 0));
}

#[test]
fn a_message_delivered_again_changes_nothing() {
    let mut ordering = secured();
    assert_eq!(ordering.redeliver_last(), Err(NotHandled::Duplicate));
    ordering.handle(place_order(5_000)).unwrap();
    assert_eq!((ordering.sent::<SecureTickets>().len(), ordering.sent::<RequestPayment>().len()), (1, 1));
    assert_eq!(state(&ordering), "paying");
}

#[test]
fn an_order_without_a_total_is_paid_without_a_payment() {
    let mut ordering = placed(0);
    let until = ordering.now().plus(minutes(15));
    ordering.handle(TicketsSecured { order_id: order_id(), securing: 1, until }).unwrap();
    assert_eq!((state(&ordering).as_str(), ordering.sent::<RequestPayment>().len()), ("paid", 0));
}

#[test]
fn an_order_whose_tickets_are_gone_is_cancelled_with_the_reason() {
    let mut ordering = placed(5_000);
    let gone = TicketsUnavailable { order_id: order_id(), securing: 1, hold_ids: vec![id(5)], reason: Unavailable::SoldOut };
    ordering.handle(gone).unwrap();
    assert_eq!(state_and_reason(&ordering), with_reason("cancelled", "sold_out"));
    assert_eq!(ordering.published::<OrderCancelled>()[0].reason, CancelReason::SoldOut);
}

#[test]
fn an_order_that_the_box_office_does_not_answer_is_cancelled_when_its_time_is_over() {
    let mut ordering = placed(5_000);
    ordering.advance(minutes(9));
    assert_eq!(state(&ordering), "securing");
    ordering.advance(minutes(1));
    assert_eq!(state_and_reason(&ordering), with_reason("cancelled", "securing_deadline"));
}

#[test]
fn after_a_decline_the_buyer_sees_why_and_pays_again() {
    let mut ordering = declined();
    assert_eq!(state_and_reason(&ordering), with_reason("awaiting_payment", "insufficient_funds"));
    assert_eq!(view(&ordering).attempts_left, 4);
    let paying = ordering.operation(|ctx| api::pay_order(ctx, order_id(), &PaymentMethod::new("pm_2"))).unwrap();
    assert_eq!(paying.state, "paying");
    let asked: Vec<_> = ordering.sent::<RequestPayment>().into_iter().map(|command| (command.attempt, command.payment_method)).collect();
    assert_eq!(asked, [(1, PaymentMethod::new("pm_1")), (2, PaymentMethod::new("pm_2"))]);
}

#[test]
fn an_order_that_nobody_pays_again_is_cancelled_at_the_end_of_the_window() {
    let mut ordering = declined();
    ordering.advance(minutes(15));
    assert_eq!(state_and_reason(&ordering), with_reason("cancelled", "deadline"));
    assert_eq!(ordering.sent::<ReleaseOrder>().len(), 1);
}

#[test]
fn a_buyer_who_cancels_while_paying_waits_for_the_payment_to_be_stopped() {
    let mut ordering = secured();
    let stopping = ordering.operation(|ctx| api::cancel_order(ctx, order_id())).unwrap();
    assert_eq!((stopping.state.as_str(), ordering.sent::<CancelPayment>().len()), ("stopping", 1));
    ordering.handle(PaymentCancelled { order_id: order_id(), attempt: 1 }).unwrap();
    assert_eq!(state_and_reason(&ordering), with_reason("cancelled", "buyer"));
    ordering.advance(minutes(60));
    assert_eq!(ordering.published::<OrderCancelled>().len(), 1);
}

#[test]
fn a_payment_that_nobody_hears_of_is_given_up_and_money_that_turns_up_is_returned() {
    let mut ordering = secured();
    ordering.operation(|ctx| api::cancel_order(ctx, order_id())).unwrap();
    ordering.advance(minutes(30));
    assert_eq!(state_and_reason(&ordering), with_reason("unresolved", "buyer"));
    ordering.handle(succeeded(1)).unwrap();
    assert_eq!((state(&ordering).as_str(), ordering.sent::<RefundPayment>().len()), ("refunding", 1));
    ordering.handle(PaymentRefunded { order_id: order_id(), attempt: 1, amount: place_order(5_000).total }).unwrap();
    assert_eq!((state(&ordering).as_str(), ordering.published::<OrderRefunded>().len()), ("refunded", 1));
}

#[test]
fn money_that_arrives_after_the_window_secures_the_tickets_again() {
    let mut ordering = secured();
    ordering.advance(minutes(45));
    assert_eq!(state(&ordering), "unresolved");
    ordering.handle(succeeded(1)).unwrap();
    assert_eq!(state(&ordering), "resecuring");
    assert_eq!(ordering.sent::<SecureTickets>().last().map(|command| command.securing), Some(2));
}

#[test]
fn a_buyer_who_has_to_act_is_told_where() {
    let mut ordering = secured();
    let url = "https://bank.example/1".to_owned();
    ordering.handle(PaymentNeedsAction { order_id: order_id(), attempt: 1, url: url.clone() }).unwrap();
    assert_eq!((state(&ordering).as_str(), view(&ordering).action_url), ("awaiting_buyer", Some(url)));
}

#[test]
fn an_organiser_takes_back_an_issued_order() {
    let mut ordering = issued();
    let refunding = ordering.operation(|ctx| api::refund_order(ctx, order_id())).unwrap();
    assert_eq!((refunding.state.as_str(), refunding.reason.as_deref()), ("refunding", Some("organiser")));
    assert_eq!((ordering.sent::<RefundPayment>().len(), ordering.sent::<ReleaseOrder>().len()), (1, 1));
}

#[test]
fn what_the_state_does_not_allow_is_refused_with_the_state_and_leaves_no_trace() {
    let mut ordering = issued();
    let history = |ordering: &TestEndpoint| {
        let page = Page { limit: None, after: None };
        ordering.read(move |tx| Ok(api::order_history(tx, order_id(), &page))).unwrap().history.len()
    };
    let before = history(&ordering);
    let cancel = ordering.operation(|ctx| api::cancel_order(ctx, order_id())).unwrap_err();
    let pay = ordering.operation(|ctx| api::pay_order(ctx, order_id(), &PaymentMethod::new("pm_2"))).unwrap_err();
    for refused in [cancel, pay] {
        assert_eq!((refused.status().as_u16(), refused.kind()), (409, "order-state"));
        assert!(refused.detail().contains("`issued`"), "{}", refused.detail());
    }
    assert_eq!(history(&ordering), before);
}

#[test]
fn an_order_that_has_not_arrived_is_not_known_yet() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    let seen = ordering.read(|tx| Ok(api::order_view(tx, order_id()))).unwrap_err();
    let cancelled = ordering.operation(|ctx| api::cancel_order(ctx, order_id())).unwrap_err();
    assert_eq!((seen.status().as_u16(), seen.kind(), cancelled.kind()), (404, "order-not-known-yet", "order-not-known-yet"));
}

#[test]
fn an_event_about_an_order_that_has_not_arrived_is_kept_for_later() {
    let mut ordering = TestEndpoint::new(ordering::endpoint());
    assert!(matches!(ordering.handle(succeeded(1)), Err(NotHandled::PutOff(_))));
    ordering.handle(place_order(5_000)).unwrap();
    ordering.advance(Duration::from_secs(5));
    assert_eq!(ordering.sent::<RefundPayment>().len(), 1);
}

#[test]
fn the_history_tells_every_decision_with_its_messages_a_page_at_a_time() {
    let ordering = issued();
    let page = |limit, after| {
        let page = Page { limit: Some(limit), after };
        ordering.read(move |tx| Ok(api::order_history(tx, order_id(), &page))).unwrap()
    };
    let first = page(3, None);
    let told: Vec<_> = first.history.iter().map(|row| (row.from.as_deref(), row.to.as_str(), row.sent.len())).collect();
    assert_eq!(told, [(None, "securing", 3), (Some("securing"), "paying", 2), (Some("paying"), "paid", 2)]);
    assert_eq!(first.history[0].input, "globoticket.ordering.place-order");
    assert!(first.history.iter().all(|row| row.message_id.is_some()));
    let second = page(3, first.next);
    assert_eq!((second.history.len(), second.history[0].to.as_str(), second.next), (1, "issued", None));
}

#[test]
fn the_audit_tells_what_an_order_holds_and_whether_it_rests() {
    let ordering = declined();
    let facts = ordering.read(ordering::audit::read);
    let order = &facts.orders[0];
    assert_eq!(
        (order.order_id, order.state, order.total, order.lines.len()),
        (order_id(), "awaiting_payment", place_order(5_000).total, 1)
    );
    assert!(order.is_at_rest(ordering.now()));
    assert!(!order.is_at_rest(ordering.now().plus(minutes(15))));
    let paid = issued().read(ordering::audit::read);
    assert_eq!((paid.orders[0].paid_by, paid.orders[0].is_final), (Some(1), true));
}
