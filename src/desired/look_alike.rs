//! Characters that are not what they look like.

/// What is odd about a text that should be plain ASCII, as a help; `None` if nothing is.
pub(super) fn strange(text: &str) -> Option<String> {
    let found = text.chars().find(|c| !c.is_ascii())?;
    let code = format!("U+{:04X}", u32::from(found));
    Some(match found {
        _ if is_quote(found) => format!("it holds a typographic quote, {found} ({code}): YAML knows only \" and '"),
        _ if found.is_whitespace() => format!("it holds {code}, which looks like a blank and is none"),
        _ if is_invisible(found) => format!("it holds an invisible character, {code}: remove it"),
        _ => format!("it holds {found} ({code}), which is not ASCII"),
    })
}

/// Like [`strange`], for a message that names the character already: letters are odd enough by that.
pub(super) fn unseen(text: &str) -> Option<String> {
    let found = text.chars().find(|c| !c.is_ascii())?;
    strange(text).filter(|_| !found.is_alphanumeric())
}

/// `text` without blanks around it and without what nobody sees or means: invisible characters and typographic quotes.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c) && !is_quote(*c)).collect::<String>().trim().to_owned()
}

fn is_quote(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2039}' | '\u{203a}')
}

/// Soft hyphens, zero-width characters, marks of direction, and a byte order mark inside of a text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_named() {
        for (text, told) in [
            ("\u{a0}enable", "it holds U+00A0, which looks like a blank and is none"),
            ("ena\u{200b}ble", "it holds an invisible character, U+200B: remove it"),
            ("\u{201c}true\u{201d}", "it holds a typographic quote, \u{201c} (U+201C): YAML knows only \" and '"),
            ("\u{435}nable", "it holds \u{435} (U+0435), which is not ASCII"),
        ] {
            assert_eq!(strange(text).as_deref(), Some(told));
        }
        assert_eq!(strange("enable"), None);
        assert_eq!((unseen("\u{fc}"), unseen("\u{200b}")), (None, strange("\u{200b}")));
    }

    #[test]
    fn what_is_meant_is_plain() {
        for text in ["\u{201c}enable\u{201d}", "ena\u{200b}ble", " enable\u{a0}"] {
            assert_eq!(plain(text), "enable");
        }
    }
}
