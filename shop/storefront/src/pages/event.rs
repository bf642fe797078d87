//! One event, and the form that puts its tickets into the basket.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use contracts::{EventId, TicketTypeId};
use hosting::Timestamp;
use http::StatusCode;

use super::form::Sent;
use crate::Storefront;
use crate::page::{self, Fault, Frame, artwork, see};
use crate::services::{Event, Refused, TicketType};
use crate::visitor::Visitor;
use crate::words::{Badge, When, few_left, hindrance, money};

#[derive(Template)]
#[template(path = "event.html")]
struct EventScreen {
    frame: Frame,
    id: String,
    poster: String,
    title: String,
    category: String,
    venue: String,
    city: String,
    when: When,
    paragraphs: Vec<String>,
    badge: Option<Badge>,
    cancelled: bool,
    kinds: Vec<Kind>,
    on_sale: bool,
    /// What was wrong with the form.
    wrong: Option<String>,
}

/// A ticket type to choose from.
struct Kind {
    id: String,
    name: String,
    price: String,
    max: u32,
    chosen: u32,
    few: Option<String>,
    hindrance: Option<String>,
}

impl Kind {
    fn new(kind: &TicketType, event: &Event, chosen: u32, now: Timestamp) -> Self {
        Self {
            id: kind.id.to_string(),
            name: kind.name.clone(),
            price: if kind.price_minor == 0 { "Free".to_owned() } else { money(kind.price_minor, &kind.currency) },
            max: kind.quantity_max.min(kind.available.max(1)),
            chosen,
            few: few_left(kind),
            hindrance: hindrance(kind, &event.zone, now),
        }
    }
}

pub(super) async fn show(State(store): State<Storefront>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match event(&store, &id).await {
        Ok(event) => page::shown(&store, &visitor, &screen(&store, &visitor, &event, &[], None)),
        Err(refused) => fault(&store, &visitor, &refused),
    }
}

/// Puts the chosen tickets into the basket, which is begun if there is none.
pub(super) async fn add(State(store): State<Storefront>, Path(id): Path<String>, sent: Sent) -> Response {
    let event = match event(&store, &id).await {
        Ok(event) => event,
        Err(refused) => return fault(&store, &sent.visitor, &refused),
    };
    let chosen = match chosen(&event, &sent) {
        Ok(chosen) => chosen,
        Err(wrong) => return again(&store, &sent.visitor, &event, &[], wrong),
    };
    match into_basket(&store, &sent, event.id, &chosen).await {
        Ok(basket) => {
            let mut response = see("/basket");
            sent.visitor.remember_basket(response.headers_mut(), &basket);
            response
        }
        Err(refused @ Refused::ByService { .. }) if refused.kind() != "invalid-value" => {
            again(&store, &sent.visitor, &event, &chosen, said(&refused))
        }
        Err(refused) => page::refused(&store, &sent.visitor, &refused),
    }
}

async fn event(store: &Storefront, id: &str) -> Result<Event, Refused> {
    let Ok(id) = id.parse::<EventId>() else {
        let detail = format!("there is no event `{id}`");
        return Err(Refused::ByService {
            status: StatusCode::NOT_FOUND,
            kind: "not-found".to_owned(),
            detail,
            more: serde_json::Value::Null,
        });
    };
    store.services.event(id).await
}

/// What was chosen: one ticket at least, and no more than may be had at once.
fn chosen(event: &Event, sent: &Sent) -> Result<Vec<(TicketTypeId, u32)>, String> {
    let mut chosen = Vec::new();
    for (field, value) in sent.fields() {
        let Some(kind) = field.strip_prefix("quantity-").and_then(|id| event.ticket_types.iter().find(|kind| kind.id.to_string() == id))
        else {
            continue;
        };
        let Ok(quantity) = (if value.is_empty() { Ok(0) } else { value.parse::<u32>() }) else {
            return Err(format!("Say how many {} tickets you want: a whole number from 0 to {}.", kind.name, kind.quantity_max));
        };
        if quantity > kind.quantity_max {
            return Err(format!("At most {} {} tickets can be had at once.", kind.quantity_max, kind.name));
        }
        if quantity > 0 {
            chosen.push((kind.id, quantity));
        }
    }
    if chosen.is_empty() { Err("Choose at least one ticket.".to_owned()) } else { Ok(chosen) }
}

