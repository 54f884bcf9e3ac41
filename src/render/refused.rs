//! Why a plan may not be carried out, and what to do about it.

use super::broken;
use super::document::{Document, Line, Style};
use super::sight::{grant_command, hidden_kinds, needs, reader_name};
use crate::plan::{Blindness, Objection, Waiver};
use crate::pve::Principal;

/// One objection in words, for every way of writing.
pub(super) struct Refusal {
    /// What is wrong: who, where, which step.
    pub(super) fault: String,
    /// What there is to know about it, a sentence each.
    pub(super) facts: Vec<String>,
    /// What to type to mend it, a command each.
    pub(super) commands: Vec<String>,
    /// What lets it pass.
    pub(super) allow: Option<Waiver>,
}

/// What `objection` says.
pub(super) fn refusal(objection: &Objection, reader: Option<&Principal>) -> Refusal {
    let allow = objection.waiver();
    match objection {
        Objection::Blind(Blindness { hidden }) => Refusal {
            fault: format!(
                "{} cannot see all {}, and the files speak of some that it does not see",
                reader_name(reader),
                hidden_kinds(hidden)
            ),
            facts: vec![
                "What cannot be seen may be there all the same, so this plan may be wrong.".to_owned(),
                needs(hidden),
            ],
            commands: vec![grant_command(reader)],
            allow,
        },
        Objection::Policy(violation) => broken::refusal(violation),
    }
}

/// Each objection that stands: what, who, where, and what lets it pass.
pub fn refused<'a>(objections: impl IntoIterator<Item = &'a Objection>, reader: Option<&Principal>) -> Document {
    let mut document = Document::default();
    for objection in objections {
        let Refusal { fault, facts, commands, allow } = refusal(objection, reader);
        document.push(Line::default().with(Style::Bad, "refused: ").with(Style::Strong, fault));
        facts.into_iter().for_each(|fact| document.push(Line::plain(format!("  {fact}"))));
        commands.into_iter().for_each(|command| document.push(Line::plain(format!("    {command}"))));
        if let Some(waiver) = allow {
            document.push(Line::plain(format!("  To go on all the same: --allow {waiver}")));
        }
    }
    document
}
