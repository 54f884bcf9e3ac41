//! States and documents over a handful of names, so that they meet often.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use pve_access::desired::{Declared, Desired, GrantOrigin, GroupWish, Presence, RoleWish, TokenWish, UserWish, Wish};
use pve_access::diagnostic::{Source, Sources, Span};
use pve_access::model::{
    AccessState, Enable, Expire, Grant, Group, Origin, Privsep, Propagate, Role, Text, Token, User,
};
use pve_access::pve::{AclPath, GroupId, Privilege, Release, RoleId, Subject, TokenId, UserId, builtin_roles};

const ROLES: [&str; 4] = ["R0", "R1", "R2", "R3"];
const GRANTABLE: [&str; 6] = ["R0", "R1", "R2", "R3", "PVEAuditor", "NoAccess"];
const GROUPS: [&str; 4] = ["g0", "g1", "g2", "g3"];
const USERS: [&str; 5] = ["u0@pve", "u1@pve", "u2@pam", "u3@ldap", "a!b@pve"];
const TOKENS: [&str; 2] = ["t0", "t1"];
const PATHS: [&str; 4] = ["/", "/vms", "/vms/100", "/pool/p0"];
const PRIVILEGES: [&str; 4] = ["VM.Audit", "VM.Console", "Sys.Audit", "Permissions.Modify"];

fn id<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(
    names: &'static [&'static str],
) -> impl Strategy<Value = T> + Clone {
    select(names).prop_map(|name| name.parse().unwrap())
}

fn text() -> impl Strategy<Value = Text> + Clone {
    select(&["", "a", "b:c", " padded ", "0", "two\nlines ü"][..]).prop_map(Text::from)
}

/// The server looks at these.
fn email() -> impl Strategy<Value = Text> + Clone {
    select(&["", "a@example.com", "b+c@example.org"][..]).prop_map(Text::from)
}

fn expire() -> impl Strategy<Value = Expire> + Clone {
    select(&[0_u64, 1_000, 4_102_444_800][..]).prop_map(Expire::from)
}

fn privs() -> impl Strategy<Value = BTreeSet<Privilege>> + Clone {
    btree_set(id::<Privilege>(&PRIVILEGES), 0..3)
}

fn token_id() -> impl Strategy<Value = TokenId> + Clone {
    (id::<UserId>(&USERS), select(&TOKENS[..])).prop_map(|(user, name)| TokenId::new(user, name).unwrap())
}

fn subject() -> impl Strategy<Value = Subject> + Clone {
    prop_oneof![
        id::<UserId>(&USERS).prop_map(Subject::User),
        id::<GroupId>(&GROUPS).prop_map(Subject::Group),
        token_id().prop_map(Subject::Token),
    ]
}

fn grant() -> impl Strategy<Value = Grant> + Clone {
    (id::<AclPath>(&PATHS), subject(), id::<RoleId>(&GRANTABLE)).prop_map(|(path, subject, role)| Grant {
        path,
        subject,
        role,
    })
}

fn user() -> impl Strategy<Value = User> {
    (any::<bool>(), expire(), [text(), text(), text(), text(), text()]).prop_map(|(enable, expire, texts)| {
        let [firstname, lastname, email, comment, keys] = texts;
        User { enable: enable.into(), expire, firstname, lastname, email, comment, keys }
    })
}

fn token() -> impl Strategy<Value = Token> {
    (text(), expire(), any::<bool>()).prop_map(|(comment, expire, privsep)| Token {
        comment,
        expire,
        privsep: privsep.into(),
    })
}

/// Any state that a server could hold: vanished members and grants of vanished users and groups included.
pub fn state() -> impl Strategy<Value = AccessState> {
    (
        btree_map(id::<RoleId>(&ROLES), privs(), 0..4),
        btree_map(id::<GroupId>(&GROUPS), text(), 0..4),
        btree_map(id::<UserId>(&USERS), user(), 0..5),
        btree_map(token_id(), token(), 0..6),
        btree_map(id::<UserId>(&USERS), btree_set(id::<GroupId>(&GROUPS), 1..4), 0..5),
        btree_map(grant(), any::<bool>(), 0..24),
    )
        .prop_map(|(roles, groups, users, tokens, memberships, acl)| {
            let mut state = AccessState::empty(Release::MEASURED);
            state.roles =
                builtin_roles().into_iter().map(|(id, privs)| (id, Role { privs, origin: Origin::Builtin })).collect();
            state.roles.extend(roles.into_iter().map(|(id, privs)| (id, Role { privs, origin: Origin::Custom })));
            state.groups = groups.into_iter().map(|(id, comment)| (id, Group { comment })).collect();
            state.users = users;
            state.users.insert(UserId::root(), User::default());
            state.tokens = tokens.into_iter().filter(|(id, _)| state.users.contains_key(id.user())).collect();
            for (user, mut groups) in memberships {
                groups.retain(|group| state.groups.contains_key(group));
                state.set_groups_of(&user, groups);
            }
            let stays = |grant: &Grant| {
                let token_is_there = match &grant.subject {
                    Subject::Token(token) => state.tokens.contains_key(token),
                    Subject::User(_) | Subject::Group(_) => true,
                };
                token_is_there && state.roles.contains_key(&grant.role)
            };
            state.acl =
                acl.into_iter().filter(|(grant, _)| stays(grant)).map(|(grant, yes)| (grant, yes.into())).collect();
            state
        })
}

