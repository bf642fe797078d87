//! What forms send, read without trust: any field may be missing, strange or there twice.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Storefront;
use crate::page::{self, Fault};
use crate::visitor::Visitor;

/// The fields of a form that was drawn for the browser that sends it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) visitor: Visitor,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// The first field of that name, without space around it; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Makes the request count once: what the form was drawn with. A form without it counts each time.
    pub(crate) fn once(&self, store: &Storefront) -> String {
        let given = self.field("once");
        if uuid::Uuid::parse_str(given).is_ok() { given.to_owned() } else { store.outside.entropy.secret().to_string() }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(key, value)| (key.as_str(), value.trim()))
    }
}

impl FromRequest<Storefront> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, store: &Storefront) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Ok(visitor) = Visitor::from_request_parts(&mut parts, store).await;
        let read: Result<Form<Vec<(String, String)>>, FormRejection> = Form::from_request(Request::from_parts(parts, body), store).await;
        let Ok(Form(fields)) = read else {
            let text = "What the form sent cannot be read. Nothing was changed. Go back and send it once more.";
            let fault = Fault::new(store, &visitor, "Please send that once more", text);
            return Err(page::shown_as(store, &visitor, StatusCode::BAD_REQUEST, &fault).into_response());
        };
        let sent = Self { visitor, fields };
        if sent.visitor.drew(sent.field("visit")) { Ok(sent) } else { Err(page::foreign_form(store, &sent.visitor)) }
    }
}

/// What an address says after its question mark; what cannot be read of it says nothing.
pub(crate) struct Said<T>(pub(crate) T);

impl<T: DeserializeOwned + Default + Send> FromRequestParts<Storefront> for Said<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, store: &Storefront) -> Result<Self, Self::Rejection> {
        let read: Result<Query<T>, _> = Query::from_request_parts(parts, store).await;
        Ok(Self(read.map_or_else(|_| T::default(), |Query(said)| said)))
    }
}
