//! The organiser of one history: enters a few events with fewer places than buyers want, and changes prices, capacities
//! and minds while they shop.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hosting::{Outside, Timestamp};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::crowd::shop_outside;
use super::world::World;
use crate::{Group, Random};

/// How long the shop is asked again.
const PATIENCE: Duration = Duration::from_secs(600);
const ATTEMPT_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(250);
/// Buyers come and the organiser acts within so many microseconds.
pub(crate) const BUSY_US: u64 = 90_000_000;
/// How often, in a million histories, an event is cancelled.
const CANCELS: u32 = 400_000;

/// A ticket type on sale.
#[derive(Debug, Clone)]
pub(crate) struct OnSale {
    pub(crate) event: String,
    pub(crate) ticket_type: String,
    price_minor: i64,
    capacity: u64,
    /// When the event was to start when it was entered.
    starts: Timestamp,
}

enum Change {
    Price(i64),
    Capacity(u64),
    Rename(u64),
    /// So many days later than the event was entered for.
    Reschedule(u64),
    Cancel,
}

pub(crate) struct Organiser {
    desk: Desk,
    random: Random,
}

/// Asks with the organiser's key.
#[derive(Clone)]
pub(crate) struct Desk {
    outside: Outside,
    key: String,
}

impl Organiser {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self { desk: Desk::new(world, world.sim.group("organiser")), random: world.sim.random("organiser") }
    }

    /// Enters three events with four ticket types, and sometimes a free one.
    pub(crate) async fn enter_events(&mut self) -> Option<Vec<OnSale>> {
        let mut on_sale = Vec::new();
        for number in 0..4 {
            if number == 3 && !self.random.chance(500_000) {
                continue;
            }
            let kinds = if number == 1 { 2 } else { 1 };
            let kinds: Vec<Value> = (0..kinds).map(|kind| self.draw_ticket_type(number, kind)).collect();
            let event = json!({"title": format!("Event {number}"), "venue": "Hall", "city": "Town", "ticket_types": kinds});
            let entered = self.desk.ask("/api/event-catalog/events", &event).await?;
            on_sale.extend(read_ticket_types(&entered));
        }
        Some(on_sale)
    }

    fn draw_ticket_type(&mut self, event: u64, kind: u64) -> Value {
        let price_minor = if event == 3 { 0 } else { 100 * self.random.between(10, 90) };
        json!({"name": format!("Kind {kind}"), "capacity": self.random.between(4, 12), "price_minor": price_minor})
    }

    /// Changes things while buyers shop.
    pub(crate) async fn work(mut self, mut on_sale: Vec<OnSale>) {
        for (at, index, change) in self.draw_changes(&on_sale) {
            let now = self.desk.outside.clock.monotonic();
            self.desk.outside.clock.sleep(at.saturating_sub(now)).await;
            let Some(kind) = on_sale.get_mut(index) else { continue };
            let (path, body) = asked(kind, &change);
            // Refused where the event is cancelled: then so be it.
            let _ = self.desk.ask(&path, &body).await;
        }
    }

    /// What is changed when, in order of time: prices up and down, capacities only upwards, events renamed and
    /// moved, some of it in bursts, and at most one event cancelled.
    fn draw_changes(&mut self, on_sale: &[OnSale]) -> Vec<(Duration, usize, Change)> {
        let began = self.desk.outside.clock.monotonic();
        let mut changes = Vec::new();
        let at = |random: &mut Random| began + Duration::from_micros(random.below(BUSY_US));
        for _ in 0..self.random.between(3, 8) {
            let index = self.random.index(on_sale.len());
            let Some(kind) = on_sale.get(index).filter(|kind| kind.price_minor > 0) else { continue };
            let price = kind.price_minor + 100 * self.random.between(0, 10).cast_signed() - 500;
            changes.push((at(&mut self.random), index, Change::Price(price.max(100))));
        }
        for _ in 0..self.random.between(0, 2) {
            let index = self.random.index(on_sale.len());
            let more = self.random.between(1, 3);
            let Some(kind) = on_sale.get(index) else { continue };
            changes.push((at(&mut self.random), index, Change::Capacity(kind.capacity + more)));
        }
        for _ in 0..self.random.between(0, 2) {
            let begins = at(&mut self.random);
            changes.extend(self.draw_burst(on_sale, begins));
        }
        if self.random.chance(CANCELS) {
            let index = self.random.index(on_sale.len());
            changes.push((at(&mut self.random), index, Change::Cancel));
        }
        changes.sort_by_key(|(at, index, _)| (*at, *index));
        changes
    }
}

