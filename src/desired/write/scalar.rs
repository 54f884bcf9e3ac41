//! Texts as scalars, and as part of a comment.

/// Words that one or another reader of YAML takes for something else than text.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

/// `text` as a scalar that every reader takes for this text, in `[..]` and `{..}` too.
///
/// Bare where nobody could take it for anything else; else in double quotes, with an escape for whatever cannot be seen.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_visible(c) => quoted.push(c),
            c => quoted.push_str(&escape(c)),
        }
    }
    quoted.push('"');
    quoted
}

/// `text` on one line, with an escape for everything that cannot be seen: nothing in it can end a comment, move the
/// cursor or turn the direction of writing.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_visible(c) { shown.push(c) } else { shown.push_str(&escape(c)) }
    }
    shown
}

/// Begins like a name, a path or a sentence, and has nothing in it that means something to YAML.
fn is_plain(text: &str) -> bool {
    let start = |c: char| c.is_alphabetic() || matches!(c, '/' | '_');
    let inside = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '_') || "/@!+()'&=%*~$;?".contains(c);
    text.starts_with(start)
        && text.chars().all(inside)
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a reader sees `c`, combining marks included.
///
/// The standard library knows which characters can be printed; it counts a mark as such behind another character only.
fn is_visible(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || ["a", c.encode_utf8(&mut [0; 4])].concat().escape_debug().nth(2).is_none()
}

fn escape(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xff => format!("\\x{code:02X}"),
        code @ ..=0xffff => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::node::{Style, Value};
    use super::super::super::notes::Notes;
    use super::super::super::yaml::tree;
    use super::*;
    use crate::diagnostic::{Source, Sources};

    /// What the reader finds under `k` in `document`.
    fn read(document: &str) -> (String, bool) {
        let source = Sources::default().add(Source { name: String::new(), text: String::new() });
        let mut notes = Notes::default();
        let root = tree(document, source, &mut notes).unwrap().unwrap();
        assert!(notes.findings.is_empty());
        let Value::Mapping(entries) = &root.value else { panic!("{root:?}") };
        let mut value = &entries[0].value;
        while let Value::List(items) = &value.value {
            assert_eq!(items.len(), 2, "{root:?}");
            value = &items[0];
        }
        let Value::Scalar(scalar) = &value.value else { panic!("{root:?}") };
        (scalar.text.clone().into_owned(), scalar.style == Style::Quoted || !scalar.is_null())
    }

    fn comes_back(text: &str) {
        let written = scalar(text);
        assert!(!written.contains(['\n', '\r', '\t', '\u{85}', '\u{2028}', '\u{202e}']), "{written}");
        for document in [
            format!("k: {written}"),
            format!("k: [{written}, x]"),
            format!("k:\n  {written}\n"),
            format!("k: [{written}, x] # x"),
        ] {
            assert_eq!(read(&document), (text.to_owned(), true), "{document}");
        }
        for document in [format!("{written}: x"), format!("{{{written}: x, y: z}}")] {
            let source = Sources::default().add(Source { name: String::new(), text: String::new() });
            let mut notes = Notes::default();
            let root = tree(&document, source, &mut notes).unwrap().unwrap();
            let Value::Mapping(entries) = &root.value else { panic!("{document}") };
            assert_eq!(entries[0].key, text, "{document}");
        }
    }

    #[test]
    fn what_is_plainly_text_has_no_quotes() {
        for plain in
            ["Read-only API consumers", "ann@pve", "a!b@pve!tok", "/vms/100", "/", "VM.Audit", "Übersicht", "O'Neil"]
        {
            assert_eq!(scalar(plain), plain);
        }
        for (text, written) in [
            ("", "\"\""),
            ("No", "\"No\""),
            ("0123", "\"0123\""),
            ("2027-06-30", "\"2027-06-30\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("~", "\"~\""),
            ("\"x\" \\", "\"\\\"x\\\" \\\\\""),
            ("two\nlines", "\"two\\nlines\""),
            ("\tx", "\"\\tx\""),
            ("\u{0}\u{85}\u{202e}\u{1f980}\u{e000}", "\"\\x00\\x85\\u202E\u{1f980}\\uE000\""),
            ("\u{f0000}", "\"\\U000F0000\""),
            ("@x@pve", "\"@x@pve\""),
            ("e\u{301} हिन्दी", "\"e\u{301} हिन्दी\""),
        ] {
            assert_eq!(scalar(text), written);
        }
        assert_eq!(visible("a\nb\u{202e}'\"\\ü"), "a\\x0Ab\\u202E'\"\\ü");
    }

    #[test]
    fn what_looks_like_something_else_comes_back() {
        for text in [
            "",
            "null",
            "Null",
            "~",
            "true",
            "yes",
            "0",
            "1e3",
            "0x1F",
            ".inf",
            "-",
            "- a",
            "? a",
            "a:",
            ":a",
            "a: b",
            "#a",
            "a #b",
            "[a]",
            "{a}",
            "a, b",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a'",
            "\"a\"",
            "%a",
            "@a",
            "`a`",
            "<<",
            "---",
            "...",
            "a\nb",
            "\n",
            "\ta",
            "a\t",
            "\\n",
            "\u{feff}a",
            "a\u{feff}",
            "\u{a0}",
            "\u{2028}",
            "\u{85}",
            "\u{7f}",
            "\u{fffe}",
            "\u{10ffff}",
        ] {
            comes_back(text);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            comes_back(&text);
        }

        #[test]
        fn every_ascii_text_comes_back(text in "[ -~\t\n]{0,12}") {
            comes_back(&text);
        }
    }
}
