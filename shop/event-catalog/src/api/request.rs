//! What requests may say, and how it is read.

use std::time::Duration;

use contracts::{Currency, EventId, TicketTypeId};
use hosting::Timestamp;
use messaging::http::Problem;
use serde::Deserialize;
use uuid::Uuid;

use crate::event::{NewEvent, NewTicketType, Refusal};
use crate::rules;
use crate::store::{Filter, Position};

const PAGE: u32 = 20;
const PAGE_MAX: u32 = 100;
/// When an event starts if nobody says so: 30 days from now.
const STARTS_IN: Duration = Duration::from_secs(30 * 86_400);

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListEvents {
    /// Events on this page, 1 to 100; 20 unless told otherwise.
    limit: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
    /// Text in title, venue, city or category.
    q: Option<String>,
    city: Option<String>,
    /// Events that start from this instant on; now, unless told otherwise.
    #[param(value_type = Option<String>, format = "date-time")]
    from: Option<Timestamp>,
}

impl ListEvents {
    pub(super) fn filter(self, now: Timestamp) -> Result<Filter, Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::bad_request(format!("`limit` must be 1 to {PAGE_MAX}; it is {limit}")));
        }
        let from = Position { starts: self.from.unwrap_or(now), id: EventId::new(Uuid::nil()) };
        let after = match self.after.as_deref().map(Position::parse) {
            None => from,
            Some(Some(position)) => position,
            Some(None) => return Err(Problem::bad_request("`after` must be the `next` of an earlier page")),
        };
        Ok(Filter { after, text: searched("q", self.q)?, city: searched("city", self.city)?, limit })
    }
}

fn searched(field: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > rules::NAME_CHARS_MAX => {
            Err(Problem::bad_request(format!("`{field}` must have at most {} characters", rules::NAME_CHARS_MAX)))
        }
        Some(text) if text.chars().any(char::is_control) => {
            Err(Problem::bad_request(format!("`{field}` must have printable characters only")))
        }
        text => Ok(text),
    }
}

/// An event, with `ticket_types`, or with `capacity` and a price for a single kind of ticket.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateEvent {
    title: String,
    description: Option<String>,
    category: Option<String>,
    venue: Option<String>,
    city: Option<String>,
    /// An instant (`2027-03-14T20:00:00Z`) or a day (`2027-03-14`: 19:00 UTC). In 30 days unless told otherwise.
    starts: Option<String>,
    /// ISO 4217; EUR unless told otherwise.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    capacity: Option<u32>,
    /// Such as `25.00`; either this or `price_minor`.
    price: Option<String>,
    price_minor: Option<i64>,
    ticket_types: Option<Vec<CreateTicketType>>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTicketType {
    name: String,
    capacity: u32,
    /// Such as `25.00`; either this or `price_minor`.
    price: Option<String>,
    price_minor: Option<i64>,
    /// The most places one line of a basket may ask for; 10 unless told otherwise.
    quantity_max: Option<u32>,
    /// At once unless told otherwise.
    #[schema(value_type = Option<String>, format = "date-time")]
    sale_starts: Option<Timestamp>,
    /// The event's start unless told otherwise.
    #[schema(value_type = Option<String>, format = "date-time")]
    sale_ends: Option<Timestamp>,
}

impl CreateEvent {
    pub(super) fn new_event(&self, now: Timestamp) -> Result<NewEvent, Problem> {
        let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
        Ok(NewEvent {
            title: self.title.clone(),
            description: or(&self.description, ""),
            category: or(&self.category, "Other"),
            venue: or(&self.venue, "To be announced"),
            city: or(&self.city, "To be announced"),
            starts: self.starts.as_deref().map_or(Ok(now.plus(STARTS_IN)), instant)?,
            currency: self.currency.unwrap_or(Currency::EUR),
            ticket_types: self.new_ticket_types()?,
            cancelled: false,
        })
    }

