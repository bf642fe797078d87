//! From an empty basket to a placed order.

use http::{Method, StatusCode};
use serde_json::json;

use super::{End, Journey, Stop, Whim, refused, text, unresolved};
use crate::journal::Told;

/// How often checkout is tried while the shop says that prices or places have changed.
const CHECKOUTS_MAX: u32 = 20;
/// The state of a line whose event does not take place, and the reason for it.
const EVENT_CANCELLED: &str = "event_cancelled";

/// The line as the basket shows it.
pub(super) struct Line {
    id: String,
    state: String,
    quantity: u64,
    price_minor: i64,
    held_until: String,
    left: Option<u64>,
    refused_because: String,
}

impl Line {
    /// What it means that the places cannot be had.
    fn not_to_be_had(&self) -> End {
        let quantity = self.quantity;
        // What was refused before the event was cancelled is no reason any more.
        let reason = if self.state == "sold_out" { self.refused_because.as_str() } else { EVENT_CANCELLED };
        match (reason, self.left) {
            // Also what was on sale when it was chosen may be so no more.
            (EVENT_CANCELLED | "not_on_sale", _) => End::Ended { state: self.state.clone(), reason: Some(reason.to_owned()) },
            ("quantity_limit", _) => End::WrongUse(format!("{quantity} places are more than one buyer may have")),
            ("sold_out", Some(left)) if left >= quantity => {
                End::Contradicted(format!("{quantity} places are said to be sold out, and {left} to be left"))
            }
            _ => End::SoldOut,
        }
    }
}

impl Journey<'_> {
    pub(super) async fn fill_basket(&mut self) -> Result<String, Stop> {
        let made = self.client.change(Method::POST, "/api/shopping-basket/baskets", &json!({})).await?;
        let Some(basket) = made.body["id"].as_str().map(str::to_owned) else { return Err(refused(self, &made)) };
        self.note(Told::Basket { id: basket.clone() });
        let choice = &self.purchase.choice;
        let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": choice.quantity});
        let added = self.client.change(Method::POST, &format!("/api/shopping-basket/baskets/{basket}/lines"), &line).await?;
        if !added.status.is_success() {
            return Err(match added.status {
                StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                    Stop::Ended(End::WrongUse(added.detail()))
                }
                _ => refused(self, &added),
            });
        }
        (self.progress)("added to basket");
        Ok(basket)
    }

    /// Until the line is held; sold out and cancelled events end the journey.
    pub(super) async fn wait_for_hold(&mut self, basket: &str) -> Result<Line, Stop> {
        let began = self.client.outside.clock.monotonic();
        let mut pace = self.usual.hold.pace();
        loop {
            self.wait(&mut pace, began, "the hold").await?;
            let line = self.look_at_line(basket).await?;
            match line.state.as_str() {
                "held" => {
                    self.usual.hold.took(self.client.outside.clock.monotonic() - began);
                    let (price_minor, quantity, until) = (line.price_minor, line.quantity, line.held_until.clone());
                    self.note(Told::Held { price_minor, quantity, until });
                    (self.progress)("held");
                    return Ok(line);
                }
                "sold_out" | EVENT_CANCELLED => return Err(self.has_no_places(&line)),
                "expired" => return Err(Stop::Ended(End::Left)),
                _ => {}
            }
        }
    }

    fn has_no_places(&mut self, line: &Line) -> Stop {
        let end = line.not_to_be_had();
        self.note(match &end {
            End::Ended { reason, .. } => Told::Refused { detail: format!("no places: {}", reason.as_deref().unwrap_or_default()) },
            End::WrongUse(detail) => Told::Refused { detail: detail.clone() },
            _ => Told::SoldOut,
        });
        Stop::Ended(end)
    }

    async fn look_at_line(&mut self, basket: &str) -> Result<Line, Stop> {
        let seen = self.client.get(&format!("/api/shopping-basket/baskets/{basket}")).await?;
        let Some(line) = seen.body["lines"].as_array().and_then(|lines| lines.first()) else { return Err(refused(self, &seen)) };
        Ok(Line {
            id: text(&line["id"]),
            state: text(&line["state"]),
            quantity: line["quantity"].as_u64().unwrap_or(0),
            price_minor: line["price_minor"].as_i64().unwrap_or(0),
            held_until: text(&line["held_until"]),
            left: line["left"].as_u64(),
            refused_because: text(&line["refused_because"]),
        })
    }

    pub(super) async fn have_a_whim(&mut self, basket: &str, line: Line) -> Result<Line, Stop> {
        match self.purchase.whim {
            Whim::None | Whim::Cancels => Ok(line),
            Whim::Dawdles(time) => {
                self.client.outside.clock.sleep(time).await;
                self.look_at_line(basket).await
            }
            Whim::Leaves(time) => {
                self.client.outside.clock.sleep(time).await;
                Err(Stop::Ended(End::Left))
            }
            Whim::ChangesTo(quantity) => {
                let path = format!("/api/shopping-basket/baskets/{basket}/lines/{}", line.id);
                let changed = self.client.change(Method::PUT, &path, &json!({"quantity": quantity})).await?;
                if !changed.status.is_success() {
                    return Err(refused(self, &changed));
                }
                self.wait_for_hold(basket).await
            }
        }
    }

    /// Accepts a raised price, and asks anew for places whose hold has run out.
    pub(super) async fn check_out(&mut self, basket: &str, mut line: Line, payment_method: &str) -> Result<(String, u64), Stop> {
        let body = json!({"email": self.purchase.email, "name": self.purchase.name, "payment_method": payment_method});
        let path = format!("/api/shopping-basket/baskets/{basket}");
        for _ in 0..CHECKOUTS_MAX {
            let seen = self.client.get(&path).await?;
            let total_minor = seen.body["total_minor"].as_i64().unwrap_or(0);
            let placed = self.client.change(Method::POST, &format!("{path}/checkout"), &body).await?;
            if let Some(order) = placed.body["order_id"].as_str() {
                let order = order.to_owned();
                // The price may have fallen since the basket was looked at.
                let total_minor = placed.body["total_minor"].as_i64().unwrap_or(total_minor);
                self.note(Told::Placed { order: order.clone(), total_minor });
                (self.progress)("order placed");
                return Ok((order, line.quantity));
            }
            if placed.status != StatusCode::CONFLICT {
                return Err(refused(self, &placed));
            }
            self.note(Told::Refused { detail: placed.detail() });
            self.client.change(Method::POST, &format!("{path}/lines/{}/accept-price", line.id), &json!({})).await?;
            line = self.look_at_line(basket).await?;
            if line.state == "expired" {
                let again = json!({"quantity": self.purchase.choice.quantity});
                self.client.change(Method::PUT, &format!("{path}/lines/{}", line.id), &again).await?;
            }
            line = self.wait_for_hold(basket).await?;
        }
        Err(unresolved(format!("the basket could not be checked out after {CHECKOUTS_MAX} tries")))
    }
}
