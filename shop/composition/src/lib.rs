//! Builds a running shop from handed-in parts (transport, databases, clock, HTTP client) and joins the services' facts
//! into the invariants. Knows no broker and no database engine by name.
//!
//! Reading order: `services` which services there are; `running` one of them at work; `functions` beside them; `shop` all of
//! them, which find each other `in_process`; `seeding` the first start; `admin` what the organiser asks of all; [`flows`] who sends
//! what to whom; [`invariants`] whether everything is true.

mod admin;
pub mod flows;
mod functions;
mod in_process;
pub mod invariants;
mod running;
mod seeding;
mod services;
mod shop;

pub use functions::{KnownMessages, known_messages};
pub use running::{GatewayAddress, Outward, Parts, RunningService, StartError, start_service};
pub use services::{ServiceName, topology};
pub use shop::{Shop, ShopRoute};
