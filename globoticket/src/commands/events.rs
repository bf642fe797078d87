//! `globoticket events`: what the organiser does with events, through the catalogue's public routes.

use clap::{Args, Subcommand};
use hosting::Outside;
use serde_json::{Value, json};

use crate::config::Faults;
use crate::failure::Failure;
use crate::runtime;
use crate::shop_client::{ShopClient, Whereabouts};
use crate::text::{amount, is_id, member, moment, print_json, print_table, say};

const EVENTS: &str = "/api/event-catalog/events";
const MUST_BE_AMOUNT: &str = "it must be an amount such as 25.00";
const PAGE: u32 = 100;
/// More are not listed.
const PAGES_MAX: u32 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the events that are still to come
    List(Common),
    /// Show one event with its ticket types
    Show {
        /// The event's id.
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Enter a new event with one kind of ticket
    Create(CreateArgs),
    /// Change the price of an event's tickets
    Price {
        /// The event's id.
        id: String,
        /// The new price, such as 25.00.
        #[arg(allow_negative_numbers = true)]
        amount: String,
        /// Which ticket type, by name or id, where the event has several.
        #[arg(long, value_name = "NAME|ID")]
        ticket_type: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Cancel an event, for ever: its buyers get their money back
    Cancel {
        /// The event's id.
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    whereabouts: Whereabouts,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// The event's title.
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// How many places are to be sold.
    #[arg(long, value_name = "N")]
    capacity: String,
    /// The price of a place, such as 25.00.
    #[arg(long, value_name = "AMOUNT")]
    price: String,
    /// The price's currency.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// When it starts: a day or an instant. Unless it is given: in 30 days.
    #[arg(long, value_name = "DATE")]
    starts: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn carry_out(args: EventsArgs, mut faults: Faults) -> Result<(), Failure> {
    match &args.action {
        Action::Create(create) => {
            faults.number("capacity", &create.capacity, 0..=u32::MAX);
            if !is_amount(&create.price) {
                faults.wrong("price", &create.price, MUST_BE_AMOUNT);
            }
        }
        Action::Price { amount, .. } if !is_amount(amount) => faults.add(format!("AMOUNT is `{amount}`: {MUST_BE_AMOUNT}")),
        Action::Price { .. } | Action::List(_) | Action::Show { .. } | Action::Cancel { .. } => {}
    }
    faults.finish()?;
    runtime::run_here(|outside| async move {
        match args.action {
            Action::List(common) => list(&outside, &common).await,
            Action::Show { id, common } => show(&outside, &id, &common).await,
            Action::Create(create) => enter(&outside, &create).await,
            Action::Price { id, amount, ticket_type, common } => {
                let shop = ShopClient::organiser(&outside, &common.whereabouts)?;
                let mut change = json!({ "price": amount.trim() });
                if let Some(ticket_type) = ticket_type_id(&shop, &id, ticket_type.as_deref()).await? {
                    change["ticket_type_id"] = ticket_type;
                }
                let changed = shop.post(&format!("{EVENTS}/{}/price", segment(&id)?), &change).await?;
                told(&changed, common.json, "the price is changed")
            }
            Action::Cancel { id, common } => {
                let shop = ShopClient::organiser(&outside, &common.whereabouts)?;
                let cancelled = shop.post(&format!("{EVENTS}/{}/cancel", segment(&id)?), &json!({})).await?;
                told(&cancelled, common.json, "the event is cancelled")
            }
        }
    })
}

/// Decimals of a currency are the catalogue's business; that it is an amount at all is seen here.
fn is_amount(text: &str) -> bool {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "00"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number(whole) && is_number(fraction)
}

/// An id as a part of a path.
fn segment(id: &str) -> Result<&str, Failure> {
    if is_id(id) {
        return Ok(id);
    }
    Err(Failure::usage(format!("there is no event `{id}`; `globoticket events list` shows their ids")))
}

async fn list(outside: &Outside, common: &Common) -> Result<(), Failure> {
    let events = all(&ShopClient::public(outside, &common.whereabouts)?).await?;
    if common.json {
        print_json(&events.iter().map(brief).collect());
        return Ok(());
    }
    let rows: Vec<Vec<String>> = events.iter().map(row).collect();
    print_table(&["ID", "STARTS", "STATUS", "LEFT", "FROM", "TITLE"], &rows);
    Ok(())
}

/// All events, page by page.
async fn all(shop: &ShopClient) -> Result<Vec<Value>, Failure> {
    let mut events = Vec::new();
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let mut page = shop.get(&format!("{EVENTS}?limit={PAGE}{after}")).await?;
        if let Value::Array(found) = page["events"].take() {
            events.extend(found);
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    Ok(events)
}

async fn show(outside: &Outside, id: &str, common: &Common) -> Result<(), Failure> {
    let shop = ShopClient::public(outside, &common.whereabouts)?;
    let event = shop.get(&format!("{EVENTS}/{}", segment(id)?)).await?;
    if common.json {
        print_json(&brief(&event));
        return Ok(());
    }
    say(format!("{} ({})", member(&event, "title"), member(&event, "status").replace('_', " ")));
    say(format!("{}, {}, {} UTC", member(&event, "venue"), member(&event, "city"), moment(member(&event, "starts"))));
    if !member(&event, "description").is_empty() {
        say(member(&event, "description"));
    }
    say("");
    let rows: Vec<Vec<String>> = kinds(&event).iter().map(kind_row).collect();
    print_table(&["TICKET TYPE", "PRICE", "LEFT", "OF", "ID"], &rows);
    Ok(())
}

async fn enter(outside: &Outside, create: &CreateArgs) -> Result<(), Failure> {
    let shop = ShopClient::organiser(outside, &create.common.whereabouts)?;
    let capacity: u32 = create.capacity.trim().parse().unwrap_or(0);
    let mut event = json!({ "title": create.title, "capacity": capacity, "price": create.price.trim(), "currency": create.currency });
    if let Some(starts) = &create.starts {
        event["starts"] = json!(starts);
    }
    let entered = shop.post(EVENTS, &event).await?;
    told(&entered, create.common.json, "the event is entered")
}

/// The ticket type that is wanted; nothing where none is named and the event has only one.
async fn ticket_type_id(shop: &ShopClient, id: &str, wanted: Option<&str>) -> Result<Option<Value>, Failure> {
    let event = shop.get(&format!("{EVENTS}/{}", segment(id)?)).await?;
    let names: Vec<&str> = kinds(&event).iter().map(|kind| member(kind, "name")).collect();
    let Some(wanted) = wanted else {
        if names.len() < 2 {
            return Ok(None);
        }
        return Err(Failure::usage(format!("the event has several ticket types; say which with --ticket-type: {}", names.join(", "))));
    };
    let found = kinds(&event).iter().find(|kind| member(kind, "id") == wanted || member(kind, "name").eq_ignore_ascii_case(wanted));
    let none = || Failure::usage(format!("the event has no ticket type `{wanted}`; it has: {}", names.join(", ")));
    found.map(|kind| Some(kind["id"].clone())).ok_or_else(none)
}

fn told(event: &Value, json: bool, what: &str) -> Result<(), Failure> {
    if json {
        print_json(&brief(event));
    } else {
        say(format!("{what}: {}  {}", member(event, "id"), member(event, "title")));
    }
    Ok(())
}

/// An event as programs get it: places of all ticket types together, the price of the cheapest.
fn brief(event: &Value) -> Value {
    let cheapest = cheapest(event);
    let capacity: u64 = kinds(event).iter().filter_map(|kind| kind["capacity"].as_u64()).sum();
    json!({
        "id": event["id"],
        "title": event["title"],
        "capacity": capacity,
        "price_minor": cheapest["price_minor"],
        "currency": cheapest["currency"],
        "starts": event["starts"],
    })
}

fn kinds(event: &Value) -> &[Value] {
    event["ticket_types"].as_array().map_or(&[], Vec::as_slice)
}

fn cheapest(event: &Value) -> &Value {
    kinds(event).iter().min_by_key(|kind| kind["price_minor"].as_i64()).unwrap_or(&Value::Null)
}

fn price(kind: &Value) -> String {
    amount(kind["price_minor"].as_i64().unwrap_or(0), member(kind, "currency"))
}

fn row(event: &Value) -> Vec<String> {
    let left: u64 = kinds(event).iter().filter_map(|kind| kind["available"].as_u64()).sum();
    let id = member(event, "id").to_owned();
    let status = member(event, "status").replace('_', " ");
    vec![id, moment(member(event, "starts")), status, left.to_string(), price(cheapest(event)), member(event, "title").to_owned()]
}

fn kind_row(kind: &Value) -> Vec<String> {
    let count = |name: &str| kind[name].as_u64().unwrap_or(0).to_string();
    vec![member(kind, "name").to_owned(), price(kind), count("available"), count("capacity"), member(kind, "id").to_owned()]
}
