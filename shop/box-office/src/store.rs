//! SQL over a transaction: events and ticket types, holds, tickets. Decides nothing.

mod counters;
mod events;
mod holds;
mod tickets;

pub(crate) use counters::{availability, change_counter, give_back, load_ticket_type};
pub(crate) use events::{cancel_ticket_types, is_cancelled, known, put_event, put_ticket_type};
pub(crate) use holds::{count_ignored, last_quantity, load_hold, open_holds_of_event, save_hold};
pub(crate) use tickets::{NewTicket, insert_ticket, knows_order, tickets, void_tickets};
