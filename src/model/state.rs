//! Everything at once, and what a deletion takes along.

use std::collections::{BTreeMap, BTreeSet};

use super::along::Along;
use super::object::{Grant, Group, Origin, Pool, Propagate, Realm, Role, Token, User};
use crate::pve::{GroupId, PoolId, Principal, Privilege, RealmId, Release, RoleId, Subject, TokenId, UserId};

/// The access control of one cluster.
///
/// Relations may point at nobody: grants and memberships of users and groups that do not exist stay on a server, and
/// apply again once the name is made again (api-facts.md, ACL). Grants of missing tokens and roles vanish by
/// themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessState {
    /// What the server calls itself.
    pub release: Release,
    /// The realms.
    pub realms: BTreeMap<RealmId, Realm>,
    /// The roles, builtin ones included.
    pub roles: BTreeMap<RoleId, Role>,
    /// The groups.
    pub groups: BTreeMap<GroupId, Group>,
    /// The users.
    pub users: BTreeMap<UserId, User>,
    /// The tokens.
    pub tokens: BTreeMap<TokenId, Token>,
    /// The groups of each user that is in any; no set is empty, and no group in one is missing from `groups`.
    pub memberships: BTreeMap<UserId, BTreeSet<GroupId>>,
    /// The pools.
    pub pools: BTreeMap<PoolId, Pool>,
    /// The grants.
    pub acl: BTreeMap<Grant, Propagate>,
}

impl AccessState {
    /// A state with nothing in it, not even the builtin roles.
    #[must_use]
    pub fn empty(release: Release) -> AccessState {
        AccessState {
            release,
            realms: BTreeMap::new(),
            roles: BTreeMap::new(),
            groups: BTreeMap::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            memberships: BTreeMap::new(),
            pools: BTreeMap::new(),
            acl: BTreeMap::new(),
        }
    }

    /// The groups that `user` is in; also of a user that does not exist.
    #[must_use]
    pub fn groups_of(&self, user: &UserId) -> &BTreeSet<GroupId> {
        static NONE: BTreeSet<GroupId> = BTreeSet::new();
        self.memberships.get(user).unwrap_or(&NONE)
    }

    /// Makes `groups` the exact set of groups that `user` is in.
    pub fn set_groups_of(&mut self, user: &UserId, groups: BTreeSet<GroupId>) {
        if groups.is_empty() {
            self.memberships.remove(user);
        } else {
            self.memberships.insert(user.clone(), groups);
        }
    }

    /// The members of every group that has any, vanished ones included.
    #[must_use]
    pub fn members(&self) -> BTreeMap<&GroupId, BTreeSet<&UserId>> {
        let mut members: BTreeMap<&GroupId, BTreeSet<&UserId>> = BTreeMap::new();
        for (user, groups) in &self.memberships {
            for group in groups {
                members.entry(group).or_default().insert(user);
            }
        }
        members
    }

    /// The privileges that the server knows: those of its builtin roles, of which Administrator holds every one
    /// (api-facts.md, What changed between releases).
    #[must_use]
    pub fn known_privileges(&self) -> BTreeSet<Privilege> {
        let builtin = self.roles.values().filter(|role| role.origin == Origin::Builtin);
        builtin.flat_map(|role| role.privs.iter().cloned()).collect()
    }

    /// The tokens that belong to `user`.
    pub fn tokens_of<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = (&'a TokenId, &'a Token)> {
        self.tokens.iter().filter(move |(token, _)| token.user() == user)
    }

    /// Deletes a user with its tokens, its memberships, and the grants to it and to its tokens
    /// (transcript `users`, the last DELETE).
    pub fn remove_user(&mut self, user: &UserId) -> Along {
        self.users.remove(user);
        let groups = self.memberships.remove(user).unwrap_or_default();
        Along {
            tokens: self.tokens.extract_if(.., |token, _| token.user() == user).map(|(token, _)| token).collect(),
            memberships: groups.into_iter().map(|group| (user.clone(), group)).collect(),
            grants: self.remove_grants(|grant| match &grant.subject {
                Subject::User(named) => named == user,
                Subject::Token(token) => token.user() == user,
                Subject::Group(_) => false,
            }),
        }
    }

    /// Deletes a group with its memberships and grants (transcript `groups`).
    pub fn remove_group(&mut self, group: &GroupId) -> Along {
        self.groups.remove(group);
        let mut memberships = Vec::new();
        self.memberships.retain(|user, groups| {
            if groups.remove(group) {
                memberships.push((user.clone(), group.clone()));
            }
            !groups.is_empty()
        });
        let grants = self.remove_grants(|grant| matches!(&grant.subject, Subject::Group(named) if named == group));
        Along { tokens: Vec::new(), memberships, grants }
    }

