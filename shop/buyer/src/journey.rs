//! The way from an empty basket to tickets in hand, as a customer goes it.

use std::time::Duration;

use hosting::Timestamp;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::ask::{Client, Gave};
use crate::card::enter_card;
use crate::journal::{Journal, Told};
use crate::pace::{Pace, Usual, Wait};
use crate::truth::valid_codes;

/// What is bought.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The event's id.
    pub event: String,
    /// The ticket type's id.
    pub ticket_type: String,
    /// How many places.
    pub quantity: u32,
}

/// What a customer does besides buying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whim {
    /// Nothing.
    #[default]
    None,
    /// Wants another number of places before checkout.
    ChangesTo(u32),
    /// Leaves the basket after this time, unpaid for.
    Leaves(Duration),
    /// Cancels the order as soon as it is placed.
    Cancels,
    /// Waits so long between hold and checkout.
    Dawdles(Duration),
}

/// One customer's intention.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// What to buy.
    pub choice: Choice,
    /// The card's number; it goes to the gateway alone.
    pub card: String,
    /// Where tickets are mailed to.
    pub email: String,
    /// The customer's name.
    pub name: String,
    /// What else the customer does.
    pub whim: Whim,
}

/// How it ended for the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Tickets in hand.
    Issued {
        /// When checkout was asked for, by the monotonic clock.
        checkout: Duration,
        /// When the tickets were seen, by the same clock.
        tickets: Duration,
    },
    /// The card was declined and the order cancelled.
    Declined,
    /// No places were left.
    SoldOut,
    /// The order came to another end, such as *cancelled* with this reason.
    Ended {
        /// The order's state.
        state: String,
        /// Its reason.
        reason: Option<String>,
    },
    /// The customer left without an order.
    Left,
    /// Nothing was ordered: the card or the event is unknown.
    WrongUse(String),
    /// The customer does not know how it ended.
    Unresolved(String),
    /// The shop contradicted itself.
    Contradicted(String),
}

/// Why a journey breaks off.
enum Stop {
    Ended(End),
    Gave(Gave),
}

impl From<Gave> for Stop {
    fn from(gave: Gave) -> Self {
        Self::Gave(gave)
    }
}

/// What a customer shares with those around.
pub struct Company<'c> {
    /// How long it usually takes.
    pub usual: &'c Usual,
    /// Hears each step's name as it is done.
    pub progress: &'c mut (dyn FnMut(&str) + Send),
}

/// Buys alone, and notes in `journal` what the shop says. `progress` hears each step's name as it is done.
pub async fn buy(client: &Client, purchase: &Purchase, journal: &mut Journal, progress: &mut (dyn FnMut(&str) + Send)) -> End {
    buy_among(client, purchase, journal, Company { usual: &Usual::default(), progress }).await
}

/// Buys among others, from whom it is known how long things take.
pub async fn buy_among(client: &Client, purchase: &Purchase, journal: &mut Journal, company: Company<'_>) -> End {
    let mut journey = Journey { client, purchase, journal, usual: company.usual, progress: company.progress };
    match journey.go().await {
        Ok(end) | Err(Stop::Ended(end)) => end,
        Err(Stop::Gave(gave)) => End::Unresolved(gave.to_string()),
    }
}

struct Journey<'j> {
    client: &'j Client,
    purchase: &'j Purchase,
    journal: &'j mut Journal,
    usual: &'j Usual,
    progress: &'j mut (dyn FnMut(&str) + Send),
}

/// The line as the basket shows it.
struct Line {
    id: String,
    state: String,
    quantity: u64,
    price_minor: i64,
    held_until: String,
}

