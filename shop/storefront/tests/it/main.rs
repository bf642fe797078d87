//! The storefront through its public face. Its pages are tested on the whole shop, in `composition`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod poster;
