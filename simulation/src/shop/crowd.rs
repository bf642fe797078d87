//! The buyers of one history: who comes when, wants what, pays with which card, and has which whim. Most are
//! production's own customer; patrons have larger plans, and window shoppers look at a line, take it out again, and
//! never order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use buyer::{Choice, Client, End, Journal, Purchase, Told, Whim, buy, is_to_be_declined};
use bytes::Bytes;
use composition::ServiceName;
use hosting::{BoxFuture, HttpClient, HttpError, Outside, Protections, TaskEnd};
use http::uri::{Authority, Uri};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::organiser::{BUSY_US, Desk, OnSale};
use super::patron::Patron;
use super::world::World;
use crate::sim::lock;
use crate::{Group, Random};

/// How many buyers come: from, to.
const BUYERS: (u64, u64) = (20, 26);
const PATRONS: (u64, u64) = (2, 4);
const WINDOW_SHOPPERS: (u64, u64) = (2, 4);
/// How long a buyer asks a shop that does not answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Those who dawdle or look long do so for about as long as a hold lasts: from, to, in microseconds.
const ABOUT_A_HOLD_US: (u64, u64) = (590_000_000, 602_000_000);
/// Others hesitate for so many microseconds: from, to.
const A_WHILE_US: (u64, u64) = (1_000, 60_000_000);

/// Cards, and how many in a hundred buyers pay with them.
const CARDS: [(u64, &str); 13] = [
    (62, "4242424242424242"),
    (3, "4000000000000002"),
    (2, "4000000000009995"),
    (1, "4000000000000069"),
    (1, "4000000000000127"),
    (1, "4000000000000119"),
    (2, "4000002500003155"),
    (7, "4000990000000103"),
    (8, "4000990000000202"),
    (7, "4000990000000301"),
    (2, "4000990000000400"),
    (2, "4000990000000509"),
    (2, "4000990000000608"),
];

/// A buyer whose shopping is over.
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) purchase: Purchase,
    pub(crate) journal: Journal,
    pub(crate) end: End,
}

/// The outside world of somebody who uses the shop: `http://shop/api/SERVICE/…` goes to that service.
pub(crate) fn shop_outside(world: &World, group: Group) -> Outside {
    let outside = world.sim.outside(group, Protections::all_on());
    Outside { http: Arc::new(ShopHttp(Arc::clone(&outside.http))), ..outside }
}

/// Everybody shops; ends when the last one has left.
pub(crate) async fn shop(world: &Arc<World>, on_sale: &[OnSale]) -> Vec<Customer> {
    let mut random = world.sim.random("crowd");
    let mut crowd = Crowd { world, on_sale, done: Arc::default(), ends: Vec::new() };
    for number in 0..random.between(BUYERS.0, BUYERS.1) {
        crowd.send_in(format!("buyer-{number:02}"), buy_one_thing);
    }
    for number in 0..random.between(PATRONS.0, PATRONS.1) {
        crowd.send_in(format!("patron-{number}"), |visitor, on_sale| patron(visitor, on_sale).shop());
    }
    for number in 0..random.between(WINDOW_SHOPPERS.0, WINDOW_SHOPPERS.1) {
        crowd.send_in(format!("window-shopper-{number}"), look_around);
    }
    for end in crowd.ends {
        end.await;
    }
    let mut customers = std::mem::take(&mut *lock(&crowd.done));
    customers.sort_by(|a, b| a.name.cmp(&b.name));
    customers
}

struct Crowd<'w> {
    world: &'w Arc<World>,
    on_sale: &'w [OnSale],
    done: Arc<Mutex<Vec<Customer>>>,
    ends: Vec<BoxFuture<'static, TaskEnd>>,
}

/// Somebody who has just come.
struct Visitor {
    name: String,
    client: Client,
    desk: Desk,
    random: Random,
}

impl Crowd<'_> {
    /// Sends somebody in, who comes at some time, does `what`, and leaves.
    fn send_in<F>(&mut self, name: String, what: impl FnOnce(Visitor, Vec<OnSale>) -> F + Send + 'static)
    where
        F: Future<Output = Customer> + Send,
    {
        let group = self.world.sim.group(&name);
        let client = Client { outside: shop_outside(self.world, group), shop: "http://shop".to_owned(), patience: PATIENCE };
        let (random, desk) = (self.world.sim.random(&name), Desk::new(self.world, group));
        let mut visitor = Visitor { name: name.clone(), client, desk, random };
        let (done, sim, on_sale) = (Arc::clone(&self.done), self.world.sim.clone(), self.on_sale.to_vec());
        self.ends.push(self.world.sim.spawn(group, &name, async move {
            sim.sleep(Duration::from_micros(visitor.random.below(BUSY_US))).await;
            let customer = what(visitor, on_sale).await;
            sim.record("end", &customer.name, format!("{:?} {:?}", customer.end, customer.journal).as_bytes());
            lock(&done).push(customer);
        }));
    }
}

