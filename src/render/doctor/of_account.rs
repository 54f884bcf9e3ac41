//! Findings about a credential.

use super::super::pveum;
use super::super::sight::{grant_command, hidden_kinds, needs as sight_needs};
use super::super::words::{expire, listed, shell, shortened, visible};
use super::Said;
use crate::doctor::{Account, Cause, Causes, Credential, Holdings, Identity, Sight, Stretch, Unusable, Verdict};
use crate::model::{Expire, Privsep};
use crate::permissions::Mend;
use crate::pve::{Principal, Privilege};

pub(super) fn credential(credential: &Credential) -> Said {
    match credential {
        Credential::Accepted => Said::of("accepted"),
        Credential::Unusable(Unusable { reason, help }) => {
            help.iter().fold(Said::of(visible(reason)), |said, help| said.remedy(visible(help)))
        }
        Credential::Failed(error) => error.help().into_iter().fold(Said::of(visible(error)), Said::remedy),
        Credential::Refused(who, Causes::Lost) => Said::of(format!("what {} shows did not arrive", visible(who)))
            .remedy("A proxy on the way drops the Authorization header: let it pass that on, or give the node's own address."),
        Credential::Refused(who, Causes::Surely(causes)) => {
            let words: Vec<String> = causes.iter().map(|cause| in_words(*cause, who)).collect();
            let said = Said::of(format!("refused: {}", listed(&words)));
            causes.iter().fold(said, |said, cause| match mend(*cause, who) {
                Some(command) => said.command(command),
                None => said,
            })
        }
        Credential::Refused(who, Causes::Perhaps(causes)) => {
            let said = Said::of(format!("{} is refused with 401, and the server does not say why", visible(who)))
                .fact("The likeliest causes first; an answer of 401 takes the server 3 s, that is normal.");
            let said = causes.iter().fold(said, |said, cause| said.fact(format!("- {}", in_words(*cause, who))));
            let said = said.remedy("On a node, these show which it is, and the last renews the secret:");
            let said = said.command("pveum user list --full 1");
            match who {
                Principal::Token(token) => said
                    .command(format!("pveum user token list {}", shell(token.user())))
                    .command(pveum::modify_token(token, "--regenerate 1")),
                Principal::User(user) => said.command(format!("pveum passwd {}", shell(user))),
            }
        }
    }
}

fn in_words(cause: Cause, who: &Principal) -> String {
    let user = visible(who.user());
    match cause {
        Cause::Disabled => format!("the user {user} is disabled (enable 0)"),
        Cause::UserExpired => format!("the user {user} has expired (expire)"),
        Cause::TokenExpired => format!("the token {} has expired (expire)", visible(who)),
        Cause::WrongSecret => {
            "the secret is not the token's, or not any more: it was renewed, or the token made anew".to_owned()
        }
        Cause::WrongPassword => "the password or the one-time code is wrong, or the realm is".to_owned(),
        Cause::NotHere => format!("there is no {} here: perhaps it is of another cluster", visible(who)),
    }
}

fn mend(cause: Cause, who: &Principal) -> Option<String> {
    let user = shell(who.user());
    match (cause, who) {
        (Cause::Disabled, _) => Some(format!("pveum user modify {user} --enable 1")),
        (Cause::UserExpired, _) => Some(format!("pveum user modify {user} --expire 0")),
        (Cause::TokenExpired, Principal::Token(token)) => Some(pveum::modify_token(token, "--expire 0")),
        (Cause::WrongSecret, Principal::Token(token)) => Some(pveum::modify_token(token, "--regenerate 1")),
        (Cause::WrongPassword, _) => Some(format!("pveum passwd {user}")),
        (Cause::TokenExpired | Cause::WrongSecret | Cause::NotHere, _) => None,
    }
}

