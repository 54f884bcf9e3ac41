//! Whether every name that the files mention exists, in them or live.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::desired::{Declared, Desired, Presence, Wish, check_privileges, unaddressable};
use crate::diagnostic::{Diagnostic, Findings, Severity, Span, nearest};
use crate::live::{Blind, Snapshot};
use crate::model::{AccessState, Grant, Origin, Role};
use crate::pve::{GroupId, RealmId, RoleId, Subject, TokenId, UserId};

/// What a name is looked for in: what will be there once everything that is declared has been made.
struct Names<'a> {
    desired: &'a Desired,
    live: &'a AccessState,
    accounts_hidden: bool,
    realms_hidden: bool,
    /// How many more names are worth a search for what was meant: it costs time in proportion to all names, and who
    /// has so many wrong ones has another problem than a slip.
    searches: Cell<usize>,
}

/// Everything about `desired` that only the cluster could tell.
pub(super) fn check(desired: &Desired, live: &Snapshot) -> Findings {
    let is_hidden = |kind| live.sight.hidden().contains(&kind);
    let (accounts_hidden, realms_hidden) = (is_hidden(Blind::Accounts), is_hidden(Blind::Realms));
    let names = Names { desired, live: &live.state, accounts_hidden, realms_hidden, searches: Cell::new(50) };
    let mut findings = check_privileges(desired, &live.state.known_privileges(), live.state.release);
    names.check_addresses(&mut findings);
    names.check_roles(&mut findings);
    names.check_users(&mut findings);
    names.check_tokens(&mut findings);
    names.check_grants(&mut findings);
    findings
}

fn is_present<T>(declared: Option<&Declared<T>>) -> Option<bool> {
    declared.map(|declared| matches!(declared.wish, Presence::Present(_)))
}

