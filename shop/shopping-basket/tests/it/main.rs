//! The shopping basket through its public face.

mod basket_changes;
mod basket_checkout;
mod baskets;
mod line_rows;
