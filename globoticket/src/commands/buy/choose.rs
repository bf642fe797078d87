//! Which event is bought from: the one that was named, or the first that a customer could buy.

use buyer::{Choice, Client, Gave};
use hosting::Timestamp;
use serde_json::Value;

use crate::text::{is_id, member};

const EVENTS: &str = "/api/event-catalog/events";
/// More events are not looked through.
const PAGES_MAX: u32 = 1_000;
/// How many are named where a title fits several.
const NAMED_MAX: usize = 10;

/// An event and one of its ticket types.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    pub(super) title: String,
    pub(super) ticket_type: String,
    pub(super) price_minor: i64,
    pub(super) currency: String,
}

/// Why there is nothing to buy.
pub(super) enum NoChoice {
    WrongUse(String),
    NoAnswer(String),
}

impl From<Gave> for NoChoice {
    fn from(gave: Gave) -> Self {
        Self::NoAnswer(gave.to_string())
    }
}

/// Chooses among what the catalogue lists.
pub(super) async fn choose(client: &Client, wanted: Option<&str>, quantity: u32) -> Result<Chosen, NoChoice> {
    let now = client.now();
    let event = match wanted {
        Some(wanted) => named(client, wanted.trim()).await?,
        None => first_to_be_had(client, quantity, now).await?,
    };
    if !matches!(member(&event, "status"), "on_sale") {
        let status = member(&event, "status").replace('_', " ");
        return Err(NoChoice::WrongUse(format!("`{}` cannot be bought: {status}", member(&event, "title"))));
    }
    let kinds = kinds(&event);
    let kind = kinds.iter().find(|kind| is_to_be_had(kind, quantity, now)).or_else(|| kinds.iter().find(|kind| is_sold(kind, now)));
    let Some(kind) = kind.or_else(|| kinds.first()) else {
        return Err(NoChoice::WrongUse(format!("`{}` has no tickets", member(&event, "title"))));
    };
    let text = |value: &Value, name| member(value, name).to_owned();
    Ok(Chosen {
        choice: Choice { event: text(&event, "id"), ticket_type: text(kind, "id"), quantity },
        title: text(&event, "title"),
        ticket_type: text(kind, "name"),
        price_minor: kind["price_minor"].as_i64().unwrap_or(0),
        currency: text(kind, "currency"),
    })
}

async fn first_to_be_had(client: &Client, quantity: u32, now: Timestamp) -> Result<Value, NoChoice> {
    let is_wanted = |event: &Value| {
        let mut kinds = kinds(event).iter();
        member(event, "status") == "on_sale" && kinds.any(|kind| is_to_be_had(kind, quantity, now))
    };
    let found = search(client, |event| is_wanted(event), 1).await?.pop();
    found.ok_or_else(|| NoChoice::WrongUse("no event on sale has places left at a price above zero; name one with --event".to_owned()))
}

/// By id; else by the whole title; else by a part of it.
async fn named(client: &Client, wanted: &str) -> Result<Value, NoChoice> {
    let unknown = || NoChoice::WrongUse(format!("there is no event `{wanted}`; `globoticket events list` shows what there is"));
    if is_id(wanted) {
        let found = client.get(&format!("{EVENTS}/{wanted}")).await?;
        return if found.status.is_success() { Ok(found.body) } else { Err(unknown()) };
    }
    let folded = wanted.to_lowercase();
    let mut fitting = search(client, |event| member(event, "title").to_lowercase().contains(&folded), usize::MAX).await?;
    let whole = |event: &Value| member(event, "title").to_lowercase() == folded;
    if fitting.iter().any(whole) {
        fitting.retain(whole);
    }
    match fitting.len() {
        0 => Err(unknown()),
        1 => fitting.pop().ok_or_else(unknown),
        count => {
            let line = |event: &Value| format!("\n  {}  {}", member(event, "id"), member(event, "title"));
            let named: String = fitting.iter().take(NAMED_MAX).map(line).collect();
            let more = if count > NAMED_MAX { "\n  …" } else { "" };
            Err(NoChoice::WrongUse(format!("{count} events fit `{wanted}`; name one by its id:{named}{more}")))
        }
    }
}

/// Up to `enough` events that fit, in the order in which the catalogue lists them.
async fn search(client: &Client, fits: impl Fn(&Value) -> bool, enough: usize) -> Result<Vec<Value>, NoChoice> {
    let mut found = Vec::new();
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let page = client.get(&format!("{EVENTS}?limit=100{after}")).await?;
        let Some(events) = page.body["events"].as_array() else { return Err(NoChoice::NoAnswer(page.detail())) };
        found.extend(events.iter().filter(|event| fits(event)).take(enough - found.len()).cloned());
        match page.body["next"].as_str() {
            Some(next) if found.len() < enough => after = format!("&after={next}"),
            _ => break,
        }
    }
    Ok(found)
}

fn kinds(event: &Value) -> &[Value] {
    event["ticket_types"].as_array().map_or(&[], Vec::as_slice)
}

fn is_to_be_had(kind: &Value, quantity: u32, now: Timestamp) -> bool {
    let is_paid = kind["price_minor"].as_i64().is_some_and(|price| price > 0);
    is_paid && is_sold(kind, now) && kind["available"].as_u64().is_some_and(|left| left >= u64::from(quantity))
}

/// Within its sale window, as far as the catalogue tells.
fn is_sold(kind: &Value, now: Timestamp) -> bool {
    let instant = |name: &str| kind[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    instant("sale_starts").is_none_or(|starts| starts <= now) && instant("sale_ends").is_none_or(|ends| now < ends)
}
