//! What storage promises, through its public face.

mod support;
mod transactions;
