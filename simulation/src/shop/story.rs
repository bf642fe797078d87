//! What went wrong, told so that a person can follow it: who was concerned, what they were told, which messages went
//! where, and what was found in the end.

use std::collections::{BTreeMap, BTreeSet};

use buyer::{Journal, Told};
use messaging::Destination;
use serde_json::Value;

use super::crowd::Customer;
use super::judge::{Evidence, Finding};
use super::ledger::{Moment, Sent};

/// So many messages are told of at most, and so many buyers.
const MESSAGES_MAX: usize = 40;
const BUYERS_MAX: usize = 5;
const BODY_CHARS_MAX: usize = 200;

/// The story of `findings`, a line an entry.
pub(crate) fn tell(findings: &[Finding], evidence: &Evidence<'_>) -> Vec<String> {
    let rows: Vec<&String> = findings.iter().flat_map(|finding| &finding.rows).collect();
    let mut ids: BTreeSet<String> = rows.iter().flat_map(|row| ids_in(row)).collect();
    let named = evidence.customers.iter().filter(|customer| rows.iter().any(|row| row.contains(&customer.name)));
    ids.extend(named.flat_map(|customer| ids_of(&customer.journal)));
    let messages = choose(&evidence.ledger.sent, &ids);
    let mut story = Vec::new();
    for customer in concerned(evidence.customers, &rows, &ids, &messages) {
        story.extend(buyer_lines(customer));
    }
    story.extend(message_lines(&messages, evidence));
    for finding in findings {
        story.extend(finding.rows.iter().map(|row| format!("invariant {} does not hold: {row}", finding.invariant)));
    }
    story
}

/// Everything in `text` that has the shape of a UUID.
fn ids_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    words.filter(|word| word.len() == 36 && uuid::Uuid::parse_str(word).is_ok()).map(str::to_owned).collect()
}

/// The basket and the order that a buyer was told of.
fn ids_of(journal: &Journal) -> Vec<String> {
    let ids = journal.entries.iter().filter_map(|entry| match &entry.told {
        Told::Basket { id } => Some(id.clone()),
        Told::Placed { order, .. } => Some(order.clone()),
        _ => None,
    });
    ids.collect()
}

/// The messages about `ids`, also by way of a hold; where there are too many, those of the rarer kinds.
fn choose<'a>(sent: &'a [Sent], ids: &BTreeSet<String>) -> Vec<&'a Sent> {
    let about = |sent: &Sent, ids: &BTreeSet<String>| ids.contains(&sent.id) || ids.iter().any(|id| sent.body.contains(id.as_str()));
    let holds = sent.iter().filter(|sent| sent.kind.ends_with("hold-tickets") && about(sent, ids)).filter_map(|sent| {
        let body: Value = serde_json::from_str(&sent.body).ok()?;
        Some(body["hold_id"].as_str()?.to_owned())
    });
    let all: BTreeSet<String> = ids.iter().cloned().chain(holds).collect();
    let mut chosen: Vec<&Sent> = sent.iter().filter(|sent| about(sent, &all)).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for sent in &chosen {
        *kinds.entry(sent.kind.as_str()).or_default() += 1;
    }
    chosen.sort_by_key(|sent| (kinds.get(sent.kind.as_str()).copied(), sent.at));
    chosen.truncate(MESSAGES_MAX);
    chosen
}

/// Those who are named first, then those whose basket or order the messages are about.
fn concerned<'a>(customers: &'a [Customer], rows: &[&String], ids: &BTreeSet<String>, messages: &[&Sent]) -> Vec<&'a Customer> {
    let named = |customer: &Customer| {
        rows.iter().any(|row| row.contains(&customer.name)) || ids_of(&customer.journal).iter().any(|id| ids.contains(id))
    };
    let meant = |customer: &Customer| {
        let own = ids_of(&customer.journal);
        messages.iter().any(|sent| own.iter().any(|id| sent.body.contains(id.as_str())))
    };
    let others = customers.iter().filter(|customer| !named(customer) && meant(customer));
    customers.iter().filter(|customer| named(customer)).chain(others).take(BUYERS_MAX).collect()
}

fn buyer_lines(customer: &Customer) -> Vec<String> {
    let Customer { name, purchase, journal, end, .. } = customer;
    let choice = &purchase.choice;
    let first = format!(
        "{name} wants {} places of ticket type {} of event {}; card: {}; whim: {:?}",
        choice.quantity, choice.ticket_type, choice.event, purchase.card, purchase.whim
    );
    let told = journal.entries.iter().map(|entry| format!("  {} {name} was told: {:?}", entry.at, entry.told));
    std::iter::once(first).chain(told).chain([format!("  {name} ended: {end:?}")]).collect()
}

fn message_lines(messages: &[&Sent], evidence: &Evidence<'_>) -> Vec<String> {
    let mut lines: Vec<(Moment, String)> = Vec::new();
    for sent in messages {
        let to = match &sent.destination {
            Destination::Queue(name) => format!("to {name}"),
            Destination::Topic(_) => "to its subscribers".to_owned(),
        };
        let kind = sent.kind.trim_start_matches("globoticket.");
        let body: String = sent.body.chars().take(BODY_CHARS_MAX).collect();
        lines.push((sent.at, format!("{} sends {kind} {to} (id {}): {body}", sent.source, sent.id)));
        let given = evidence.ledger.delivered.iter().filter(|delivered| delivered.id == sent.id);
        lines.extend(given.map(|delivered| (delivered.at, format!("{} is given {kind} (id {})", delivered.endpoint, sent.id))));
    }
    lines.sort();
    lines.into_iter().map(|((at, _), line)| format!("{:>12.6} s  {line}", at.as_secs_f64())).collect()
}
