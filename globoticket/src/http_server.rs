//! An HTTP door: takes connections on a port and hands their requests to a router, within limits on everything. Knows
//! no route.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hosting::{BoxFuture, Clock, Either, Outside, StopSignal, StopSource, TaskEnd, race, stop_pair};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::Failure;

/// Connections at once; the next ones wait to be taken.
const CONNECTIONS_MAX: u32 = 4_096;
const HEADERS_MAX: usize = 64;
/// Of a request's line and headers together.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// For a request's head to arrive, and how long an idle connection is kept.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Before another connection is tried to be taken after the system refused one.
const BREATH: Duration = Duration::from_millis(50);

/// A bound port that takes no connection yet.
pub(crate) struct Door {
    listener: TcpListener,
    /// Where it is, with the port that the system chose if it was left to it.
    pub(crate) address: SocketAddr,
}

impl Door {
    /// # Errors
    /// If the port is taken or may not be used; `option` names the one that chooses it.
    pub(crate) async fn bind(listen: IpAddr, port: u16, option: &str) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    format!("port {port} on {listen} is taken by another program; choose another with --{option}")
                }
                std::io::ErrorKind::AddrNotAvailable => {
                    format!("this machine has no address {listen} to listen on; choose another with --listen")
                }
                _ => format!("port {port} on {listen} cannot be used ({error}); choose another with --{option}"),
            })
        };
        let listener = TcpListener::bind((listen, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Its address as a URL that this machine can use.
    pub(crate) fn url(&self) -> String {
        let reachable = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(reachable, self.address.port()))
    }

    /// Begins to take connections.
    pub(crate) fn serve(self, outside: &Outside, router: Router) -> Server {
        let (stop, signal) = stop_pair();
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
        let taking = Taking { outside: outside.clone(), router, room: Arc::clone(&room), stop: signal };
        let ended = outside.spawner.spawn("http", Box::pin(taking.run(self.listener)));
        Server { clock: Arc::clone(&outside.clock), stop, ended: Some(ended), room }
    }
}

/// A port that is served.
pub(crate) struct Server {
    clock: Arc<dyn Clock>,
    stop: StopSource,
    /// None: seen already.
    ended: Option<BoxFuture<'static, TaskEnd>>,
    room: Arc<Semaphore>,
}

impl Server {
    /// Ends when no more connections are taken: told so, or because something is wrong with the server itself.
    pub(crate) async fn ended(&mut self) {
        if let Some(ended) = &mut self.ended {
            ended.await;
            self.ended = None;
        }
    }

    /// Takes no more connections and lets running requests finish within `deadline`; answers whether they did.
    pub(crate) async fn stop(mut self, deadline: Duration) -> bool {
        self.stop.stop();
        let (clock, room) = (Arc::clone(&self.clock), Arc::clone(&self.room));
        let finished = async {
            self.ended().await;
            // All permits are back when all connections have ended.
            drop(room.acquire_many(CONNECTIONS_MAX).await);
        };
        matches!(race(finished, clock.sleep(deadline)).await, Either::First(()))
    }
}

struct Taking {
    outside: Outside,
    router: Router,
    room: Arc<Semaphore>,
    stop: StopSignal,
}

impl Taking {
    async fn run(self, listener: TcpListener) {
        loop {
            match race(self.stop.stopped(), self.take(&listener)).await {
                Either::First(()) => return,
                Either::Second(Ok((stream, permit))) => self.serve(stream, permit),
                Either::Second(Err(error)) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    self.outside.clock.sleep(BREATH).await;
                }
            }
        }
    }

    async fn take(&self, listener: &TcpListener) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(std::io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, permit))
    }

    fn serve(&self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let (router, stop) = (self.router.clone(), self.stop.clone());
        drop(self.outside.spawner.spawn("http connection", Box::pin(converse(stream, router, stop, permit))));
    }
}

/// One connection to its end. Told to stop, it answers what it has begun to read and closes.
async fn converse(stream: TcpStream, router: Router, stop: StopSignal, permit: OwnedSemaphorePermit) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_headers(HEADERS_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let ended = match race(connection.as_mut(), stop.stopped()).await {
        Either::First(ended) => ended,
        Either::Second(()) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(permit);
}
