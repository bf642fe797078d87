//! HTTP between groups: routers by authority (host and port), and a network that takes its time, loses answers and
//! delivers late. A request runs as a task of its server's group, so that it dies with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hosting::{BoxFuture, Either, HttpClient, HttpError, race};
use http::header::HOST;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::clock::Sleep;
use crate::group::NETWORK;
use crate::sim::lock;
use crate::{Fault, Group, Random, Sim};

/// One way of a request takes so many microseconds: from, to.
const WAY_US: (u64, u64) = (100, 2_000);
/// A late request arrives so many microseconds after its caller gave up: from, to.
const LATE_US: (u64, u64) = (1_000, 20_000_000);
/// A hasty client is gone so many microseconds after its request arrived: from, to.
const HASTE_US: (u64, u64) = (1, 5_000);
/// The largest answer that is carried, in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;

type Answer = Result<Response<Bytes>, HttpError>;
type DropRule = Arc<dyn Fn(&Response<Body>) -> bool + Send + Sync>;

/// Who serves what.
pub(crate) struct Network {
    routes: BTreeMap<String, Route>,
    drops: Option<DropRule>,
    random: Random,
}

#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) group: Group,
    life: u32,
    router: Router,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self { routes: BTreeMap::new(), drops: None, random: Random::labelled(seed, "network") }
    }

    pub(crate) fn take_routes_of(&mut self, group: Group) -> BTreeMap<String, Route> {
        self.routes.extract_if(.., |_, route| route.group == group).collect()
    }
}

/// HTTP.
impl Sim {
    /// Lets `router` answer for `authority` (`host:port`) until its group is killed.
    pub fn serve(&self, group: Group, authority: &str, router: Router) {
        let route = Route { group, life: self.life(group), router };
        let before = lock(&self.shared.network).routes.insert(authority.to_owned(), route);
        drop(before);
    }

    /// Instead of an answer for which `rule` says true, the caller sees its connection closed.
    pub fn drop_connection_when(&self, rule: impl Fn(&Response<Body>) -> bool + Send + Sync + 'static) {
        let before = lock(&self.shared.network).drops.replace(Arc::new(rule));
        drop(before);
    }

    fn draw_journey(&self, timeout: Duration) -> Journey {
        let mut network = lock(&self.shared.network);
        let mut way = || Duration::from_micros(network.random.between(WAY_US.0, WAY_US.1));
        let (there, back) = (way(), way());
        let hangs_up = network.random.below(2) == 0;
        drop(network);
        let mut faults = self.faults();
        // All three are drawn each time, so that one kind switched off does not shift the others.
        let [error, lost, late] = [Fault::HttpError, Fault::ReplyLost, Fault::LateEffect].map(|fault| faults.draw(fault));
        let fate = if error {
            if faults.detail(Fault::HttpError, 0, 1) == 0 { Fate::NotSent } else { Fate::Unavailable }
        } else if lost {
            match faults.detail(Fault::ReplyLost, 0, 2) {
                0 => Fate::Reset,
                1 => Fate::Silence,
                _ => Fate::HangUp(Duration::from_micros(faults.detail(Fault::ReplyLost, HASTE_US.0, HASTE_US.1))),
            }
        } else if late {
            let by = Duration::from_micros(faults.detail(Fault::LateEffect, LATE_US.0, LATE_US.1));
            return Journey { there: timeout.saturating_add(by), back, hangs_up: false, fate: Fate::Late };
        } else {
            Fate::Delivered
        };
        Journey { there, back, hangs_up, fate }
    }

    /// Starts the request in its server's group; none if nobody serves its authority now.
    fn begin_serving(&self, request: Request<Bytes>) -> Option<Serving> {
        let authority = request.uri().authority()?.as_str().to_owned();
        let (route, drops) = {
            let network = lock(&self.shared.network);
            (network.routes.get(&authority)?.clone(), network.drops.clone())
        };
        let server = self.name(route.group);
        let title = format!("{} {}", request.method(), request.uri());
        self.record("request", &server, &[title.as_bytes(), b"\n", request.body()].concat());
        let (done, answer) = oneshot::channel();
        let (router, sim, name) = (route.router, self.clone(), server.clone());
        let work = async move {
            if let Some(response) = answer_of(router, request, drops).await {
                let status = response.status().as_u16().to_string();
                sim.record("response", &name, &[status.as_bytes(), b"\n", response.body()].concat());
                // The caller may be gone.
                let _ = done.send(response);
            }
        };
        let (task, _) = self.start(route.group, route.life, &title, Box::pin(work))?;
        Some(Serving { task, server, answer })
    }
}

struct Serving {
    task: u64,
    server: String,
    answer: oneshot::Receiver<Response<Bytes>>,
}

