//! Ordering through its public face.

mod order_ending;
mod order_late;
mod order_payments;
mod order_places;
mod orders;
