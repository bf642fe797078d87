//! What a request sent where something else is expected, in words for its sender: which field, what is expected, what
//! it is. serde's own words name Rust's types and, of a body, a line and a column.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// How much of a value, or of a field's name, is repeated.
const SHOWN_CHARS_MAX: usize = 80;

/// Reads a body: a JSON object, or `null`, as which no body at all counts.
pub(super) fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let json = if bytes.trim_ascii().is_empty() { b"null" } else { bytes.trim_ascii() };
    let mut refused = None;
    // serde would also read a list as an object's fields in turn.
    if json.starts_with(b"{") || json == b"null" {
        let mut reader = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize(&mut reader) {
            Ok(body) if reader.end().is_ok() => return Ok(body),
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
    }
    let sent: Value = serde_json::from_slice(json).map_err(|error| format!("the body is no JSON: {}", unplaced(&error)))?;
    match (sent, refused) {
        (sent @ Value::Object(_), Some(error)) => {
            let found = error.path().iter().try_fold(&sent, |value, segment| match segment {
                Segment::Seq { index } => value.get(index),
                Segment::Map { key } => value.get(key),
                Segment::Enum { .. } | Segment::Unknown => None,
            });
            Err(misfit(error.path(), &unplaced(error.inner()), &found.map(shown).unwrap_or_default()))
        }
        (Value::Null, _) => Err("the body must be a JSON object; there is none".to_owned()),
        (sent, _) => Err(format!("the body must be a JSON object; it is {}", shown(&sent))),
    }
}

/// serde's `message` about what stands at `path`, where `found` was sent, in our words.
pub(super) fn misfit(path: &serde_path_to_error::Path, message: &str, found: &str) -> String {
    let place = cut(&path.to_string(), SHOWN_CHARS_MAX);
    let below = |field: &str| if path.iter().len() == 0 { field.to_owned() } else { format!("{place}.{field}") };
    let named = |start| message.strip_prefix(start).and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = named("missing field `") {
        return format!("`{}` is missing", below(field));
    }
    if let Some(field) = named("duplicate field `") {
        return format!("`{}` is given twice", below(field));
    }
    if message.starts_with("unknown field") {
        let known = message.rsplit_once("expected ").map_or("nothing", |(_, known)| known.trim_start_matches("one of "));
        return format!("`{place}` is unknown here; known: {}", known.replace("` or `", "`, `"));
    }
    let expected = match message.rsplit_once(", expected ") {
        Some((_, expected)) => in_words(expected),
        None if message.starts_with("UUID parsing failed") => "a UUID",
        None if message.contains("digit") || message.contains("integer") => "a whole number",
        None if message.starts_with("number too large") => return format!("`{place}` is too large; it is {found}"),
        None => return format!("`{place}` cannot be read: {}", cut(message, 2 * SHOWN_CHARS_MAX)),
    };
    format!("`{place}` must be {expected}; it is {found}")
}

/// What serde expects, without Rust's names.
fn in_words(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number from 0",
        "i64" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" => "text",
        "a sequence" => "a list",
        "a formatted UUID string" => "a UUID",
        structure if structure.starts_with("struct ") => "an object",
        other => other,
    }
}

/// A JSON error's words without line and column.
fn unplaced(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words).to_owned()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        plain => cut(&plain.to_string(), SHOWN_CHARS_MAX),
    }
}

/// A text from outside, in backquotes.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text, SHOWN_CHARS_MAX))
}

/// At most so many characters of `text`, and a sign where some are left out.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
