//! axum's extractors, with refusals as problem documents.

use std::error::Error;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, OriginalUri, Request};
use http::request::Parts;
use http::{Extensions, Uri};
use serde::de::DeserializeOwned;
use serde::de::value::Error as ValueError;

use super::Problem;
use super::misfit::{cut, misfit, quoted};

/// How much of a path is repeated in an answer.
const PATH_CHARS_MAX: usize = 200;

/// The varying parts of a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// The query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found: Result<axum::extract::Path<T>, PathRejection> =
            <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        match found {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::DeserializeError { value, message, .. } if message.starts_with("UUID") => {
                    Problem::not_found(format!("{} is no id: ids are UUIDs", quoted(&value)))
                }
                _ => nothing_at(parts),
            }),
            Err(_) => Err(nothing_at(parts)),
        }
    }
}

fn nothing_at(parts: &Parts) -> Problem {
    Problem::not_found(format!("there is nothing at `{}`", cut(asked_path(&parts.extensions, &parts.uri), PATH_CHARS_MAX)))
}

/// The path as the client asked for it, before a router took its own part off.
pub(super) fn asked_path<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a str {
    extensions.get::<OriginalUri>().map_or(uri, |original| &original.0).path()
}

/// The path as the client asked for it, for an answer: at most 200 characters of it.
#[must_use]
pub fn shown_path(request: &Request) -> String {
    cut(asked_path(request.extensions(), request.uri()), PATH_CHARS_MAX)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found: Result<axum::extract::Query<T>, QueryRejection> = axum::extract::Query::from_request_parts(parts, state).await;
        match found {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::bad_request(unfit_query(&parts.uri, &error))),
        }
    }
}

fn unfit_query(uri: &Uri, error: &QueryRejection) -> String {
    let cause = error.source().and_then(Error::source);
    let Some(error) = cause.and_then(|cause| cause.downcast_ref::<serde_path_to_error::Error<ValueError>>()) else {
        return error.body_text();
    };
    let sent = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map_or_else(|_| Vec::new(), |sent| sent.0);
    let name = error.path().to_string();
    let found = sent.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value);
    misfit(error.path(), &error.inner().to_string(), &quoted(found))
}
