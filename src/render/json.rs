//! How anything is written as JSON.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::document::{Document, Line};
use crate::live::Blind;

/// A value as lines of JSON; what cannot be printed safely is escaped, as JSON allows everywhere in a text.
pub fn json(value: &impl Serialize) -> Document {
    let mut document = Document::default();
    // Structs and maps whose keys are texts can always be written.
    for line in serde_json::to_string_pretty(value).unwrap_or_default().lines() {
        let line: String = line.chars().map(|c| if is_printable(c) { c.to_string() } else { escaped(c) }).collect();
        document.push(Line::plain(line));
    }
    document
}

/// Whether a terminal shows `c` and does nothing else.
fn is_printable(c: char) -> bool {
    c == ' ' || c.escape_debug().len() == 1 || matches!(c, '"' | '\\' | '\'')
}

fn escaped(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// The JSON Schema of a value as it is written.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The kinds of things that the reader does not see all of; realms decide nothing.
pub(super) fn not_visible(hidden: &BTreeSet<Blind>) -> Vec<&'static str> {
    let name = |kind: &Blind| match kind {
        Blind::Accounts => Some("accounts"),
        Blind::Grants => Some("grants"),
        Blind::Pools => Some("pools"),
        Blind::Realms => None,
    };
    hidden.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Colour;

    #[test]
    fn json_is_safe_to_print_and_means_the_same() {
        let hostile = "a\u{1b}[31m\u{9b}\u{202e}\u{1f600}\"\\ü\n";
        let text = json(&serde_json::json!({ "name": hostile })).to_text(Colour::No);
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["name"], hostile);
    }
}