/// What will become of one request.
struct Journey {
    there: Duration,
    back: Duration,
    /// Whether the server notices that the caller no longer waits, and drops its work, as real servers do.
    hangs_up: bool,
    fate: Fate,
}

enum Fate {
    Delivered,
    /// It does not arrive, and the caller knows.
    NotSent,
    /// Something in between answers 503 and does not pass it on.
    Unavailable,
    /// It is carried out; the connection breaks before the answer.
    Reset,
    /// It is carried out; nothing comes back.
    Silence,
    /// The connection breaks so long after its arrival, and the server drops its work.
    HangUp(Duration),
    /// It arrives after its caller gave up.
    Late,
}

/// The network as a client sees it.
pub(crate) struct SimHttp {
    pub(crate) sim: Sim,
}

impl HttpClient for SimHttp {
    fn send(&self, request: Request<Bytes>, timeout: Duration) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let patience = Sleep::new(&self.sim, timeout);
            let journey = self.sim.draw_journey(timeout);
            let (reply, answer) = oneshot::channel();
            // Carried by the network, so that a request on its way outlives a caller that dies.
            drop(self.sim.spawn(NETWORK, "carry", carry(self.sim.clone(), request, journey, reply)));
            match race(answer, patience).await {
                Either::First(Ok(answer)) => answer,
                Either::First(Err(_)) | Either::Second(()) => Err(HttpError::ReplyLost),
            }
        })
    }
}

async fn carry(sim: Sim, request: Request<Bytes>, journey: Journey, mut reply: oneshot::Sender<Answer>) {
    sim.sleep(journey.there).await;
    let authority = request.uri().authority().map_or("", |authority| authority.as_str()).to_owned();
    let early = match journey.fate {
        Fate::NotSent => Some(Err(HttpError::NotSent)),
        Fate::Unavailable => Some(Ok(unavailable())),
        _ => None,
    };
    if let Some(answer) = early {
        sim.injected(Fault::HttpError, &authority);
        let _ = reply.send(answer);
        return;
    }
    let Some(serving) = sim.begin_serving(request) else {
        let _ = reply.send(Err(HttpError::NotSent));
        return;
    };
    match journey.fate {
        Fate::Reset | Fate::Silence | Fate::HangUp(_) => sim.injected(Fault::ReplyLost, &serving.server),
        Fate::Late => sim.injected(Fault::LateEffect, &serving.server),
        Fate::Delivered | Fate::NotSent | Fate::Unavailable => {}
    }
    let Some(answer) = wait_for_answer(&sim, serving, &journey, &mut reply).await else { return };
    sim.sleep(journey.back).await;
    let _ = match journey.fate {
        Fate::Reset => reply.send(Err(HttpError::ReplyLost)),
        Fate::Silence => {
            reply.closed().await;
            Ok(())
        }
        _ => reply.send(answer),
    };
}

/// The answer, or how the connection broke; none if nobody waits any more and the server has dropped its work.
async fn wait_for_answer(sim: &Sim, serving: Serving, journey: &Journey, reply: &mut oneshot::Sender<Answer>) -> Option<Answer> {
    let Serving { task, answer, .. } = serving;
    let answer = match journey.fate {
        Fate::HangUp(after) => {
            if let Either::Second(()) = race(answer, sim.sleep(after)).await {
                sim.abort(task);
            }
            return Some(Err(HttpError::ReplyLost));
        }
        _ if journey.hangs_up => match race(answer, news_of_hanging_up(sim, journey, reply)).await {
            Either::First(answer) => answer,
            Either::Second(()) => {
                sim.abort(task);
                return None;
            }
        },
        _ => answer.await,
    };
    Some(answer.map_err(|_| HttpError::ReplyLost))
}

/// That nobody waits any more reaches the server as late as a request would.
async fn news_of_hanging_up(sim: &Sim, journey: &Journey, reply: &mut oneshot::Sender<Answer>) {
    reply.closed().await;
    sim.sleep(journey.there).await;
}

/// The whole answer; none if the connection closes without one.
async fn answer_of(router: Router, request: Request<Bytes>, drops: Option<DropRule>) -> Option<Response<Bytes>> {
    let response = match router.oneshot(as_received(request)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if drops.is_some_and(|drops| drops(&response)) {
        return None;
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.ok()?;
    Some(Response::from_parts(parts, bytes))
}

/// The request as a server sees it: the path alone, and the authority in the `Host` header.
fn as_received(request: Request<Bytes>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let host = parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        parts.headers.entry(HOST).or_insert(host);
    }
    let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.uri = Uri::from(path);
    Request::from_parts(parts, Body::from(body))
}

fn unavailable() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"service unavailable"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
