//! The ids of things that more than one service names: a UUID each, with a type of its own so that they cannot be mixed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::SchemaFormat;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The text is no id.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{text}` is no {noun} id, which is a UUID such as 019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a")]
pub struct IdError {
    noun: &'static str,
    text: String,
    source: uuid::Error,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, as tables keep it.
            #[must_use]
            pub const fn to_uuid(self) -> Uuid {
                self.0
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let uuid = SchemaFormat::Custom("uuid".to_owned());
                let text = ObjectBuilder::new().schema_type(Type::String).format(Some(uuid));
                text.description(Some(concat!("The id of this ", $noun))).into()
            }
        }

        impl ToSchema for $name {}

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let uuid = text.parse().map_err(|source| IdError { noun: $noun, text: text.to_owned(), source })?;
                Ok(Self(uuid))
            }
        }
    };
}

id!(
    /// An event that people go to; owned by the event catalog.
    EventId, "event"
);
id!(
    /// A kind of ticket of one event; owned by the event catalog.
    TicketTypeId, "ticket type"
);
id!(
    /// A shopping basket; it is the buyer's secret.
    BasketId, "basket"
);
id!(
    /// A line of a basket, and of the order made from it.
    LineId, "line"
);
id!(
    /// A hold of places at the box office; made by the basket, one for each line.
    HoldId, "hold"
);
id!(
    /// An order; it is the buyer's secret.
    OrderId, "order"
);
id!(
    /// An issued ticket.
    TicketId, "ticket"
);
