//! Who would be kept out.

use super::{Refusal, turn_in_words};
use crate::model::Refusal as Refused;
use crate::plan::{Lockout, Loss, Need, Op, Turn, Waiver};
use crate::pve::Principal;
use crate::render::pveum;
use crate::render::words::{listed, shortened, visible};

pub(super) fn refusal(lockout: &Lockout, allow: Option<Waiver>) -> Refusal {
    match lockout {
        Lockout::Reader { who, loss, turn, undone } => Refusal {
            fault: format!("{} locks out {}, who applies this: {}", turn_in_words(turn), visible(who), lost(loss)),
            facts: {
                let back = commands(who, loss, turn);
                let root = if back.is_empty() { "" } else { " What lets it in again, typed by root on a node:" };
                vec![
                    left(loss, *undone, turn),
                    format!("Apply it as somebody else, or take it out of the files.{root}"),
                ]
            },
            commands: commands(who, loss, turn),
            allow,
        },
        Lockout::Administrator { who, turn } => Refusal {
            fault: format!(
                "{} leaves nobody who may do everything: {} is the last who can log in and holds Permissions.Modify on /",
                turn_in_words(turn),
                visible(who)
            ),
            facts: vec![
                "Nobody could give anybody the right to mend it, but root on a node, with pveum.".to_owned(),
                "Enable root@pam, or give another user Permissions.Modify on /, first.".to_owned(),
            ],
            commands: vec!["pveum user modify root@pam --enable 1".to_owned()],
            allow,
        },
    }
}

/// What has become of who applies.
fn lost(loss: &Loss) -> String {
    const NAMED: usize = 3;
    match loss {
        Loss::Gone => "it is deleted".to_owned(),
        Loss::Refused(refusals) => {
            let words = refusals.iter().map(|refusal| match refusal {
                Refused::Disabled => "its user is disabled".to_owned(),
                Refused::UserExpired(_) => "its user's time is over".to_owned(),
                Refused::TokenExpired(_) => "its time is over".to_owned(),
            });
            listed(&words.collect::<Vec<_>>())
        }
        Loss::Needs(needs) => {
            let top = Need::administration();
            let (first, rest): (Vec<&Need>, Vec<&Need>) = needs.iter().partition(|need| **need == top);
            let words: Vec<String> = first.into_iter().chain(rest).map(visible).collect();
            let words = shortened(words, NAMED, |more| format!("{more} more that it needs"));
            format!("it no longer holds {}", listed(&words))
        }
    }
}

/// What could still be done. Who has lost some privileges may have kept the one that takes the step back.
fn left(loss: &Loss, undone: usize, Turn { number, of, op: _, grants: _ }: &Turn) -> String {
    let after = of - number;
    let takes_back = match loss {
        Loss::Gone | Loss::Refused(_) => "could not take anything back",
        Loss::Needs(_) => "may be unable to take it back",
    };
    match (undone, after) {
        (_, 0) => format!("It is the last step; afterwards whoever applies this {takes_back}."),
        (0, _) => format!("The steps after it could be done, but whoever applies this {takes_back}."),
        (undone, _) => {
            format!("Of the {after} steps after it, {undone} would fail, and whoever applies this {takes_back}.")
        }
    }
}

/// What root would type to let `who` in again.
fn commands(who: &Principal, loss: &Loss, turn: &Turn) -> Vec<String> {
    match loss {
        Loss::Gone => Vec::new(),
        Loss::Refused(refusals) => pveum::admit(who, refusals),
        Loss::Needs(_) => undoing(turn),
    }
}

/// What takes a step back, as far as commands do.
fn undoing(Turn { number: _, of: _, op, grants }: &Turn) -> Vec<String> {
    match &**op {
        Op::Grant { .. } | Op::Revoke { .. } => pveum::take_back(grants),
        Op::SetRole { role, before, after: _ } => vec![pveum::set_privileges(role, before)],
        Op::SetUser { user, before, after } if before.groups != after.groups => {
            vec![pveum::set_groups(user, &before.groups)]
        }
        Op::SetToken { token, before, after } | Op::RotateToken { token, before, after }
            if before.privsep != after.privsep =>
        {
            vec![pveum::modify_token(token, &format!("--privsep {}", before.privsep.as_digit()))]
        }
        _ => Vec::new(),
    }
}
