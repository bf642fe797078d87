//! The contracts as their users meet them: on the wire, and as values.

mod golden;
mod samples;
mod values;
