//! Why a plan may not be carried out, and what to do about it.

use super::document::{Document, Line, Style};
use super::sight::{grant_command, hidden_kinds, needs, reader_name};
use super::words::step_in_words;
use crate::desired::Kind;
use crate::model::user_cfg::FILE_LIMIT;
use crate::plan::{Blindness, Deletions, Objection, Oversize, Share, Waiver};
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
        Objection::Deletes(Deletions { shares }) => Refusal {
            fault: format!("much would be deleted at once: {}", shares.iter().map(part).collect::<Vec<_>>().join("; ")),
            facts: vec!["Is this the right cluster, and are these the right files?".to_owned()],
            commands: Vec::new(),
            allow,
        },
        Objection::Size(Oversize { step, op, bytes, now, finally }) => {
            let room = if finally > &FILE_LIMIT {
                "Delete what is not needed any more, or shorten comments, first.".to_owned()
            } else {
                format!(
                    "After the last step it would be {} and fit: delete first, and create in a run of its own.",
                    size(*finally)
                )
            };
            Refusal {
                fault: format!(
                    "user.cfg would pass its limit of 1 MiB with step {step} ({}): {}",
                    step_in_words(op),
                    size(*bytes)
                ),
                facts: vec![
                    format!("It is {} now. The cluster would refuse this step, and stop half-way.", size(*now)),
                    room,
                ],
                commands: Vec::new(),
                allow,
            }
        }
    }
}

/// `of the groups 4 of 10 (40 %), by steps 1 to 4`
fn part(share: &Share) -> String {
    let Share { kind, deleted, of, steps } = share;
    let kind = match kind {
        Kind::Roles => "custom roles",
        Kind::Groups => "groups",
        Kind::Users => "users",
        Kind::Tokens => "tokens",
        Kind::Acl => "grants",
    };
    let steps = match (steps.first(), steps.last()) {
        (Some(first), Some(last)) if first == last => format!(", by step {first}"),
        (Some(first), Some(last)) => format!(", between step {first} and step {last}"),
        _ => String::new(),
    };
    format!("of the {kind} {deleted} of {of} ({} %){steps}", share.hundredths())
}

/// Bytes in KiB, rounded up, so that what is too large looks so.
fn size(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
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
