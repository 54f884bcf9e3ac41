//! States in which everything is named and described as awkwardly as a server bears it.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::select;
use pve_access::model::{AccessState, Expire, Grant, Group, Origin, Role, Text, Token, User};
use pve_access::pve::{AclPath, GroupId, Privilege, Release, RoleId, Subject, TokenId, UserId, builtin_roles};

const ROLES: [&str; 14] = [
    "R0",
    ".",
    "..",
    "VM.Audit",
    "pveauditor",
    "PVEfoo",
    "pve",
    "noaccess",
    "privs",
    "administrator",
    "Administratr",
    "1",
    "null",
    "Yes",
];
/// As far as they exist: some that nobody declares, and one that is nowhere.
const GRANTABLE: [&str; 9] =
    ["R0", "VM.Audit", "pveauditor", "PVEfoo", ".", "PVEAuditor", "NoAccess", "PVEVMUsers", "Nowhere"];
const GROUPS: [&str; 16] = [
    "ops",
    "Ops",
    ".",
    "..",
    "...",
    "-",
    "0",
    "null",
    "No",
    "comment",
    "state",
    "1e3",
    "0x1F",
    "_",
    "2027-06-30",
    "groups",
];
const USERS: [&str; 34] = [
    "ann@pve",
    "bob@pam",
    "root@pam",
    "gone@nosuch",
    "ü@pve",
    "a,b@pve",
    "a;b@pve",
    "@x@pve",
    "a!b@pve",
    "a@b@pve",
    "a#b@pve",
    "'q'@pve",
    "\"@pve",
    "{x}@pve",
    "[@pve",
    "*@pve",
    "&a@pve",
    "%@pve",
    "a=b@pve",
    "-@pve",
    "?@pve",
    "~@pve",
    "null@pve",
    "PVEAPIToken=a@pve",
    "\u{1b}[31m@pve",
    "\u{202e}x@pve",
    "\u{0}@pve",
    "a\\b@pve",
    "|@pve",
    "=12345678-abcd-ef01-2345-6789abcdef01@pve",
    "```@pve",
    "<script>@pve",
    "](x)@pve",
    "+++@pve",
];
const TOKENS: [&str; 4] = ["tk", "a.b-c_", "null", "state"];
const PRIVILEGES: [&str; 7] =
    ["VM.Audit", "Sys.Audit", "Permissions.Modify", "VM.Monitor", "VM.Teleport", "VM.Audits", "VM.Config.Network"];
const PATHS: [&str; 16] = [
    "/",
    "/vms",
    "/vms/100",
    "/vms/99",
    "/nodes/pve",
    "/nodes/0",
    "/0",
    "/foo",
    "/access/users",
    "/pool/a",
    "/pool/a/b",
    "/pool/a-b",
    "/storage/-",
    "/storage/1e3",
    "/sdn/zones/z/v/0",
    "/nodes/..",
];
const TEXTS: [&str; 51] = [
    "",
    "plain",
    "two\nlines",
    "\ttab",
    "a: b",
    "a #b",
    "# a",
    "- a",
    "? a",
    "true",
    "No",
    "null",
    "~",
    "0123",
    "1.5",
    "1e3",
    "2027-06-30",
    "0x85",
    "12:30:45",
    "\u{85}",
    "\u{0}",
    "\u{1b}[31mred",
    "\u{7f}",
    "\u{202e}right to left",
    "\u{200b}",
    "\u{feff}",
    "\u{2028}",
    "\u{1f980}\u{1f468}\u{200d}\u{1f469}",
    "שלום",
    "\"",
    "'",
    "\\",
    "\\n",
    "[a, b]",
    "{a: b}",
    "&a *b !c",
    "<<",
    "---",
    "...",
    "t=12345678-abcd-ef01-2345-6789abcdef01",
    "a | b |",
    "</summary></details><script>alert(1)</script>",
    "`` ``` ```` `````",
    "\n```\n",
    "[a](javascript:x) ![b](http://x)",
    "@everyone #1 www.example.com",
    "+++ planned",
    "--- live",
    "@@ -1 +1 @@",
    "\r\n",
    "\u{9b}31m",
];

fn id<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(
    names: &'static [&'static str],
) -> impl Strategy<Value = T> + Clone {
    select(names).prop_map(|name| name.parse().unwrap())
}

