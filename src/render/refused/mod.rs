//! Why a plan may not be carried out, and what to do about it.

mod deletes;
mod escalation;
mod lockout;
mod passwords;
mod policy;
mod size;
mod stale;

use super::document::{Document, Line, Style};
use super::sight::{grant_command, hidden_kinds, needs, reader_name};
use super::words::step_in_words;
use crate::plan::{Blindness, Objection, Turn, Waiver};
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
        Objection::Stale(staleness) => stale::refusal(staleness, allow),
        Objection::Blind(Blindness { hidden }) => Refusal {
            fault: format!(
                "{} cannot see all {}, and the files speak of some that it does not see",
                reader_name(reader),
                hidden_kinds(hidden)
            ),
            facts: std::iter::once(
                "What cannot be seen may be there all the same, so this plan may be wrong.".to_owned(),
            )
            .chain(needs(hidden, reader))
            .collect(),
            commands: vec![grant_command(reader)],
            allow,
        },
        Objection::Passwords(unsettable) => passwords::refusal(unsettable),
        Objection::Policy(violation) => policy::refusal(violation),
        Objection::Lockout(lockout) => lockout::refusal(lockout, allow),
        Objection::Escalation(escalation) => escalation::refusal(escalation, allow),
        Objection::Deletes(deletions) => deletes::refusal(deletions, allow),
        Objection::Size(oversize) => size::refusal(oversize, allow),
    }
}

/// `step 4 of 5 (revoke PVEAuditor on / from ann@pve)`
fn turn_in_words(Turn { number, of, op, grants: _ }: &Turn) -> String {
    format!("step {number} of {of} ({})", step_in_words(op))
}

/// What is said of one objection, line by line.
pub(super) fn refusal_lines(refusal: &Refusal) -> Vec<String> {
    let Refusal { fault, facts, commands, allow } = refusal;
    let mut lines = vec![format!("refused: {fault}")];
    lines.extend(facts.iter().map(|fact| format!("  {fact}")));
    lines.extend(commands.iter().map(|command| format!("    {command}")));
    lines.extend(allow.iter().map(|waiver| format!("  To go on all the same: --allow {waiver}")));
    lines
}

/// Each objection that stands: what, who, where, and what lets it pass.
pub fn refused<'a>(objections: impl IntoIterator<Item = &'a Objection>, reader: Option<&Principal>) -> Document {
    let mut document = Document::default();
    for objection in objections {
        let refusal = refusal(objection, reader);
        document.push(Line::default().with(Style::Bad, "refused: ").with(Style::Strong, &refusal.fault));
        refusal_lines(&refusal).into_iter().skip(1).for_each(|line| document.push(Line::plain(line)));
    }
    document
}
