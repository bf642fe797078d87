//! The first start: believable events, entered through the catalogue's own operation, each at most once.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::EventId;
use messaging::Service;
use messaging::http::{OperationKey, Problem};

use crate::running::StartError;

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Enters the events, unless the catalogue has as many already, and waits until the box office knows all of them. A
/// start that was broken off is taken up again: each event has a key of its own.
pub(crate) async fn seed(catalog: &Service, box_office: &Service) -> Result<(), StartError> {
    let failed = |problem: Problem| StartError::Seed(problem.to_string());
    let events = event_catalog::seed::events(catalog.now());
    if is_seeded(catalog, events.len()).await? {
        return Ok(());
    }
    let mut entered = BTreeSet::new();
    for (number, event) in events.into_iter().enumerate() {
        let key = OperationKey::internal("seed-data", Some(format!("event-{number}")), &number.to_le_bytes());
        let view = catalog.operation(key, move |ctx| event_catalog::create(ctx, &event)).await.map_err(failed)?;
        entered.insert(view.id);
    }
    while !are_known(box_office, &entered).await? {
        box_office.outside().clock.sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

async fn is_seeded(catalog: &Service, events: usize) -> Result<bool, StartError> {
    let facts = catalog.read(event_catalog::audit::read).await.map_err(|error| StartError::Seed(error.to_string()))?;
    Ok(facts.events.len() >= events)
}

async fn are_known(box_office: &Service, entered: &BTreeSet<EventId>) -> Result<bool, StartError> {
    let facts = box_office.read(box_office::audit::read).await.map_err(|error| StartError::Seed(error.to_string()))?;
    let known: BTreeSet<EventId> = facts.events.iter().filter(|event| event.published).map(|event| event.event_id).collect();
    Ok(known.is_superset(entered))
}
