//! Paths of files that stand in a file.

use std::path::{Component, Path, PathBuf};

use super::node::{Excerpt, Node};
use super::notes::Notes;
use super::value::scalar;
use crate::diagnostic::Diagnostic;

/// The path of a file, as written or relative to `folder`.
pub(super) fn file_path(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Option<PathBuf> {
    let written = &*scalar(node, "file", "the path of a file", notes)?.text;
    let named = Path::new(written).components().next_back().is_some_and(|last| matches!(last, Component::Normal(_)));
    if !named || written.ends_with('/') || written.contains('\0') {
        notes.push(
            Diagnostic::error(node.span, format!("`{}` is not the path of a file", Excerpt(written)))
                .help("a relative path starts at the folder of the file that it stands in"),
        );
        return None;
    }
    if written.starts_with("~/") {
        notes.push(
            Diagnostic::error(node.span, "`~` does not stand for a home folder here")
                .help("a path is taken as it is written: write it out, or relative to the folder of this file"),
        );
        return None;
    }
    if written.contains('$') {
        notes.push(
            Diagnostic::warning(node.span, "`$` does not stand for a variable here")
                .help("a path is taken as it is written, and so is the name of the file"),
        );
    }
    Some(tidy(&folder.join(written)))
}

/// The path without parts that say nothing, so that two spellings of one file are the same.
pub(super) fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
