//! Rows below each other.

use super::rows::{Mark, Row};

/// A row with the blanks that align it with the others.
pub(in crate::render) struct Columns<'a> {
    pub(super) mark: Mark,
    pub(super) kind: String,
    pub(super) name: &'a str,
    pub(super) details: String,
}

/// Each of `rows`, aligned with the others.
pub(in crate::render) fn columns(rows: &[Row]) -> impl Iterator<Item = Columns<'_>> {
    /// A name longer than this pushes its own details aside, not everybody's.
    const WIDEST: usize = 48;
    let width = |text: &str| text.chars().count();
    let kinds = rows.iter().map(|row| width(row.kind)).max().unwrap_or(0);
    let names = rows.iter().map(|row| width(&row.name)).filter(|&width| width <= WIDEST).max().unwrap_or(0);
    rows.iter().map(move |Row { mark, kind, name, details }| Columns {
        mark: *mark,
        kind: format!(" {kind:kinds$}  "),
        name,
        details: format!("{}{}", " ".repeat(names.saturating_sub(width(name)) + 2), details.join(", ")),
    })
}

impl Columns<'_> {
    /// The whole on a line that begins with `sign`.
    pub(in crate::render) fn line(&self, sign: &str) -> String {
        let Columns { mark: _, kind, name, details } = self;
        format!("{sign}{kind}{name}{details}").trim_end().to_owned()
    }

    /// The whole on a line that begins with the usual sign.
    pub(in crate::render) fn signed(&self) -> String {
        let (_, sign) = self.mark.sign();
        self.line(sign)
    }
}
