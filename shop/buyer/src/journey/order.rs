//! From a placed order to its end: tickets, or a truthful *no*.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{End, Journey, Stop, Whim, refused, text};
use crate::journal::Told;
use crate::pace::Wait;
use crate::truth::valid_codes;

impl Journey<'_> {
    pub(super) async fn wait_for_end(&mut self, order: &str) -> Result<(String, Option<String>), Stop> {
        let began = self.client.outside.clock.monotonic();
        let mut pace = self.usual.end.pace();
        loop {
            self.wait(&mut pace, began, "the order's end").await?;
            let seen = self.client.get(&format!("/api/ordering/orders/{order}")).await?;
            if seen.kind() == "order-not-known-yet" {
                continue;
            }
            if seen.status != StatusCode::OK {
                return Err(refused(self, &seen));
            }
            let (state, reason) = (text(&seen.body["state"]), seen.body["reason"].as_str().map(str::to_owned));
            if self.journal.last_state() != Some(&state) {
                self.note(Told::State { state: state.clone(), reason: reason.clone() });
                (self.progress)(&format!("order is {}", state.replace('_', " ")));
            }
            self.compare_total(&seen.body)?;
            let patient = self.purchase.whim != Whim::Cancels;
            if matches!(state.as_str(), "issued" | "cancelled" | "refunded") || (state == "awaiting_payment" && patient) {
                self.usual.end.took(self.client.outside.clock.monotonic() - began);
                return Ok((state, reason));
            }
        }
    }

    fn compare_total(&self, seen: &Value) -> Result<(), Stop> {
        match (self.journal.order(), seen["total_minor"].as_i64()) {
            (Some((order, promised)), Some(total)) if promised != total => {
                Err(Stop::Ended(End::Contradicted(format!("order {order} costs {total}, the basket said {promised}"))))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn take_tickets(&mut self, order: &str, quantity: u64, began: Duration) -> Result<End, Stop> {
        let since = self.client.outside.clock.monotonic();
        let mut pace = Wait::default().pace();
        loop {
            let seen = self.client.get(&format!("/api/box-office/orders/{order}/tickets")).await?;
            let codes = valid_codes(&seen.body);
            if codes.len() as u64 == quantity {
                self.note(Told::Tickets { codes: codes.into_iter().collect() });
                (self.progress)("tickets in hand");
                return Ok(End::Issued { checkout: began, tickets: self.client.outside.clock.monotonic() });
            }
            if let Some(end) = self.taken_back(order).await? {
                return Ok(end);
            }
            let patience = self.client.patience;
            if self.client.outside.clock.monotonic() - since >= patience {
                return Ok(End::Contradicted(format!("order {order} is issued with {quantity} places, and has {} tickets", codes.len())));
            }
            self.wait(&mut pace, since, "the tickets").await?;
        }
    }

    /// An issued order whose event was cancelled since: its tickets are void, and the order says so.
    async fn taken_back(&mut self, order: &str) -> Result<Option<End>, Stop> {
        let seen = self.client.get(&format!("/api/ordering/orders/{order}")).await?;
        let (state, reason) = (text(&seen.body["state"]), seen.body["reason"].as_str().map(str::to_owned));
        if !matches!(state.as_str(), "refunded" | "cancelled") {
            return Ok(None);
        }
        self.note(Told::State { state: state.clone(), reason: reason.clone() });
        Ok(Some(End::Ended { state, reason }))
    }

    pub(super) async fn cancel(&mut self, order: &str) -> Result<(), Stop> {
        let began = self.client.outside.clock.monotonic();
        loop {
            let asked = self.client.change(Method::POST, &format!("/api/ordering/orders/{order}/cancel"), &Value::Null).await?;
            if asked.status != StatusCode::NOT_FOUND {
                return Ok(());
            }
            self.pause_within(began, "the order").await?;
        }
    }

    pub(super) async fn give_up_after_decline(&mut self, order: &str) -> Result<End, Stop> {
        self.cancel(order).await?;
        let began = self.client.outside.clock.monotonic();
        let mut pace = Wait::default().pace();
        loop {
            let seen = self.client.get(&format!("/api/ordering/orders/{order}")).await?;
            let (state, reason) = (text(&seen.body["state"]), seen.body["reason"].as_str().map(str::to_owned));
            match state.as_str() {
                "cancelled" => {
                    self.note(Told::State { state, reason });
                    (self.progress)("declined; order cancelled");
                    return Ok(End::Declined);
                }
                "refunded" => return Ok(End::Ended { state, reason }),
                "issued" | "paid" => return Ok(End::Contradicted(format!("order {order} was declined, then {state}"))),
                _ => self.wait(&mut pace, began, "the cancellation").await?,
            }
        }
    }
}

/// What it means that an order ended without tickets. Only *sold out* says that there were no places; a cancelled event,
/// a passed deadline and the rest are ends of their own, told to the customer with their reason.
pub(super) fn without_tickets(state: String, reason: Option<String>) -> End {
    match (state.as_str(), reason.as_deref()) {
        ("cancelled", Some("sold_out")) => End::SoldOut,
        (_, Some("payment_unresolved")) => End::Unresolved(format!("the order is {state}, and nobody knows yet how its payment ended")),
        _ => End::Ended { state, reason },
    }
}
