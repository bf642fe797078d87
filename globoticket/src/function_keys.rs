//! The keys that functions check signatures with, each in a file of its own in the data folder.

use std::io;
use std::path::{Path, PathBuf};

use hosting::Entropy;
use messaging::function::SigningKey;

use crate::data_folder::{FUNCTION, create_private, keep_private, write_private};
use crate::failure::Failure;

/// Where the key of a function is kept.
pub(crate) fn path(data: &Path, name: &str) -> PathBuf {
    data.join(format!("{FUNCTION}{name}.key"))
}

/// # Errors
/// If there is none, or none that can be used.
pub(crate) fn read(data: &Path, name: &str) -> Result<SigningKey, Failure> {
    let (path, folder) = (path(data, name), data.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            keep_private(&path);
            SigningKey::parse(text.trim()).map_err(|error| {
                let shown = path.display();
                Failure::usage(format!(
                    "{shown} holds no key of function `{name}` ({error}); make another with `globoticket function key {name} --data {folder} --replace`"
                ))
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::usage(format!("function `{name}` has no key yet; make it with `globoticket function key {name} --data {folder}`")))
        }
        Err(error) => Err(Failure::usage(format!("the key {} of function `{name}` cannot be read: {error}", path.display()))),
    }
}

/// Makes a key of 256 random bits, readable by its owner only.
///
/// # Errors
/// If there is one already, unless it is to be replaced; if it cannot be written.
pub(crate) fn make(data: &Path, name: &str, replaces: Replaces, entropy: &dyn Entropy) -> Result<SigningKey, Failure> {
    let path = path(data, name);
    let shown = path.display();
    if replaces == Replaces::Nothing && path.exists() {
        return Err(Failure::usage(format!(
            "function `{name}` has a key, in {shown}; --replace makes another, which it has to be told too"
        )));
    }
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let key = SigningKey::of(bytes);
    let written = create_private(data).and_then(|()| write_private(&path, &format!("{}\n", key.reveal())));
    written.map_err(|error| Failure::new(format!("the key {shown} cannot be written: {error}")))?;
    Ok(key)
}

/// What a new key may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaces {
    /// None must be there.
    Nothing,
    /// The one that is there is no longer used.
    Old,
}
