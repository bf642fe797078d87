//! How a message's content is stored: one blob with a version byte. Also how the headers added to a dead letter are.
//!
//! Version 1, numbers little-endian: `1`, text message id, `0` or `1` and text session id, headers, body to the end.
//! A text is its length in four bytes and its UTF-8; headers are their number in four bytes and that many pairs of texts.

use std::collections::BTreeMap;

use bytes::Bytes;

const VERSION: u8 = 1;

/// What a message carries and the broker only passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) message_id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

/// A stored blob that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// It was written by a later version.
    #[error("a stored message has version {0}, which this build does not know")]
    Version(u8),
    /// It ends too early, or holds text that is no UTF-8.
    #[error("a stored message is damaged")]
    Damaged,
}

impl Content {
    /// The blob.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(self.encoded_len());
        blob.push(VERSION);
        put_text(&mut blob, &self.message_id);
        blob.push(u8::from(self.session_id.is_some()));
        if let Some(session_id) = &self.session_id {
            put_text(&mut blob, session_id);
        }
        put_headers(&mut blob, &self.headers);
        blob.extend_from_slice(&self.body);
        blob
    }

    /// The blob's length.
    pub(crate) fn encoded_len(&self) -> usize {
        let session = self.session_id.as_ref().map_or(0, |id| 4 + id.len());
        let headers: usize = self.headers.iter().map(|(name, value)| 8 + name.len() + value.len()).sum();
        1 + 4 + self.message_id.len() + 1 + session + 4 + headers + self.body.len()
    }

    /// Reads a blob of any version so far.
    pub(crate) fn decode(blob: Vec<u8>) -> Result<Self, EncodingError> {
        let blob = Bytes::from(blob);
        let mut reader = Reader { rest: &blob };
        match reader.byte()? {
            VERSION => {}
            other => return Err(EncodingError::Version(other)),
        }
        let message_id = reader.text()?;
        let session_id = match reader.byte()? {
            0 => None,
            1 => Some(reader.text()?),
            _ => return Err(EncodingError::Damaged),
        };
        let headers = reader.headers()?;
        let body = blob.slice(blob.len() - reader.rest.len()..);
        Ok(Self { message_id, session_id, headers, body })
    }
}

/// The blob of headers that were added to a dead letter.
pub(crate) fn encode_headers(headers: &BTreeMap<String, String>) -> Vec<u8> {
    let mut blob = vec![VERSION];
    put_headers(&mut blob, headers);
    blob
}

/// Reads what [`encode_headers`] wrote.
pub(crate) fn decode_headers(blob: &[u8]) -> Result<BTreeMap<String, String>, EncodingError> {
    let mut reader = Reader { rest: blob };
    match reader.byte()? {
        VERSION => reader.headers(),
        other => Err(EncodingError::Version(other)),
    }
}

fn put_number(blob: &mut Vec<u8>, number: usize) {
    // Contents are bounded far below 4 GiB; one that is not could not be read back and is refused by its size.
    blob.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_text(blob: &mut Vec<u8>, text: &str) {
    put_number(blob, text.len());
    blob.extend_from_slice(text.as_bytes());
}

fn put_headers(blob: &mut Vec<u8>, headers: &BTreeMap<String, String>) {
    put_number(blob, headers.len());
    for (name, value) in headers {
        put_text(blob, name);
        put_text(blob, value);
    }
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, EncodingError> {
        let (first, rest) = self.rest.split_first().ok_or(EncodingError::Damaged)?;
        self.rest = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<usize, EncodingError> {
        let (bytes, rest) = self.rest.split_first_chunk::<4>().ok_or(EncodingError::Damaged)?;
        self.rest = rest;
        usize::try_from(u32::from_le_bytes(*bytes)).map_err(|_| EncodingError::Damaged)
    }

    fn text(&mut self) -> Result<String, EncodingError> {
        let length = self.number()?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(EncodingError::Damaged)?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).map_err(|_| EncodingError::Damaged)
    }

    fn headers(&mut self) -> Result<BTreeMap<String, String>, EncodingError> {
        let count = self.number()?;
        let mut headers = BTreeMap::new();
        for _ in 0..count {
            let name = self.text()?;
            headers.insert(name, self.text()?);
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Content {
        Content {
            message_id: "m-1".to_owned(),
            session_id: Some("s".to_owned()),
            headers: BTreeMap::from([("a".to_owned(), "ü".to_owned()), ("empty".to_owned(), String::new())]),
            body: Bytes::from_static(b"body"),
        }
    }

    const GOLDEN: &[u8] = b"\x01\x03\0\0\0m-1\x01\x01\0\0\0s\x02\0\0\0\x01\0\0\0a\x02\0\0\0\xc3\xbc\x05\0\0\0empty\0\0\0\0body";

    #[test]
    fn version_1_is_written_as_it_always_was_and_still_read() {
        assert_eq!(sample().encode(), GOLDEN);
        assert_eq!(sample().encoded_len(), GOLDEN.len());
        assert_eq!(Content::decode(GOLDEN.to_vec()), Ok(sample()));
    }

    #[test]
    fn a_message_without_session_headers_and_body_comes_back() {
        let content = Content { message_id: String::new(), session_id: None, headers: BTreeMap::new(), body: Bytes::new() };
        assert_eq!(Content::decode(content.encode()), Ok(content));
    }

    #[test]
    fn added_headers_come_back() {
        assert_eq!(decode_headers(&encode_headers(&sample().headers)), Ok(sample().headers));
    }

    #[test]
    fn whatever_ends_early_or_is_of_a_later_version_is_an_error() {
        for length in 0..GOLDEN.len() - 4 {
            assert_eq!(Content::decode(GOLDEN[..length].to_vec()), Err(EncodingError::Damaged), "{length}");
        }
        assert_eq!(Content::decode(vec![2]), Err(EncodingError::Version(2)));
    }
}
