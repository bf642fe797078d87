//! The box office through its public face.

mod counters;
mod hold_basket;
mod hold_release;
mod hold_secure;
mod holds;
