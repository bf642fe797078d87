//! Talks to a running shop as its organiser does: finds where it is and with which key, and turns refusals into
//! sentences.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use hosting::{HttpError, Outside};
use http::{Method, Request, StatusCode};
use serde_json::Value;

use crate::config::Faults;
use crate::data_folder::{self, DEFAULT_DATA};
use crate::failure::{FAILED, Failure, WRONG_USE};

/// Where a shop is unless it is said otherwise.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:5000";
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a shop that says *not now* is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Which shop, and what opens it.
#[derive(Debug, clap::Args)]
pub(crate) struct Whereabouts {
    /// Where the shop is. Unless it is given: where the shop of the data folder runs, else http://127.0.0.1:5000.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The organiser's key. Unless it is given: the one in the data folder.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The shop's data folder.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: String,
}

/// A shop to talk to.
pub(crate) struct ShopClient {
    outside: Outside,
    url: String,
    key: Option<String>,
}

impl ShopClient {
    /// For what anyone may ask.
    ///
    /// # Errors
    /// If the data folder's shop does not run, or there is none.
    pub(crate) fn public(outside: &Outside, whereabouts: &Whereabouts) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), url: url(whereabouts)?, key: None })
    }

    /// For what the organiser alone may ask.
    ///
    /// # Errors
    /// As [`ShopClient::public`], and if there is no key.
    pub(crate) fn organiser(outside: &Outside, whereabouts: &Whereabouts) -> Result<Self, Failure> {
        let public = Self::public(outside, whereabouts)?;
        let key = match &whereabouts.key {
            Some(key) => key.trim().to_owned(),
            None => data_folder::organiser_key(Path::new(&whereabouts.data))?,
        };
        Ok(Self { key: Some(key), ..public })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(&Method::GET, path, None).await
    }

    /// Changes something, once, however often it has to be asked.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(&Method::POST, path, Some(body)).await
    }

    async fn ask(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let key = self.outside.entropy.secret().to_string();
        let began = self.outside.clock.monotonic();
        loop {
            let is_patient = self.outside.clock.monotonic() - began < PATIENCE;
            match self.outside.http.send(self.request(method, path, body, &key)?, ANSWER_WITHIN).await {
                Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE && is_patient => {}
                Ok(answer) => return self.judge(&answer),
                Err(HttpError::ReplyLost) if is_patient => {}
                Err(error) => return Err(self.no_answer(error)),
            }
            self.outside.clock.sleep(PAUSE).await;
        }
    }

    fn request(&self, method: &Method, path: &str, body: Option<&Value>, key: &str) -> Result<Request<Bytes>, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url)).header("accept", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let bytes = match body {
            Some(body) => {
                request = request.header("idempotency-key", key).header("content-type", "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        request.body(bytes).map_err(|_| Failure::usage("--key or an argument has characters that HTTP cannot carry"))
    }

    fn judge(&self, answer: &http::Response<Bytes>) -> Result<Value, Failure> {
        let status = answer.status();
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(body);
        }
        let detail = body["detail"].as_str().map_or_else(|| format!("{} answered {status}", self.url), str::to_owned);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Failure::usage(format!("{detail}: give the right key with --key, or the shop's data folder with --data")))
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(Failure { text: detail, code: WRONG_USE })
            }
            _ => Err(Failure { text: detail, code: FAILED }),
        }
    }

    fn no_answer(&self, error: HttpError) -> Failure {
        let url = &self.url;
        match error {
            HttpError::NotSent => {
                Failure::new(format!("no shop answers at {url}: start one with `globoticket run`, or say where it is with --url or --data"))
            }
            HttpError::ReplyLost => Failure::new(format!("{url} did not answer: the change may have been made; look before you try again")),
        }
    }
}

/// A folder that is named, or is there, is never passed over for whoever is at the default address.
fn url(whereabouts: &Whereabouts) -> Result<String, Failure> {
    let data = &whereabouts.data;
    let path = Path::new(data);
    match (&whereabouts.url, data_folder::running(path)) {
        (Some(url), _) => Ok(base(url)),
        (None, Some(running)) => Ok(running.url),
        (None, None) if data_folder::is_shops(path) => Err(Failure::new(format!(
            "the shop of {data} does not run; start it with `globoticket run --data {data}`, or say where another is with --url"
        ))),
        (None, None) if data == DEFAULT_DATA => Ok(DEFAULT_URL.to_owned()),
        (None, None) => Err(Failure::usage(format!(
            "{data} is no data folder of a shop; name the right one with --data, or say where the shop is with --url"
        ))),
    }
}

/// The URL as paths are put behind it.
pub(crate) fn base(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}

/// Notes a fault if paths cannot be put behind the URL.
pub(crate) fn check_url(option: &str, url: &str, faults: &mut Faults) {
    let is_right = url.trim().parse::<http::Uri>().is_ok_and(|parsed| {
        matches!(parsed.scheme_str(), Some("http" | "https")) && parsed.authority().is_some() && parsed.query().is_none()
    });
    if !is_right {
        faults.wrong(option, url, &format!("it must be an address such as {DEFAULT_URL}"));
    }
}
