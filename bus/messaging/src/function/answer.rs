//! What a function's answer means: done, with commands to be sent or without; again, now or later; or never.

use std::time::Duration;

use bytes::Bytes;
use hosting::Timestamp;
use http::{Response, StatusCode, header};
use serde_json::Value;

use super::Answered;
use crate::CallError;
use crate::endpoint::KnownCommand;

/// Commands in one answer.
const COMMANDS_MAX: usize = 16;
/// A function that asks for more time is asked again within these bounds.
const LATER_MIN: Duration = Duration::from_secs(1);
const LATER_MAX: Duration = Duration::from_secs(3_600);
/// Characters of an answer that are shown to people.
const SHOWN_MAX: usize = 200;

/// What to do about a function's answer: 2xx completes, 4xx gives up but for 408, 409, 425 and 429, everything else is tried
/// again, after `Retry-After` where it is there.
pub(super) fn judge(response: &Response<Bytes>, allowed: &[KnownCommand], now: Timestamp) -> Result<Vec<Answered>, CallError> {
    let status = response.status();
    if status.is_success() {
        return commands(response, allowed).map_err(CallError::Refused);
    }
    let why = format!("the function answered {}{}", status.as_u16(), shown(response.body()));
    let is_passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::CONFLICT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if status.is_client_error() && !is_passing.contains(&status) {
        return Err(CallError::Refused(why));
    }
    match response.headers().get(header::RETRY_AFTER).and_then(|value| later(value.to_str().ok()?, now)) {
        Some(delay) => Err(CallError::Later { delay, why }),
        None => Err(CallError::Failed(why)),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), within bounds.
fn later(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let asked = match value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        true => value.parse().map_or(LATER_MAX, Duration::from_secs),
        false => Timestamp::from_http_date(value)?.since(now),
    };
    Some(asked.clamp(LATER_MIN, LATER_MAX))
}

/// The commands of an answer in CloudEvents' structured or batch mode; other answers have none.
fn commands(response: &Response<Bytes>, allowed: &[KnownCommand]) -> Result<Vec<Answered>, String> {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let read = || serde_json::from_slice::<Value>(response.body()).map_err(|error| format!("the function's answer is no JSON: {error}"));
    let events = match media_type.as_str() {
        "application/cloudevents+json" => vec![read()?],
        "application/cloudevents-batch+json" => match read()? {
            Value::Array(events) => events,
            _ => return Err("the function's answer is no array of events".to_owned()),
        },
        _ => return Ok(Vec::new()),
    };
    if events.len() > COMMANDS_MAX {
        return Err(format!("the function answered with {} commands; {COMMANDS_MAX} are taken", events.len()));
    }
    events.iter().map(|event| command(event, allowed)).collect()
}

fn command(event: &Value, allowed: &[KnownCommand]) -> Result<Answered, String> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    if text("specversion") != Some("1.0") {
        return Err("the function's answer is no CloudEvent of `specversion` 1.0".to_owned());
    }
    let Some(kind) = text("type") else { return Err("the function's answer has no `type`".to_owned()) };
    let Some(command) = allowed.iter().find(|command| command.name == kind) else {
        let names: Vec<&str> = allowed.iter().map(|command| command.name).collect();
        let may = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!("the function answered with `{kind}`, which is not among its `commands` ({may})"));
    };
    let Some(data) = event.get("data").filter(|data| data.is_object()) else {
        return Err(format!("the function answered with `{kind}` without an object as `data`"));
    };
    let data = data.to_string().into_bytes();
    (command.check)(&data).map_err(|error| format!("the function answered with `{kind}`: {}", error.chain()))?;
    Ok(Answered { command: *command, data })
}

/// The beginning of an answer, on one line.
fn shown(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).chars().take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().is_empty() { String::new() } else { format!(": {}", text.trim()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hosting::Timestamp;
    use http::Response;

    use super::judge;
    use crate::CallError;

    fn answered(status: u16, retry_after: Option<&str>) -> Result<usize, CallError> {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header("retry-after", value);
        }
        // 784 111 777 is the date of RFC 9110's examples.
        let now = Timestamp::from_micros(784_111_777_000_000 - 30_000_000);
        judge(&response.body(Bytes::from_static(b"no\nway")).unwrap(), &[], now).map(|commands| commands.len())
    }

    #[test]
    fn a_status_says_whether_a_function_is_done_asked_again_or_given_up() {
        for status in [200, 202, 204, 299] {
            assert_eq!(answered(status, None), Ok(0), "{status}");
        }
        for status in [400, 401, 403, 404, 410, 413, 415, 422, 499] {
            assert_eq!(answered(status, None), Err(CallError::Refused(format!("the function answered {status}: no way"))));
        }
        for status in [301, 308, 408, 409, 425, 429, 500, 502, 503, 504] {
            assert_eq!(answered(status, None), Err(CallError::Failed(format!("the function answered {status}: no way"))));
        }
    }

    #[test]
    fn retry_after_is_taken_in_seconds_or_as_a_date_within_bounds_and_otherwise_not_at_all() {
        let delay = |value: &str| match answered(503, Some(value)) {
            Err(CallError::Later { delay, .. }) => Some(delay.as_secs()),
            _ => None,
        };
        assert_eq!(delay("120"), Some(120));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:37 GMT"), Some(30));
        assert_eq!((delay("0"), delay("Sun, 06 Nov 1994 08:00:00 GMT")), (Some(1), Some(1)));
        assert_eq!((delay("86400"), delay("99999999999999999999999")), (Some(3_600), Some(3_600)));
        assert_eq!((delay("soon"), delay(""), delay("-1"), delay("1.5")), (None, None, None, None));
        assert_eq!(
            answered(429, Some("7")).unwrap_err(),
            CallError::Later { delay: Duration::from_secs(7), why: "the function answered 429: no way".to_owned() }
        );
        assert!(matches!(answered(404, Some("7")), Err(CallError::Refused(_))), "a refusal stays one");
    }
}