/// Production's own customer.
async fn buy_one_thing(mut visitor: Visitor, on_sale: Vec<OnSale>) -> Customer {
    let purchase = draw_purchase(&mut visitor.random, &visitor.name, &on_sale);
    let mut journal = Journal::default();
    let end = buy(&visitor.client, &purchase, &mut journal, &mut |_| {}).await;
    Customer { name: visitor.name, client: visitor.client, purchase, journal, end }
}

fn patron(visitor: Visitor, on_sale: Vec<OnSale>) -> Patron {
    let Visitor { name, client, desk, mut random } = visitor;
    let wants =
        (0..random.between(2, 3)).map(|_| Choice { quantity: 1 + random.chance(300_000) as u32, ..draw_choice(&mut random, &on_sale) });
    let wants = wants.collect();
    let cards = if random.chance(400_000) { vec!["4000000000000002", "4242424242424242"] } else { vec![draw_good_card(&mut random)] };
    Patron { name, client, random, wants, cards, desk, journal: Journal::default() }
}

fn draw_purchase(random: &mut Random, name: &str, on_sale: &[OnSale]) -> Purchase {
    let choice = draw_choice(random, on_sale);
    Purchase {
        choice,
        card: draw_card(random).to_owned(),
        email: format!("{name}@example.org"),
        name: name.to_owned(),
        whim: draw_whim(random),
    }
}

fn draw_card(random: &mut Random) -> &'static str {
    let mut percent = random.below(100);
    let card = CARDS.iter().find(|(share, _)| {
        let found = percent < *share;
        percent = percent.saturating_sub(*share);
        found
    });
    card.map_or(CARDS[0].1, |(_, number)| number)
}

fn draw_good_card(random: &mut Random) -> &'static str {
    let card = draw_card(random);
    if is_to_be_declined(card) { CARDS[0].1 } else { card }
}

fn draw_choice(random: &mut Random, on_sale: &[OnSale]) -> Choice {
    let kind = on_sale.get(random.index(on_sale.len())).cloned();
    let quantity = u32::try_from(random.between(1, 4)).unwrap_or(1);
    let (event, ticket_type) = kind.map_or_else(Default::default, |kind| (kind.event, kind.ticket_type));
    Choice { event, ticket_type, quantity }
}

fn draw_whim(random: &mut Random) -> Whim {
    match random.below(100) {
        0..46 => Whim::None,
        46..58 => Whim::ChangesTo(u32::try_from(random.between(1, 5)).unwrap_or(1)),
        58..66 => Whim::Leaves(between(random, A_WHILE_US)),
        66..78 => Whim::Cancels,
        78..85 => Whim::Dawdles(between(random, A_WHILE_US)),
        _ => Whim::Dawdles(between(random, ABOUT_A_HOLD_US)),
    }
}

fn between(random: &mut Random, (low, high): (u64, u64)) -> Duration {
    Duration::from_micros(random.between(low, high))
}

/// Puts a line into a basket, looks at it for a while or until its places are gone, and takes it out; perhaps again.
async fn look_around(mut visitor: Visitor, on_sale: Vec<OnSale>) -> Customer {
    let choice = draw_choice(&mut visitor.random, &on_sale);
    let mut journal = Journal::default();
    // Whoever gets no answer goes home.
    let _ = look_at_lines(&mut visitor, &choice, &mut journal).await;
    let purchase = Purchase { choice, card: "none".to_owned(), email: String::new(), name: visitor.name.clone(), whim: Whim::None };
    Customer { name: visitor.name, client: visitor.client, purchase, journal, end: End::Left }
}

async fn look_at_lines(visitor: &mut Visitor, choice: &Choice, journal: &mut Journal) -> Result<(), buyer::Gave> {
    let client = &visitor.client;
    let made = client.change(Method::POST, "/api/shopping-basket/baskets", &json!({})).await?;
    let Some(basket) = made.body["id"].as_str() else { return Ok(()) };
    journal.note(client.now(), Told::Basket { id: basket.to_owned() });
    let lines = format!("/api/shopping-basket/baskets/{basket}/lines");
    for _ in 0..visitor.random.between(1, 2) {
        let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": choice.quantity});
        let added = client.change(Method::POST, &lines, &line).await?;
        let Some(id) = added.body["id"].as_str() else { return Ok(()) };
        let long = visitor.random.chance(400_000);
        let looks = between(&mut visitor.random, if long { ABOUT_A_HOLD_US } else { A_WHILE_US });
        client.outside.clock.sleep(looks).await;
        client.change(Method::DELETE, &format!("{lines}/{id}"), &Value::Null).await?;
    }
    Ok(())
}

/// Sends what is meant for the shop to the service that the path names, and everything else as it is.
struct ShopHttp(Arc<dyn HttpClient>);

impl HttpClient for ShopHttp {
    fn send(&self, mut request: Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let service = request.uri().path().split('/').nth(2);
        let named = ServiceName::ALL.into_iter().find(|name| service == Some(name.as_str()));
        if request.uri().host() == Some("shop")
            && let Some(name) = named
            && let Ok(authority) = name.authority().parse::<Authority>()
        {
            let mut parts = request.uri().clone().into_parts();
            parts.authority = Some(authority);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
        self.0.send(request, timeout)
    }
}
