//! `command`: a program that takes a secret.

use std::path::Path;

use super::file_path::tidy;
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::value::{mismatch, scalar};
use crate::diagnostic::{Diagnostic, Span};

const EXPECTED: &str = "a program and its arguments";

/// What to do instead of writing a shell's line.
const AS_A_LIST: &str = "there is no shell: write a list, `command: [vault, kv, put, secret/homepage, token=-]`";

/// The program and its arguments; a program that is named by a relative path starts at `folder`, one without a `/` is
/// looked for in PATH when it is needed.
pub(super) fn read(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Option<Vec<String>> {
    let items = match &node.value {
        Value::List(items) if items.is_empty() => {
            notes.push(Diagnostic::error(node.span, "`command` names no program").help(AS_A_LIST));
            return None;
        }
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) | Value::Mapping(_) => std::slice::from_ref(node),
    };
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        match &item.value {
            Value::Scalar(text) if !item.is_null() => words.push((&*text.text, item.span)),
            Value::Scalar(_) if items.len() == 1 => {
                scalar(item, "command", EXPECTED, notes);
            }
            Value::Mapping(_) if std::ptr::eq(item, node) => {
                notes.push(mismatch(item, "command", EXPECTED).help(AS_A_LIST));
            }
            Value::Scalar(_) | Value::List(_) | Value::Mapping(_) => notes.push(
                Diagnostic::error(
                    item.span,
                    format!("`command`: expected {EXPECTED}, found {} in the list", item.found()),
                )
                .help("each argument is a text; one that YAML reads as something else has to be in quotes"),
            ),
        }
    }
    if let Some((word, span)) = words.iter().find(|(word, _)| word.contains('\0')) {
        notes.push(Diagnostic::error(*span, format!("`{}` is no argument: it holds a NUL", Excerpt(word))));
        return None;
    }
    let ((first, place), arguments) = words.split_first().filter(|_| words.len() == items.len())?;
    let program = program(first, *place, folder, notes)?;
    if !is_shell(first) {
        arguments.iter().for_each(|(word, span)| warn(word, *span, notes));
    }
    Some(std::iter::once(program).chain(arguments.iter().map(|(word, _)| (*word).to_owned())).collect())
}

fn program(written: &str, span: Span, folder: &Path, notes: &mut Notes) -> Option<String> {
    let wrong = |message: String, help: &str| Diagnostic::error(span, message).help(help);
    if written.starts_with("~/") {
        notes.push(wrong(
            "`~` does not stand for a home folder here".to_owned(),
            "a path is taken as it is written: write it out, or relative to the folder of this file",
        ));
        return None;
    }
    if written.contains(char::is_whitespace) && !Path::new(written).is_absolute() {
        notes.push(wrong(format!("`{}` is taken for the name of one program", Excerpt(written)), AS_A_LIST));
        return None;
    }
    if written.is_empty() || written.ends_with('/') {
        notes.push(wrong(
            format!("`{}` is not the name of a program", Excerpt(written)),
            "name one that is found in PATH, or its path",
        ));
        return None;
    }
    if !written.contains('/') {
        return Some(written.to_owned());
    }
    let Ok(path) = tidy(&folder.join(written)).into_os_string().into_string() else {
        notes.push(wrong(
            "the path of the program is not valid UTF-8".to_owned(),
            "the folder of this file is part of it: move the files, or name the program by its absolute path",
        ));
        return None;
    };
    // Without a `/`, it would be looked for in PATH.
    Some(if path.contains('/') { path } else { format!("./{path}") })
}

/// Warns of what means something in a shell, or to another program, and nothing here.
fn warn(word: &str, span: Span, notes: &mut Notes) {
    const OPERATORS: [&str; 11] = ["|", "||", "&", "&&", ";", "<", "<<<", ">", ">>", "2>", "2>&1"];
    if OPERATORS.contains(&word) {
        notes.push(
            Diagnostic::warning(span, format!("`{word}` is an argument like any other here: there is no shell"))
                .help("what needs one goes into a script, and that stands here"),
        );
    } else if is_placeholder(word) {
        notes.push(
            Diagnostic::warning(span, format!("nothing is put in the place of `{}`", Excerpt(word))).help(
                "an argument is passed on as it is written; the program reads the secret from its standard input",
            ),
        );
    }
}

/// Whether it looks as if the secret, or a variable, were to stand there.
fn is_placeholder(word: &str) -> bool {
    const PLACES: [&str; 8] = ["{}", "{{", "{secret}", "{token}", "{value}", "<secret>", "<token>", "%s"];
    let lower = word.to_ascii_lowercase();
    let names_variable = |(at, _): (usize, &str)| {
        word[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '('))
    };
    PLACES.iter().any(|place| lower.contains(place)) || word.match_indices('$').any(names_variable)
}

/// Whether it is a shell, to which its arguments mean what they usually do.
fn is_shell(program: &str) -> bool {
    const SHELLS: [&str; 7] = ["sh", "ash", "bash", "dash", "fish", "ksh", "zsh"];
    Path::new(program).file_name().is_some_and(|name| SHELLS.iter().any(|shell| name == *shell))
}
