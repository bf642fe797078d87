//! The way from an empty basket to tickets in hand, as a customer goes it: `basket` up to the placed order, `order`
//! from there.

mod basket;
mod order;

use std::time::Duration;

use hosting::Timestamp;
use serde_json::Value;

use crate::ask::{Client, Gave};
use crate::card::enter_card;
use crate::journal::{Journal, Told};
use crate::pace::{Pace, Usual};

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
    /// No places were left: capacity alone is why.
    SoldOut,
    /// It came to another final end that the customer was told, such as *cancelled* with this reason.
    Ended {
        /// The order's state, or the line's where nothing was ordered.
        state: String,
        /// Its reason.
        reason: Option<String>,
    },
    /// The customer left without an order.
    Left,
    /// Nothing was ordered: the card or the event is unknown, or the quantity out of its limits.
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
            _ => Ok(order::without_tickets(state, reason)),
        }
    }

    async fn enter_card(&mut self) -> Result<String, Stop> {
        let method = enter_card(self.client, &self.purchase.card).await.map_err(Stop::Ended)?;
        (self.progress)("card entered");
        Ok(method)
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

fn unresolved(why: String) -> Stop {
    Stop::Ended(End::Unresolved(why))
}

/// A refusal that a customer did not expect.
fn refused(journey: &mut Journey<'_>, asked: &crate::Asked) -> Stop {
    let detail = asked.detail();
    journey.note(Told::Refused { detail: detail.clone() });
    unresolved(detail)
}
