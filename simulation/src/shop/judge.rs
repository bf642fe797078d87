//! Whether a history was right: the shop's invariants, each message handled exactly once, and nobody told anything false.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use buyer::{End, compare};
use composition::ServiceName;
use composition::invariants::{Report, ShopFacts};
use messaging::Destination;
use serde::Serialize;
use storage::{SqlError, params};
use uuid::Uuid;

use super::crowd::Customer;
use super::ledger::Ledger;
use super::world::{Role, World};

/// Dead letters of one queue that are told of.
const LETTERS_MAX: u32 = 20;

/// An invariant that does not hold, and the rows that show it. 0: something broke that never may (a task panicked, or
/// the history did not come to its end).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its number in the list of invariants.
    pub invariant: u8,
    /// One sentence a row.
    pub rows: Vec<String>,
}

/// What is judged.
pub(crate) struct Evidence<'a> {
    pub(crate) facts: &'a ShopFacts,
    pub(crate) report: &'a Report,
    pub(crate) ledger: &'a Ledger,
    pub(crate) customers: &'a [Customer],
}

/// Everything that is wrong.
pub(crate) async fn judge(world: &Arc<World>, evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        evidence.report.violations.iter().map(|it| Finding { invariant: it.invariant, rows: it.rows.clone() }).collect();
    let mut add = |invariant: u8, rows: Vec<String>| {
        if !rows.is_empty() {
            findings.push(Finding { invariant, rows });
        }
    };
    add(2, evidence.report.under_way.iter().map(|why| format!("the shop does not come to rest: {why}")).collect());
    add(8, dead_letters(world, evidence.facts).await);
    add(8, evidence.ledger.handled_twice());
    if evidence.report.at_rest {
        match unhandled(world, evidence.ledger).await {
            Ok(rows) => add(8, rows),
            Err(error) => add(0, vec![format!("an inbox cannot be read: {error}")]),
        }
    }
    add(9, untold(evidence));
    let mut contradicted = Vec::new();
    for customer in evidence.customers {
        contradicted.extend(contradiction(customer).await);
    }
    add(9, contradicted);
    findings
}

async fn dead_letters(world: &World, facts: &ShopFacts) -> Vec<String> {
    let mut rows = Vec::new();
    for queue in facts.queues.iter().filter(|queue| !queue.dead_letters.is_empty()) {
        let name = queue.name.clone();
        let letters = world.disk(Role::Bus).read(move |tx| broker::dead_letters(tx, &name, 0, LETTERS_MAX)).await;
        for letter in letters.unwrap_or_default() {
            let kind = letter.headers.get("type").cloned().unwrap_or_default();
            let (id, reason, why) = (letter.message_id, letter.reason, letter.description);
            rows.push(format!("{kind} {id} is a dead letter of {}: {reason}: {why}", queue.name));
        }
    }
    for (name, endpoint) in &facts.endpoints {
        rows.extend(endpoint.never_sent.iter().map(|why| format!("{name} keeps a message that can never be sent: {why}")));
    }
    rows
}

/// Messages that somebody who should have handled them has not.
async fn unhandled(world: &World, ledger: &Ledger) -> Result<Vec<String>, String> {
    let mut handled: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for name in ServiceName::ALL {
        let sql = "SELECT message_id FROM inbox WHERE endpoint = $1 AND handled ORDER BY message_id";
        let rows = world.disk(Role::Service(name)).read(move |tx| {
            let ids = tx.query(sql, params![name.as_str()], |row| row.get::<Uuid>(0))?;
            Ok::<_, SqlError>(ids)
        });
        handled.insert(name.as_str(), rows.await.map_err(|error| format!("{error:?}"))?.into_iter().collect());
    }
    let mut rows = Vec::new();
    for sent in &ledger.sent {
        let endpoints: Vec<&str> = match &sent.destination {
            Destination::Queue(name) => vec![name],
            Destination::Topic(topic) => world.subscribers(topic),
        };
        let id = Uuid::parse_str(&sent.id).map_err(|error| error.to_string())?;
        let missing = endpoints.into_iter().filter(|endpoint| !handled.get(endpoint).is_some_and(|ids| ids.contains(&id)));
        rows.extend(missing.map(|endpoint| format!("{} {} about {} was not handled by {endpoint}", sent.kind, sent.id, sent.subject)));
    }
    Ok(rows)
}

/// Orders that were promised and do not exist, or cost something else, and journeys that nobody can explain.
fn untold(evidence: &Evidence<'_>) -> Vec<String> {
    let orders: BTreeMap<String, i64> =
        evidence.facts.ordering.orders.iter().map(|order| (order.order_id.to_string(), order.total.amount_minor)).collect();
    let mut rows = Vec::new();
    for customer in evidence.customers {
        let name = &customer.name;
        if let Some((order, promised)) = customer.journal.order() {
            match orders.get(order) {
                None => rows.push(format!("{name} was told that order {order} is placed; there is none")),
                Some(total) if *total != promised => rows.push(format!("{name} was told {promised} for order {order}; it costs {total}")),
                Some(_) => {}
            }
        }
        if let End::WrongUse(why) = &customer.end {
            rows.push(format!("{name} did nothing wrong and was told: {why}"));
        }
    }
    rows
}

async fn contradiction(customer: &Customer) -> Option<String> {
    match compare(&customer.client, &customer.purchase, &customer.journal, customer.end.clone()).await {
        End::Contradicted(why) => Some(format!("{}: {why}", customer.name)),
        _ => None,
    }
}
