//! The simulation through its public face: a toy world of two services, a database each, and a few clients.

mod commits;
mod executor;
mod faults;
mod groups;
mod http;
mod replay;
mod toy;
