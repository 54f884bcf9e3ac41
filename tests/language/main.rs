//! The language of the desired-state file, as its users meet it: what is wrong with a file, and what they are told.
//!
//! `cases/NAME/` holds the files of a case, and beside them `expected.txt`: the findings as they are shown. After a
//! change of wording, `BLESS=1 cargo test --test language` writes these anew; read them before committing.

mod cases;
mod generated;
#[path = "../support/golden.rs"]
mod golden;
mod lints;
mod meaning;
mod properties;
mod reference;
mod schema;
