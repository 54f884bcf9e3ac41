//! What looks like a password or a token's secret, wherever somebody has put it.

use std::ops::Range;

/// Whether the value of a key of this name may be secret.
pub(super) fn is_sensitive(key: &str) -> bool {
    const PARTS: [&str; 5] = ["pass", "secret", "token", "value", "key"];
    let lower = key.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part))
}

/// Where in `text` a token's secret stands: a UUID after a `=`.
pub(super) fn token_secrets(text: &str) -> Vec<Range<usize>> {
    text.match_indices('=')
        .map(|(at, _)| at + 1..at + 1 + UUID.len())
        .filter(|range| text.as_bytes().get(range.clone()).is_some_and(is_uuid))
        .collect()
}

/// `text` with every token's secret in it blotted out.
pub(super) fn masked(mut text: String) -> String {
    for range in token_secrets(&text) {
        text.replace_range(range, &"*".repeat(UUID.len()));
    }
    text
}

/// The value on the line around `at`, if its key says that it is secret; for text that cannot be parsed.
pub(super) fn secret_of_line(text: &str, at: usize) -> Option<Range<usize>> {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next()?;
    let (divider, _) = line.match_indices([':', '=']).find(|(at, _)| {
        let word = line[..*at].rsplit([' ', '{', ',', '[', '"', '\'']).find(|word| !word.is_empty());
        word.is_some_and(is_sensitive)
    })?;
    let value = &line[divider + 1..];
    // `tokens: {`, `secret: {`: what follows is structure, not a secret.
    let scalar = !value.trim_start().starts_with(['{', '[', '&', '|', '>']) && !value.trim().is_empty();
    scalar.then(|| start + divider + 1..start + line.len())
}

const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().zip(UUID.bytes()).all(|(byte, form)| match form {
        b'-' => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_after_an_equals_sign_is_a_secret() {
        let secret = "12345678-abcd-EF01-2345-6789abcdef01";
        for (written, shown) in [
            (format!("a@pve!b={secret}"), format!("a@pve!b={}", "*".repeat(36))),
            (format!("={secret}\u{fc}={secret}"), format!("={0}\u{fc}={0}", "*".repeat(36))),
            (format!("{secret}@oidc"), format!("{secret}@oidc")),
            (format!("={}", &secret[1..]), format!("={}", &secret[1..])),
        ] {
            assert_eq!(masked(written), shown);
        }
    }

    #[test]
    fn a_line_that_cannot_be_parsed_hides_the_value_of_a_password() {
        let hidden = |text: &str| secret_of_line(text, 0).map(|range| text[range].to_owned());
        assert_eq!(hidden("  password: a: b\nc: d"), Some(" a: b".to_owned()));
        assert_eq!(hidden("u: {\"passwd\": 'x"), Some(" 'x".to_owned()));
        assert_eq!(hidden("secret=x: y"), Some("x: y".to_owned()));
        for open in ["tokens: {a", "secret: {file: x", "tokens:", "groups: [a: b", ""] {
            assert_eq!(hidden(open), None, "{open}");
        }
    }
}