impl Organiser {
    /// A few changes of one thing one right after the other: their messages overtake each other.
    fn draw_burst(&mut self, on_sale: &[OnSale], begins: Duration) -> Vec<(Duration, usize, Change)> {
        let (index, kind) = (self.random.index(on_sale.len()), self.random.below(3));
        let changes = 0..self.random.between(2, 5);
        let burst = changes.filter_map(|number| {
            let on_sale = on_sale.get(index)?;
            let change = match kind {
                0 if on_sale.price_minor > 0 => Change::Price(on_sale.price_minor + 100 * self.random.between(1, 9).cast_signed()),
                0 | 1 => Change::Rename(number),
                _ => Change::Reschedule(self.random.between(1, 9)),
            };
            Some((begins + Duration::from_millis(number), index, change))
        });
        burst.collect()
    }
}

impl Desk {
    pub(crate) fn new(world: &World, group: Group) -> Self {
        Self { outside: shop_outside(world, group), key: world.access.organiser_key.clone() }
    }

    /// Asks until the shop answers; nothing if it refuses, or does not answer at all.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Option<Value> {
        let key = self.outside.entropy.secret().to_string();
        let began = self.outside.clock.monotonic();
        while self.outside.clock.monotonic() - began < PATIENCE {
            let request = Request::post(format!("http://shop{path}"))
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {}", self.key))
                .header("idempotency-key", &key)
                .body(Bytes::from(body.to_string()));
            let answer = self.outside.http.send(request.ok()?, ATTEMPT_MAX).await;
            match answer {
                Ok(answer) if answer.status().is_success() => return serde_json::from_slice(answer.body()).ok(),
                Ok(answer) if answer.status() < StatusCode::INTERNAL_SERVER_ERROR => return None,
                Ok(_) | Err(_) => self.outside.clock.sleep(PAUSE).await,
            }
        }
        None
    }
}

fn asked(kind: &mut OnSale, change: &Change) -> (String, Value) {
    let path = format!("/api/event-catalog/events/{}", kind.event);
    match change {
        Change::Price(minor) => (format!("{path}/price"), json!({"ticket_type_id": kind.ticket_type, "price_minor": minor})),
        Change::Capacity(places) => {
            kind.capacity = kind.capacity.max(*places);
            (format!("{path}/capacity"), json!({"ticket_type_id": kind.ticket_type, "capacity": kind.capacity}))
        }
        Change::Rename(number) => (format!("{path}/rename"), json!({"title": format!("Renamed {number}")})),
        Change::Reschedule(days) => {
            let starts = kind.starts.plus(Duration::from_secs(86_400 * days));
            (format!("{path}/reschedule"), json!({"starts": starts}))
        }
        Change::Cancel => (format!("{path}/cancel"), Value::Null),
    }
}

fn read_ticket_types(event: &Value) -> Vec<OnSale> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kinds = event["ticket_types"].as_array().map_or(&[][..], Vec::as_slice);
    let on_sale = kinds.iter().map(|kind| OnSale {
        event: text(&event["id"]),
        ticket_type: text(&kind["id"]),
        price_minor: kind["price_minor"].as_i64().unwrap_or(0),
        capacity: kind["capacity"].as_u64().unwrap_or(0),
        starts: event["starts"].as_str().and_then(|starts| starts.parse().ok()).unwrap_or_default(),
    });
    on_sale.collect()
}
