//! Lines of styled pieces: said once, written with colours or without.

use std::fmt::Write;

use anstyle::{AnsiColor, Effects};

/// What a piece of text is, from which its look follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Ordinary text.
    Plain,
    /// What a reader should not miss.
    Strong,
    /// What a reader can skip.
    Dim,
    /// Something that comes.
    Create,
    /// Something that becomes another.
    Change,
    /// Something that goes.
    Delete,
    /// Something that went well.
    Good,
    /// Something that went wrong.
    Bad,
}

/// Whether text is written with ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    No,
    /// With colours.
    Yes,
}

impl Style {
    fn look(self) -> anstyle::Style {
        let colour = |colour: AnsiColor| anstyle::Style::new().fg_color(Some(colour.into()));
        match self {
            Style::Plain => anstyle::Style::new(),
            Style::Strong => anstyle::Style::new().effects(Effects::BOLD),
            Style::Dim => anstyle::Style::new().effects(Effects::DIMMED),
            Style::Create | Style::Good => colour(AnsiColor::Green),
            Style::Change => colour(AnsiColor::Yellow),
            Style::Delete => colour(AnsiColor::Red),
            Style::Bad => colour(AnsiColor::Red).effects(Effects::BOLD),
        }
    }
}

/// One line, without its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<(Style, String)>);

impl Line {
    /// A line of ordinary text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Line {
        Line::default().with(Style::Plain, text)
    }

    /// The line with `text` after it.
    #[must_use]
    pub fn with(mut self, style: Style, text: impl Into<String>) -> Line {
        self.0.push((style, text.into()));
        self
    }
}

/// Lines in order.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document(Vec<Line>);

impl Document {
    /// Adds a line.
    pub fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// Adds an empty line, unless there is nothing above it.
    pub fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push(Line::default());
        }
    }

    /// Adds the lines of `other`.
    pub fn extend(&mut self, other: Document) {
        self.0.extend(other.0);
    }

    /// The whole as text, every line ended.
    #[must_use]
    pub fn to_text(&self, colour: Colour) -> String {
        let mut text = String::new();
        for Line(pieces) in &self.0 {
            let from = text.len();
            for (style, piece) in pieces {
                let look = match colour {
                    Colour::Yes => style.look(),
                    Colour::No => anstyle::Style::new(),
                };
                // Writing into a String cannot fail.
                let _ = write!(text, "{look}{piece}{look:#}");
            }
            let kept = text[from..].trim_end_matches(' ').len();
            text.truncate(from + kept);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_an_extra() {
        let mut document = Document::default();
        document.gap();
        document.push(Line::plain("  ").with(Style::Create, "+").with(Style::Plain, " group  "));
        assert_eq!(document.to_text(Colour::No), "  + group\n");
        assert_eq!(document.to_text(Colour::Yes), "  \u{1b}[32m+\u{1b}[0m group\n");
    }
}
