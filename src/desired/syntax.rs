//! What is said of a text that is not YAML.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::yaml::DEPTH;
use crate::diagnostic::{Diagnostic, SourceId, Span};

/// The finding for the parser's `error` in `text`.
pub(super) fn error(error: &ScanError, text: &str, source: SourceId) -> Diagnostic {
    let mark = error.marker().byte_offset().unwrap_or(text.len());
    let start = text.floor_char_boundary(mark.min(text.len()));
    let found = text[start..].chars().next();
    let end = start + found.filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let span = Span { source, start, end };
    match error.kind() {
        ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => tab(text, span),
        _ if found == Some('\t') || indent(text, start).contains('\t') => tab(text, span),
        ErrorKind::UnexpectedCharacter { character: '@' } => Diagnostic::error(span, "a value cannot begin with '@'")
            .help("a group is named without an @; any other text that begins with one has to be in quotes"),
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            Diagnostic::error(span, format!("a control character, {character:?}, cannot stand in a file"))
                .help("remove it; if it is meant, an escape in double quotes stands for it")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            Diagnostic::error(span, format!("a value cannot begin with {character:?}")).help("put the value in quotes")
        }
        ErrorKind::UnknownAnchor => Diagnostic::error(span, "no anchor of this name stands before this alias")
            .help("a text that begins with `*` has to be in quotes"),
        ErrorKind::RecursionLimitExceeded => {
            Diagnostic::error(span, format!("lists and mappings are nested more than {DEPTH} levels deep"))
        }
        ErrorKind::DirectiveDisallowed => {
            Diagnostic::error(span, "YAML directives are not part of this language").help("remove the line")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            Diagnostic::error(span, format!("`{open}` is never closed")).help("close it, or check the line above")
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            Diagnostic::error(span, format!("`{open}` is closed by `{close}`"))
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            Diagnostic::error(span, "this line does not fit the lines above it")
                .help("keys of one mapping begin at the same column, and each is followed by a colon")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            Diagnostic::error(span, "a colon cannot stand here")
                .help("a text that holds a colon and a blank has to be in quotes")
                .help("or the line above lacks its colon, its closing bracket or its closing quote")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            Diagnostic::error(span, "a key without a colon").help("write `key: value`")
        }
        ErrorKind::UnclosedQuotedScalar => Diagnostic::error(span, "a quote is never closed"),
        kind => Diagnostic::error(span, format!("this is not YAML: {kind}"))
            .help("check the indentation, colons and quotes of this line and the line above"),
    }
}

fn tab(text: &str, span: Span) -> Diagnostic {
    let line = line_start(text, span.start);
    let at = text[line..].lines().next().and_then(|line| line.find('\t')).map_or(span.start, |at| line + at);
    let span = Span { start: at, end: (at + 1).min(text.len()), ..span };
    Diagnostic::error(span, "a tab is used for indentation")
        .label("a tab")
        .help("YAML is indented with spaces: replace the tab, two spaces a level")
}

/// What stands before the first word of the line that `at` is in.
fn indent(text: &str, at: usize) -> &str {
    let rest = &text[line_start(text, at)..];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}
