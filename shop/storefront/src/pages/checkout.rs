//! Checkout: who buys; the card, on the gateway's own page; everything once more; ordered. The card never comes here.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::basket;
use super::form::{Said, Sent};
use crate::Storefront;
use crate::page::{self, Frame, see};
use crate::services::{Basket, CardFor, Checkout, Refused};
use crate::visitor::{Buyer, Visitor};
use crate::words::{money, tickets};

const NAME_CHARS_MAX: usize = 120;
const EMAIL_BYTES_MAX: usize = 254;

#[derive(Template)]
#[template(path = "who.html")]
struct Who {
    frame: Frame,
    summary: Summary,
    buyer: Buyer,
    wrong: Vec<Wrong>,
    /// The gateway's page was left without a card.
    no_card: bool,
}

/// A field that has to be mended.
struct Wrong {
    field: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "review.html")]
struct Review {
    frame: Frame,
    summary: Summary,
    buyer: Buyer,
    card: Option<Card>,
}

/// What the gateway says of a card: enough to recognise it.
struct Card {
    token: String,
    shown: String,
}

struct Summary {
    lines: Vec<(String, String)>,
    total: String,
    free: bool,
    held_for: Option<String>,
}

impl Summary {
    fn new(store: &Storefront, basket: &Basket) -> Self {
        let line = |line: &crate::services::Line| {
            let what = format!("{}, {}", line.event_title.as_deref().unwrap_or("An event"), tickets(line.quantity));
            (what, money(line.price_minor.saturating_mul(i64::from(line.quantity)), &line.currency))
        };
        Self {
            lines: basket.lines.iter().map(line).collect(),
            total: money(basket.total_minor, basket.currency.as_deref().unwrap_or("EUR")),
            free: basket.total_minor == 0,
            held_for: basket::held_for(basket, store.outside.clock.now()),
        }
    }
}

/// What the gateway's page adds to the address it leads back to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    pub(super) payment_method: String,
    #[serde(default)]
    pub(super) brand: String,
    #[serde(default)]
    pub(super) last4: String,
    /// `cancelled`: the page was left without a card.
    #[serde(default)]
    pub(super) card: String,
}

impl Returned {
    /// `Visa ending in 4242`.
    pub(super) fn shown(&self) -> String {
        let brand = if self.brand.is_empty() { "Card" } else { &self.brand };
        if self.last4.is_empty() { brand.to_owned() } else { format!("{brand} ending in {}", self.last4) }
    }
}

pub(super) async fn who(State(store): State<Storefront>, visitor: Visitor, Said(returned): Said<Returned>) -> Response {
    let basket = match ready(&store, &visitor).await {
        Ok((_, basket)) => basket,
        Err(instead) => return *instead,
    };
    let buyer = visitor.buyer.clone().unwrap_or_default();
    page::shown(&store, &visitor, &who_screen(&store, &visitor, &basket, buyer, Vec::new(), returned.card == "cancelled"))
}

/// Remembers who buys, and leads to the gateway's page, or straight to the review where nothing is to be paid.
pub(super) async fn to_card(State(store): State<Storefront>, sent: Sent) -> Response {
    let basket = match ready(&store, &sent.visitor).await {
        Ok((_, basket)) => basket,
        Err(instead) => return *instead,
    };
    let buyer = Buyer { name: sent.field("name").to_owned(), email: sent.field("email").to_owned() };
    let wrong = wrongs(&buyer);
    if !wrong.is_empty() {
        let screen = who_screen(&store, &sent.visitor, &basket, buyer, wrong, false);
        return page::shown_as(&store, &sent.visitor, StatusCode::UNPROCESSABLE_ENTITY, &screen);
    }
    let mut response = match where_next(&store, &sent.visitor, &basket).await {
        Ok(next) => see(&next),
        Err(refused) => return page::refused(&store, &sent.visitor, &refused),
    };
    sent.visitor.remember_buyer(response.headers_mut(), &buyer);
    response
}

