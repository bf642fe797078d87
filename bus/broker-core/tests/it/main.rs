//! The core through its public face: sentences about each verb, and reference models under random commands.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that meets the unexpected fails")]

mod limits;
mod mirror;
mod queue_model;
mod schedule_model;
mod topic_model;
mod verbs;
