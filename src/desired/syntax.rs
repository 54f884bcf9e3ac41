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
            .help("a group is named without an @, except in a policy; a text that begins with one has to be in quotes"),
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
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => colon(text, span),
        ErrorKind::ExpectedBlockSequenceEntry => Diagnostic::error(span, "this line does not fit the list above it")
            .help("an item begins with a dash, and its keys stand below its first key, to the right of the dash"),
        ErrorKind::ExpectedDocumentStart => Diagnostic::error(span, "this line does not fit the lines above it")
            .help("keys of one mapping begin at the same column; those at the top begin at the first"),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            Diagnostic::error(span, "a bracket is not closed, or a comma is missing, before this")
                .help("items in `[..]` and `{..}` are divided by commas")
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            Diagnostic::error(span, "there is nothing that this bracket closes").help("remove it")
        }
        ErrorKind::BlockSequenceEntryNotAllowed => Diagnostic::error(span, "a list cannot begin here").help(
            "the items of a list stand on lines of their own; a text that begins with a dash has to be in quotes",
        ),
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            Diagnostic::error(span, "a dash alone is no value").help("put it in quotes if it is meant")
        }
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => {
            Diagnostic::error(span, "a text in double quotes holds a backslash that means nothing")
                .help("use single quotes, or write `\\\\` for a backslash")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            Diagnostic::error(span, "the text goes on after its closing quote")
                .help("put all of it in quotes; a quote within is written `\\\"` in double, and `''` in single quotes")
        }
        ErrorKind::InvalidQuotedScalarIndent => Diagnostic::error(span, "a quote above is never closed"),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            Diagnostic::error(span, "a key without a colon").help("write `key: value`")
        }
        ErrorKind::UnclosedQuotedScalar => Diagnostic::error(span, "a quote is never closed"),
        kind => Diagnostic::error(span, format!("this is not YAML: {kind}"))
            .help("check the indentation, colons and quotes of this line and the line above"),
    }
}

/// A colon where no key can be: mostly for something in the line above, or for an earlier one in the same line.
fn colon(text: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error(span, "a colon cannot stand here");
    let start = line_start(text, span.start);
    if text[start..span.start].contains(": ") {
        return error.help("a text that holds a colon and a blank has to be in quotes");
    }
    let above = text[..start].lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with('#'));
    error.help(match above {
        Some(line) if line.matches(['[', '{']).count() > line.matches([']', '}']).count() => {
            "the line above lacks its closing bracket"
        }
        Some(line) if line.starts_with('-') && !line.starts_with("- ") => {
            "in the line above, a blank must follow the dash"
        }
        Some(line) if line.contains(": ") => {
            "the line above has a value already, and nothing can be indented below it; or its quote is not closed"
        }
        Some(line) if line.contains(':') && !line.ends_with(':') => "in the line above, a blank must follow the colon",
        _ => "the line above lacks its colon, its closing bracket or its closing quote",
    })
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
