//! A field of a wire struct that may be absent, or of another type than expected, without any harm to the others.

use std::{fmt::Display, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::Notes;

/// What a document has under one key.
#[derive(Clone, Debug, Default)]
pub(super) enum Field<T> {
    /// No such key, or `null`.
    #[default]
    Absent,
    /// What was expected.
    Read(T),
    /// Something else, and why it is not what was expected.
    Unreadable(String),
}

// === impl Field ===

impl<T> Field<T> {
    /// Returns what was read; notes what was not.
    pub(super) fn get(self, at: &str, notes: &mut Notes) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Read(value) => Some(value),
            Self::Unreadable(cause) => {
                notes.add(at, &cause);
                None
            }
        }
    }
}

impl Field<String> {
    /// Returns the text, parsed; notes what cannot be.
    pub(super) fn parse<P: FromStr<Err: Display>>(self, at: &str, notes: &mut Notes) -> Option<P> {
        let text = self.get(at, notes)?;
        text.parse().map_err(|error: P::Err| notes.add(at, &format!("{text}: {error}"))).ok()
    }
}

impl Field<u64> {
    /// Returns the number as milliseconds.
    pub(super) fn msec(self, at: &str, notes: &mut Notes) -> Option<Duration> {
        self.get(at, notes).map(Duration::from_millis)
    }

    /// Returns the number as seconds.
    pub(super) fn sec(self, at: &str, notes: &mut Notes) -> Option<Duration> {
        self.get(at, notes).map(Duration::from_secs)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Absent);
        }
        Ok(match T::deserialize(value) {
            Ok(value) => Self::Read(value),
            Err(error) => Self::Unreadable(error.to_string()),
        })
    }
}

/// An AS number: a JSON number, or text with `bgp … as-notation dot|dot+` (10.0 and later).
#[derive(Clone, Copy, Debug)]
pub(super) struct AsNumber(pub(super) u32);

impl<'de> Deserialize<'de> for AsNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = match &value {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            Value::String(text) => as_number(text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom(format!("{value} is no AS number")))
    }
}

/// Reads an AS number in any of the notations of RFC 5396.
fn as_number(text: &str) -> Option<u32> {
    match text.split_once('.') {
        None => text.parse().ok(),
        Some((high, low)) => {
            Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
        }
    }
}