fn group() -> impl Strategy<Value = GroupId> + Clone {
    // The server knows no end to the length of a group's name; YAML does, to that of a key.
    prop_oneof![15 => id::<GroupId>(&GROUPS), 1 => Just("long".repeat(300).parse().unwrap())]
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        6 => select(&TEXTS[..]).prop_map(Text::from),
        2 => any::<String>().prop_map(Text::from),
        1 => (1_000_usize..2_100).prop_map(|length| Text::from("lorem ".repeat(length / 6).as_str())),
    ]
}

fn email() -> impl Strategy<Value = Text> {
    select(&["", "", "ann@example.com", "nonsense", "a@b@c", "ü@example.com"][..]).prop_map(Text::from)
}

fn expire() -> impl Strategy<Value = Expire> {
    select(
        &[
            0_u64,
            0,
            1,
            86_400,
            20_301_231,
            1_814_356_800,
            4_102_444_800,
            253_402_207_200,
            253_402_207_201,
            253_402_300_799,
            253_402_300_800,
            1 << 53,
            (1 << 53) + 1,
            u64::MAX,
        ][..],
    )
    .prop_map(Expire::from)
}

fn user() -> impl Strategy<Value = User> {
    (any::<bool>(), expire(), [text(), text(), text()], email()).prop_map(|(enable, expire, texts, email)| {
        let [firstname, lastname, comment] = texts;
        User { enable: enable.into(), expire, firstname, lastname, email, comment, keys: Text::from("x") }
    })
}

fn token() -> impl Strategy<Value = Token> {
    (text(), expire(), any::<bool>()).prop_map(|(comment, expire, privsep)| Token {
        comment,
        expire,
        privsep: privsep.into(),
    })
}

fn token_id() -> impl Strategy<Value = TokenId> {
    (id::<UserId>(&USERS), select(&TOKENS[..])).prop_map(|(user, name)| TokenId::new(user, name).unwrap())
}

fn grant() -> impl Strategy<Value = Grant> {
    let subject = prop_oneof![
        2 => id::<UserId>(&USERS).prop_map(Subject::User),
        3 => group().prop_map(Subject::Group),
        2 => token_id().prop_map(Subject::Token),
    ];
    (id::<AclPath>(&PATHS), subject, id::<RoleId>(&GRANTABLE)).prop_map(|(path, subject, role)| Grant {
        path,
        subject,
        role,
    })
}

/// A state that holds odd names, hostile texts, and relations to what does not exist.
pub fn odd_state() -> impl Strategy<Value = AccessState> {
    (
        btree_map(id::<RoleId>(&ROLES), btree_set(id::<Privilege>(&PRIVILEGES), 0..4), 0..8),
        btree_map(group(), text(), 0..8),
        btree_map(id::<UserId>(&USERS), user(), 0..12),
        btree_map(token_id(), token(), 0..10),
        btree_map(id::<UserId>(&USERS), btree_set(group(), 1..4), 0..12),
        btree_map(grant(), any::<bool>(), 0..40),
        any::<bool>(),
    )
        .prop_map(|(roles, groups, users, tokens, memberships, acl, is_newer)| {
            let mut state = AccessState::empty(Release::MEASURED);
            let builtin = |privs| Role { privs, origin: Origin::Builtin };
            state.roles = builtin_roles().into_iter().map(|(id, privs)| (id, builtin(privs))).collect();
            if is_newer {
                let privs = BTreeSet::from(["VM.Teleport".parse().unwrap(), "VM.Audits".parse().unwrap()]);
                state.roles.insert("PVEVMUsers".parse().unwrap(), builtin(privs));
            }
            state.roles.extend(roles.into_iter().map(|(id, privs)| (id, Role { privs, origin: Origin::Custom })));
            state.groups = groups.into_iter().map(|(id, comment)| (id, Group { comment })).collect();
            state.users = users;
            state.tokens = tokens;
            for (user, mut groups) in memberships {
                groups.retain(|group| state.groups.contains_key(group));
                state.set_groups_of(&user, groups);
            }
            state.acl = acl.into_iter().map(|(grant, yes)| (grant, yes.into())).collect();
            state
        })
}