async fn where_next(store: &Storefront, visitor: &Visitor, basket: &Basket) -> Result<String, Refused> {
    let Some(currency) = basket.currency.clone().filter(|_| basket.total_minor > 0) else { return Ok("/checkout/review".to_owned()) };
    let places: u32 = basket.lines.iter().map(|line| line.quantity).sum();
    let card = CardFor {
        return_url: format!("{}/checkout/review", visitor.shop_url),
        title: format!("GloboTicket: {}", tickets(places)),
        amount_minor: basket.total_minor,
        currency,
    };
    store.services.card_entry(&card).await
}

pub(super) async fn review(State(store): State<Storefront>, visitor: Visitor, Said(returned): Said<Returned>) -> Response {
    let basket = match ready(&store, &visitor).await {
        Ok((_, basket)) => basket,
        Err(instead) => return *instead,
    };
    let Some(buyer) = visitor.buyer.clone() else { return see("/checkout") };
    let has_card = !returned.payment_method.is_empty();
    if basket.total_minor > 0 && !has_card {
        return see("/checkout?card=cancelled");
    }
    let card = has_card.then(|| Card { token: returned.payment_method.clone(), shown: returned.shown() });
    let frame = Frame::new(&store, &visitor, "Check and pay");
    page::shown(&store, &visitor, &Review { frame, summary: Summary::new(&store, &basket), buyer, card })
}

/// Orders what is in the basket. Sent again, it leads to the same order.
pub(super) async fn place(State(store): State<Storefront>, sent: Sent) -> Response {
    let (Some(id), Some(buyer)) = (sent.visitor.basket.clone(), sent.visitor.buyer.clone()) else { return see("/checkout") };
    let token = sent.field("payment_method");
    let payment_method = (!token.is_empty()).then(|| token.to_owned());
    let checkout = Checkout { name: buyer.name, email: buyer.email, payment_method };
    match store.services.check_out(&id, &checkout, &sent.once(&store)).await {
        Ok(order) => {
            let mut response = see(&format!("/orders/{order}"));
            sent.visitor.forget_basket(response.headers_mut());
            sent.visitor.forget_buyer(response.headers_mut());
            response
        }
        Err(refused) if matches!(refused.kind(), "lines-not-ready" | "basket-empty" | "total-too-large") => {
            match basket::open(&store, &sent.visitor).await {
                Ok((_, found)) => basket::with_trouble(&store, &sent.visitor, &found, NOT_READY.to_owned()),
                Err(instead) => *instead,
            }
        }
        Err(refused) if refused.kind() == "no-payment-method" => see("/checkout"),
        Err(refused) => page::refused(&store, &sent.visitor, &refused),
    }
}

const NOT_READY: &str =
    "Something in your basket has changed, so nothing was ordered and nothing was charged. Look at what is marked below.";

/// The basket, where it can be bought as it stands; else it is shown.
async fn ready(store: &Storefront, visitor: &Visitor) -> Result<(String, Basket), Box<Response>> {
    let (id, basket) = basket::open(store, visitor).await?;
    if basket::is_ready(&basket) {
        return Ok((id, basket));
    }
    if basket.lines.iter().any(|line| line.state == "requested") {
        return Err(Box::new(see("/basket")));
    }
    Err(Box::new(basket::with_trouble(store, visitor, &basket, NOT_READY.to_owned())))
}

fn who_screen(store: &Storefront, visitor: &Visitor, basket: &Basket, buyer: Buyer, wrong: Vec<Wrong>, no_card: bool) -> Who {
    let title = if wrong.is_empty() { "Who is buying?" } else { "Please mend: who is buying?" };
    Who { frame: Frame::new(store, visitor, title), summary: Summary::new(store, basket), buyer, wrong, no_card }
}

fn wrongs(buyer: &Buyer) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let odd = |text: &str| text.chars().any(char::is_control);
    if buyer.name.is_empty() || buyer.name.chars().count() > NAME_CHARS_MAX || odd(&buyer.name) {
        wrong.push(Wrong { field: "name", text: format!("Type your name, in at most {NAME_CHARS_MAX} characters") });
    }
    let parts = buyer.email.split_once('@');
    let whole = parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if !whole || buyer.email.len() > EMAIL_BYTES_MAX || odd(&buyer.email) || buyer.email.contains(char::is_whitespace) {
        wrong.push(Wrong { field: "email", text: "Type your mail address, such as ada@example.com".to_owned() });
    }
    wrong
}
