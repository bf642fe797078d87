//! What is on: the next big thing first, then this week, then the rest; searched by a form.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hosting::Timestamp;
use http::HeaderMap;
use serde::Deserialize;

use super::form::Said;
use crate::Storefront;
use crate::page::{self, Frame, artwork};
use crate::services::{Event, Search};
use crate::visitor::Visitor;
use crate::words::{Badge, When, from_price};

const THIS_WEEK: Duration = Duration::from_secs(7 * 86_400);
/// What can be looked for with one click.
const CATEGORIES: &[&str] = &["Concert", "Theatre", "Comedy", "Festival", "Sport", "Conference"];

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    city: String,
    /// `2027-03-14`.
    #[serde(default)]
    from: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Catalogue {
    frame: Frame,
    q: String,
    city: String,
    from: String,
    searched: bool,
    chips: Vec<Chip>,
    hero: Option<Card>,
    this_week: Vec<Card>,
    later: Vec<Card>,
    cities: Vec<String>,
    /// The address of the next page.
    next: Option<String>,
}

struct Chip {
    name: &'static str,
    chosen: bool,
}

/// An event among others.
struct Card {
    id: String,
    poster: String,
    title: String,
    when: When,
    venue: String,
    city: String,
    price: Option<String>,
    badge: Option<Badge>,
}

impl Card {
    fn new(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            poster: artwork(event),
            title: event.title.clone(),
            when: When::of(event.starts, &event.zone),
            venue: event.venue.clone(),
            city: event.city.clone(),
            price: from_price(event),
            badge: Badge::of(event),
        }
    }
}

pub(super) async fn show(State(store): State<Storefront>, visitor: Visitor, headers: HeaderMap, Said(asked): Said<Asked>) -> Response {
    let search = Search {
        text: asked.q.trim().to_owned(),
        city: asked.city.trim().to_owned(),
        from: day(&asked.from),
        after: asked.after.clone().filter(|after| !after.is_empty()),
    };
    match store.services.events(&search).await {
        Ok(found) => {
            let now = store.outside.clock.now();
            page::kept(&store, &headers, &catalogue(&store, &visitor, asked, &found.events, found.next.as_deref(), now))
        }
        Err(refused) => page::refused(&store, &visitor, &refused),
    }
}

fn catalogue(store: &Storefront, visitor: &Visitor, asked: Asked, events: &[Event], next: Option<&str>, now: Timestamp) -> Catalogue {
    let searched = [&asked.q, &asked.city, &asked.from].iter().any(|field| !field.trim().is_empty());
    let whole = !searched && asked.after.is_none();
    let hero = whole.then(|| events.iter().position(|event| event.status == "on_sale" && Badge::of(event).is_none())).flatten();
    let rest = events.iter().enumerate().filter(|(at, _)| Some(*at) != hero).map(|(_, event)| event);
    let (this_week, later): (Vec<&Event>, Vec<&Event>) = rest.partition(|event| whole && event.starts < now.plus(THIS_WEEK));
    let mut cities: Vec<String> = events.iter().map(|event| event.city.clone()).collect();
    cities.sort();
    cities.dedup();
    Catalogue {
        // The same for everybody, so that browsers can keep it: no form of this page changes anything.
        frame: Frame { visit: String::new(), once: String::new(), ..Frame::new(store, visitor, "What is on") },
        chips: CATEGORIES.iter().map(|name| Chip { name, chosen: asked.q.eq_ignore_ascii_case(name) }).collect(),
        hero: hero.and_then(|at| events.get(at)).map(Card::new),
        this_week: this_week.into_iter().map(Card::new).collect(),
        later: later.into_iter().map(Card::new).collect(),
        cities,
        next: next.map(|after| address(&asked, after)),
        searched,
        q: asked.q,
        city: asked.city,
        from: asked.from,
    }
}

fn address(asked: &Asked, after: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("q", asked.q.as_str()), ("city", &asked.city), ("from", &asked.from), ("after", after)] {
        if !value.trim().is_empty() {
            query.append_pair(name, value.trim());
        }
    }
    format!("/?{}", query.finish())
}

/// The first moment of a day, UTC; nothing where the field holds no day.
fn day(text: &str) -> Option<Timestamp> {
    let day: jiff::civil::Date = text.trim().parse().ok()?;
    format!("{day}T00:00:00Z").parse().ok()
}
