//! What went wrong, told so that a person can follow it: who was concerned, what they were told, which messages went
//! where, and what was found in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use buyer::{Journal, Told};
use messaging::Destination;

use super::crowd::Customer;
use super::judge::{Evidence, Finding};

/// So many messages are told of at most, and so many buyers.
const MESSAGES_MAX: usize = 60;
const BUYERS_MAX: usize = 5;
const BODY_CHARS_MAX: usize = 160;

/// The story of `findings`, a line an entry.
pub(crate) fn tell(findings: &[Finding], evidence: &Evidence<'_>) -> Vec<String> {
    let mut ids: BTreeSet<String> = findings.iter().flat_map(|finding| &finding.rows).flat_map(|row| ids_in(row)).collect();
    let concerned: Vec<&Customer> = evidence.customers.iter().filter(|customer| is_concerned(customer, findings, &ids)).collect();
    ids.extend(concerned.iter().filter_map(|customer| Some(customer.journal.order()?.0.to_owned())));
    let mut story = Vec::new();
    for customer in concerned.iter().take(BUYERS_MAX) {
        story.extend(buyer_lines(customer));
    }
    story.extend(message_lines(&ids, evidence));
    for finding in findings {
        story.extend(finding.rows.iter().map(|row| format!("invariant {} does not hold: {row}", finding.invariant)));
    }
    story
}

/// Everything in `text` that has the shape of a UUID.
fn ids_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    words.filter(|word| uuid::Uuid::parse_str(word).is_ok()).map(str::to_owned).collect()
}

fn is_concerned(customer: &Customer, findings: &[Finding], ids: &BTreeSet<String>) -> bool {
    let named = findings.iter().flat_map(|finding| &finding.rows).any(|row| row.contains(&customer.name));
    let placed = customer.journal.order().is_some_and(|(order, _)| ids.contains(order));
    named || placed || basket(&customer.journal).is_some_and(|basket| ids.contains(basket)) || ids.contains(&customer.purchase.choice.event)
}

fn basket(journal: &Journal) -> Option<&str> {
    journal.entries.iter().find_map(|entry| match &entry.told {
        Told::Basket { id } => Some(id.as_str()),
        _ => None,
    })
}

fn buyer_lines(customer: &Customer) -> Vec<String> {
    let Customer { name, purchase, journal, end, .. } = customer;
    let choice = &purchase.choice;
    let card = &purchase.card;
    let first = format!(
        "{name} wants {} places of ticket type {} of event {}, pays with card {card}, whim: {:?}",
        choice.quantity, choice.ticket_type, choice.event, purchase.whim
    );
    let told = journal.entries.iter().map(|entry| format!("  {} {name} was told: {:?}", entry.at, entry.told));
    std::iter::once(first).chain(told).chain([format!("  {name} ended: {end:?}")]).collect()
}

fn message_lines(ids: &BTreeSet<String>, evidence: &Evidence<'_>) -> Vec<String> {
    let concerned = |text: &str| ids.iter().any(|id| text.contains(id.as_str()));
    let sent = evidence.ledger.sent.iter().filter(|sent| ids.contains(&sent.id) || concerned(&sent.body) || ids.contains(&sent.subject));
    let sent: Vec<_> = sent.collect();
    let mut lines: Vec<(Duration, String)> = Vec::new();
    for sent in sent.iter().take(MESSAGES_MAX) {
        let to = match &sent.destination {
            Destination::Queue(name) => format!("to {name}"),
            Destination::Topic(_) => "to its subscribers".to_owned(),
        };
        let body: String = sent.body.chars().take(BODY_CHARS_MAX).collect();
        lines.push((sent.at, format!("{} sends {} {to} (id {}): {body}", sent.source, sent.kind, sent.id)));
        let given = evidence.ledger.delivered.iter().filter(|delivered| delivered.id == sent.id);
        lines.extend(given.map(|delivered| (delivered.at, format!("{} is given {} (id {})", delivered.endpoint, sent.kind, sent.id))));
    }
    lines.sort();
    let mut lines: Vec<String> = lines.into_iter().map(|(at, line)| format!("{:>12.6} s  {line}", at.as_secs_f64())).collect();
    if sent.len() > MESSAGES_MAX {
        lines.push(format!("… and {} messages more", sent.len() - MESSAGES_MAX));
    }
    lines
}
