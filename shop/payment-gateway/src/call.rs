//! Reads a request: its key first, then its parameters, within limits. Knows no route by name.

use axum::body::HttpBody;
use axum::extract::{Form as AxumForm, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};

use crate::error::ApiError;
use crate::form::Form;
use crate::gateway::{Access, Gateway};
use crate::idempotency::Once;

/// How long an idempotency key may be, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 255;

/// One request whose caller showed a key of the account.
#[derive(Debug)]
pub(crate) struct Call {
    /// The third part of the path: the object's id, or empty.
    pub(crate) id: String,
    pub(crate) form: Form,
    route: String,
    access: Access,
    key: Option<String>,
}

/// A call with the secret key.
pub(crate) struct WithSecretKey(pub(crate) Call);

/// A call with either key.
pub(crate) struct WithEitherKey(pub(crate) Call);

impl Call {
    /// What makes this request the same as an earlier one, if it carries an idempotency key. To be asked before the
    /// parameters are read; who reads some earlier puts what they mean into `else_known`.
    pub(crate) fn once(&self, else_known: &str) -> Option<Once> {
        let key = self.key.clone()?;
        Some(Once { scope: self.access.name(), key, fingerprint: self.form.fingerprint(&self.route, else_known) })
    }

    async fn read(request: Request, access: Access) -> Result<Self, ApiError> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let key = if method == Method::POST { idempotency_key(request.headers())? } else { None };
        let id = path.split('/').nth(3).unwrap_or_default().to_owned();
        let form = read_form(request).await?;
        Ok(Self { id, form, route: format!("{method} {path}"), access, key })
    }
}

impl FromRequest<Gateway> for WithSecretKey {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        match gateway.authenticate(request.headers())? {
            Access::Publishable => Err(ApiError::secret_key_required()),
            access @ Access::Secret => Call::read(request, access).await.map(Self),
        }
    }
}

impl FromRequest<Gateway> for WithEitherKey {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        let access = gateway.authenticate(request.headers())?;
        Call::read(request, access).await.map(Self)
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let message = || format!("The Idempotency-Key header must have 1 to {KEY_BYTES_MAX} visible ASCII characters.");
    let key = value.to_str().map_err(|_| ApiError::invalid(message()))?.trim();
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(ApiError::invalid(message()));
    }
    Ok(Some(key.to_owned()))
}

async fn read_form(request: Request) -> Result<Form, ApiError> {
    Form::new(read_pairs(request).await?)
}

/// The body of a POST, the query of a GET.
pub(crate) async fn read_pairs(mut request: Request) -> Result<Vec<(String, String)>, ApiError> {
    if request.body().is_end_stream() && !request.headers().contains_key(header::CONTENT_TYPE) {
        let form_encoded = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form_encoded);
    }
    let read = AxumForm::<Vec<(String, String)>>::from_request(request, &()).await;
    let AxumForm(pairs) = read.map_err(|rejection| {
        let message =
            format!("Invalid request ({}). Send parameters form-encoded, as application/x-www-form-urlencoded.", rejection.body_text());
        ApiError::invalid(message).with_status(rejection.status())
    })?;
    Ok(pairs)
}
