//! The first start: believable events, entered through the catalogue's own operation, each once.

use std::time::Duration;

use event_catalog::{first_start, seed};
use messaging::http::{OperationKey, Problem};
use messaging::{Context, Service};

use crate::running::StartError;

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Enters the events, unless the shop was begun with events of its own, and waits until the box office knows all of
/// them. A start that was broken off is taken up again, however much later.
pub(crate) async fn seed(catalog: &Service, box_office: &Service) -> Result<(), StartError> {
    let events = seed::events(catalog.now());
    let planned = u32::try_from(events.len()).unwrap_or(u32::MAX);
    step(catalog, "plan".to_owned(), move |ctx| first_start::plan(ctx, planned)).await?;
    let entries = catalog.read(first_start::entries).await.map_err(failed)?;
    for (number, event) in (0_u32..).zip(events) {
        if entries.iter().any(|entry| entry.number == number && entry.event_id.is_none()) {
            step(catalog, format!("event-{number}"), move |ctx| first_start::enter(ctx, number, &event)).await?;
        }
    }
    wait_until_known(catalog, box_office).await
}

/// One operation under a key of its own. That a step is done once does not hang on the key, which is soon forgotten.
async fn step(
    catalog: &Service,
    key: String,
    work: impl Fn(&mut Context<'_>) -> Result<(), Problem> + Send + Sync + 'static,
) -> Result<(), StartError> {
    let fingerprint = key.clone().into_bytes();
    catalog.operation(OperationKey::internal("seed-data", Some(key), &fingerprint), work).await.map_err(failed)
}

async fn wait_until_known(catalog: &Service, box_office: &Service) -> Result<(), StartError> {
    for entry in catalog.read(first_start::entries).await.map_err(failed)? {
        let Some(id) = entry.event_id else { continue };
        while !box_office.read(move |tx| box_office::knows_event(tx, id)).await.map_err(failed)? {
            box_office.outside().clock.sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Seed(error.to_string())
}
