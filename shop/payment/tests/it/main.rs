//! Payment through its public face.

mod payment_creating;
mod payment_intent;
mod payment_refund;
mod payment_stopping;
mod payments;