impl Names<'_> {
    fn has_role(&self, role: &RoleId) -> bool {
        is_present(self.desired.roles.get(role)).unwrap_or_else(|| self.live.roles.contains_key(role))
    }

    fn has_group(&self, group: &GroupId) -> bool {
        is_present(self.desired.groups.get(group)).unwrap_or_else(|| self.live.groups.contains_key(group))
    }

    fn has_user(&self, user: &UserId) -> bool {
        is_present(self.desired.users.get(user)).unwrap_or_else(|| self.live.users.contains_key(user))
    }

    fn has_realm(&self, user: &UserId) -> bool {
        self.realms_hidden || self.live.realms.keys().any(|realm| realm.as_str() == user.realm())
    }

    fn has_token(&self, token: &TokenId) -> bool {
        is_present(self.desired.tokens.get(token)).unwrap_or_else(|| self.live.tokens.contains_key(token))
    }

    /// Groups and roles that can be made, and then neither changed nor deleted: their names are steps in a URL.
    fn check_addresses(&self, findings: &mut Findings) {
        let groups = self.desired.groups.iter().map(|(id, declared)| (id.as_str(), declared.span));
        let roles = self.desired.roles.iter().map(|(id, declared)| (id.as_str(), declared.span));
        groups
            .chain(roles)
            .filter_map(|(name, span)| unaddressable(name, span))
            .for_each(|finding| findings.push(finding));
    }

    /// Builtin roles of releases newer than the table that the files are checked against.
    fn check_roles(&self, findings: &mut Findings) {
        for (id, declared) in &self.desired.roles {
            if let Some(Role { origin: Origin::Builtin, privs: _ }) = self.live.roles.get(id) {
                findings.push(
                    Diagnostic::error(
                        declared.span,
                        format!("role `{id}` is builtin on this server and cannot be declared"),
                    )
                    .help("grant it under `acl` as it is, or declare a role of another name"),
                );
            }
        }
    }

    fn check_users(&self, findings: &mut Findings) {
        for (user, declared) in &self.desired.users {
            let Presence::Present(wish) = &declared.wish else { continue };
            if !self.live.users.contains_key(user) && !self.has_realm(user) {
                findings.push(self.unknown_realm(user, declared.span).finding);
            }
            let Wish::Set(groups) = &wish.groups else { continue };
            for (group, &span) in groups {
                if !self.has_group(group) {
                    findings.push(self.unknown_group(group, span).finding);
                }
            }
        }
    }

    fn check_tokens(&self, findings: &mut Findings) {
        for (token, declared) in &self.desired.tokens {
            if matches!(declared.wish, Presence::Present(_)) && !self.has_user(token.user()) {
                findings.push(
                    self.unknown_user(token.user(), declared.span)
                        .finding
                        .label(format!("a token of `{}`", token.user())),
                );
            }
        }
    }

    fn check_grants(&self, findings: &mut Findings) {
        let mut told = BTreeSet::new();
        for (grant, (presence, origin)) in &self.desired.acl {
            // An entry is multiplied out: look at each of its words once.
            let (new_role, new_subject) = (told.insert(origin.role), told.insert(origin.subject));
            match presence {
                Presence::Present(_) => {
                    if new_role && !self.has_role(&grant.role) {
                        findings.push(self.unknown_role(&grant.role, origin.role).finding);
                    }
                    let unknown = new_subject.then(|| self.check_subject(&grant.subject, origin.subject)).flatten();
                    unknown.into_iter().for_each(|unknown| findings.push(unknown.finding));
                }
                Presence::Absent => {
                    if let Some(finding) = self.check_revocable(grant, origin.subject) {
                        findings.push(finding);
                    }
                    // What has gone stays declared absent for good reasons; what was never there is a slip.
                    if new_role && !self.mentions_role(&grant.role) {
                        self.unknown_role(&grant.role, origin.role)
                            .slip()
                            .into_iter()
                            .for_each(|slip| findings.push(slip));
                    }
                    let unknown = new_subject.then(|| self.check_mentioned(&grant.subject, origin.subject)).flatten();
                    unknown.and_then(Unknown::slip).into_iter().for_each(|slip| findings.push(slip));
                }
            }
        }
    }

    fn mentions_role(&self, role: &RoleId) -> bool {
        self.desired.roles.contains_key(role) || self.live.roles.contains_key(role)
    }

    /// As [`Names::check_subject`], for a subject that may be declared absent.
    fn check_mentioned(&self, subject: &Subject, span: Span) -> Option<Unknown> {
        let is_declared = match subject {
            Subject::User(user) => self.desired.users.contains_key(user),
            Subject::Group(group) => self.desired.groups.contains_key(group),
            Subject::Token(token) => {
                self.desired.tokens.contains_key(token) || self.desired.users.contains_key(token.user())
            }
        };
        if is_declared { None } else { self.check_subject(subject, span) }
    }

    fn check_subject(&self, subject: &Subject, span: Span) -> Option<Unknown> {
        match subject {
            Subject::User(user) => (!self.has_user(user)).then(|| self.unknown_user(user, span)),
            Subject::Group(group) => (!self.has_group(group)).then(|| self.unknown_group(group, span)),
            Subject::Token(token) => (!self.has_token(token)).then(|| self.unknown_token(token, span)),
        }
    }

    /// A grant to somebody who has vanished stays listed, and the server deletes it only while that somebody exists
    /// (api-facts.md, ACL).
    fn check_revocable(&self, grant: &Grant, span: Span) -> Option<Diagnostic> {
        let Grant { path, subject, role } = grant;
        let exists = match subject {
            Subject::User(user) => self.has_user(user) || self.live.users.contains_key(user),
            Subject::Group(group) => self.has_group(group) || self.live.groups.contains_key(group),
            Subject::Token(_) => true,
        };
        (self.live.acl.contains_key(grant) && !exists).then(|| {
            Diagnostic::error(span, format!("the grant of `{role}` on `{path}` to `{subject}` cannot be deleted: `{subject}` does not exist"))
                .label("left behind by a deletion outside Proxmox VE's API")
                .help(format!("Proxmox VE deletes such a grant only while `{subject}` exists: declare it, apply, then declare it absent (which deletes its grants too)"))
        })
    }

    /// The server makes users of realms that it does not have (transcript `users`, `foo@nosuch`).
    fn unknown_realm(&self, user: &UserId, span: Span) -> Unknown {
        const NAMED: usize = 12;
        let realms: Vec<&str> = self.live.realms.keys().map(RealmId::as_str).collect();
        let more = realms.len().checked_sub(NAMED).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        self.suggest(
            Diagnostic::warning(span, format!("there is no realm `{}` on the cluster", user.realm()))
                .label("will be made all the same, and nobody can log in as it"),
            user.realm(),
            realms.iter().copied(),
            &format!("the realms are: {}{more}", realms[..realms.len().min(NAMED)].join(", ")),
        )
    }

    fn unknown_role(&self, role: &RoleId, span: Span) -> Unknown {
        let names = self.desired.roles.keys().chain(self.live.roles.keys()).filter(|name| self.has_role(name));
        self.suggest(
            Diagnostic::error(span, format!("role `{role}` exists neither in the files nor on the cluster")),
            role.as_str(),
            names.map(RoleId::as_str),
            "declare it under `roles`, or grant one that exists (roles are told apart by case)",
        )
    }

    fn unknown_group(&self, group: &GroupId, span: Span) -> Unknown {
        let names = self.desired.groups.keys().chain(self.live.groups.keys()).filter(|name| self.has_group(name));
        let finding = self.suggest(
            Diagnostic::error(span, format!("group `{group}` {}", self.nowhere())),
            group.as_str(),
            names.map(GroupId::as_str),
            "declare it under `groups`",
        );
        self.mention_hidden(finding)
    }

    fn unknown_user(&self, user: &UserId, span: Span) -> Unknown {
        let names = self.desired.users.keys().chain(self.live.users.keys()).filter(|name| self.has_user(name));
        let finding = self.suggest(
            Diagnostic::error(span, format!("user `{user}` {}", self.nowhere())),
            user.as_str(),
            names.map(UserId::as_str),
            "declare it under `users`",
        );
        self.mention_hidden(finding)
    }

    fn unknown_token(&self, token: &TokenId, span: Span) -> Unknown {
        let names = self.desired.tokens.keys().chain(self.live.tokens.keys()).filter(|name| self.has_token(name));
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let finding = self.suggest(
            Diagnostic::error(span, format!("token `{token}` {}", self.nowhere())),
            &token.to_string(),
            names.iter().map(String::as_str),
            "declare it under `tokens`",
        );
        self.mention_hidden(finding)
    }

    fn nowhere(&self) -> &'static str {
        if self.accounts_hidden {
            "is not in the files, and is not among what this credential can see"
        } else {
            "exists neither in the files nor on the cluster"
        }
    }

    fn mention_hidden(&self, unknown: Unknown) -> Unknown {
        if !self.accounts_hidden {
            return unknown;
        }
        let lacks = Blind::Accounts.needs().map(|needed| format!(" (it lacks {needed})")).unwrap_or_default();
        let finding = unknown
            .finding
            .help(format!("it may exist all the same: the credential cannot see all {}{lacks}", Blind::Accounts));
        Unknown { finding, ..unknown }
    }

    fn suggest<'a>(
        &self,
        finding: Diagnostic,
        name: &str,
        names: impl Iterator<Item = &'a str>,
        otherwise: &str,
    ) -> Unknown {
        let near = (self.searches.get() > 0).then(|| {
            self.searches.set(self.searches.get() - 1);
            nearest(name, names)
        });
        match near.flatten() {
            Some(near) => Unknown { finding: finding.help(format!("did you mean `{near}`?")), near: Near::Found },
            None => Unknown { finding: finding.help(otherwise), near: Near::None },
        }
    }
}

