//! What answers in the API's place: a gateway, a login portal, some other server.

/// At most this much of a title or a server's name is repeated.
const MOST: usize = 80;

/// Whether a body is a page, which Proxmox VE's API never answers with.
pub(super) fn is_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().starts_with(b"<")
}

/// What the body looks like, and who says that it is his: `a page titled “Sorry” from nginx`.
pub(super) fn describe(body: &[u8], server: Option<&str>) -> String {
    let what = match body {
        [] => "an empty body".to_owned(),
        _ if is_page(body) => match title(body) {
            Some(title) => format!("a page titled “{title}”"),
            None => "a page of HTML".to_owned(),
        },
        _ if body.trim_ascii_start().starts_with(b"{") => "other JSON".to_owned(),
        _ => "something else".to_owned(),
    };
    match server.map(shortened).filter(|server| !server.is_empty()) {
        Some(server) => format!("{what} from {server}"),
        None => what,
    }
}

fn title(body: &[u8]) -> Option<String> {
    /// Titles stand at the top.
    const HEAD: usize = 16 * 1024;
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD)]);
    // Only ASCII changes, so places in one are places in the other.
    let lower = head.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = shortened(&unescaped(&head[start..end]));
    (!title.is_empty()).then_some(title)
}

/// The entities that titles are full of.
fn unescaped(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, meant)| text.replace(entity, meant))
}

/// In one line, without what moves the cursor or turns the direction of writing, and not too long.
fn shortened(text: &str) -> String {
    let is_printed = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().count() == 1;
    let words: Vec<&str> = text.split(|c| c == ' ' || !is_printed(c)).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title() {
        for (body, described) in [
            ("", "an empty body"),
            ("<html><head><TITLE>502 Bad\n  Gateway</TITLE></head>", "a page titled “502 Bad Gateway”"),
            ("<!DOCTYPE html><title lang=en>A &amp; B &lt;1&gt;</title>", "a page titled “A & B <1>”"),
            ("\u{feff}  <html><title></title>", "a page of HTML"),
            ("<html><title>never ends", "a page of HTML"),
            ("<title", "a page of HTML"),
            ("<title>a\u{1b}[31mb\u{0}c</title>", "a page titled “a [31mb c”"),
            ("<title>a\u{202e}b\u{a0}\u{9b}c</title>", "a page titled “a b c”"),
            ("{\"ok\":true}", "other JSON"),
            ("upstream timed out", "something else"),
        ] {
            assert_eq!(describe(body.as_bytes(), None), described);
        }
        assert_eq!(describe(b"", Some("nginx/1.27.1\u{7}")), "an empty body from nginx/1.27.1");
        assert_eq!(describe(b"", Some(" ")), "an empty body");
    }

    #[test]
    fn a_title_is_repeated_up_to_a_point() {
        let page = format!("<title>{}</title>", "ü".repeat(1000));
        assert_eq!(describe(page.as_bytes(), None), format!("a page titled “{}…”", "ü".repeat(MOST)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_is_too_much(body: Vec<u8>, title: String) {
            let _ = describe(&body, None);
            let described = describe(format!("<title>{title}</title>").as_bytes(), Some(&title));
            assert!(!described.contains(char::is_control) && described.chars().count() < 3 * MOST, "{described}");
        }
    }
}
