//! The whole shop in one process, tested through its HTTP doors and judged by its own facts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod asyncapi;
mod browser;
mod buying;
mod card_entry;
mod changing;
mod classes;
mod copies;
mod documents;
mod flows;
mod gateway;
mod judging;
mod learning;
mod letters;
mod network;
mod pages;
mod plans;
mod refusals;
mod request;
mod rubbish;
mod seeding;
mod shop;
mod starting;
