//! What is to be said, in the forms that it can be said in.
//!
//! Knows wording and layout. Does not decide anything: every value it shows was computed elsewhere.

pub mod diagnostics;
