//! Who signs a request proves that it knows the key: HMAC-SHA256 over id, time and body, as the Standard Webhooks
//! specification 1.0 writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hosting::Timestamp;
use sha2::Sha256;

/// How a key begins where people see it.
const PREFIX: &str = "whsec_";
/// The specification's bounds, in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that a function and its caller share.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is `whsec_` and 24 to 64 bytes in base64")]
pub struct SigningKeyError;

impl SigningKey {
    /// A key of 256 bits, which have to be random.
    #[must_use]
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// Reads a key as people see it.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, SigningKeyError> {
        let bytes = text.strip_prefix(PREFIX).and_then(|rest| BASE64.decode(rest).ok()).ok_or(SigningKeyError)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SigningKeyError) }
    }

    /// The key as people see it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(&self.0))
    }

    /// The value of `webhook-signature` for a request with this `webhook-id`, made at `at`.
    pub(crate) fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mac) => mac,
            Err(never) => unreachable!("an HMAC takes keys of every length: {never}"),
        };
        mac.update(format!("{id}.{}.", seconds(at)).as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

/// The value of `webhook-timestamp`: whole seconds since 1970.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use hosting::Timestamp;

    use super::SigningKey;

    #[test]
    fn the_published_example_of_standard_webhooks_is_signed_as_published() {
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_micros(1_614_265_330_999_999);
        let signed = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_is_read_as_it_was_shown_and_nothing_else_is_a_key() {
        let key = SigningKey::of([7; 32]);
        assert_eq!(SigningKey::parse(&key.reveal()).unwrap().reveal(), key.reveal());
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_no base64"] {
            assert!(SigningKey::parse(text).is_err(), "{text}");
        }
        assert!(!format!("{key:?}").contains(&key.reveal()));
    }
}