pub(super) fn identity(Identity { who, account, now }: &Identity) -> Said {
    let kind = match (who, account.and_then(|account| account.token)) {
        (Principal::User(_), _) => "user",
        (Principal::Token(_), Some((Privsep::Yes, _))) => "separated token",
        (Principal::Token(_), Some((Privsep::No, _))) => "token with all that its user may do",
        (Principal::Token(_), None) => "token",
    };
    let said = Said::of(format!("{}, a {kind}", visible(who)));
    let said = match account {
        None if who.user().is_root() => said,
        None => said.fact("It does not see its own account, so until when it is good is not known."),
        Some(Account { user, token }) => {
            let over = |what: &str, end: &Expire| match end {
                Expire::At(at) if Verdict::is_near(*at, *now) => Some(format!("{what} expires soon: {}", expire(*end))),
                Expire::At(_) => Some(format!("{what} expires {}", expire(*end))),
                Expire::Never => None,
            };
            let user = over("Its user", user);
            let token = token.and_then(|(_, end)| over("The token", &end));
            user.into_iter().chain(token).fold(said, Said::fact)
        }
    };
    let soon = |end: &Expire| matches!(end, Expire::At(at) if Verdict::is_near(*at, *now));
    let said = match account {
        Some(Account { user, .. }) if soon(user) => {
            said.remedy("Later, or never:").command(format!("pveum user modify {} --expire 0", shell(who.user())))
        }
        _ => said,
    };
    match (who, account.and_then(|account| account.token)) {
        (Principal::Token(token), Some((_, end))) if soon(&end) => {
            said.remedy("Later, or never:").command(pveum::modify_token(token, "--expire 0"))
        }
        _ => said,
    }
}

pub(super) fn sight(Sight { who, hidden, unseen }: &Sight) -> Said {
    if hidden.is_empty() {
        return Said::of("everything that decides who may do what");
    }
    let said = Said::of(format!("not all {}", hidden_kinds(hidden)));
    let said = if unseen.is_empty() {
        said.fact("What is hidden may be there all the same, so answers and plans may leave it out.")
    } else {
        said.fact("The files speak of some that it does not see: no plan can be made.")
    };
    let said = sight_needs(hidden, Some(who)).into_iter().fold(said, Said::remedy);
    said.command(grant_command(Some(who)))
}

pub(super) fn holdings(holdings: &Holdings) -> Said {
    /// As many places as a person takes in.
    const MOST: usize = 4;
    let Holdings { who, stretches, failure, privsep, mends } = holdings;
    let name = visible(who);
    if let Some(error) = failure {
        return error.help().into_iter().fold(Said::of(visible(error)), Said::remedy);
    }
    match stretches.as_deref().unwrap_or_default() {
        [] => {
            let said = Said::of("nothing, anywhere: a dashboard shows zeros with it, not an error");
            let said = match (who, privsep) {
                (Principal::Token(token), Some(Privsep::Yes) | None) if !token.user().is_root() => said.fact(format!(
                    "A token with privilege separation may do only what its user {} may do AND what is granted to the token itself.",
                    visible(token.user())
                )),
                _ => said,
            };
            let said = match (mends.as_slice(), who) {
                ([], Principal::Token(token)) => said
                    .remedy("Grant to both what the token shall do, such as to look at everything:")
                    .command(format!(
                        "pveum acl modify / --users {} --tokens {} --roles PVEAuditor",
                        shell(token.user()),
                        shell(token)
                    )),
                ([], Principal::User(_)) => said.remedy("Grant it what it shall do:").command(grant_command(Some(who))),
                _ => said.remedy(format!(
                    "Grant to the token what it shall do, within what {} may do:",
                    visible(who.user())
                )),
            };
            mends.iter().fold(said, |said, mend| match mend {
                Mend::Revoke(grant) => said.command(pveum::revoke(grant)),
                Mend::Grant(grant, propagate) => said.command(pveum::grant(grant, *propagate)),
            })
        }
        stretches => {
            let words: Vec<String> = stretches.iter().map(stretch).collect();
            let words = shortened(words, MOST, |more| format!("{more} more places: pve-access permissions '{name}'"));
            let mut words = words.into_iter();
            let said = Said::of(words.next().unwrap_or_default());
            words.fold(said, Said::fact).fact("Nothing else.")
        }
    }
}

/// `all of PVEAuditor on / and below: Datastore.Audit, ..`
fn stretch(Stretch { path, privileges, reaches, role }: &Stretch) -> String {
    let names: Vec<String> = privileges.iter().map(Privilege::to_string).collect();
    let names = match names.len() {
        0..=9 => listed(&names),
        many => format!("{} and {} more", names[..6].join(", "), many - 6),
    };
    let place = if *reaches { format!("{} and below", visible(path)) } else { visible(path) };
    match role {
        Some(role) => format!("{} on {place}: {names}", visible(role)),
        None => format!("on {place}: {names}"),
    }
}
