//! How a message is declared: one line each at the end of its module, which together read as a table of names.

/// `message!(command NAME vN to ENDPOINT: Type about field)` or `message!(event NAME vN: Type about field)`.
/// The field after `about` is the id that becomes the message's subject.
macro_rules! message {
    (command $name:literal v $version:literal to $endpoint:literal: $type:ty, about $($field:ident).+) => {
        message!(@message $name, $version, $type, $($field).+);
        impl messaging::Command for $type {
            const ENDPOINT: &'static str = $endpoint;
        }
    };
    (event $name:literal v $version:literal: $type:ty, about $($field:ident).+) => {
        message!(@message $name, $version, $type, $($field).+);
        impl messaging::Event for $type {}
    };
    (@message $name:literal, $version:literal, $type:ty, $($field:ident).+) => {
        impl messaging::Message for $type {
            const NAME: &'static str = $name;
            const VERSION: u16 = $version;

            fn subject(&self) -> Option<String> {
                Some(self.$($field).+.to_string())
            }
        }
    };
}
