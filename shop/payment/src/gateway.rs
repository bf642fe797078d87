//! Calls to the gateway: what is asked, and how it is sent. What the answers mean is the dialect's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contracts::payment::CallGateway;
use hosting::HttpError;
use http::{Method, Request, header};
use messaging::{Call, CallError, ExternalCall};
use serde::{Deserialize, Serialize};

use crate::dialect;
use crate::payment::{Charge, GatewayAnswer};

/// How long the gateway may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

/// One call to the gateway. It is made again under its key only after a crash; what else follows a failure is decided by
/// the payment's state, so it is recorded at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskGateway {
    /// Which attempt, what, and under which key.
    pub call: CallGateway,
    /// The intent it is about; nothing when one is created.
    pub intent: Option<String>,
    /// What is charged or returned.
    pub charge: Charge,
}

impl ExternalCall for AskGateway {
    const NAME: &'static str = "ask-gateway";
    const SYSTEM: &'static str = "payment gateway";
    type Answer = GatewayAnswer;
    const RETRIES: &'static [Duration] = &[];
}

/// Where the gateway is, and the secret key that opens it. Cheap to clone.
#[derive(Clone)]
pub struct GatewayClient {
    address: Arc<Address>,
}

struct Address {
    base_url: String,
    secret_key: String,
}

impl std::fmt::Debug for GatewayClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayClient").field("base_url", &self.address.base_url).finish_non_exhaustive()
    }
}

impl GatewayClient {
    /// A client of the gateway at `base_url`, such as `http://127.0.0.1:5008`.
    #[must_use]
    pub fn new(base_url: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { address: Arc::new(Address { base_url, secret_key: secret_key.into() }) }
    }

    /// The gateway's own address, without a slash at its end.
    pub(crate) fn base_url(&self) -> &str {
        &self.address.base_url
    }

    pub(crate) fn secret_key(&self) -> &[u8] {
        self.address.secret_key.as_bytes()
    }

    /// The request that a call is sent as, under its idempotency key.
    ///
    /// # Errors
    /// If the base URL is none.
    pub fn request(&self, key: &str, asked: &AskGateway) -> Result<Request<Bytes>, http::Error> {
        let asked = dialect::ask(asked);
        let url = format!("{}{}", self.address.base_url, asked.path);
        let request =
            Request::builder().method(&asked.method).uri(url).header(header::AUTHORIZATION, format!("Bearer {}", self.address.secret_key));
        if asked.method == Method::GET {
            return request.body(Bytes::new());
        }
        request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("idempotency-key", key)
            .body(Bytes::from(asked.form))
    }
}

/// Makes the call.
///
/// # Errors
/// The request was not sent, or its answer was lost.
pub(crate) async fn ask(client: GatewayClient, call: Call, asked: AskGateway) -> Result<GatewayAnswer, CallError> {
    let request = client.request(call.key(), &asked).map_err(|error| CallError::Refused(error.to_string()))?;
    match call.outside.http.send(request, ANSWER_WITHIN).await {
        Ok(response) => Ok(dialect::read(asked.call.call, asked.charge.amount, response.status(), response.body())),
        Err(error @ HttpError::NotSent) => Err(CallError::Failed(error.to_string())),
        Err(error @ HttpError::ReplyLost) => Err(CallError::Unknown(error.to_string())),
    }
}
