//! What is said of plans in files.

use std::collections::BTreeSet;

use super::document::{Document, Line, Style};
use super::words::{count, expire, listed, visible};
use crate::model::Expire;
use crate::plan::{Objection, Plan, Saved, Waiver};

/// That `plan` is in `file` now, and what it takes to apply it.
pub fn saved(plan: &Plan, file: &str, fingerprint: &str) -> Document {
    let mut document = Document::default();
    document.push(Line::plain(format!("Plan {fingerprint} saved to {}", visible(file))));
    let waived: BTreeSet<Waiver> = plan.objections.iter().filter_map(Objection::waiver).collect();
    if !waived.is_empty() {
        let allow: Vec<String> = waived.iter().map(|waiver| format!("--allow {waiver}")).collect();
        document.push(Line::plain(format!(
            "Its guards look again when it is applied: apply needs {} too.",
            listed(&allow)
        )));
    }
    document
}

/// Which plan came out of `file`, and what it was made on.
pub fn opened(saved: &Saved, file: &str, fingerprint: &str) -> Document {
    let made = expire(Expire::At(saved.made));
    let reader = saved.reader.as_ref().map(|reader| format!(" as {}", visible(reader))).unwrap_or_default();
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, format!("Plan {fingerprint} from {}", visible(file))).with(
        Style::Plain,
        format!(", made {made}{reader} by pve-access {} for {}", visible(&saved.program), visible(&saved.cluster)),
    ));
    document.gap();
    document
}

/// How many of its steps need not be sent, if any.
pub fn resumed(steps: usize, left: usize) -> Document {
    let mut document = Document::default();
    if left < steps && left > 0 {
        let are = if steps - left == 1 { "is" } else { "are" };
        document.push(Line::plain(format!("{} of its {} {are} done already.", steps - left, count(steps, "step"))));
        document.gap();
    }
    document
}

/// That a plan that is refused is not kept.
pub fn unsaved(file: &str) -> Document {
    let mut document = Document::default();
    document
        .push(Line::plain(format!("Nothing was written to {}: a plan that is refused is not saved.", visible(file))));
    document
}
