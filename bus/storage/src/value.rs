//! Values between Rust and SQL: what parameters and columns may be.

use hosting::Timestamp;
use uuid::Uuid;

/// A value as the database sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// No value.
    Null,
    /// A whole number; also booleans (0, 1) and instants (microseconds).
    Integer(i64),
    /// Text.
    Text(&'v str),
    /// Bytes; also UUIDs (16 bytes, big-endian).
    Bytes(&'v [u8]),
    /// A number above [`i64::MAX`], which no column holds: binding it is an error.
    TooLarge(u64),
}

/// A column's value that does not fit the type asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is no {expected}")]
pub struct WrongValue {
    /// What was asked for.
    pub expected: &'static str,
}

/// Can be bound as a parameter.
pub trait ToValue {
    /// The value to bind.
    fn to_value(&self) -> Value<'_>;
}

/// Can be read from a column.
pub trait FromValue: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// If the value is of another type or out of range.
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue>;
}

/// The parameters of a statement: `params![a, b]` is `$1`, `$2`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$(&$value as &dyn $crate::ToValue),*] as &[&dyn $crate::ToValue] };
}

impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        match value {
            Value::Integer(number) => Ok(number),
            _ => Err(WrongValue { expected: "whole number" }),
        }
    }
}

macro_rules! small_integer {
    ($($kind:ident),*) => { $(
        impl ToValue for $kind {
            fn to_value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }

        impl FromValue for $kind {
            fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
                i64::from_value(value)?.try_into().map_err(|_| WrongValue { expected: stringify!($kind) })
            }
        }
    )* };
}

small_integer!(i32, u32, u16, u8);

impl ToValue for u64 {
    fn to_value(&self) -> Value<'_> {
        i64::try_from(*self).map_or(Value::TooLarge(*self), Value::Integer)
    }
}

impl FromValue for u64 {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        i64::from_value(value)?.try_into().map_err(|_| WrongValue { expected: "u64" })
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        match value {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            _ => Err(WrongValue { expected: "boolean" }),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        match value {
            Value::Text(text) => Ok(text.to_owned()),
            _ => Err(WrongValue { expected: "text" }),
        }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

fn bytes_of<'v>(value: Value<'v>, expected: &'static str) -> Result<&'v [u8], WrongValue> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(WrongValue { expected }),
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        bytes_of(value, "byte string").map(<[u8]>::to_vec)
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        let expected = "byte string of that length";
        bytes_of(value, expected)?.try_into().map_err(|_| WrongValue { expected })
    }
}

impl ToValue for Uuid {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self.as_bytes())
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        let expected = "UUID";
        Self::from_slice(bytes_of(value, expected)?).map_err(|_| WrongValue { expected })
    }
}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.as_micros())
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        i64::from_value(value).map(Self::from_micros)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Result<Self, WrongValue> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}
