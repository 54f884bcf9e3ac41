//! States and documents over a handful of names, so that they meet often.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use pve_access::desired::{
    Declared, Desired, GrantOrigin, GroupWish, PasswordSource, Presence, RoleWish, Rotation, TokenWish, UserWish, Wish,
};
use pve_access::diagnostic::{Source, Sources, Span};
use pve_access::model::{
    AccessState, Enable, Expire, Grant, Group, Origin, Pool, Privsep, Propagate, Role, Text, Token, User,
};
use pve_access::pve::{AclPath, GroupId, Privilege, Release, RoleId, Subject, TokenId, UserId, VmId, builtin_roles};

type Words = &'static [&'static str];

/// The names to choose from.
#[derive(Clone, Copy)]
pub struct Names {
    roles: Words,
    grantable: Words,
    groups: Words,
    users: Words,
    tokens: Words,
    paths: Words,
    privileges: Words,
    expire: &'static [u64],
}

const WIDE: Names = Names {
    roles: &["R0", "R1", "R2", "R3"],
    grantable: &["R0", "R1", "R2", "R3", "PVEAuditor", "NoAccess"],
    groups: &["g0", "g1", "g2", "g3"],
    users: &["u0@pve", "u1@pve", "u2@pam", "u3@ldap", "a!b@pve"],
    tokens: &["t0", "t1"],
    paths: &["/", "/vms", "/vms/100", "/pool/p0"],
    privileges: &["VM.Audit", "VM.Console", "Sys.Audit", "Permissions.Modify"],
    expire: &[0, 1_000, 1_804_000_000, 4_102_444_800],
};

/// So few that changes get in each other's way.
const NARROW: Names = Names {
    roles: &["R0", "R1", "R2"],
    grantable: &["R0", "R1", "R2", "NoAccess"],
    groups: &["g0", "g1"],
    users: &["u0@pve", "u1@pve"],
    tokens: &["t0"],
    paths: &["/", "/vms", "/vms/100", "/pool/p0"],
    privileges: &["VM.Audit", "VM.Console", "Permissions.Modify"],
    expire: &[0, 0, 0, 0, 1_000],
};

fn id<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(names: Words) -> impl Strategy<Value = T> + Clone {
    select(names).prop_map(|name| name.parse().unwrap())
}

fn text() -> impl Strategy<Value = Text> + Clone {
    select(&["", "a", "b:c", " padded ", "0", "two\nlines ü"][..]).prop_map(Text::from)
}

/// The server looks at these.
fn email() -> impl Strategy<Value = Text> + Clone {
    select(&["", "a@example.com", "b+c@example.org"][..]).prop_map(Text::from)
}

fn expire(names: Names) -> impl Strategy<Value = Expire> + Clone {
    select(names.expire).prop_map(Expire::from)
}

fn privs(names: Names) -> impl Strategy<Value = BTreeSet<Privilege>> + Clone {
    btree_set(id::<Privilege>(names.privileges), 0..3)
}

fn token_id(names: Names) -> impl Strategy<Value = TokenId> + Clone {
    (id::<UserId>(names.users), select(names.tokens)).prop_map(|(user, name)| TokenId::new(user, name).unwrap())
}

fn subject(names: Names) -> impl Strategy<Value = Subject> + Clone {
    prop_oneof![
        id::<UserId>(names.users).prop_map(Subject::User),
        id::<GroupId>(names.groups).prop_map(Subject::Group),
        token_id(names).prop_map(Subject::Token),
    ]
}

fn grant(names: Names) -> impl Strategy<Value = Grant> + Clone {
    (id::<AclPath>(names.paths), subject(names), id::<RoleId>(names.grantable))
        .prop_map(|(path, subject, role)| Grant { path, subject, role })
}

fn user(names: Names) -> impl Strategy<Value = User> {
    (any::<bool>(), expire(names), [text(), text(), text(), text(), text()]).prop_map(|(enable, expire, texts)| {
        let [firstname, lastname, email, comment, keys] = texts;
        User { enable: enable.into(), expire, firstname, lastname, email, comment, keys }
    })
}

