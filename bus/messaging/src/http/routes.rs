//! Routes with their class: who may call them. The table that tests and documents read is built by the same calls that
//! build the router, so the two cannot differ.

use axum::Router;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use http::{HeaderMap, Method, header};

use super::Problem;
use super::extract::shown_path;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Anyone.
    Public,
    /// Whoever knows the unguessable id in the path.
    Secret,
    /// Holders of the organiser's key.
    Organiser,
    /// Other services, by the service key.
    Service,
}

/// The keys that open routes, sent as `Authorization: Bearer KEY`.
#[derive(Clone)]
pub struct Access {
    /// Opens [`Class::Organiser`].
    pub organiser_key: String,
    /// Opens [`Class::Service`].
    pub service_key: String,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(secret)")
    }
}

impl Access {
    /// Whether a request with these headers may call a route of `class`.
    ///
    /// # Errors
    /// 401 without a key, 403 with a wrong one.
    pub fn check(&self, class: Class, headers: &HeaderMap) -> Result<(), Problem> {
        let (key, name) = match class {
            Class::Public | Class::Secret => return Ok(()),
            Class::Organiser => (&self.organiser_key, "the organiser's key"),
            Class::Service => (&self.service_key, "the service key"),
        };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        match given {
            Some(given) if same(given.as_bytes(), key.as_bytes()) => Ok(()),
            Some(_) => Err(Problem::new(http::StatusCode::FORBIDDEN, "wrong-key", format!("this is not {name}"))),
            None => Err(Problem::new(http::StatusCode::UNAUTHORIZED, "key-needed", format!("send {name} as `Authorization: Bearer KEY`"))),
        }
    }
}

/// The key in `Bearer KEY`; the scheme's name ignores case (RFC 9110, section 11.1).
fn bearer(credentials: &str) -> Option<&str> {
    let (scheme, key) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| key.trim_start_matches(' '))
}

/// Compares in a time that does not tell how many bytes were right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

/// One line of the table of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// The method.
    pub method: Method,
    /// The path below the service's own, with `{name}` for its parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub class: Class,
}

/// Collects a service's routes.
pub struct Routes<S> {
    router: Router<S>,
    table: Vec<RouteEntry>,
    access: Access,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self { router: Router::new(), table: Vec::new(), access }
    }

    /// A `GET` route.
    #[must_use]
    pub fn get<T: 'static>(self, path: &'static str, class: Class, handler: impl Handler<T, S>) -> Self {
        self.add(Method::GET, path, class, get(handler))
    }

    /// A `POST` route.
    #[must_use]
    pub fn post<T: 'static>(self, path: &'static str, class: Class, handler: impl Handler<T, S>) -> Self {
        self.add(Method::POST, path, class, post(handler))
    }

    /// A `PUT` route.
    #[must_use]
    pub fn put<T: 'static>(self, path: &'static str, class: Class, handler: impl Handler<T, S>) -> Self {
        self.add(Method::PUT, path, class, put(handler))
    }

    /// A `DELETE` route.
    #[must_use]
    pub fn delete<T: 'static>(self, path: &'static str, class: Class, handler: impl Handler<T, S>) -> Self {
        self.add(Method::DELETE, path, class, delete(handler))
    }

    fn add(mut self, method: Method, path: &'static str, class: Class, route: MethodRouter<S>) -> Self {
        self.table.push(RouteEntry { method, path, class });
        let access = self.access.clone();
        let guarded = route.layer(from_fn(move |mut request: axum::extract::Request, next: Next| {
            request.extensions_mut().insert(class);
            let allowed = access.check(class, request.headers());
            async move {
                match allowed {
                    Ok(()) => next.run(request).await,
                    Err(problem) => problem.into_response(),
                }
            }
        }));
        self.router = self.router.route(path, guarded);
        self
    }

    /// The router, which answers unknown paths and methods with problem documents, and the table of its routes.
    pub fn finish(self, state: S) -> (Router, Vec<RouteEntry>) {
        let router = self.router.fallback(unknown_path).method_not_allowed_fallback(unknown_method);
        (router.with_state(state), self.table)
    }
}

async fn unknown_path(request: axum::extract::Request) -> Problem {
    Problem::not_found(format!("there is nothing at `{}`; see the service's openapi.json", shown_path(&request)))
}

async fn unknown_method(request: axum::extract::Request) -> Response {
    let detail = format!("`{}` does not take {}", shown_path(&request), request.method());
    Problem::new(http::StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail).into_response()
}
