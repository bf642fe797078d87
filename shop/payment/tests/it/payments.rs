//! A payment in a state, what reaches it, and what follows, in words short enough to read as a row of the table.

use contracts::payment::{CancelPayment, GatewayCall, PaymentMethod, RequestPayment};
use contracts::{Currency, Money, OrderId};
use hosting::Timestamp;
use payment::payment::{GatewayAnswer, Payment, PaymentEffect, PaymentInput, PaymentState};

pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

pub(crate) fn order_id() -> OrderId {
    OrderId::new(uuid::Uuid::from_u128(6))
}

pub(crate) fn request() -> RequestPayment {
    RequestPayment {
        order_id: order_id(),
        attempt: 1,
        amount: Money::new(5_000, Currency::EUR),
        payment_method: PaymentMethod::new("pm_1"),
    }
}

pub(crate) fn cancel() -> CancelPayment {
    CancelPayment { order_id: order_id(), attempt: 1 }
}

/// A payment in that state, its first calls made, its intent known unless it is being created.
pub(crate) fn payment(state: PaymentState) -> Payment {
    let (mut payment, _) = Payment::request(&request(), second(0));
    if state != PaymentState::Creating {
        payment.decide(answered(GatewayCall::Create, GatewayAnswer::Created { intent: "pi_1".into() }), second(0));
    }
    let asked = match state {
        PaymentState::Unknown | PaymentState::Authenticating { .. } => Some(GatewayCall::Retrieve),
        PaymentState::Closing { .. } | PaymentState::Cancelling => Some(GatewayCall::Cancel),
        PaymentState::Refunding => Some(GatewayCall::Refund),
        _ => None,
    };
    payment.keys.extend(asked.map(|call| (call, 1)));
    payment.state = state;
    payment
}

pub(crate) fn authenticating() -> PaymentState {
    PaymentState::Authenticating { url: "https://gateway.example".into() }
}

pub(crate) fn closing() -> PaymentState {
    PaymentState::Closing { reason: "card_declined".into() }
}

pub(crate) fn declined() -> PaymentState {
    PaymentState::Declined { reason: "card_declined".into() }
}

/// The first call of that kind was answered.
pub(crate) fn answered(call: GatewayCall, answer: GatewayAnswer) -> PaymentInput {
    answered_nth(call, 1, answer)
}

/// The call of that kind with its n-th key was answered.
pub(crate) fn answered_nth(call: GatewayCall, number: u32, answer: GatewayAnswer) -> PaymentInput {
    let word = match call {
        GatewayCall::Create => "create",
        GatewayCall::Confirm => "confirm",
        GatewayCall::Retrieve => "retrieve",
        GatewayCall::Cancel => "cancel",
        GatewayCall::Refund => "refund",
        GatewayCall::LookUpRefund => "look-up-refund",
    };
    let suffix = if number == 1 { String::new() } else { format!("/{number}") };
    PaymentInput::Answered { call, key: format!("{}/1/{word}{suffix}", order_id()), answer }
}

pub(crate) fn said(effects: &[PaymentEffect]) -> Vec<String> {
    effects.iter().map(say).collect()
}

fn say(effect: &PaymentEffect) -> String {
    match effect {
        PaymentEffect::Call(call, due) => {
            let key = call.key.strip_prefix(&format!("{}/1/", order_id())).unwrap();
            match (due.as_micros() - second(0).as_micros()) / 1_000_000 {
                0 => format!("call {key}"),
                seconds => format!("call {key} at {seconds} s"),
            }
        }
        PaymentEffect::PublishSucceeded(_) => "PaymentSucceeded".into(),
        PaymentEffect::PublishDeclined(event) => format!("PaymentDeclined({})", event.reason),
        PaymentEffect::PublishCancelled(_) => "PaymentCancelled".into(),
        PaymentEffect::PublishNeedsAction(event) => format!("PaymentNeedsAction({})", event.url),
        PaymentEffect::PublishRefunded(_) => "PaymentRefunded".into(),
        PaymentEffect::PublishRefundFailed(event) => format!("RefundFailed({})", event.reason),
    }
}

/// The payment takes the input: it comes to `next`, and that follows.
#[track_caller]
pub(crate) fn check(mut payment: Payment, input: PaymentInput, next: PaymentState, expected: &[&str]) -> Payment {
    let effects = payment.decide(input, second(0));
    assert_eq!(payment.state, next);
    assert_eq!(said(&effects), expected);
    assert_eq!(payment.ignored, 0);
    let stored = serde_json::to_string(&payment).unwrap();
    assert_eq!(serde_json::from_str::<Payment>(&stored).unwrap(), payment, "stored and loaded");
    for effect in &effects {
        if let PaymentEffect::Call(call, _) = effect {
            assert!(payment.wants(call.call, &call.key), "a call just decided on is wanted: {call:?}");
        }
    }
    payment
}

/// The payment ignores the input and counts it.
#[track_caller]
pub(crate) fn check_ignored(mut payment: Payment, input: PaymentInput) {
    let before = Payment { ignored: 1, ..payment.clone() };
    assert_eq!(payment.decide(input, second(0)), []);
    assert_eq!(payment, before);
}
