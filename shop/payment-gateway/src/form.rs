//! Form-encoded parameters with bracketed keys, as Stripe's clients send them: `metadata[order]=7`. Each reading takes
//! its parameter away; what is left at the end is unknown and refused, so that a typing error is not silently ignored.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::error::{ApiError, shortened};

/// How many parameters a request may have.
pub(crate) const FIELDS_MAX: usize = 200;
/// How long a single value may be, in characters, unless its route says less.
pub(crate) const VALUE_CHARS_MAX: usize = 500;
/// How many entries an object's metadata may have.
pub(crate) const METADATA_ENTRIES_MAX: usize = 50;
/// How long a metadata key may be, in characters.
pub(crate) const METADATA_KEY_CHARS_MAX: usize = 40;

/// The parameters of one request that nobody has read yet.
#[derive(Debug, Default)]
pub(crate) struct Form {
    fields: BTreeMap<String, String>,
}

impl Form {
    /// Sorts decoded pairs by key.
    ///
    /// # Errors
    /// A key that comes twice, a value or a number of parameters over its limit, or a NUL character.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        if pairs.len() > FIELDS_MAX {
            return Err(ApiError::invalid(format!("Too many parameters: {}. At most {FIELDS_MAX} are taken.", pairs.len())));
        }
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            if value.contains('\0') || name.contains('\0') {
                return Err(ApiError::invalid("Parameters cannot contain NUL characters. Remove them.").param(name.replace('\0', "")));
            }
            if value.chars().count() > VALUE_CHARS_MAX {
                let message = format!("The value of {} is too long: at most {VALUE_CHARS_MAX} characters are taken.", shortened(&name));
                return Err(ApiError::invalid(message).code("parameter_too_long").param(name));
            }
            if fields.contains_key(&name) {
                return Err(ApiError::invalid(format!("{} is given twice. Send it once.", shortened(&name))).param(name));
            }
            fields.insert(name, value);
        }
        Ok(Self { fields })
    }

    /// A hash of `route`, the parameters not read yet and what `else_known` says.
    pub(crate) fn fingerprint(&self, route: &str, else_known: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        let fields = self.fields.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        for text in [route, else_known].into_iter().chain(fields) {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().into()
    }

    /// A parameter that may be missing, but not empty.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.fields.remove(name) {
            Some(value) if value.is_empty() => {
                let message = format!("You passed an empty string for '{name}'. Leave it out, or give it a value.");
                Err(ApiError::invalid(message).code("parameter_invalid_empty").param(name))
            }
            value => Ok(value),
        }
    }

    /// A parameter that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number within `range`, if it is there.
    pub(crate) fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let (least, most) = (range.start(), range.end());
        match text.parse::<i64>() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let message = format!("Invalid integer for {name}: {}. It must be from {least} to {most}.", shortened(&text));
                Err(ApiError::invalid(message).code("parameter_invalid_integer").param(name))
            }
        }
    }

    /// A whole number within `range` that must be there.
    pub(crate) fn required_integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Result<i64, ApiError> {
        self.integer(name, range)?.ok_or_else(|| missing(name))
    }

    /// One of a few words, if it is there.
    pub(crate) fn choice(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, ApiError> {
        let Some(word) = self.text(name)? else { return Ok(None) };
        if words.contains(&word.as_str()) {
            return Ok(Some(word));
        }
        Err(ApiError::invalid(format!("Invalid {name}: must be one of {}.", words.join(", "))).param(name))
    }

    /// `metadata[key]=value`, entries with an empty value left out.
    pub(crate) fn metadata(&mut self) -> Result<BTreeMap<String, String>, ApiError> {
        let mut metadata = self.entries("metadata");
        metadata.retain(|_, value| !value.is_empty());
        if metadata.len() > METADATA_ENTRIES_MAX {
            return Err(ApiError::invalid(format!("Metadata can have at most {METADATA_ENTRIES_MAX} keys.")).param("metadata"));
        }
        if metadata.keys().any(|key| key.is_empty() || key.chars().count() > METADATA_KEY_CHARS_MAX) {
            let message = format!("Metadata keys must have 1 to {METADATA_KEY_CHARS_MAX} characters.");
            return Err(ApiError::invalid(message).param("metadata"));
        }
        Ok(metadata)
    }

    /// `name[0]=word` or `name[]=word`: a list in which only `word` may occur.
    pub(crate) fn only(&mut self, name: &str, word: &str) -> Result<(), ApiError> {
        let entries = self.entries(name);
        if entries.keys().all(|index| index.chars().all(|c| c.is_ascii_digit())) && entries.values().all(|value| value == word) {
            return Ok(());
        }
        Err(ApiError::invalid(format!("Invalid {name}: only {word} is supported.")).param(name))
    }

    /// Nothing may be left unread.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.fields.into_keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("Received unknown parameter: {}. Remove it.", shortened(&name));
                Err(ApiError::invalid(message).code("parameter_unknown").param(name))
            }
        }
    }

    /// Takes all `name[key]` with one pair of brackets.
    fn entries(&mut self, name: &str) -> BTreeMap<String, String> {
        let mut taken = BTreeMap::new();
        self.fields.retain(|field, value| {
            let Some(key) = field.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']')) else { return true };
            if key.contains(['[', ']']) {
                return true;
            }
            taken.insert(key.to_owned(), std::mem::take(value));
            false
        });
        taken
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::invalid(format!("Missing required param: {name}.")).code("parameter_missing").param(name)
}
