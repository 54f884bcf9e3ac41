//! The two streams: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use anstream::ColorChoice;
use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::failure::Failure;
use crate::render::{Colour, Document, Line, Style, visible};

/// When to write colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal that can show them, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where things are printed, and whether in colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    out: Colour,
    err: Colour,
}

impl Terminal {
    pub(super) fn new(when: When) -> Terminal {
        let colour = |choice: ColorChoice| match (when, choice) {
            (When::Always, _) => Colour::Yes,
            (When::Never, _) | (When::Auto, ColorChoice::Never) => Colour::No,
            (When::Auto, ColorChoice::Auto | ColorChoice::Always | ColorChoice::AlwaysAnsi) => Colour::Yes,
        };
        Terminal { out: colour(AutoStream::choice(&io::stdout())), err: colour(AutoStream::choice(&io::stderr())) }
    }

    /// Whether standard error has colours.
    pub(super) fn err_colour(self) -> Colour {
        self.err
    }

    /// Prints a result; that nobody reads it any more (a closed pipe) is no fault.
    pub(super) fn result(self, document: &Document) -> Result<(), Failure> {
        match self.write(document) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new("standard output cannot be written").because(&error))
            }
            _ => Ok(()),
        }
    }

    /// As [`Terminal::result`], for what somebody has to read: a closed pipe is a fault.
    pub(super) fn write(self, document: &Document) -> io::Result<()> {
        io::stdout().write_all(document.to_text(self.out).as_bytes()).and_then(|()| io::stdout().flush())
    }

    /// Prints something that is no result.
    pub(super) fn note(self, document: &Document) {
        self.note_text(&document.to_text(self.err));
    }

    /// Prints text that is laid out already.
    pub(super) fn note_text(self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Prints why a command gave up.
    pub(super) fn failure(self, failure: &Failure) {
        let Failure { message, causes, help } = failure;
        let mut document = Document::default();
        if let Some(message) = message {
            document.push(Line::default().with(Style::Bad, "error: ").with(Style::Strong, visible(message)));
        }
        for cause in causes {
            document.push(Line::plain(format!("  because {}", visible(cause))));
        }
        for help in help {
            for (at, line) in help.lines().enumerate() {
                let lead = if at == 0 { "  help: " } else { "        " };
                document.push(Line::plain(format!("{lead}{}", visible(line))));
            }
        }
        self.note(&document);
    }

    /// Asks a question that is answered with yes or no; no is the default.
    ///
    /// # Errors
    /// If there is nobody to ask, because standard input is no terminal.
    pub(super) fn confirm(self, question: &str) -> Result<bool, Failure> {
        if !io::stdin().is_terminal() {
            return Err(Failure::new("the plan has to be confirmed, and standard input is no terminal")
                .help("read the plan, then give --yes"));
        }
        self.note_text(&format!("\n{question} [y/N] "));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        if read.map_err(|error| Failure::new("no answer could be read").because(&error))? == 0 {
            // Nobody has typed the end of the line.
            self.note_text("\n");
        }
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}

/// Sends this program's own narration to standard error; that of its libraries stays out of it at every level, because
/// they do not know what is secret here.
pub(super) fn narrate(verbose: u8, terminal: Terminal) {
    let level = match verbose {
        0 => Level::WARN,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(terminal.err == Colour::Yes);
    let lines = lines.with_target(verbose > 1).without_time();
    tracing_subscriber::registry().with(lines).with(Targets::new().with_target("pve_access", level)).init();
}