/// What is to be said of a name that exists nowhere.
struct Unknown {
    finding: Diagnostic,
    near: Near,
}

/// Whether another name was probably meant.
enum Near {
    Found,
    None,
}

impl Unknown {
    /// Where the name does no harm by not existing, it is worth a word only if another was probably meant.
    fn slip(self) -> Option<Diagnostic> {
        match self.near {
            Near::Found => Some(Diagnostic { severity: Severity::Warning, ..self.finding }),
            Near::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{self, File};
    use crate::live::Sight;
    use crate::pve::Release;

    #[test]
    fn a_role_that_a_newer_server_made_cannot_be_declared() {
        let text = "version: 1\nroles: {Newcomer: {privs: []}}\n".to_owned();
        let desired = desired::parse(vec![File { path: "x.yaml".into(), text }]).desired;
        let mut state = AccessState::empty(Release::new(10, 0));
        let mut faults = |origin: Origin| {
            state.roles.insert("Newcomer".parse().unwrap(), Role { privs: BTreeSet::new(), origin });
            let live = Snapshot {
                state: state.clone(),
                sight: Sight::Full,
                reader: None,
                cluster: "test".to_owned(),
                lock: None,
                ignored: Vec::new(),
            };
            check(&desired, &live).iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
        };
        assert_eq!(faults(Origin::Builtin), ["role `Newcomer` is builtin on this server and cannot be declared"]);
        assert_eq!(faults(Origin::Custom), [""; 0]);
    }
}
