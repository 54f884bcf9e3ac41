//! Who would be kept out.

use super::{Refusal, turn_in_words};
use crate::model::Refusal as Refused;
use crate::plan::{AclBatch, Lockout, Loss, Need, Op, Turn, Waiver};
use crate::pve::{Principal, Subject};
use crate::render::words::{listed, shell, visible};

pub(super) fn refusal(lockout: &Lockout, allow: Option<Waiver>) -> Refusal {
    match lockout {
        Lockout::Reader { who, loss, turn, undone } => Refusal {
            fault: format!("{} locks out {}, who applies this: {}", turn_in_words(turn), visible(who), lost(loss)),
            facts: {
                let back = commands(who, loss, &turn.op);
                let root = if back.is_empty() { "" } else { " What lets it in again, typed by root on a node:" };
                vec![
                    left(loss, *undone, turn),
                    format!("Apply it as somebody else, or take it out of the files.{root}"),
                ]
            },
            commands: commands(who, loss, &turn.op),
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
            format!("it no longer holds {}", listed(&shortened(words)))
        }
    }
}

/// The first few, and how many more there are.
fn shortened(mut words: Vec<String>) -> Vec<String> {
    const NAMED: usize = 3;
    let more = words.len().saturating_sub(NAMED);
    if more > 1 {
        words.truncate(NAMED);
        words.push(format!("{more} more that it needs"));
    }
    words
}

/// What could still be done. Who has lost some privileges may have kept the one that takes the step back.
fn left(loss: &Loss, undone: usize, Turn { number, of, op: _ }: &Turn) -> String {
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
fn commands(who: &Principal, loss: &Loss, op: &Op) -> Vec<String> {
    let user = shell(who.user());
    match loss {
        Loss::Gone => Vec::new(),
        Loss::Refused(refusals) => refusals
            .iter()
            .map(|refusal| match (refusal, who) {
                (Refused::Disabled, _) => format!("pveum user modify {user} --enable 1"),
                (Refused::TokenExpired(_), Principal::Token(token)) => {
                    format!("pveum user token modify {user} {} --expire 0", token.name())
                }
                (Refused::UserExpired(_) | Refused::TokenExpired(_), _) => {
                    format!("pveum user modify {user} --expire 0")
                }
            })
            .collect(),
        Loss::Needs(_) => undoing(op).into_iter().collect(),
    }
}

/// What takes `op` back, where one command does.
fn undoing(op: &Op) -> Option<String> {
    Some(match op {
        Op::Grant { batch, propagate: _ } => format!("pveum acl delete {}", batch_arguments(batch)),
        Op::Revoke { batch } => format!("pveum acl modify {}", batch_arguments(batch)),
        Op::SetRole { role, before, after: _ } => {
            let privs = before.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            format!("pveum role modify {} --privs {}", shell(role), shell(privs))
        }
        Op::SetUser { user, before, after } if before.groups != after.groups => {
            let groups = before.groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            format!("pveum user modify {} --groups {}", shell(user), shell(groups))
        }
        Op::SetToken { token, before, after } if before.privsep != after.privsep => format!(
            "pveum user token modify {} {} --privsep {}",
            shell(token.user()),
            token.name(),
            before.privsep.as_digit()
        ),
        _ => return None,
    })
}

/// `/vms --users ann@pve --roles PVEVMUser`
fn batch_arguments(batch: &AclBatch) -> String {
    let row = |option: &str, names: Vec<String>| {
        if names.is_empty() { String::new() } else { format!(" --{option} {}", shell(names.join(","))) }
    };
    let (mut users, mut groups, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for subject in batch.subjects() {
        match subject {
            Subject::User(user) => users.push(user.to_string()),
            Subject::Group(group) => groups.push(group.to_string()),
            Subject::Token(token) => tokens.push(token.to_string()),
        }
    }
    let roles = batch.roles().iter().map(ToString::to_string).collect();
    format!(
        "{}{}{}{}{}",
        shell(batch.path()),
        row("users", users),
        row("groups", groups),
        row("tokens", tokens),
        row("roles", roles)
    )
}