    fn new_ticket_types(&self) -> Result<Vec<NewTicketType>, Problem> {
        let single = self.capacity.is_some() || self.price.is_some() || self.price_minor.is_some();
        match (&self.ticket_types, self.capacity) {
            (Some(_), _) if single => {
                Err(refused("ticket_types", "stands instead of `capacity` and a price; send one or the other", "both"))
            }
            (Some(kinds), _) => kinds.iter().map(CreateTicketType::new_ticket_type).collect(),
            (None, Some(capacity)) => {
                let price_minor = minor(self.price.as_deref(), self.price_minor)?;
                let name = "Standard".to_owned();
                Ok(vec![NewTicketType { name, price_minor, capacity, quantity_max: None, sale_starts: None, sale_ends: None }])
            }
            (None, None) => Err(refused("capacity", "is needed, with a price, where there are no `ticket_types`", "missing")),
        }
    }
}

impl CreateTicketType {
    fn new_ticket_type(&self) -> Result<NewTicketType, Problem> {
        Ok(NewTicketType {
            name: self.name.clone(),
            price_minor: minor(self.price.as_deref(), self.price_minor)?,
            capacity: self.capacity,
            quantity_max: self.quantity_max,
            sale_starts: self.sale_starts,
            sale_ends: self.sale_ends,
        })
    }
}

/// Which ticket type a change is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) ticket_type_id: Option<TicketTypeId>,
    pub(super) version: Option<u32>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePrice {
    /// May be left out where the event has only one.
    #[schema(value_type = Option<String>, format = "uuid")]
    ticket_type_id: Option<TicketTypeId>,
    /// Such as `25.00`; either this or `price_minor`.
    price: Option<String>,
    price_minor: Option<i64>,
    /// The ticket type's version that this is meant for.
    version: Option<u32>,
}

impl ChangePrice {
    pub(super) fn target(&self) -> Target {
        Target { ticket_type_id: self.ticket_type_id, version: self.version }
    }

    pub(super) fn minor(&self) -> Result<i64, Problem> {
        minor(self.price.as_deref(), self.price_minor)
    }
}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeCapacity {
    /// May be left out where the event has only one.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) ticket_type_id: Option<TicketTypeId>,
    /// Places to sell in all.
    pub(super) capacity: u32,
    /// The ticket type's version that this is meant for.
    pub(super) version: Option<u32>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameEvent {
    pub(super) title: String,
    /// The event's version that this is meant for.
    pub(super) version: Option<u32>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RescheduleEvent {
    /// An instant or a day, as when an event is created.
    starts: String,
    /// The event's version that this is meant for.
    pub(super) version: Option<u32>,
}

impl RescheduleEvent {
    pub(super) fn starts(&self) -> Result<Timestamp, Problem> {
        instant(&self.starts)
    }
}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelEvent {
    /// The event's version that this is meant for.
    pub(super) version: Option<u32>,
}

fn refused(field: &'static str, rule: &str, value: &str) -> Problem {
    Refusal::Invalid { field, rule: rule.to_owned(), value: value.chars().take(80).collect() }.into()
}

fn minor(price: Option<&str>, price_minor: Option<i64>) -> Result<i64, Problem> {
    match (price, price_minor) {
        (Some(text), None) => Ok(rules::price_minor(text)?),
        (None, Some(minor)) => Ok(minor),
        (Some(_), Some(_)) => Err(refused("price", "stands instead of `price_minor`; send one or the other", "both")),
        (None, None) => Err(refused("price", "is needed, such as 25.00, or `price_minor` in cents", "missing")),
    }
}

/// An instant, or a day: its evening, 19:00 UTC.
fn instant(text: &str) -> Result<Timestamp, Problem> {
    let evening = format!("{text}T19:00:00Z");
    text.parse()
        .or_else(|_| evening.parse())
        .map_err(|_| refused("starts", "must be an instant such as 2027-03-14T20:00:00Z or a day such as 2027-03-14", text))
}
