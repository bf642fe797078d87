//! Compares what a customer was told with what is true in the end (invariant 9).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ask::{Client, Gave};
use crate::card::is_to_be_declined;
use crate::journal::Journal;
use crate::journey::{End, Purchase};

/// What the shop says of an order when it is asked again.
struct Seen {
    state: String,
    total_minor: Option<i64>,
    codes: BTreeSet<String>,
}

/// The end as it stands after everything was asked for again: the same, or [`End::Contradicted`] where the shop now says
/// something else, or [`End::Unresolved`] where it does not answer.
pub async fn compare(client: &Client, purchase: &Purchase, journal: &Journal, end: End) -> End {
    let Some((order, promised_minor)) = journal.order() else { return end };
    if promised_minor > 0
        && let Some(odd) = against_the_card(purchase, &end)
    {
        return End::Contradicted(odd);
    }
    let seen = match look(client, order).await {
        Ok(seen) => seen,
        Err(gave) => return End::Unresolved(gave.to_string()),
    };
    let untrue = match (seen.total_minor, &end) {
        (Some(total), _) if total != promised_minor => Some(format!("costs {total}, the basket said {promised_minor}")),
        (_, End::Issued { .. }) => untrue_of_issued(&seen, journal),
        (_, End::Declined | End::SoldOut) => untrue_of_cancelled(&seen),
        (_, End::Ended { state, .. }) if *state != seen.state => Some(format!("was {state}, and is {}", seen.state)),
        _ => None,
    };
    match untrue {
        Some(untrue) => End::Contradicted(format!("order {order} {untrue}")),
        None => end,
    }
}

/// Where something is to be paid, the card decides how it ends.
fn against_the_card(purchase: &Purchase, end: &End) -> Option<String> {
    match (end, is_to_be_declined(&purchase.card)) {
        (End::Issued { .. }, true) => Some("tickets were issued on a card that is always declined".to_owned()),
        (End::Declined, false) => Some("a card was declined that never is".to_owned()),
        _ => None,
    }
}

/// Refunded later, with void tickets, is a truthful notice.
fn untrue_of_issued(seen: &Seen, journal: &Journal) -> Option<String> {
    let told: BTreeSet<String> = journal.codes().unwrap_or_default().iter().cloned().collect();
    match seen.state.as_str() {
        "issued" if seen.codes == told => None,
        "issued" => Some(format!("had {} tickets, and now has {} that are valid", told.len(), seen.codes.len())),
        "refunding" | "refunded" | "cancelled" => None,
        other => Some(format!("was issued, and is {other}")),
    }
}

fn untrue_of_cancelled(seen: &Seen) -> Option<String> {
    match seen.state.as_str() {
        "cancelled" if seen.codes.is_empty() => None,
        "cancelled" => Some(format!("is cancelled, and has {} valid tickets", seen.codes.len())),
        other => Some(format!("was cancelled, and is {other}")),
    }
}

async fn look(client: &Client, order: &str) -> Result<Seen, Gave> {
    let seen = client.get(&format!("/api/ordering/orders/{order}")).await?.body;
    let tickets = client.get(&format!("/api/box-office/orders/{order}/tickets")).await?.body;
    Ok(Seen {
        state: seen["state"].as_str().unwrap_or("unknown to the shop").to_owned(),
        total_minor: seen["total_minor"].as_i64(),
        codes: valid_codes(&tickets),
    })
}

/// The distinct codes of the tickets that are valid.
pub(crate) fn valid_codes(tickets: &Value) -> BTreeSet<String> {
    let tickets = tickets["tickets"].as_array().map_or(&[][..], Vec::as_slice);
    let valid = tickets.iter().filter(|ticket| ticket["valid"] == true);
    valid.filter_map(|ticket| ticket["code"].as_str().map(str::to_owned)).collect()
}
