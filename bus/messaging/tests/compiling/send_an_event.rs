//! A command is sent, an event is published.

use messaging::{Command, Event, Message};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Greet;

impl Message for Greet {
    const NAME: &str = "letters.greet";
    const VERSION: u16 = 1;
}

impl Command for Greet {
    const ENDPOINT: &str = "greeter";
}

#[derive(Serialize, Deserialize)]
struct Greeted;

impl Message for Greeted {
    const NAME: &str = "letters.greeted";
    const VERSION: u16 = 1;
}

impl Event for Greeted {}

fn main() {
    messaging::Endpoint::new("greeter").handle(|ctx, _: Greet| ctx.send(Greeted));
}
