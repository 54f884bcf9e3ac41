//! Findings for forges: SARIF 2.1.0, as much of it as they read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::super::document::Document;
use super::super::json::json;
use super::super::sight::hidden_kinds;
use super::super::words::visible;
use super::places::{Places, Position};
use super::remedy::remedy;
use super::{Linted, Side};
use crate::lint::{Finding, Object, RULES, Rule, place};

/// What stands in the path of a URI as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

/// A rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

/// A finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
}

/// What makes the finding the same one next time, wherever it stands then.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "objects/v1")]
    objects: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    logical_locations: Vec<Logical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

/// One run; a finding stands in the file that declares what it is about, and otherwise where it is in the cluster.
pub fn lint_sarif(linted: &Linted<'_>) -> Document {
    let Linted { snapshot, side, report, desired, sources } = linted;
    let cluster = &snapshot.cluster;
    let mut places = Places::new(sources);
    let mut results = Vec::new();
    for checked in &report.checked {
        for finding in &checked.findings {
            let physical_location = place(&finding.objects, desired).map(|span| {
                let [start, end] = places.range(span);
                Physical { artifact_location: Artifact { uri: uri(places.file(span)) }, region: region(start, end) }
            });
            let logical_locations = finding.objects.iter().take(1).map(|object| logical(object, cluster)).collect();
            results.push(Outcome {
                rule_id: checked.rule.name,
                rule_index: RULES.iter().position(|rule| rule.name == checked.rule.name).unwrap_or_default(),
                level: checked.severity.as_str(),
                message: Text { text: message(finding, *side) },
                locations: [Location { physical_location, logical_locations }],
                partial_fingerprints: Fingerprints { objects: fingerprint(checked.rule, finding, cluster) },
            });
        }
    }
    let notifications = report.blind.iter().map(|(rule, hidden)| Notification {
        level: "warning",
        message: Text { text: format!("{} was not checked: not all {} can be seen", rule.name, hidden_kinds(hidden)) },
    });
    let invocation = Invocation { execution_successful: true, tool_execution_notifications: notifications.collect() };
    json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: RULES.iter().map(|rule| descriptor(rule)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [invocation],
            results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Descriptor {
    let Rule { name, severity, summary, why, mend, example, needs: _, check: _ } = rule;
    let plain = |text: &str| text.replace(['`', '*'], "");
    Descriptor {
        id: name,
        short_description: Text { text: (*summary).to_owned() },
        full_description: Text { text: plain(why) },
        help: Help {
            text: plain(&format!("{why}\n\nTo mend it: {mend}")),
            markdown: format!("{why}\n\n```cfg\n{example}```\n\n**To mend it:** {mend}"),
        },
        default_configuration: Configuration { level: severity.as_str() },
    }
}

/// The fault and what mends it, a few of many.
fn message(Finding { objects: _, message, cures, effect: _ }: &Finding, side: Side) -> String {
    const FEW: usize = 4;
    let remedy = remedy(&cures[..cures.len().min(FEW)], side);
    let message = visible(message);
    if remedy.is_empty() { message } else { format!("{message}\n{}", remedy.join("\n")) }
}

fn logical(object: &Object, cluster: &str) -> Logical {
    Logical {
        name: visible(object),
        fully_qualified_name: visible(format!("{cluster}/{}/{object}", object.kind())),
        kind: object.kind(),
    }
}

fn fingerprint(rule: &Rule, finding: &Finding, cluster: &str) -> String {
    let first = finding.objects.first().map(|object| format!("{} {object}", object.kind())).unwrap_or_default();
    visible(format!("{cluster} {} {first}", rule.name))
}

fn region(start: Position, end: Position) -> Region {
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

/// A file's name as a URI reference, which is relative to wherever the program runs if the name is.
fn uri(file: &str) -> String {
    let path = file.strip_prefix("./").unwrap_or(file);
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_a_uri() {
        assert_eq!(uri("access/desired-state.yaml"), "access/desired-state.yaml");
        assert_eq!(uri("./a b#1.yaml"), "a%20b%231.yaml");
        assert_eq!(uri("/etc/a.yaml"), "file:///etc/a.yaml");
    }
}
