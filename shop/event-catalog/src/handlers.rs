//! What other services say that the catalog shows.

use contracts::box_office::AvailabilityChanged;
use messaging::{Context, HandlerResult};

use crate::store;

/// Keeps the copy of what is left, unless it has a newer one.
pub(crate) fn availability_changed(ctx: &mut Context<'_>, event: AvailabilityChanged) -> HandlerResult {
    store::put_availability(ctx.tx(), &event)?;
    Ok(())
}
