//! How far each copy is behind its source, by holding the rows of both against each other, and what is on the way between
//! them. All copies of the shop are listed here.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use contracts::event_catalog::{CapacityChanged, EventCancelled, EventPublished, EventRenamed, EventRescheduled, TicketPriceChanged};
use contracts::{Standing, box_office::AvailabilityChanged};
use hosting::Timestamp;
use messaging::dead_letters::LetterError;
use messaging::http::Problem;
use messaging::on_the_way::{self, OnTheWay, Place};
use messaging::{Message as _, Service};
use serde::Serialize;
use serde_json::Value;
use storage::{SqlError, Tx};

use super::Admin;
use crate::services::ServiceName;

type Rows = fn(&mut Tx<'_>) -> Result<Vec<Standing>, SqlError>;

/// What one service repeats of another's rows.
struct Copy {
    what: &'static str,
    source: (ServiceName, Rows),
    copy: (ServiceName, Rows),
    /// Whether it has all rows of the source; else only those that concern it.
    is_whole: bool,
    /// The names of the messages that bring it.
    brought_by: &'static [&'static str],
}

const COPIES: [Copy; 6] = [
    Copy {
        what: "events",
        source: (ServiceName::EventCatalog, event_catalog::copies::events),
        copy: (ServiceName::ShoppingBasket, shopping_basket::copies::events),
        is_whole: true,
        brought_by: &[EventPublished::NAME, EventRenamed::NAME, EventRescheduled::NAME, EventCancelled::NAME],
    },
    Copy {
        what: "ticket types and prices",
        source: (ServiceName::EventCatalog, event_catalog::copies::ticket_types),
        copy: (ServiceName::ShoppingBasket, shopping_basket::copies::ticket_types),
        is_whole: true,
        brought_by: &[EventPublished::NAME, TicketPriceChanged::NAME, CapacityChanged::NAME],
    },
    Copy {
        what: "events of orders",
        source: (ServiceName::EventCatalog, event_catalog::copies::events),
        copy: (ServiceName::Ordering, ordering::copies::events),
        is_whole: false,
        brought_by: &[EventRenamed::NAME, EventRescheduled::NAME, EventCancelled::NAME],
    },
    Copy {
        what: "cancellations",
        source: (ServiceName::EventCatalog, event_catalog::copies::cancellations),
        copy: (ServiceName::BoxOffice, box_office::copies::cancellations),
        is_whole: true,
        brought_by: &[EventPublished::NAME, EventCancelled::NAME],
    },
    Copy {
        what: "wanted capacity",
        source: (ServiceName::EventCatalog, event_catalog::copies::capacities),
        copy: (ServiceName::BoxOffice, box_office::copies::capacities),
        is_whole: true,
        brought_by: &[EventPublished::NAME, CapacityChanged::NAME],
    },
    Copy {
        what: "places left",
        source: (ServiceName::BoxOffice, box_office::copies::places_left),
        copy: (ServiceName::EventCatalog, event_catalog::copies::places_left),
        is_whole: true,
        brought_by: &[AvailabilityChanged::NAME],
    },
];

/// How a copy stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CopyView {
    what: String,
    source: String,
    copy: String,
    /// Rows that the copy has, or entries that were read.
    rows: u64,
    /// Rows that are not as at the source, or entries that were not read yet.
    rows_behind: u64,
    /// By how many versions these rows are behind, all together.
    versions_behind: u64,
    /// When the oldest change was made that has not arrived; nothing in step, or where nothing is on the way any more.
    since: Option<Timestamp>,
    /// Since then, in seconds.
    age_s: Option<u64>,
    on_the_way: OnTheWayView,
}

/// Messages that will bring the copy into step: how many are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct OnTheWayView {
    outbox: u64,
    queue: u64,
    given_up: u64,
}

/// How far each copy that one service has of another's data is behind.
#[utoipa::path(get, path = "/copies", responses((status = 200, body = Value, description =
    "`{\"copies\": [{what, source, copy, rows, rows_behind, versions_behind, since, age_s, on_the_way: {outbox, queue, given_up}}]}`"),
    (status = 503)))]
pub(super) async fn show(State(admin): State<Admin>) -> Result<Json<Value>, Problem> {
    let mut views = Vec::new();
    for copy in &COPIES {
        if let (Some(source), Some(copier)) = (admin.service(copy.source.0), admin.service(copy.copy.0)) {
            views.push(view(copy, source, copier).await?);
        }
    }
    for keeper in admin.endpoints.iter().filter(|endpoint| !endpoint.declaration().feeds.is_empty()) {
        let now = keeper.now();
        let readers = keeper.read(on_the_way::readers).await?;
        views.extend(readers.into_iter().map(|reader| CopyView {
            what: reader.feed,
            source: keeper.name().to_owned(),
            copy: reader.reader,
            rows: reader.read,
            rows_behind: reader.entries,
            versions_behind: reader.entries,
            since: reader.since,
            age_s: reader.since.map(|since| now.since(since).as_secs()),
            on_the_way: OnTheWayView::default(),
        }));
    }
    Ok(Json(serde_json::json!({ "copies": views })))
}

/// The copy is read first: what it lacks of the source then is what it lacked.
async fn view(copy: &Copy, source: &Service, copier: &Service) -> Result<CopyView, Problem> {
    let copied = copier.read(copy.copy.1).await?;
    let mut on_the_way = on_the_way::look(source, copy.brought_by).await.map_err(refusal)?;
    on_the_way.extend(on_the_way::look(copier, copy.brought_by).await.map_err(refusal)?);
    let at_source = source.read(copy.source.1).await?;
    let (rows, versions) = behind(copy, &at_source, &copied);
    let since = on_the_way.iter().filter_map(|message| message.made).min().filter(|_| rows > 0);
    Ok(CopyView {
        what: copy.what.to_owned(),
        source: copy.source.0.to_string(),
        copy: copy.copy.0.to_string(),
        rows: copied.len() as u64,
        rows_behind: rows,
        versions_behind: versions,
        since,
        age_s: since.map(|since| source.now().since(since).as_secs()),
        on_the_way: counted(&on_the_way),
    })
}

/// How many rows of the source the copy shows otherwise or lacks, and by how many versions together.
fn behind(copy: &Copy, source: &[Standing], copied: &[Standing]) -> (u64, u64) {
    let is_whole = copy.is_whole;
    let copied: BTreeMap<_, _> = copied.iter().map(|row| (row.id, row)).collect();
    let different = source.iter().filter_map(|row| match copied.get(&row.id) {
        Some(copy) if copy.shown == row.shown => None,
        Some(copy) => Some(u64::from(row.version.saturating_sub(copy.version))),
        None => is_whole.then(|| u64::from(row.version)),
    });
    different.fold((0, 0), |(rows, versions), more| (rows + 1, versions + more))
}

fn counted(messages: &[OnTheWay]) -> OnTheWayView {
    let count = |place| messages.iter().filter(|message| message.place == place).count() as u64;
    OnTheWayView { outbox: count(Place::Outbox), queue: count(Place::Queue), given_up: count(Place::GivenUp) }
}

impl Admin {
    fn service(&self, name: ServiceName) -> Option<&Service> {
        self.endpoints.iter().find(|service| service.name() == name.as_str())
    }
}

fn refusal(error: LetterError) -> Problem {
    Problem::unavailable("bus-unavailable", 1, error.to_string())
}
