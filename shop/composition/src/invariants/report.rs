//! What was found: the judgement that `verify` prints and the simulation asserts.

use hosting::Timestamp;
use serde::Serialize;

use super::facts::ShopFacts;
use super::{copies, interest, money, places};

/// How much there was to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub orders: usize,
    pub holds: usize,
    pub charges: usize,
    pub tickets: usize,
}

/// An invariant that does not hold, and the rows that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its number in the list of invariants.
    pub invariant: u8,
    /// One sentence a row, with the ids.
    pub rows: Vec<String>,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Nothing was under way, in two readings that were the same.
    pub at_rest: bool,
    /// Why it was not at rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub under_way: Vec<String>,
    pub checked: Checked,
    pub dead_letters: u64,
    pub violations: Vec<Violation>,
}

/// Judges `facts`, read as of `now`. `again` is a second reading: only where both are the same and nothing is under
/// way is the shop at rest, and only then is what holds at rest alone judged.
#[must_use]
pub fn judge(facts: &ShopFacts, again: &ShopFacts, now: Timestamp) -> Report {
    let mut under_way = facts.unrest(now);
    if facts != again {
        under_way.push("things changed while they were read".to_owned());
    }
    let at_rest = under_way.is_empty();
    let mut found = vec![(1, places::counters_add_up(facts)), (2, orders_can_be_read(facts))];
    if at_rest {
        found.extend([
            (3, money::issued_orders_are_paid_once(facts)),
            (3, places::issued_orders_have_their_tickets(facts)),
            (4, money::ended_orders_have_their_money_back(facts)),
            (4, places::ended_orders_have_no_tickets(facts)),
            (5, places::holds_end(facts, now)),
            (6, copies::equal_their_sources(facts)),
            (7, interest::is_counted_once(facts)),
            (11, money::charges_belong_to_orders(facts)),
            (11, copies::baskets_became_their_orders(facts)),
            (11, places::no_issued_order_of_a_cancelled_event(facts)),
        ]);
    }
    let mut violations: Vec<Violation> = Vec::new();
    for (invariant, rows) in found {
        match violations.last_mut() {
            _ if rows.is_empty() => {}
            Some(last) if last.invariant == invariant => last.rows.extend(rows),
            _ => violations.push(Violation { invariant, rows }),
        }
    }
    Report { at_rest, under_way, checked: count(facts), dead_letters: facts.dead_letters(), violations }
}

fn count(facts: &ShopFacts) -> Checked {
    let tickets = facts.box_office.tickets.iter();
    Checked {
        orders: facts.ordering.orders.len(),
        holds: facts.box_office.holds.len(),
        charges: facts.gateway.charges.iter().filter(|charge| charge.captured).count(),
        tickets: tickets.map(|tickets| tickets.valid as usize).sum(),
    }
}

/// Invariant 2. An order that is not final keeps the shop from being at rest; what nobody can read will never be final.
fn orders_can_be_read(facts: &ShopFacts) -> Vec<String> {
    let orders = facts.ordering.unreadable.iter().map(|(id, why)| format!("order {id} cannot be read: {why}"));
    let payments = facts.payment.unreadable.iter().map(|(id, why)| format!("a payment of order {id} cannot be read: {why}"));
    orders.chain(payments).collect()
}