impl Journey<'_> {
    async fn go(&mut self) -> Result<End, Stop> {
        let payment_method = self.enter_card().await?;
        let basket = self.fill_basket().await?;
        let line = self.wait_for_hold(&basket).await?;
        let line = self.have_a_whim(&basket, line).await?;
        let began = self.client.outside.clock.monotonic();
        let (order, quantity) = self.check_out(&basket, line, &payment_method).await?;
        if self.purchase.whim == Whim::Cancels {
            self.cancel(&order).await?;
        }
        let (state, reason) = self.wait_for_end(&order).await?;
        match state.as_str() {
            "issued" => self.take_tickets(&order, quantity, began).await,
            "awaiting_payment" => self.give_up_after_decline(&order).await,
            "cancelled" if reason.as_deref().is_some_and(is_sold_out) => Ok(End::SoldOut),
            _ => Ok(End::Ended { state, reason }),
        }
    }

    async fn enter_card(&mut self) -> Result<String, Stop> {
        let method = enter_card(self.client, &self.purchase.card).await.map_err(Stop::Ended)?;
        (self.progress)("card entered");
        Ok(method)
    }

    async fn fill_basket(&mut self) -> Result<String, Stop> {
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
    async fn wait_for_hold(&mut self, basket: &str) -> Result<Line, Stop> {
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
                "sold_out" | "event_cancelled" => {
                    self.note(Told::SoldOut);
                    return Err(Stop::Ended(End::SoldOut));
                }
                "expired" => return Err(Stop::Ended(End::Left)),
                _ => {}
            }
        }
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
        })
    }

    async fn have_a_whim(&mut self, basket: &str, line: Line) -> Result<Line, Stop> {
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
    async fn check_out(&mut self, basket: &str, mut line: Line, payment_method: &str) -> Result<(String, u64), Stop> {
        let body = json!({"email": self.purchase.email, "name": self.purchase.name, "payment_method": payment_method});
        let path = format!("/api/shopping-basket/baskets/{basket}");
        for _ in 0..20 {
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
        Err(unresolved("the basket could not be checked out after 20 tries".to_owned()))
    }

    async fn wait_for_end(&mut self, order: &str) -> Result<(String, Option<String>), Stop> {
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

    async fn take_tickets(&mut self, order: &str, quantity: u64, began: Duration) -> Result<End, Stop> {
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

    async fn cancel(&mut self, order: &str) -> Result<(), Stop> {
        let began = self.client.outside.clock.monotonic();
        loop {
            let asked = self.client.change(Method::POST, &format!("/api/ordering/orders/{order}/cancel"), &Value::Null).await?;
            if asked.status != StatusCode::NOT_FOUND {
                return Ok(());
            }
            self.pause_within(began, "the order").await?;
        }
    }

    async fn give_up_after_decline(&mut self, order: &str) -> Result<End, Stop> {
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

    fn note(&mut self, told: Told) {
        let now: Timestamp = self.client.now();
        self.journal.note(now, told);
    }

    /// Waits a little; gives up on a shop that makes no headway for ten times the patience.
    async fn wait(&mut self, pace: &mut Pace, since: Duration, what: &str) -> Result<(), Stop> {
        let limit = self.client.patience * 10;
        if self.client.outside.clock.monotonic() - since >= limit {
            return Err(unresolved(format!("{what} did not come within {} s", limit.as_secs())));
        }
        self.client.outside.clock.sleep(pace.next()).await;
        Ok(())
    }

    async fn pause_within(&mut self, since: Duration, what: &str) -> Result<(), Stop> {
        if self.client.outside.clock.monotonic() - since >= self.client.patience {
            return Err(unresolved(format!("{what} did not answer for {} s", self.client.patience.as_secs())));
        }
        self.client.outside.clock.sleep(Duration::from_millis(200)).await;
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn is_sold_out(reason: &str) -> bool {
    matches!(reason, "sold_out" | "tickets_unavailable" | "unavailable" | "event_cancelled")
}

fn unresolved(why: String) -> Stop {
    Stop::Ended(End::Unresolved(why))
}

/// A refusal that a customer did not expect.
fn refused(journey: &mut Journey<'_>, asked: &crate::Asked) -> Stop {
    let detail = asked.detail();
    journey.note(Told::Refused { detail: detail.clone() });
    unresolved(detail)
}
