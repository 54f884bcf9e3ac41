//! The many spellings of one value in the server's answers.
//!
//! Numbers come as strings, booleans as 0, 1 or "1", lists as comma strings, and what is empty may be absent or null
//! (api-facts.md, HTTP layer and Users).

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

/// Text, or a number that looks like one; null is no text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    scalar(Value::deserialize(deserializer)?)
}

/// As [`text`], but empty text is none.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = text(deserializer)?;
    Ok((!text.is_empty()).then_some(text))
}

/// A whole number that is not negative; null and empty text are 0.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = scalar::<D::Error>(Value::deserialize(deserializer)?)?;
    if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| Error::custom(format!("`{text}` is no number"))) }
}

/// A yes or no.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match scalar::<D::Error>(Value::deserialize(deserializer)?)?.as_str() {
        "" | "0" | "false" => Ok(false),
        "1" | "true" => Ok(true),
        other => Err(Error::custom(format!("`{other}` is neither 0 nor 1"))),
    }
}

/// A name or id of one of [`crate::pve`]'s types; an error repeats it.
pub(super) fn id<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    parse(&scalar::<D::Error>(Value::deserialize(deserializer)?)?)
}

/// As [`id`], but empty text is none.
pub(super) fn optional_id<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    optional_text(deserializer)?.as_deref().map(parse).transpose()
}

/// Names or ids in a list of any spelling.
pub(super) fn ids<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
    C: FromIterator<T>,
{
    match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().map(|item| parse(&scalar::<D::Error>(item)?)).collect(),
        joined => {
            scalar::<D::Error>(joined)?.split([',', ';', ' ']).filter(|item| !item.is_empty()).map(parse).collect()
        }
    }
}

fn parse<T: FromStr<Err: Display>, E: Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(|error| Error::custom(format!("`{text}` is listed, but {error}")))
}

fn scalar<E: Error>(value: Value) -> Result<String, E> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(yes) => Ok(yes.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text),
        Value::Array(_) => Err(E::custom("a list stands where a single value belongs")),
        Value::Object(_) => Err(E::custom("an object stands where a single value belongs")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pve::GroupId;

    #[test]
    fn numbers_and_flags_come_as_either() {
        for (json, value) in
            [("4102444800", 4_102_444_800), (r#""4102444800""#, 4_102_444_800), ("null", 0), (r#""""#, 0)]
        {
            assert_eq!(number(&mut serde_json::Deserializer::from_str(json)).unwrap(), value);
        }
        for (json, value) in
            [("1", true), (r#""1""#, true), ("true", true), ("0", false), (r#""0""#, false), (r#""""#, false)]
        {
            assert_eq!(flag(&mut serde_json::Deserializer::from_str(json)).unwrap(), value);
        }
        assert!(flag(&mut serde_json::Deserializer::from_str("2")).is_err());
        assert!(number(&mut serde_json::Deserializer::from_str("-1")).is_err());
        assert!(number(&mut serde_json::Deserializer::from_str("{}")).is_err());
    }

    #[test]
    fn lists_come_joined_or_as_arrays() {
        for (json, count) in
            [(r#""a,b""#, 2), (r#"["a","b"]"#, 2), (r#""a b;c""#, 3), (r#""""#, 0), ("null", 0), ("[]", 0)]
        {
            let found: BTreeSet<GroupId> = ids(&mut serde_json::Deserializer::from_str(json)).unwrap();
            assert_eq!(found.len(), count, "{json}");
        }
        let error = ids::<_, GroupId, BTreeSet<_>>(&mut serde_json::Deserializer::from_str(r#""a,b/c""#)).unwrap_err();
        assert_eq!(error.to_string(), "`b/c` is listed, but a group name cannot contain `/`");
    }
}
