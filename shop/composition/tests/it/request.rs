//! A right request for each route of the table, for tests to spoil.

use composition::ShopRoute;
use serde_json::{Value, json};

use crate::shop::TestShop;

/// The ids that a path or body may name.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) event: String,
    pub(crate) ticket_type: String,
    pub(crate) basket: String,
    pub(crate) line: String,
    pub(crate) order: String,
}

impl Ids {
    /// Ids of nothing.
    pub(crate) fn unknown() -> Self {
        let id = |number: u8| format!("0190f6a2-7b1c-4def-8a55-0000000000{number:02x}");
        Self { event: id(1), ticket_type: id(2), basket: id(3), line: id(4), order: id(5) }
    }
}

/// `GET /api/…`, as documents name a route.
pub(crate) fn name(route: &ShopRoute) -> String {
    format!("{} {}{}", route.entry.method, route.prefix, route.entry.path)
}

/// What the varying parts of the route's path stand for, in order.
pub(crate) fn parts(route: &ShopRoute, ids: &Ids) -> Vec<String> {
    let names = route.entry.path.split('/').filter(|part| part.starts_with('{'));
    let id = match (route.prefix.as_str(), route.entry.path.split('/').nth(1).unwrap_or_default()) {
        (_, "events") => &ids.event,
        (_, "ticket-types") => &ids.ticket_type,
        (_, "baskets") => &ids.basket,
        _ => &ids.order,
    };
    let part = |name| match name {
        "{line}" => ids.line.clone(),
        "{endpoint}" => "ordering".to_owned(),
        "{position}" => "7".to_owned(),
        _ => id.clone(),
    };
    names.map(part).collect()
}

/// The route's path with these parts in it.
pub(crate) fn path(route: &ShopRoute, parts: &[String]) -> String {
    let mut parts = parts.iter();
    let segments = route.entry.path.split('/').map(|segment| match parts.len() {
        left if left > 0 && segment.starts_with('{') => parts.next().cloned().unwrap_or_default(),
        _ => segment.to_owned(),
    });
    format!("{}{}", route.prefix, segments.collect::<Vec<_>>().join("/"))
}

/// A body that the route takes; nothing for those that take none.
pub(crate) fn body(shop: &TestShop, route: &ShopRoute, ids: &Ids) -> Value {
    let in_two_months = shop.now().plus(std::time::Duration::from_secs(60 * 86_400));
    match name(route).rsplit_once('/').map(|(start, last)| (start.contains(" /api/event-catalog"), last)) {
        _ if route.entry.method == http::Method::GET => Value::Null,
        Some((true, "events")) => json!({"title": "Rubbish Night", "capacity": 5, "price_minor": 1_000, "currency": "EUR"}),
        Some((true, "price")) => json!({"price": "25.00"}),
        Some((true, "capacity")) => json!({"capacity": 100, "ticket_type_id": ids.ticket_type}),
        Some((true, "rename")) => json!({"title": "Another Night"}),
        Some((true, "reschedule")) => json!({"starts": in_two_months}),
        Some((_, "lines")) => json!({"event_id": ids.event, "ticket_type_id": ids.ticket_type, "quantity": 1}),
        Some((_, "{line}")) if route.entry.method == http::Method::PUT => json!({"quantity": 2}),
        Some((_, "accept-price")) => json!({"price_minor": 2_500}),
        Some((_, "checkout")) => json!({"email": "ada@example.com", "name": "Ada", "payment_method": "pm_unknown"}),
        Some((_, "card-entries")) => {
            json!({"return_url": "http://shop.test/checkout", "title": "Rubbish Night", "amount_minor": 2_500, "currency": "EUR"})
        }
        Some((_, "pay")) => json!({"payment_method": "pm_unknown"}),
        Some((_, "retry")) => json!({"confirmed": false}),
        _ => json!({}),
    }
}
