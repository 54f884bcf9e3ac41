//! Free text between colons.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What is not written as it is: control characters, `%`, `:` and, by the crate's own rule, everything that is not
/// ASCII (api-facts.md, Users).
const UNSAFE: &AsciiSet = &CONTROLS.add(b'%').add(b':');

/// `text` as it stands in the file.
pub fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, UNSAFE)
}

/// The text that stands in the file as `raw`; bytes that are no UTF-8 become U+FFFD.
pub fn decode(raw: &str) -> Cow<'_, str> {
    percent_decode_str(raw).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_break_a_line_is_encoded() {
        for (text, raw) in [
            ("a:b", "a%3Ab"),
            ("100%", "100%25"),
            ("ünï", "%C3%BCn%C3%AF"),
            ("two\nlines", "two%0Alines"),
            ("del\x7f", "del%7F"),
            ("#a,b;c d~", "#a,b;c d~"),
        ] {
            assert_eq!(encode(text).to_string(), raw);
            assert_eq!(decode(raw), text);
        }
    }

    #[test]
    fn a_stray_percent_sign_stays() {
        assert_eq!(decode("5% %zz %e"), "5% %zz %e");
        assert_eq!(decode("%c3%bc"), "ü");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
