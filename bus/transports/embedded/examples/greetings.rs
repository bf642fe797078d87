//! A greeter and a diary: a command and its handler, an event and its subscriber. Durable, with dead letters and
//! retries: the first try of the first greeting fails.
//! `cargo run --example greetings [FOLDER]`; run it again, and nothing is lost or done twice.
#![expect(clippy::print_stdout, clippy::unit_arg, reason = "an example shows what it does, in few lines")]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use messaging::{Command, Endpoint, Event, HandlerError, Message};
use serde::{Deserialize, Serialize};

#[rustfmt::skip]
mod messages {
    use super::*;

    #[derive(Serialize, Deserialize)] pub(super) struct Greet(pub(super) String); impl Command for Greet { const ENDPOINT: &'static str = "greeter"; }
    impl Message for Greet { const NAME: &'static str = "letters.greet"; const VERSION: u16 = 1; }

    #[derive(Serialize, Deserialize)] pub(super) struct Greeted(pub(super) String); impl Event for Greeted {}
    impl Message for Greeted { const NAME: &'static str = "letters.greeted"; const VERSION: u16 = 1; }
}
use messages::{Greet, Greeted};

#[tokio::main]
async fn main() -> Result<(), embedded::RunError> {
    let tries = AtomicU32::new(0);
    let greeter = Endpoint::new("greeter").sends::<Greet>().publishes::<Greeted>().handle(move |ctx, Greet(name)| match name.as_str() {
        "" => Err(HandlerError::permanent("there is nobody to greet")),
        _ if tries.fetch_add(1, Relaxed) == 0 => Err(HandlerError::transient("the greeter is still asleep")),
        _ => ctx.publish(Greeted(format!("{name} (try {})", tries.load(Relaxed)))),
    });
    let diary = Endpoint::new("diary").on(|_, Greeted(name)| Ok(println!("{name} was greeted")));
    let running = embedded::run(std::env::args().nth(1).unwrap_or("greetings-data".to_owned()), [greeter, diary]).await?;
    running.operation("greeter", |ctx| ["Ada", ""].into_iter().try_for_each(|name| ctx.send(Greet(name.to_owned())))).await?;
    running.at_rest().await?;
    running.dead_letters("greeter").await?.iter().for_each(|letter| println!("{}: {}", letter.id, letter.description));
    running.stop().await
}
