//! The checkout: a basket whose lines are all held at accepted prices becomes an order, once.

use std::collections::BTreeMap;

use contracts::ordering::{OrderLine, PlaceOrder};
use contracts::payment::PaymentMethod;
use contracts::{OrderId, TicketTypeId};
use hosting::Timestamp;

use super::{Basket, BasketState, CheckoutRefused, Hindrance, Offer};
use crate::line::{Line, LineState, PriceChange};

/// The highest total of an order, in minor units.
pub const TOTAL_MINOR_MAX: i64 = 99_999_999;

/// Who buys, and how it is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    pub email: String,
    pub name: String,
    /// Empty where there is nothing to pay.
    pub payment_method: PaymentMethod,
}

/// How a checkout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkout {
    /// The basket is frozen; the order is to be placed.
    Placed(PlaceOrder),
    /// It was checked out before, as that order.
    Already(OrderId),
}

impl Basket {
    /// Checks the basket out as that order, at today's offers of its ticket types.
    ///
    /// # Errors
    /// When it is empty, a line is not held or its raised price not accepted, the total does not fit, or there is
    /// something to pay and no payment method. Nothing changes then.
    pub fn checkout(
        &mut self,
        order_id: OrderId,
        buyer: &Buyer,
        offers: &BTreeMap<TicketTypeId, Offer>,
        now: Timestamp,
    ) -> Result<Checkout, CheckoutRefused> {
        if let BasketState::CheckedOut { order_id } = self.state {
            return Ok(Checkout::Already(order_id));
        }
        if self.lines_there().next().is_none() {
            return Err(CheckoutRefused::Empty);
        }
        let hindrances: Vec<_> = self.lines_there().filter_map(|line| hindrance(line, offers.get(&line.ticket_type_id))).collect();
        if !hindrances.is_empty() {
            return Err(CheckoutRefused::Lines { hindrances });
        }
        let priced = self.at_prices_of(offers);
        let total = priced.total().filter(|total| total.amount_minor <= TOTAL_MINOR_MAX).ok_or(CheckoutRefused::TotalTooLarge)?;
        if !total.is_zero() && buyer.payment_method.as_str().is_empty() {
            return Err(CheckoutRefused::NoPaymentMethod { total });
        }
        *self = Self { state: BasketState::CheckedOut { order_id }, ..priced };
        let lines = self.lines_there().filter_map(|line| Some(order_line(line, offers.get(&line.ticket_type_id)?))).collect();
        Ok(Checkout::Placed(PlaceOrder {
            order_id,
            basket_id: self.basket_id,
            email: buyer.email.clone(),
            name: buyer.name.clone(),
            payment_method: buyer.payment_method.clone(),
            lines,
            total,
            placed: now,
        }))
    }

    /// The basket with lower prices applied.
    fn at_prices_of(&self, offers: &BTreeMap<TicketTypeId, Offer>) -> Self {
        let mut priced = self.clone();
        for line in &mut priced.lines {
            if let Some(offer) = offers.get(&line.ticket_type_id) {
                line.apply_price(offer.price);
            }
        }
        priced
    }
}

/// What keeps the line from being ordered. A line that is on offer no more counts as its event's cancellation.
fn hindrance(line: &Line, offer: Option<&Offer>) -> Option<Hindrance> {
    let line_id = line.line_id;
    let Some(offer) = offer.filter(|offer| !offer.event_cancelled && line.state != LineState::EventCancelled) else {
        return Some(Hindrance::EventCancelled { line_id });
    };
    if !matches!(line.state, LineState::Held { .. }) {
        return Some(Hindrance::NotHeld { line_id, state: line.state });
    }
    match line.price_change(offer.price) {
        PriceChange::Raised { old, new } => Some(Hindrance::PriceRaised { line_id, old, new }),
        PriceChange::Same | PriceChange::Lowered => None,
    }
}

fn order_line(line: &Line, offer: &Offer) -> OrderLine {
    OrderLine {
        line_id: line.line_id,
        hold_id: line.hold_id,
        revision: line.revision,
        event_id: line.event_id,
        event_version: offer.event_version,
        event_title: offer.event_title.clone(),
        event_starts: Some(offer.event_starts),
        ticket_type_id: line.ticket_type_id,
        ticket_type_name: offer.ticket_type_name.clone(),
        quantity: line.quantity,
        unit_price: line.price,
    }
}