    /// Deletes a token with its grants (transcript `tokens`).
    pub fn remove_token(&mut self, token: &TokenId) -> Along {
        self.tokens.remove(token);
        Along::grants(self.remove_grants(|grant| matches!(&grant.subject, Subject::Token(named) if named == token)))
    }

    /// Deletes a role with its grants (transcript `roles`).
    pub fn remove_role(&mut self, role: &RoleId) -> Along {
        self.roles.remove(role);
        Along::grants(self.remove_grants(|grant| grant.role == *role))
    }

    fn remove_grants(&mut self, goes: impl Fn(&Grant) -> bool) -> Vec<Grant> {
        self.acl.extract_if(.., |grant, _| goes(grant)).map(|(grant, _)| grant).collect()
    }

    /// Whether a grant could be made to `subject`, and one of its be deleted: the server asks that it exists.
    #[must_use]
    pub fn has_subject(&self, subject: &Subject) -> bool {
        match subject {
            Subject::User(user) => self.users.contains_key(user),
            Subject::Group(group) => self.groups.contains_key(group),
            Subject::Token(token) => self.tokens.contains_key(token),
        }
    }

    /// Whether there is such a user or token.
    #[must_use]
    pub fn has_principal(&self, who: &Principal) -> bool {
        match who {
            Principal::User(user) => self.users.contains_key(user),
            Principal::Token(token) => self.tokens.contains_key(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    fn grant(path: &str, subject: Subject, role: &str) -> Grant {
        Grant { path: path.parse().unwrap(), subject, role: role.parse().unwrap() }
    }

    /// A user with a token, in a group that another user is in too, everybody with a grant.
    fn populated() -> AccessState {
        let mut state = AccessState::empty(Release::MEASURED);
        let (ann, bob): (UserId, UserId) = ("ann@pve".parse().unwrap(), "bob@pve".parse().unwrap());
        let (ops, dev): (GroupId, GroupId) = ("ops".parse().unwrap(), "dev".parse().unwrap());
        let token: TokenId = "ann@pve!tk".parse().unwrap();
        for user in [&ann, &bob] {
            state.users.insert(user.clone(), User::default());
            state.acl.insert(grant("/", Subject::User(user.clone()), "R1"), Propagate::Yes);
        }
        for group in [&ops, &dev] {
            state.groups.insert(group.clone(), Group { comment: Text::EMPTY });
            state.acl.insert(grant("/vms", Subject::Group(group.clone()), "R2"), Propagate::Yes);
        }
        for role in ["R1", "R2"] {
            let role = role.parse().unwrap();
            state.roles.insert(role, Role { privs: BTreeSet::new(), origin: Origin::Custom });
        }
        state.set_groups_of(&ann, BTreeSet::from([ops.clone(), dev]));
        state.set_groups_of(&bob, BTreeSet::from([ops]));
        state.tokens.insert(token.clone(), Token::default());
        state.acl.insert(grant("/vms", Subject::Token(token), "R2"), Propagate::No);
        state
    }

    #[test]
    fn a_user_takes_tokens_memberships_and_grants_along() {
        let mut state = populated();
        let along = state.remove_user(&"ann@pve".parse().unwrap());
        assert_eq!((along.tokens.len(), along.memberships.len(), along.grants.len()), (1, 2, 2));
        assert!(state.tokens.is_empty());
        assert_eq!(state.memberships.len(), 1);
        let left: Vec<String> = state.acl.keys().map(|grant| grant.subject.to_string()).collect();
        assert_eq!(left, ["bob@pve", "@dev", "@ops"]);
    }

    #[test]
    fn a_group_takes_memberships_and_grants_along() {
        let mut state = populated();
        let along = state.remove_group(&"ops".parse().unwrap());
        assert_eq!((along.tokens.len(), along.memberships.len(), along.grants.len()), (0, 2, 1));
        assert!(state.groups_of(&"bob@pve".parse().unwrap()).is_empty());
        assert_eq!(state.groups_of(&"ann@pve".parse().unwrap()).len(), 1);
        assert!(!state.memberships.contains_key(&"bob@pve".parse().unwrap()), "no empty set stays");
        assert_eq!(state.acl.len(), 4);
    }

    #[test]
    fn a_role_and_a_token_take_their_grants_along() {
        let mut state = populated();
        state.remove_token(&"ann@pve!tk".parse().unwrap());
        assert_eq!(state.acl.len(), 4);
        state.remove_role(&"R2".parse().unwrap());
        assert_eq!(state.acl.len(), 2);
    }
}