/// Adds to the browser's basket; where that cannot take more, or is no longer there, to a new one.
async fn into_basket(store: &Storefront, sent: &Sent, event: EventId, chosen: &[(TicketTypeId, u32)]) -> Result<String, Refused> {
    let once = sent.once(store);
    if let Some(basket) = &sent.visitor.basket {
        match add_all(store, basket, event, chosen, &once).await {
            Ok(()) => return Ok(basket.clone()),
            Err(refused) if refused.is_not_found() || matches!(refused.kind(), "checked-out" | "basket-used-up") => {}
            Err(refused) => return Err(refused),
        }
    }
    let basket = store.services.new_basket(&once).await?;
    add_all(store, &basket, event, chosen, &once).await?;
    Ok(basket)
}

async fn add_all(store: &Storefront, basket: &str, event: EventId, chosen: &[(TicketTypeId, u32)], once: &str) -> Result<(), Refused> {
    for (kind, quantity) in chosen {
        // One key for each line: a form that is sent twice adds nothing twice.
        store.services.add(basket, (event, *kind, *quantity), &format!("{once}-{kind}")).await?;
    }
    Ok(())
}

fn said(refused: &Refused) -> String {
    match refused.kind() {
        "event-cancelled" => "This event was cancelled a moment ago. Nothing was put into your basket.".to_owned(),
        "too-many-lines" => "Your basket is full. Check out, or take something out, and come back.".to_owned(),
        "other-currency" => "Your basket is in another currency. Check out first, then buy these.".to_owned(),
        _ => format!("{refused}. Nothing was put into your basket."),
    }
}

fn again(store: &Storefront, visitor: &Visitor, event: &Event, chosen: &[(TicketTypeId, u32)], wrong: String) -> Response {
    page::shown_as(store, visitor, StatusCode::UNPROCESSABLE_ENTITY, &screen(store, visitor, event, chosen, Some(wrong)))
}

fn screen(store: &Storefront, visitor: &Visitor, event: &Event, chosen: &[(TicketTypeId, u32)], wrong: Option<String>) -> EventScreen {
    let now = store.outside.clock.now();
    let of = |kind: &TicketType| chosen.iter().find(|(id, _)| *id == kind.id).map_or(0, |(_, quantity)| *quantity);
    let kinds: Vec<Kind> = event.ticket_types.iter().map(|kind| Kind::new(kind, event, of(kind), now)).collect();
    EventScreen {
        frame: Frame::new(store, visitor, &event.title),
        id: event.id.to_string(),
        poster: artwork(event),
        title: event.title.clone(),
        category: event.category.clone(),
        venue: event.venue.clone(),
        city: event.city.clone(),
        when: When::of(event.starts, &event.zone),
        paragraphs: event.description.split("\n\n").filter(|text| !text.trim().is_empty()).map(str::to_owned).collect(),
        badge: Badge::of(event),
        cancelled: event.status == "cancelled",
        on_sale: event.status == "on_sale" && kinds.iter().any(|kind| kind.hindrance.is_none()),
        kinds,
        wrong,
    }
}

fn fault(store: &Storefront, visitor: &Visitor, refused: &Refused) -> Response {
    if refused.is_not_found() {
        let text = "There is no event at this address. It may be mistyped.";
        return page::shown_as(store, visitor, StatusCode::NOT_FOUND, &Fault::new(store, visitor, "No such event", text));
    }
    page::refused(store, visitor, refused)
}
