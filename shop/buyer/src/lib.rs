//! A patient customer: buys tickets over the shop's public HTTP alone, keeps a journal of what it was told, and compares
//! it in the end with what is true. Used by the command line and by the simulation; knows no service and no message.

mod ask;
mod card;
mod journal;
mod journey;
mod pace;
mod truth;

pub use ask::{Asked, Client, Gave};
pub use card::{enter_card, is_to_be_declined};
pub use journal::{Entry, Journal, Told};
pub use journey::{Choice, Company, End, Purchase, Whim, buy, buy_among};
pub use pace::Usual;
pub use truth::compare;