fn wish<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Wish<T>> {
    prop_oneof![Just(Wish::Leave), value.prop_map(Wish::Set)]
}

fn presence<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Presence<T>> {
    prop_oneof![3 => value.prop_map(Presence::Present), 1 => Just(Presence::Absent)]
}

fn user_wish() -> impl Strategy<Value = UserDraft> {
    (
        wish(any::<bool>().prop_map(Enable::from)),
        wish(expire()),
        ([wish(text()), wish(text()), wish(text())], wish(email())),
        prop::option::of(prop::collection::vec(any::<Index>(), 0..3)),
    )
        .prop_map(|(enable, expire, ([firstname, lastname, comment], email), groups)| {
            (UserWish { enable, expire, firstname, lastname, email, comment, groups: Wish::Leave }, groups)
        })
}

fn token_wish() -> impl Strategy<Value = TokenWish> {
    (wish(text()), wish(expire()), wish(any::<bool>().prop_map(Privsep::from)))
        .prop_map(|(comment, expire, privsep)| TokenWish { comment, expire, privsep, secret: None })
}

/// A user's wish, and the groups to choose once it is known which there are.
type UserDraft = (UserWish, Option<Vec<Index>>);

/// What a file might say, before what contradicts itself or names nobody is dropped from it.
#[derive(Clone, Debug)]
pub struct Draft {
    roles: BTreeMap<RoleId, Presence<Wish<BTreeSet<Privilege>>>>,
    groups: BTreeMap<GroupId, Presence<Wish<Text>>>,
    users: BTreeMap<UserId, Presence<UserDraft>>,
    tokens: BTreeMap<TokenId, Presence<TokenWish>>,
    acl: BTreeMap<Grant, Presence<Propagate>>,
}

pub fn draft() -> impl Strategy<Value = Draft> {
    (
        btree_map(id::<RoleId>(&ROLES), presence(wish(privs())), 0..3),
        btree_map(id::<GroupId>(&GROUPS), presence(wish(text())), 0..3),
        btree_map(id::<UserId>(&USERS), presence(user_wish()), 0..4),
        btree_map(token_id(), presence(token_wish()), 0..4),
        btree_map(grant(), presence(any::<bool>().prop_map(Propagate::from)), 0..16),
    )
        .prop_map(|(roles, groups, users, tokens, acl)| Draft { roles, groups, users, tokens, acl })
}

impl Draft {
    /// The part of the draft that can be asked of a cluster in state `live`.
    pub fn against(self, live: &AccessState) -> Desired {
        let span = nowhere();
        let roles = self
            .roles
            .into_iter()
            .map(|(id, wish)| (id, declared(wish, |privs| RoleWish { privs: located(privs, span) })));
        let groups = self.groups.into_iter().map(|(id, wish)| (id, declared(wish, |comment| GroupWish { comment })));
        let mut desired = Desired { roles: roles.collect(), groups: groups.collect(), ..Desired::default() };
        let groups: Vec<GroupId> = there(&desired.groups, &live.groups);
        for (id, presence) in self.users {
            let wish = declared(presence, |(mut wish, chosen)| {
                if let Some(chosen) = chosen.filter(|_| !groups.is_empty()) {
                    wish.groups =
                        Wish::Set(chosen.into_iter().map(|index| (index.get(&groups).clone(), span)).collect());
                }
                wish
            });
            desired.users.insert(id, wish);
        }
        let users: Vec<UserId> = there(&desired.users, &live.users);
        for (id, presence) in self.tokens {
            if users.contains(id.user()) {
                desired.tokens.insert(id, declared(presence, |wish| wish));
            }
        }
        let roles: Vec<RoleId> = there(&desired.roles, &live.roles);
        let tokens: Vec<TokenId> =
            there(&desired.tokens, &live.tokens).into_iter().filter(|id| users.contains(id.user())).collect();
        for (grant, presence) in self.acl {
            let names_somebody = match &grant.subject {
                Subject::User(user) => users.contains(user),
                Subject::Group(group) => groups.contains(group),
                Subject::Token(token) => tokens.contains(token),
            };
            if names_somebody && roles.contains(&grant.role) {
                desired.acl.insert(grant, (presence, GrantOrigin { path: span, role: span, subject: span }));
            }
        }
        desired
    }
}

fn nowhere() -> Span {
    let source = Sources::default().add(Source { name: String::new(), text: String::new() });
    Span { source, start: 0, end: 0 }
}

fn located(privs: Wish<BTreeSet<Privilege>>, span: Span) -> Wish<BTreeMap<Privilege, Span>> {
    match privs {
        Wish::Leave => Wish::Leave,
        Wish::Set(privs) => Wish::Set(privs.into_iter().map(|privilege| (privilege, span)).collect()),
    }
}

fn declared<T, U>(presence: Presence<T>, convert: impl FnOnce(T) -> U) -> Declared<U> {
    let wish = match presence {
        Presence::Present(wish) => Presence::Present(convert(wish)),
        Presence::Absent => Presence::Absent,
    };
    Declared { wish, span: nowhere() }
}

/// The names that exist once everything declared has been made.
fn there<K: Ord + Clone, T, V>(declared: &BTreeMap<K, Declared<T>>, live: &BTreeMap<K, V>) -> Vec<K> {
    let undeclared = live.keys().filter(|id| !declared.contains_key(id));
    let present =
        declared.iter().filter(|(_, declared)| matches!(declared.wish, Presence::Present(_))).map(|(id, _)| id);
    undeclared.chain(present).cloned().collect()
}
