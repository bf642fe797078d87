//! What goes wrong without a safeguard: the box office as it would be without its *version check*, its *expiry check* and
//! its *release check*. Reached only in simulations that switch one of them off to show what it is for.

use contracts::TicketTypeId;
use contracts::box_office::ReleaseHold;
use hosting::Timestamp;
use messaging::{Context, HandlerResult};
use storage::{SqlError, Tx, params};

use crate::carry_out::carry_out_or_count;
use crate::hold::{HOLD_TIME, Hold, HoldState, LineToSecure, Release};
use crate::store;

/// Without `version-check`: whatever comes next of the ticket type is taken for newer.
pub(crate) fn forget_version(tx: &mut Tx<'_>, id: TicketTypeId) -> Result<(), SqlError> {
    tx.execute("UPDATE ticket_types SET catalog_version = 0 WHERE id = $1", params![id.to_uuid()])?;
    Ok(())
}

/// Without `expiry-check`: a hold whose time is over counts as still held, though its places went back.
pub(crate) fn hold_on(lines: &mut [LineToSecure], now: Timestamp) {
    for LineToSecure { line, hold } in lines {
        let Some(hold) = hold else { continue };
        if matches!(hold.state, HoldState::Expired | HoldState::Held { .. }) {
            hold.state = HoldState::Held { quantity: line.quantity, until: now.plus(HOLD_TIME) };
        }
    }
}

/// Without `release-check`: gives the hold's places back whatever its state, also a second time.
pub(crate) fn release_hold(ctx: &mut Context<'_>, cmd: &ReleaseHold) -> HandlerResult {
    let now = ctx.now();
    let hold = store::load_hold(ctx.tx(), cmd.hold_id)?;
    let Some(Hold { subject: Some(subject), .. }) = hold else {
        return carry_out_or_count(ctx, &[cmd.hold_id], Hold::release(hold, cmd, now));
    };
    let quantity = store::last_quantity(ctx.tx(), cmd.hold_id)?;
    store::give_back(ctx.tx(), subject.ticket_type_id, quantity)?;
    let state = HoldState::Released { by: Release::Basket };
    store::save_hold(ctx.tx(), &Hold { hold_id: cmd.hold_id, revision: cmd.revision, subject: Some(subject), state })?;
    ctx.cancel::<contracts::box_office::ExpireHold>(cmd.hold_id).map(drop)
}
