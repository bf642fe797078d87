//! The buyers of one history: who comes when, wants what, pays with which card, and has which whim. All but the window
//! shoppers are production's own customer; those look at a line, take it out again, and never order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use buyer::{Choice, Client, End, Journal, Purchase, Told, Whim, buy};
use bytes::Bytes;
use hosting::{BoxFuture, HttpClient, HttpError, Outside, Protections};
use http::uri::{Authority, Uri};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::organiser::{BUSY_US, OnSale};
use super::world::World;
use crate::sim::lock;
use crate::{Group, Random};

/// How many buyers come: from, to.
const BUYERS: (u64, u64) = (20, 26);
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
    let done: Arc<Mutex<Vec<Customer>>> = Arc::default();
    let mut ends = Vec::new();
    for number in 0..random.between(BUYERS.0, BUYERS.1) {
        let name = format!("buyer-{number:02}");
        let group = world.sim.group(&name);
        let mut random = world.sim.random(&name);
        let client = client(world, group);
        let purchase = draw_purchase(&mut random, &name, on_sale);
        let arrives = Duration::from_micros(random.below(BUSY_US));
        let (done, sim) = (Arc::clone(&done), world.sim.clone());
        ends.push(world.sim.spawn(group, &name.clone(), async move {
            sim.sleep(arrives).await;
            let mut journal = Journal::default();
            let end = buy(&client, &purchase, &mut journal, &mut |_| {}).await;
            sim.record("end", &name, format!("{end:?} {journal:?}").as_bytes());
            lock(&done).push(Customer { name, client, purchase, journal, end });
        }));
    }
    for number in 0..random.between(WINDOW_SHOPPERS.0, WINDOW_SHOPPERS.1) {
        let name = format!("window-shopper-{number}");
        let group = world.sim.group(&name);
        let random = world.sim.random(&name);
        let shopper = WindowShopper { client: client(world, group), random, on_sale: on_sale.to_vec(), journal: Journal::default() };
        let done = Arc::clone(&done);
        ends.push(world.sim.spawn(group, &name.clone(), async move {
            let customer = shopper.look_around(name).await;
            lock(&done).push(customer);
        }));
    }
    for end in ends {
        end.await;
    }
    let mut customers = std::mem::take(&mut *lock(&done));
    customers.sort_by(|a, b| a.name.cmp(&b.name));
    customers
}

fn client(world: &Arc<World>, group: Group) -> Client {
    Client { outside: shop_outside(world, group), shop: "http://shop".to_owned(), patience: PATIENCE }
}

fn draw_purchase(random: &mut Random, name: &str, on_sale: &[OnSale]) -> Purchase {
    let choice = draw_choice(random, on_sale);
    let mut percent = random.below(100);
    let card = CARDS.iter().find(|(share, _)| {
        let found = percent < *share;
        percent = percent.saturating_sub(*share);
        found
    });
    Purchase {
        choice,
        card: card.map_or("4242424242424242", |(_, number)| number).to_owned(),
        email: format!("{name}@example.org"),
        name: name.to_owned(),
        whim: draw_whim(random),
    }
}

fn draw_choice(random: &mut Random, on_sale: &[OnSale]) -> Choice {
    let kind = on_sale.get(random.index(on_sale.len())).cloned();
    let quantity = u32::try_from(random.between(1, 4)).unwrap_or(1);
    let (event, ticket_type) = kind.map_or_else(Default::default, |kind| (kind.event, kind.ticket_type));
    Choice { event, ticket_type, quantity }
}

fn draw_whim(random: &mut Random) -> Whim {
    match random.below(100) {
        0..50 => Whim::None,
        50..62 => Whim::ChangesTo(u32::try_from(random.between(1, 5)).unwrap_or(1)),
        62..70 => Whim::Leaves(between(random, A_WHILE_US)),
        70..82 => Whim::Cancels,
        82..90 => Whim::Dawdles(between(random, A_WHILE_US)),
        _ => Whim::Dawdles(between(random, ABOUT_A_HOLD_US)),
    }
}

fn between(random: &mut Random, (low, high): (u64, u64)) -> Duration {
    Duration::from_micros(random.between(low, high))
}

/// Puts a line into a basket, looks at it for a while or until its places are gone, and takes it out; perhaps again.
struct WindowShopper {
    client: Client,
    random: Random,
    on_sale: Vec<OnSale>,
    journal: Journal,
}

impl WindowShopper {
    async fn look_around(mut self, name: String) -> Customer {
        let arrives = Duration::from_micros(self.random.below(BUSY_US));
        self.client.outside.clock.sleep(arrives).await;
        let choice = draw_choice(&mut self.random, &self.on_sale);
        // Whoever gets no answer goes home.
        let _ = self.look_at_lines(&choice).await;
        let purchase = Purchase { choice, card: "none".to_owned(), email: String::new(), name: name.clone(), whim: Whim::None };
        Customer { name, client: self.client, purchase, journal: self.journal, end: End::Left }
    }

    async fn look_at_lines(&mut self, choice: &Choice) -> Result<(), buyer::Gave> {
        let made = self.client.change(Method::POST, "/api/shopping-basket/baskets", &json!({})).await?;
        let Some(basket) = made.body["id"].as_str() else { return Ok(()) };
        self.journal.note(self.client.now(), Told::Basket { id: basket.to_owned() });
        let lines = format!("/api/shopping-basket/baskets/{basket}/lines");
        for _ in 0..self.random.between(1, 2) {
            let line = json!({"event_id": choice.event, "ticket_type_id": choice.ticket_type, "quantity": choice.quantity});
            let added = self.client.change(Method::POST, &lines, &line).await?;
            let Some(id) = added.body["id"].as_str() else { return Ok(()) };
            let long = self.random.chance(400_000);
            let looks = between(&mut self.random, if long { ABOUT_A_HOLD_US } else { A_WHILE_US });
            self.client.outside.clock.sleep(looks).await;
            self.client.change(Method::DELETE, &format!("{lines}/{id}"), &Value::Null).await?;
        }
        Ok(())
    }
}

/// Sends what is meant for the shop to the service that the path names, and everything else as it is.
struct ShopHttp(Arc<dyn HttpClient>);

impl HttpClient for ShopHttp {
    fn send(&self, mut request: Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        let service = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
        if request.uri().host() == Some("shop")
            && let Ok(authority) = format!("{service}.shop").parse::<Authority>()
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
