//! A plan as the difference between two files: what is live, and what is planned.

use similar::TextDiff;

use crate::desired::{self, Accounts, Provenance, Selection};
use crate::live::Blind;
use crate::model::AccessState;
use crate::plan::Plan;
use crate::render::document::{Document, Line, Style};

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// A unified difference; nothing at all where nothing differs.
pub(super) fn unified(plan: &Plan) -> Document {
    let aim = &plan.aim;
    let accounts = if aim.live.sight.hidden().contains(&Blind::Accounts) { Accounts::Some } else { Accounts::All };
    let (live, planned) = (yaml(&aim.live.state, accounts), yaml(&aim.target, accounts));
    let mut document = Document::default();
    let difference = TextDiff::from_lines(&live, &planned);
    let written = difference.unified_diff().context_radius(CONTEXT).header("live", "planned").to_string();
    for line in written.lines() {
        let style = match line.chars().next() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => Style::Strong,
            Some('+') => Style::Create,
            Some('-') => Style::Delete,
            Some('@') => Style::Dim,
            _ => Style::Plain,
        };
        document.push(Line::default().with(style, line));
    }
    document
}

/// `state` as `export` would write it, without what stands above the document: that speaks of the one who wrote it.
fn yaml(state: &AccessState, accounts: Accounts) -> String {
    let provenance = Provenance { origin: "", unseen: None, accounts };
    let text = desired::write(state, &Selection::default(), provenance).text;
    let lines = text.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}
