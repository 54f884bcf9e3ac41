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
        lines.extend(prose(4, &super::not_declared(reason)));
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
