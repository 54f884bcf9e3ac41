//! Findings that point into files.
//!
//! Knows spans, source texts and words that are near one another. Does not know what the files mean, nor how a
//! finding looks on a terminal.

mod finding;
mod source;
mod suggest;

pub use finding::{Diagnostic, Findings, Label, Severity};
pub use source::{Source, SourceId, Sources, Span};
pub use suggest::{is_slip, nearest};
