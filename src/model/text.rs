//! Comments and names of people, as the server keeps them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Free text in the form that comes back when it is read again; empty means that there is none.
///
/// The server loses leading and trailing blanks (0x20 only), and takes `0` for nothing (api-facts.md, Users;
/// transcript `users`). Everything else survives exactly, newlines and emoji included.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// No text.
    pub const EMPTY: Text = Text(String::new());

    /// A text as a server holds it until it has read its file again: with blanks at its ends, which it writes and then does
    /// not read.
    #[must_use]
    pub fn unread(written: &str) -> Text {
        if written == "0" { Text::EMPTY } else { Text(written.to_owned()) }
    }

    /// The text as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(written: &str) -> Text {
        match written.trim_matches(' ') {
            "0" => Text::EMPTY,
            kept => Text(kept.to_owned()),
        }
    }
}

impl From<String> for Text {
    fn from(written: String) -> Text {
        Text::from(written.as_str())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_server_would_give_back() {
        for (written, kept) in [
            (" x ", "x"),
            ("0", ""),
            (" ", ""),
            ("", ""),
            (" 0 ", ""),
            ("00", "00"),
            ("\tx\n", "\tx\n"),
            ("a b", "a b"),
        ] {
            assert_eq!(Text::from(written).as_str(), kept, "{written:?}");
        }
    }
}
