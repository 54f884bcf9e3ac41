//! Why a plan may not be carried out, and what to do about it.

use super::document::{Document, Line, Style};
use super::plan::moved;
use super::sight::{grant_command, hidden_kinds, needs, reader_name};
use super::words::{expire, visible};
use crate::model::Expire;
use crate::plan::{Blindness, Objection, Staleness, Waiver};
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
        Objection::Stale(staleness) => stale(staleness, allow),
    }
}

/// A saved plan on a cluster that is another, or has become another.
fn stale(staleness: &Staleness, allow: Option<Waiver>) -> Refusal {
    /// More than this nobody reads before planning again.
    const LISTED: usize = 30;
    match staleness {
        Staleness::Elsewhere { made_for, live } => Refusal {
            fault: format!("this plan was made for {}, and this is {}", visible(made_for), visible(live)),
            facts: vec![
                "A saved plan is for one cluster, under the address that it was made with. For another one, plan anew:"
                    .to_owned(),
            ],
            commands: vec!["pve-access plan --out FILE".to_owned()],
            allow,
        },
        Staleness::Moved { since, changes } => {
            let mut lines = moved(changes);
            let more = lines.len().saturating_sub(LISTED);
            lines.truncate(LISTED);
            if more > 0 {
                lines.push(format!("and {more} more"));
            }
            let mut facts = vec![format!("Since then, {}, this has changed:", expire(Expire::At(*since)))];
            facts.extend(lines.into_iter().map(|line| format!("  {line}")));
            facts.push("Plan anew, and look at what is planned now:".to_owned());
            Refusal {
                fault: "the cluster is not as it was when this plan was made".to_owned(),
                facts,
                commands: vec!["pve-access plan --out FILE".to_owned()],
                allow,
            }
        }
    }
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
