//! What a call needs, checked before its parameters are (api-facts.md, HTTP layer).

use super::answer::Failure;
use super::caller::Caller;
use super::format::{is_nothing, verify_user};
use super::params::{Params, split_list};
use super::rights::Rights;
use crate::model::AccessState;
use crate::pve::UserId;

/// Who may call.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// Anybody, without a credential too.
    Nothing,
    /// Anybody with a credential.
    Credential,
    /// What a check finds in order; `root@pam` itself is not checked.
    Check(Check),
}

/// A condition on caller and parameters, in the terms of the server's own table.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// All of them; the first that fails is named, even inside [`Check::Or`].
    And(&'static [Check]),
    /// One of them; none is named.
    Or(&'static [Check]),
    /// One of the privileges at a path, in which `{name}` stands for a parameter.
    Holds(&'static str, &'static [&'static str]),
    /// The parameter `userid` is the caller.
    IsSelf,
    /// `Realm.AllocateUser` for the realm of `userid`.
    AllocatesUser,
    /// One of the privileges for all groups, or for some and those are the ones concerned.
    ManagesUser(&'static [&'static str], GroupsParam),
    /// Permission to change grants at the parameter `path`.
    ModifiesGrants,
}

/// What the parameter `groups` has to do with a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupsParam {
    /// There is none.
    None,
    /// The groups of a user that is to be made.
    Create,
    /// The groups of a user that is there.
    Update,
}

/// What became of a check that need not name what is missing.
enum Verdict {
    Met,
    Unmet(Failure),
}

impl Needs {
    /// Refuses unless `caller` has what is needed.
    pub(super) fn check(
        &self,
        caller: &Caller,
        state: &AccessState,
        rights: &Rights<'_>,
        params: &Params,
    ) -> Result<(), Failure> {
        match self {
            Needs::Nothing => Ok(()),
            _ if caller.is_root() => Ok(()),
            _ if *caller == Caller::Nobody => Err(Failure::denied("user != null")),
            Needs::Credential => Ok(()),
            Needs::Check(check) => match (Question { caller, state, rights, params }).verdict(check)? {
                Verdict::Met => Ok(()),
                Verdict::Unmet(failure) => Err(failure),
            },
        }
    }
}

#[cfg(test)]
impl Needs {
    /// As the server's own table has it.
    pub(super) fn to_json(self) -> serde_json::Value {
        match self {
            Needs::Nothing => "world".into(),
            Needs::Credential => "all".into(),
            Needs::Check(check) => check.to_json(),
        }
    }
}

#[cfg(test)]
impl Check {
    fn to_json(self) -> serde_json::Value {
        use serde_json::json;

        let all = |word: &str, checks: &[Check]| {
            std::iter::once(json!(word)).chain(checks.iter().map(|check| check.to_json())).collect()
        };
        match self {
            Check::And(checks) => all("and", checks),
            Check::Or(checks) => all("or", checks),
            Check::Holds(path, [one]) => json!(["perm", path, [one]]),
            Check::Holds(path, privileges) => json!(["perm", path, privileges, "any", 1]),
            Check::IsSelf => json!(["userid-param", "self"]),
            Check::AllocatesUser => json!(["userid-param", "Realm.AllocateUser"]),
            Check::ManagesUser(privileges, GroupsParam::None) => json!(["userid-group", privileges]),
            Check::ManagesUser(privileges, GroupsParam::Create) => {
                json!(["userid-group", privileges, "groups_param", "create"])
            }
            Check::ManagesUser(privileges, GroupsParam::Update) => {
                json!(["userid-group", privileges, "groups_param", "update"])
            }
            Check::ModifiesGrants => json!(["perm-modify", "{path}"]),
        }
    }
}

struct Question<'a, 's> {
    caller: &'a Caller,
    state: &'a AccessState,
    rights: &'a Rights<'s>,
    params: &'a Params,
}

impl Question<'_, '_> {
    /// `Err` refuses even inside [`Check::Or`]; [`Verdict::Unmet`] lets the next alternative try.
    fn verdict(&self, check: &Check) -> Result<Verdict, Failure> {
        match check {
            Check::And(all) => {
                for check in *all {
                    if let Verdict::Unmet(failure) = self.verdict(check)? {
                        return Err(failure);
                    }
                }
                Ok(Verdict::Met)
            }
            Check::Or(any) => {
                for check in *any {
                    if let Verdict::Met = self.verdict(check)? {
                        return Ok(Verdict::Met);
                    }
                }
                Ok(Verdict::Unmet(Failure::Denied(None)))
            }
            Check::Holds(template, privileges) => Ok(match self.fill(template) {
                Some(path) => self.holds(&path, privileges),
                None => Verdict::Unmet(Failure::denied(format!(", {}", privileges.join("|")))),
            }),
            Check::IsSelf => {
                let user = self.user()?;
                Ok(if self.caller.is_user(&user) && self.state.users.contains_key(&user) {
                    Verdict::Met
                } else {
                    Verdict::Unmet(Failure::Denied(None))
                })
            }
            Check::AllocatesUser => {
                let user = self.user()?;
                Ok(self.holds(&format!("/access/realm/{}", user.realm()), &["Realm.AllocateUser"]))
            }
            Check::ManagesUser(privileges, groups) => self.manages(privileges, *groups),
            Check::ModifiesGrants => Ok(match self.fill("{path}") {
                // Where there is no path, it is everybody's who may change grants below /access
                // (pve-access-control, `check_perm_modify`).
                None => self.holds("/access", &["Permissions.Modify"]),
                Some(path) => self.holds(&path, Rights::to_modify_grants(&path)),
            }),
        }
    }

    fn holds(&self, path: &str, privileges: &[&str]) -> Verdict {
        match self.rights.require_any(path, privileges) {
            Ok(()) => Verdict::Met,
            Err(failure) => Verdict::Unmet(failure),
        }
    }

    fn manages(&self, privileges: &[&str], param: GroupsParam) -> Result<Verdict, Failure> {
        let name = self.params.text("userid").unwrap_or_default();
        let user = name.parse::<UserId>().ok().filter(|user| self.state.users.contains_key(user));
        if param != GroupsParam::Create && user.is_none() {
            let why = verify_user(&name).map_or_else(|fault| fault, |user| format!("no such user ('{user}')"));
            return Ok(Verdict::Unmet(Failure::died(why)));
        }
        if self.rights.holds_any("/access/groups", privileges) {
            return Ok(Verdict::Met);
        }
        let managed = self.rights.groups(privileges);
        if param != GroupsParam::None {
            let wanted = self.params.text("groups").unwrap_or_default();
            if split_list(&wanted).next().is_none() {
                return Err(Failure::denied(format!("/access/groups, {}", privileges.join("|"))));
            }
            if let Some(other) = split_list(&wanted).find(|name| !managed.iter().any(|group| group.as_str() == *name)) {
                return Err(Failure::denied(format!("/access/groups/{other}, {}", privileges.join("|"))));
            }
        }
        let is_managed = user.is_some_and(|user| self.rights.members(&managed).contains(&user));
        Ok(if param == GroupsParam::Create || is_managed {
            Verdict::Met
        } else {
            Verdict::Unmet(Failure::Denied(None))
        })
    }

    fn user(&self) -> Result<UserId, Failure> {
        verify_user(&self.params.text("userid").unwrap_or_default()).map_err(Failure::died)
    }

    /// The template with its parameters, a `-` for each that is nothing (pve-common, `template_replace`); at what is no path
    /// nobody holds anything (transcript `pools`, `a b`).
    fn fill(&self, template: &str) -> Option<String> {
        let filled = template.split_inclusive('}').fold(String::new(), |mut path, part| {
            match part.split_once('{') {
                Some((fixed, name)) => {
                    path.push_str(fixed);
                    let value = self.params.text(name.trim_end_matches('}')).filter(|value| !is_nothing(value));
                    path.push_str(value.as_deref().unwrap_or("-"));
                }
                None => path.push_str(part),
            }
            path
        });
        normalise(&filled)
    }
}

/// A path of the access tree as the server normalises it; `None` where it cannot be one.
///
/// To Perl `0` is nothing, so it alone is no path and `0/` is the top. Letters are those of all scripts, other than in [`AclPath`](crate::pve::AclPath): a grant at such a path is
/// accepted and never stored (api-facts.md, ACL).
pub(super) fn normalise(text: &str) -> Option<String> {
    if is_nothing(text) || !text.chars().all(|c| c.is_alphanumeric() || ".-_/".contains(c)) {
        return None;
    }
    let words: Vec<&str> = text.split('/').filter(|word| !word.is_empty()).collect();
    let is_nought = words == ["0"] && !text.starts_with('/');
    Some(if is_nought { "/".to_owned() } else { format!("/{}", words.join("/")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised() {
        for (text, path) in [
            ("/", Some("/")),
            ("//", Some("/")),
            ("vms/", Some("/vms")),
            ("/storage/ü", Some("/storage/ü")),
            ("0/", Some("/")),
            ("/0/", Some("/0")),
            ("0", None),
            ("", None),
            ("/storage/a b", None),
        ] {
            assert_eq!(normalise(text).as_deref(), path, "{text}");
        }
    }
}
