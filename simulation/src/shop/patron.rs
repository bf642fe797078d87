//! A buyer with larger plans than production's customer: several lines in one basket, another card after a decline, and
//! sometimes a word with the organiser, who then takes the order back.

use std::time::Duration;

use buyer::{Choice, Client, End, Gave, Journal, Purchase, Told, Whim, enter_card};
use http::Method;
use serde_json::{Value, json};

use super::crowd::Customer;
use super::organiser::Desk;
use crate::Random;

const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often a patron looks before going home without knowing.
const LOOKS_MAX: u32 = 6_000;
const CHECKOUTS_MAX: u32 = 10;
/// How often, in a million, a patron with tickets has the order taken back, and a patron stops paying after a decline.
const REGRETS: u32 = 300_000;
const GIVES_UP: u32 = 300_000;

pub(crate) struct Patron {
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) random: Random,
    /// What goes into the basket.
    pub(crate) wants: Vec<Choice>,
    /// Tried in this order; the last one as often as it takes.
    pub(crate) cards: Vec<&'static str>,
    pub(crate) desk: Desk,
    pub(crate) journal: Journal,
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

impl Patron {
    pub(crate) async fn shop(mut self) -> Customer {
        let end = match self.buy().await {
            Ok(end) | Err(Stop::Ended(end)) => end,
            Err(Stop::Gave(gave)) => End::Unresolved(gave.to_string()),
        };
        let choice =
            self.wants.first().cloned().unwrap_or_else(|| Choice { event: String::new(), ticket_type: String::new(), quantity: 0 });
        let card = self.cards.last().copied().unwrap_or_default().to_owned();
        let purchase = Purchase { choice, card, email: self.email(), name: self.name.clone(), whim: Whim::None };
        Customer { name: self.name, client: self.client, purchase, journal: self.journal, end }
    }

    async fn buy(&mut self) -> Result<End, Stop> {
        let made = self.client.change(Method::POST, "/api/shopping-basket/baskets", &json!({})).await?;
        let Some(basket) = made.body["id"].as_str().map(|id| format!("/api/shopping-basket/baskets/{id}")) else {
            return Err(unresolved(made.detail()));
        };
        self.note(Told::Basket { id: made.body["id"].as_str().unwrap_or_default().to_owned() });
        for want in self.wants.clone() {
            let line = json!({"event_id": want.event, "ticket_type_id": want.ticket_type, "quantity": want.quantity});
            self.client.change(Method::POST, &format!("{basket}/lines"), &line).await?;
        }
        let order = self.check_out(&basket).await?;
        let end = self.see_to_the_end(&order).await?;
        if matches!(end, End::Issued { .. }) && self.random.chance(REGRETS) {
            self.desk.ask(&format!("/api/ordering/orders/{order}/refund"), &Value::Null).await;
        }
        Ok(end)
    }

    /// Takes out what cannot be had, accepts what has become dearer, and orders the rest.
    async fn check_out(&mut self, basket: &str) -> Result<String, Stop> {
        let method = self.enter_card(0).await?;
        let body = json!({"email": self.email(), "name": self.name, "payment_method": method});
        for _ in 0..CHECKOUTS_MAX {
            if self.settle_lines(basket).await? == 0 {
                return Err(Stop::Ended(End::Left));
            }
            let placed = self.client.change(Method::POST, &format!("{basket}/checkout"), &body).await?;
            if let Some(order) = placed.body["order_id"].as_str() {
                let total_minor = placed.body["total_minor"].as_i64().unwrap_or(-1);
                self.note(Told::Placed { order: order.to_owned(), total_minor });
                return Ok(order.to_owned());
            }
            self.note(Told::Refused { detail: placed.detail() });
        }
        Err(unresolved("the basket could not be checked out".to_owned()))
    }

    /// Waits until no line is asked for any more; answers how many are held.
    async fn settle_lines(&mut self, basket: &str) -> Result<usize, Stop> {
        for _ in 0..LOOKS_MAX {
            let seen = self.client.get(basket).await?;
            let lines = seen.body["lines"].as_array().cloned().unwrap_or_default();
            if lines.iter().any(|line| line["state"] == "requested") {
                self.client.outside.clock.sleep(LOOK_AGAIN).await;
                continue;
            }
            let mut held = 0;
            for line in &lines {
                let path = format!("{basket}/lines/{}", line["id"].as_str().unwrap_or_default());
                if line["state"] == "held" {
                    held += 1;
                    self.client.change(Method::POST, &format!("{path}/accept-price"), &json!({})).await?;
                } else {
                    self.client.change(Method::DELETE, &path, &Value::Null).await?;
                }
            }
            return Ok(held);
        }
        Err(unresolved("the lines were never answered".to_owned()))
    }

    async fn see_to_the_end(&mut self, order: &str) -> Result<End, Stop> {
        let began = self.client.outside.clock.monotonic();
        let path = format!("/api/ordering/orders/{order}");
        let mut attempts = 1;
        for _ in 0..LOOKS_MAX {
            let seen = self.client.get(&path).await?;
            let state = seen.body["state"].as_str().unwrap_or_default().to_owned();
            let reason = seen.body["reason"].as_str().map(str::to_owned);
            if !state.is_empty() && self.journal.last_state() != Some(&state) {
                self.note(Told::State { state: state.clone(), reason: reason.clone() });
            }
            match state.as_str() {
                "issued" => return self.take_tickets(order, began).await,
                "cancelled" | "refunded" => return Ok(End::Ended { state, reason }),
                "awaiting_payment" => {
                    self.pay_again(&path, attempts).await?;
                    attempts += 1;
                }
                _ => {}
            }
            self.client.outside.clock.sleep(LOOK_AGAIN).await;
        }
        Err(unresolved("the order's end did not come".to_owned()))
    }

    /// Refusals are fine: the order may have moved on meanwhile.
    async fn pay_again(&mut self, order: &str, attempts: usize) -> Result<(), Stop> {
        if self.random.chance(GIVES_UP) {
            self.client.change(Method::POST, &format!("{order}/cancel"), &Value::Null).await?;
            return Ok(());
        }
        let method = self.enter_card(attempts).await?;
        self.client.change(Method::POST, &format!("{order}/pay"), &json!({"payment_method": method})).await?;
        Ok(())
    }

    /// As many as the box office gives: the judge counts them.
    async fn take_tickets(&mut self, order: &str, checkout: Duration) -> Result<End, Stop> {
        let seen = self.client.get(&format!("/api/box-office/orders/{order}/tickets")).await?;
        let tickets = seen.body["tickets"].as_array().cloned().unwrap_or_default();
        let codes = tickets.iter().filter_map(|ticket| ticket["code"].as_str().map(str::to_owned));
        self.note(Told::Tickets { codes: codes.collect() });
        Ok(End::Issued { checkout, tickets: self.client.outside.clock.monotonic() })
    }

    async fn enter_card(&self, attempt: usize) -> Result<String, Stop> {
        let card = self.cards.get(attempt).or(self.cards.last()).copied().unwrap_or_default();
        enter_card(&self.client, card).await.map_err(Stop::Ended)
    }

    fn email(&self) -> String {
        format!("{}@example.org", self.name)
    }

    fn note(&mut self, told: Told) {
        let now = self.client.now();
        self.journal.note(now, told);
    }
}

fn unresolved(why: String) -> Stop {
    Stop::Ended(End::Unresolved(why))
}
