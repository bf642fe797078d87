//! What the shopping basket sends itself.

use serde::{Deserialize, Serialize};

use crate::{EventId, LineId};

/// To itself: mark the lines of a cancelled event, a bounded number at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelLinesOfEvent {
    pub event_id: EventId,
    /// Lines up to and including this one are done; nothing at the first step.
    #[serde(default)]
    pub after: Option<LineId>,
}

message!(command "globoticket.shopping-basket.cancel-lines-of-event" v 1 to "shopping-basket": CancelLinesOfEvent, about event_id);