fn token(names: Names) -> impl Strategy<Value = Token> {
    (text(), expire(names), any::<bool>()).prop_map(|(comment, expire, privsep)| Token {
        comment,
        expire,
        privsep: privsep.into(),
    })
}

/// Any state that a server could hold: vanished members and grants of vanished users and groups included.
pub fn state() -> impl Strategy<Value = AccessState> {
    state_of(WIDE)
}

fn state_of(names: Names) -> impl Strategy<Value = AccessState> {
    (
        btree_map(id::<RoleId>(names.roles), privs(names), 0..4),
        btree_map(id::<GroupId>(names.groups), text(), 0..4),
        btree_map(id::<UserId>(names.users), user(names), 0..5),
        btree_map(token_id(names), token(names), 0..6),
        btree_map(id::<UserId>(names.users), btree_set(id::<GroupId>(names.groups), 1..4), 0..5),
        btree_map(grant(names), any::<bool>(), 0..24),
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

fn user_wish(names: Names) -> impl Strategy<Value = UserDraft> {
    (
        wish(any::<bool>().prop_map(Enable::from)),
        wish(expire(names)),
        ([wish(text()), wish(text()), wish(text())], wish(email())),
        prop::option::of(prop::collection::vec(any::<Index>(), 0..3)),
        prop::option::of(Just(PasswordSource::Env(PASSWORD.to_owned()))),
    )
        .prop_map(|(enable, expire, ([firstname, lastname, comment], email), groups, password)| {
            (UserWish { enable, expire, firstname, lastname, email, comment, groups: Wish::Leave, password }, groups)
        })
}

fn token_wish(names: Names) -> impl Strategy<Value = TokenWish> {
    let rotation = Rotation { every: 7_776_000, before: 1_209_600 };
    let ends = prop_oneof![3 => wish(expire(names)).prop_map(|expire| (expire, None)), 1 => Just((Wish::Leave, Some(rotation)))];
    (wish(text()), ends, wish(any::<bool>().prop_map(Privsep::from)))
        .prop_map(|(comment, (expire, rotate), privsep)| TokenWish { comment, expire, privsep, secret: None, rotate })
}

/// A variable that is set in every test, to what can be a password.
const PASSWORD: &str = "CARGO_PKG_NAME";

/// A user's wish, and the groups to choose once it is known which there are.
type UserDraft = (UserWish, Option<Vec<Index>>);

/// A state in which few share much, and a draft that meets it often: with a pool or two, most users enabled.
pub fn crowd() -> impl Strategy<Value = (AccessState, Draft)> {
    let enabled = prop::collection::vec(prop::bool::weighted(0.7), NARROW.users.len());
    (state_of(NARROW), draft_of(NARROW), enabled, any::<bool>()).prop_map(|(mut state, draft, enabled, has_pool)| {
        state.users.values_mut().zip(enabled).for_each(|(user, enabled)| {
            user.enable = Enable::from(user.enable.is_yes() || enabled);
        });
        if has_pool {
            let pool = Pool { vms: BTreeSet::from([VmId::stored(100)]), ..Pool::default() };
            state.pools.insert("p0".parse().unwrap(), pool);
        }
        (state, draft)
    })
}

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
    draft_of(WIDE)
}

fn draft_of(names: Names) -> impl Strategy<Value = Draft> {
    (
        btree_map(id::<RoleId>(names.roles), presence(wish(privs(names))), 0..3),
        btree_map(id::<GroupId>(names.groups), presence(wish(text())), 0..3),
        btree_map(id::<UserId>(names.users), presence(user_wish(names)), 0..4),
        btree_map(token_id(names), presence(token_wish(names)), 0..4),
        btree_map(grant(names), presence(any::<bool>().prop_map(Propagate::from)), 0..16),
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
                wish.password.take_if(|_| id.realm() != "pve");
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
