//! Clusters of any size, the same ones each time.

use std::fmt::Write;
use std::ops::Range;

/// The size from which on pmxcfs refuses a `user.cfg` (api-facts.md, Limits that matter for size).
pub const LIMIT: usize = 1 << 20;

/// Of the builtin and the custom roles, those that are granted.
const ROLES: [&str; 8] = ["PVEVMUser", "PVEAuditor", "r0", "PVEVMAdmin", "r1", "PVEDatastoreUser", "r2", "PVEPoolUser"];

/// A `user.cfg` with so many users.
///
/// Everybody is in the group `all`, which is granted PVEAuditor at `/`, and in two teams of about eighty. Each user is
/// granted a role at a guest of its own; every second has a separated token that is granted one there too, every tenth
/// one that is not separated. The guests of twenty users are in one pool, and of four pools two are nested, one in the
/// other. Each team is granted a role at a pool, at a storage and at a mapping; one in ten has NoAccess at its pool. Every
/// seventh grant does not propagate.
pub fn user_cfg(users: usize) -> String {
    let mut text = String::from("user:root@pam:1:0:::::\ntoken:root@pam!admin:0:0::\n");
    let teams = (users / 40).max(2);
    let mut members = vec![Vec::new(); teams];
    for user in 0..users {
        line(&mut text, format_args!("user:u{user}@pve:1:0:::::"));
        if user % 2 == 0 {
            line(&mut text, format_args!("token:u{user}@pve!ci:0:1::"));
        }
        if user % 10 == 0 {
            line(&mut text, format_args!("token:u{user}@pve!full:0:0::"));
        }
        members[scatter(user, 1, teams)].push(user);
        members[scatter(user, 2, teams)].push(user);
    }
    line(&mut text, format_args!("group:all:{}::", names(0..users)));
    for (team, members) in members.into_iter().enumerate() {
        line(&mut text, format_args!("group:t{team}:{}::", names(members)));
    }
    pools(&mut text, users);
    text.push_str("role:r0:VM.Audit,VM.Console:\nrole:r1:VM.PowerMgmt,VM.Snapshot,Datastore.Audit:\nrole:r2::\n");
    grants(&mut text, users, teams);
    text
}

/// The largest of them that a cluster can hold, and how many users it has.
pub fn largest() -> (usize, String) {
    let fits = |users: &usize| user_cfg(*users).len() < LIMIT;
    let (mut most, mut too_many) = (1, LIMIT / 16);
    while most + 1 < too_many {
        let middle = usize::midpoint(most, too_many);
        if fits(&middle) { most = middle } else { too_many = middle }
    }
    (most, user_cfg(most))
}

/// A `user.cfg` in which a group of so many users is granted something at a thousand guests, and each of them something of
/// its own at the path that `own` names and at a node of its own.
pub fn crowd(users: usize, own: fn(usize) -> String) -> String {
    let mut text = String::new();
    (0..users).for_each(|user| line(&mut text, format_args!("user:u{user}@pve:1:0:::::")));
    line(&mut text, format_args!("group:all:{}::", names(0..users)));
    (0..1_000).for_each(|guest| line(&mut text, format_args!("acl:1:/vms/{}:@all:PVEVMUser:", guest + 100)));
    for user in 0..users {
        line(&mut text, format_args!("acl:1:{}:u{user}@pve:PVEAuditor:", own(user)));
        line(&mut text, format_args!("acl:1:/nodes/n{user}:u{user}@pve:PVEAuditor:"));
    }
    text
}

fn pools(text: &mut String, users: usize) {
    for pool in 0..users.div_ceil(20) {
        let guests: Vec<String> = guests(pool, users).map(|guest| guest.to_string()).collect();
        line(text, format_args!("pool:{}::{}:s{}:", name(pool), guests.join(","), scatter(pool, 3, 40)));
    }
}

fn grants(text: &mut String, users: usize, teams: usize) {
    line(text, format_args!("acl:1:/:@all:PVEAuditor:"));
    for user in 0..users {
        let (guest, role) = (user + 100, ROLES[scatter(user, 4, ROLES.len())]);
        line(text, format_args!("acl:{}:/vms/{guest}:u{user}@pve:{role}:", u8::from(user % 7 != 0)));
        if user % 2 == 0 {
            line(text, format_args!("acl:1:/vms/{guest}:u{user}@pve!ci:PVEVMUser:"));
        }
    }
    for team in 0..teams {
        let role = if team % 10 == 9 { "NoAccess" } else { ROLES[scatter(team, 5, ROLES.len())] };
        let pool = name(scatter(team, 6, users.div_ceil(20)));
        line(text, format_args!("acl:{}:/pool/{pool}:@t{team}:{role}:", u8::from(team % 7 != 0)));
        line(text, format_args!("acl:1:/storage/s{}:@t{team}:PVEDatastoreUser:", scatter(team, 7, 40)));
        line(text, format_args!("acl:1:/mapping/pci/m{}:@t{team}:PVEMappingUser:", scatter(team, 8, 100)));
    }
}

/// Twenty users' guests are in each pool.
fn guests(pool: usize, users: usize) -> Range<usize> {
    100 + pool * 20..100 + (pool * 20 + 20).min(users)
}

/// `p0`, `p0/p1`, `p0/p1/p2`, `p3`, `p4`, `p4/p5`...
fn name(pool: usize) -> String {
    match pool % 4 {
        1 => format!("p{}/p{pool}", pool - 1),
        2 => format!("p{}/p{}/p{pool}", pool - 2, pool - 1),
        _ => format!("p{pool}"),
    }
}

fn names(users: impl IntoIterator<Item = usize>) -> String {
    let names: Vec<String> = users.into_iter().map(|user| format!("u{user}@pve")).collect();
    names.join(",")
}

/// A number below `end` that looks like chance and is none.
fn scatter(number: usize, salt: usize, end: usize) -> usize {
    let mixed = (number * 8 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) % end
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string can be written to");
}
