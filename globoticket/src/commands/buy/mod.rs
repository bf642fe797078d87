//! `globoticket buy`: customers who buy through public HTTP only, and say in the end whether they were told the truth.

mod choose;
mod crowd;
mod summary;

use std::sync::Arc;
use std::time::Duration;

use buyer::{Client, End, Usual, enter_card};
use clap::Args;
use hosting::Outside;

use crate::config::Faults;
use crate::failure::Failure;
use crate::runtime;
use crate::shop_client::{DEFAULT_URL, base};
use choose::{Chosen, NoChoice};
use crowd::{Crowd, Progress};
use summary::Summary;

/// What the exit codes mean.
pub(crate) const EXITS: &str = "\
Exit codes:
  0  every buyer came to a final and truthful end: tickets in hand, declined, or sold out
  1  a buyer does not know how it ended, or was told something untrue
  2  wrong use, such as an unknown event or card: nothing was ordered";

/// The most places that a line of a basket can have.
const QUANTITY_MAX: u32 = 10;
/// How long a shop that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(crate) struct BuyArgs {
    /// Where the shop is.
    #[arg(long, value_name = "URL", default_value = DEFAULT_URL)]
    url: String,
    /// Which event, by its id or a part of its title. Unless it is given: the first on sale that has places left and a
    /// price above zero.
    #[arg(long, value_name = "ID|TITLE")]
    event: Option<String>,
    /// How many places each buyer wants: 1 to 10.
    #[arg(long, value_name = "N", default_value = "1")]
    quantity: String,
    /// The card's number, which goes to the payment gateway alone; 4242424242424242 unless told otherwise.
    #[arg(long, value_name = "NUMBER", default_value = "4242424242424242", hide_default_value = true)]
    card: String,
    /// The address that goes with the order; nothing is mailed yet.
    #[arg(long, value_name = "ADDRESS", default_value = "buyer@globoticket.example")]
    email: String,
    /// How many buyers: 1 to 1000000.
    #[arg(long, value_name = "N", default_value = "1")]
    buyers: String,
    /// How many of them at the same time: 1 to 4096.
    #[arg(long, value_name = "N", default_value = "64")]
    at_once: String,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

/// What the arguments say, checked.
struct Order {
    client: Client,
    event: Option<String>,
    quantity: u32,
    card: String,
    email: String,
    buyers: usize,
    at_once: usize,
    json: bool,
}

pub(crate) fn carry_out(args: BuyArgs, mut faults: Faults) -> Result<(), Failure> {
    let quantity = faults.number("quantity", &args.quantity, 1..=QUANTITY_MAX);
    let buyers = faults.number("buyers", &args.buyers, 1..=1_000_000);
    let at_once = faults.number("at-once", &args.at_once, 1..=4_096);
    if !args.email.contains('@') {
        faults.wrong("email", &args.email, "it must be an address such as you@example.org");
    }
    faults.finish()?;
    runtime::run_here(|outside| {
        let client = Client { outside, shop: base(&args.url), patience: PATIENCE };
        let BuyArgs { event, card, email, json, .. } = args;
        buy(Order { client, event, quantity, card, email, buyers, at_once: at_once.min(buyers), json })
    })
}

async fn buy(order: Order) -> Result<(), Failure> {
    let outside: Outside = order.client.outside.clone();
    let chosen = match choose::choose(&order.client, order.event.as_deref(), order.quantity).await {
        Ok(chosen) => chosen,
        Err(NoChoice::WrongUse(text)) => return Err(Failure::usage(text)),
        Err(NoChoice::NoAnswer(text)) => return nobody_bought(&order, text),
    };
    // One card is tried before anybody orders, so that a wrong one is wrong use and no thousand failures.
    match enter_card(&order.client, &order.card).await {
        Ok(_) => {}
        Err(End::WrongUse(text)) => return Err(Failure::usage(text)),
        Err(End::Unresolved(text)) => return nobody_bought(&order, text),
        Err(other) => return nobody_bought(&order, format!("{other:?}")),
    }
    let progress = Arc::new(Progress::new(&outside, order.buyers, order.json));
    progress.chosen(&chosen, order.quantity);
    let crowd = Crowd {
        client: order.client.clone(),
        choice: chosen.choice,
        card: order.card.clone(),
        email: order.email.clone(),
        usual: Usual::default(),
    };
    let ends = crowd.buy(order.buyers, order.at_once, &progress).await;
    progress.finish();
    let summary = Summary::of(&ends);
    summary.print(order.json);
    summary.judge()
}

fn nobody_bought(order: &Order, why: String) -> Result<(), Failure> {
    let summary = Summary::of(&vec![End::Unresolved(why); order.buyers]);
    summary.print(order.json);
    summary.judge()
}
