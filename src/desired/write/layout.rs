//! Nodes as lines of a file.

use super::super::node::{Entry, Node, Scalar, Style, Value};
use super::scalar::{scalar, visible};

/// How long a line may be before what stands on it is divided.
const WIDTH: usize = 110;

/// The longest key that is written as `key: value`; YAML ends at 1024, the server's names do not.
const KEY: usize = 1000;

/// An attribute that is not said, and why.
pub(super) struct Unsaid<'a> {
    pub entry: Entry<'a>,
    pub reason: String,
}

/// `entry` on one line where it fits, else its attributes on lines of their own, and what is unsaid below them.
pub(super) fn object(entry: &Entry<'_>, unsaid: &[Unsaid<'_>]) -> Vec<String> {
    let key = scalar(&entry.key);
    let line = format!("  {key}: {}", flow(&entry.value));
    let long_key = key.len() > KEY;
    if unsaid.is_empty() && !long_key && line.chars().count() <= WIDTH {
        return vec![line];
    }
    let attributes = match &entry.value.value {
        Value::Mapping(attributes) => attributes.as_slice(),
        Value::Scalar(_) | Value::List(_) => &[],
    };
    let mut lines = if long_key { vec![format!("  ? {key}")] } else { Vec::new() };
    let lead = if long_key { "  :".to_owned() } else { format!("  {key}:") };
    match attributes {
        // What is unsaid may be said yet, below a key without anything behind it.
        [] if unsaid.is_empty() => lines.push(format!("{lead} {}", flow(&entry.value))),
        attributes => {
            lines.push(lead);
            lines.extend(block(attributes));
        }
    }
    for Unsaid { entry, reason } in unsaid {
        lines.extend(prose(4, &not_declared(reason)));
        lines.extend(commented(4, block(std::slice::from_ref(entry))));
    }
    lines
}

/// `node` as an item of a list.
pub(super) fn item(node: &Node<'_>) -> Vec<String> {
    let line = format!("  - {}", flow(node));
    match &node.value {
        Value::Mapping(attributes) if line.chars().count() > WIDTH => {
            let mut lines = block(attributes);
            lines[0].replace_range(..4, "  - ");
            lines
        }
        _ => vec![line],
    }
}

/// `lines`, none of which begins before column `indent`, taken out of what is read.
///
/// Three blanks behind the `#` tell them from prose.
pub(super) fn commented(indent: usize, lines: Vec<String>) -> impl Iterator<Item = String> {
    let margin = " ".repeat(indent);
    lines.into_iter().map(move |line| format!("{margin}#   {}", line.get(indent..).unwrap_or_default()))
}

/// `text` as comment, on as many lines as it takes.
pub(super) fn prose(indent: usize, text: &str) -> Vec<String> {
    let margin = format!("{}#", " ".repeat(indent));
    let mut lines = vec![margin.clone()];
    for word in visible(text).split(' ').filter(|word| !word.is_empty()) {
        let full = lines
            .last()
            .is_some_and(|line| line.len() > margin.len() && line.chars().count() + 1 + word.chars().count() > WIDTH);
        if full {
            lines.push(margin.clone());
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

/// The sentence above what stands as a comment.
pub(super) fn not_declared(reason: &str) -> String {
    format!("Not declared: {reason}.")
}

/// Each attribute on a line of its own; a list that does not fit goes on below its first item.
fn block(attributes: &[Entry<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for Entry { key, span: _, value } in attributes {
        let lead = format!("    {}: ", scalar(key));
        let line = format!("{lead}{}", flow(value));
        match &value.value {
            Value::List(items) if line.chars().count() > WIDTH => lines.extend(wrapped(&lead, items)),
            _ => lines.push(line),
        }
    }
    lines
}

fn wrapped(lead: &str, items: &[Node<'_>]) -> Vec<String> {
    let mut lines = vec![format!("{lead}[")];
    let below = " ".repeat(lead.len() + 1);
    for (at, item) in items.iter().enumerate() {
        let last = at + 1 == items.len();
        let item = format!("{}{}", flow(item), if last { "]" } else { "," });
        let Some(line) = lines.last_mut() else { continue };
        let begun = line.len() > below.len();
        if begun && line.chars().count() + 1 + item.chars().count() > WIDTH {
            lines.push(format!("{below}{item}"));
        } else {
            line.push_str(if begun { " " } else { "" });
            line.push_str(&item);
        }
    }
    lines
}

fn flow(node: &Node<'_>) -> String {
    match &node.value {
        Value::Scalar(Scalar { text, style: Style::Plain }) => text.clone().into_owned(),
        Value::Scalar(Scalar { text, style: Style::Quoted }) => scalar(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(entries) => {
            let entry = |entry: &Entry<'_>| format!("{}: {}", scalar(&entry.key), flow(&entry.value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::Draft;
    use super::*;
    use crate::diagnostic::{Source, Sources, Span};
    use crate::model::{Expire, Text, Token, User};

    fn draft() -> Draft {
        let source = Sources::default().add(Source { name: String::new(), text: String::new() });
        Draft { nowhere: Span { source, start: 0, end: 0 } }
    }

    #[test]
    fn what_fits_stands_on_one_line() {
        let token = Token { expire: Expire::At(86_400), ..Token::default() };
        let entry = draft().token("a@pve!tk".to_owned(), &token);
        assert_eq!(object(&entry, &[]), ["  a@pve!tk: {privsep: true, expire: 1970-01-02}"]);
        let groups: Vec<String> = (0..30).map(|number| format!("group-{number:02}")).collect();
        let groups = groups.iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(
            object(&draft().user("a@pve", &User::default(), &groups), &[]),
            [
                "  a@pve:",
                "    enable: true",
                "    groups: [group-00, group-01, group-02, group-03, group-04, group-05, group-06, group-07, group-08,",
                "             group-09, group-10, group-11, group-12, group-13, group-14, group-15, group-16, group-17,",
                "             group-18, group-19, group-20, group-21, group-22, group-23, group-24, group-25, group-26,",
                "             group-27, group-28, group-29]",
            ]
        );
    }

    #[test]
    fn a_key_that_yaml_finds_too_long_says_that_it_is_one() {
        let key = "x".repeat(KEY + 1);
        let comment = Text::from("z");
        let entry =
            draft().entry(&*key, draft().mapping(vec![draft().entry("comment", draft().text(comment.as_str()))]));
        assert_eq!(object(&entry, &[]), [format!("  ? {key}"), "  :".to_owned(), "    comment: z".to_owned()]);
        let bare = draft().entry(&*key, draft().mapping(Vec::new()));
        assert_eq!(object(&bare, &[]), [format!("  ? {key}"), "  : {}".to_owned()]);
    }

    #[test]
    fn what_is_not_said_stands_below_with_the_reason() {
        let unsaid = Unsaid { entry: draft().entry("comment", draft().text("\u{1b}")), reason: "a\nb".to_owned() };
        assert_eq!(
            object(&draft().entry("ops", draft().mapping(Vec::new())), &[unsaid]),
            ["  ops:", "    # Not declared: a\\x0Ab.", "    #   comment: \"\\x1B\""]
        );
    }

    #[test]
    fn prose_is_wrapped_at_blanks() {
        let lines = prose(2, &"word ".repeat(40));
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.starts_with("  # word") && line.len() <= WIDTH && !line.ends_with(' ')));
    }
}
