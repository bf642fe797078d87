//! A message as an HTTP request in CloudEvents' binary mode: attributes are headers, the data is the body (HTTP protocol
//! binding 1.0.2, section 3.1), and it is signed.

use std::fmt::Write as _;

use bytes::Bytes;
use hosting::Timestamp;
use http::{Request, header};

use super::signature::{SigningKey, seconds};
use crate::{Headers, envelope};

const CONTENT_TYPE: &str = "datacontenttype";

/// The request that hands the message over.
pub(super) fn request(url: &http::Uri, message: &Headers, body: Bytes, key: &SigningKey, now: Timestamp) -> http::Result<Request<Bytes>> {
    let attribute = |name: &str, default: &str| message.get(name).map_or_else(|| default.to_owned(), Clone::clone);
    let id = encode(&attribute(envelope::ID, ""));
    let mut request = Request::post(url.clone())
        .header(header::CONTENT_TYPE, attribute(CONTENT_TYPE, "application/json"))
        .header("webhook-id", &id)
        .header("webhook-timestamp", seconds(now).to_string())
        .header("webhook-signature", key.sign(&id, now, &body));
    if !message.contains_key("specversion") {
        request = request.header("ce-specversion", "1.0");
    }
    for (name, value) in message.iter().filter(|(name, _)| *name != CONTENT_TYPE && is_attribute(name)) {
        request = request.header(format!("ce-{name}"), encode(value));
    }
    request.body(body)
}

/// Names of attributes are lower-case letters and digits.
fn is_attribute(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A value as a header has it: the space, the double quote, the per cent sign and all but printable ASCII percent-encoded
/// (section 3.1.3.2).
fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'%' => drop(write!(encoded, "%{byte:02X}")),
            b'!'..=b'~' => encoded.push(char::from(byte)),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hosting::Timestamp;

    use super::{encode, request};
    use crate::Headers;
    use crate::function::SigningKey;

    #[test]
    fn values_of_attributes_are_encoded_as_the_binding_has_it() {
        // The example of section 3.1.3.2.
        assert_eq!(encode("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
        assert_eq!(encode("a\"b%c\u{7f}~!"), "a%22b%25c%7F~!");
    }

    #[test]
    fn a_message_is_a_request_with_its_attributes_as_headers_and_its_body_as_it_is() {
        let attributes = [("id", "7"), ("type", "a.b"), ("subject", "Ada L"), ("datacontenttype", "text/plain"), ("not-one", "x")];
        let message: Headers = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let url = "http://127.0.0.1:7071/paid?x=1".parse().unwrap();
        let made =
            request(&url, &message, Bytes::from_static(b"hello"), &SigningKey::of([1; 32]), Timestamp::from_micros(5_000_000)).unwrap();
        let header = |name: &str| made.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!((made.uri(), made.body().as_ref()), (&url, b"hello".as_ref()));
        assert_eq!((header("ce-id"), header("webhook-id"), header("webhook-timestamp")), (Some("7"), Some("7"), Some("5")));
        assert_eq!(
            (header("ce-subject"), header("ce-specversion"), header("content-type")),
            (Some("Ada%20L"), Some("1.0"), Some("text/plain"))
        );
        assert_eq!((header("ce-datacontenttype"), header("ce-not-one")), (None, None));
        assert!(header("webhook-signature").unwrap().starts_with("v1,"));
    }
}
