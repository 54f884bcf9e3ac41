//! Every reason that a grant can have to be silent, and every basis of an answer.

use std::fmt::Write;

use super::{show, state, who};
use crate::permissions::{Basis, Evaluator, Explanation, Hidden, Reason, Side};
use crate::pve::Privilege;

fn hidden(hidden: &Hidden<'_>) -> String {
    let Hidden { grant, role: _, propagate: _, pool, reason } = hidden;
    let why = match reason {
        Reason::NotPropagated => "does not propagate".to_owned(),
        Reason::Replaced { at } => format!("replaced at {at}"),
        Reason::OwnGrant { by } => format!("own {} at {}", by.role, by.path),
        Reason::NoAccess { by } => format!("NoAccess at {} to {}", by.path, by.subject),
        Reason::NoAccessAtPath { by } => format!("NoAccess at the path: {} to {}", by.path, by.subject),
        Reason::NoAccessAtPool { by, pool } => format!("NoAccess at pool {pool}: {} to {}", by.path, by.subject),
    };
    let pool = pool.map(|pool| format!(" in {pool}")).unwrap_or_default();
    format!("- {} {} {}{pool}: {why}\n", grant.role, grant.path, grant.subject)
}

/// `+ Audit /vms @ops` for what decides, with `+` after it if it reaches below, `-` for what does not.
fn side(side: &Side<'_>) -> String {
    let mut text = format!("{}\n", side.subject);
    for deciding in &side.deciding {
        let below = if deciding.propagate.is_yes() { " +" } else { "" };
        write!(text, "+ {} {} {}{below}", deciding.grant.role, deciding.grant.path, deciding.grant.subject).unwrap();
        deciding.pools.iter().for_each(|pool| write!(text, " in {pool}").unwrap());
        text.push('\n');
    }
    text.extend(side.hidden.iter().map(hidden));
    text
}

fn told(explanation: &Explanation<'_>) -> String {
    let basis = match &explanation.basis {
        Basis::NoUser => "no user",
        Basis::NoToken => "no token",
        Basis::Everything(_) => "everything",
        Basis::User(_) => "user",
        Basis::Token(_) => "token",
        Basis::Both { .. } => "both",
    };
    let mut text = format!("{basis}\n");
    text.extend(explanation.sides().map(side));
    text.extend(explanation.ignored.iter().map(|grant| format!("ignored {} {}\n", grant.role, grant.path)));
    text
}

/// Checks what is said of `principal` at `path` after `lines`, and that it comes to the answer.
#[track_caller]
fn tells(lines: &str, principal: &str, path: &str, expected: &str) {
    let state = state(lines);
    let evaluator = Evaluator::new(&state);
    let explanation = evaluator.explain(&who(principal), path);
    let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(told(&explanation), expected);
    assert_eq!(explanation.privileges(), evaluator.at(&who(principal), path));
}

#[test]
fn grants_further_down_replace() {
    tells(
        "acl:1:/:ann@pve:Audit\nacl:0:/:ann@pve:Power\nacl:1:/vms:@ops:Console\nacl:1:/vms/100:ann@pve:Audit",
        "ann@pve",
        "/vms/100/below",
        "user
         ann@pve
         + Audit /vms/100 ann@pve +
         - Audit / ann@pve: replaced at /vms
         - Power / ann@pve: does not propagate
         - Console /vms @ops: replaced at /vms/100",
    );
}

#[test]
fn an_own_grant_hides_those_of_the_groups_where_it_reaches() {
    let lines = "acl:1:/vms:@ops,@dev:Console\nacl:0:/vms:ann@pve:Audit";
    tells(
        lines,
        "ann@pve",
        "/vms",
        "user
         ann@pve
         + Audit /vms ann@pve
         - Console /vms @dev: own Audit at /vms
         - Console /vms @ops: own Audit at /vms",
    );
    tells(
        lines,
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + Console /vms @dev +
         + Console /vms @ops +
         - Audit /vms ann@pve: does not propagate",
    );
}

#[test]
fn no_access_silences_its_level() {
    tells(
        "acl:1:/vms:@ops:NoAccess\nacl:1:/vms:@dev:Audit",
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + NoAccess /vms @ops +
         - Audit /vms @dev: NoAccess at /vms to @ops",
    );
}

/// The path's own is the one that decides, and is named as the reason for all that comes through pools.
#[test]
fn no_access_at_the_path_goes_before_that_of_its_pool() {
    tells(
        "pool:p::100\nacl:1:/pool/p:@ops:NoAccess\nacl:1:/pool/p:@dev:Audit\nacl:1:/vms:ann@pve:NoAccess",
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + NoAccess /vms ann@pve +
         - Audit /pool/p @dev in p: NoAccess at the path: /vms to ann@pve
         - NoAccess /pool/p @ops in p: NoAccess at the path: /vms to ann@pve",
    );
}

/// A storage can be in several pools.
#[test]
fn no_access_at_several_pools_decides_at_each() {
    tells(
        "pool:p:::local\npool:q:::local\nacl:1:/pool/p:@ops:NoAccess\nacl:1:/pool/q:@dev:NoAccess\n\
         acl:1:/pool/q:@ops:Audit\nacl:1:/storage:@ops:Power",
        "ann@pve",
        "/storage/local",
        "user
         ann@pve
         + NoAccess /pool/p @ops in p
         + NoAccess /pool/q @dev in q
         - Audit /pool/q @ops in q: NoAccess at /pool/q to @dev
         - Power /storage @ops: NoAccess at pool p: /pool/p to @ops",
    );
}

#[test]
fn no_access_at_the_path_silences_the_pools() {
    tells(
        "pool:p::100\nacl:1:/pool/p:ann@pve:Audit\nacl:1:/pool:ann@pve:Power\nacl:1:/vms:ann@pve:NoAccess",
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + NoAccess /vms ann@pve +
         - Power /pool ann@pve in p: replaced at /pool/p
         - Audit /pool/p ann@pve in p: NoAccess at the path: /vms to ann@pve",
    );
}

#[test]
fn no_access_at_a_pool_silences_the_path_and_the_other_pools() {
    tells(
        "pool:p:::nfs1\npool:q/r:::nfs1\nacl:1:/storage:ann@pve:Audit\nacl:1:/pool/p:ann@pve:Audit\n\
         acl:1:/pool/q:@ops:NoAccess\nacl:1:/pool/q:@dev:Power",
        "ann@pve",
        "/storage/nfs1",
        "user
         ann@pve
         + NoAccess /pool/q @ops in q/r
         - Audit /pool/p ann@pve in p: NoAccess at pool q/r: /pool/q to @ops
         - Power /pool/q @dev in q/r: NoAccess at /pool/q to @ops
         - Audit /storage ann@pve: NoAccess at pool q/r: /pool/q to @ops",
    );
}

/// Both pools give what is granted above them; the grant at `/` counts through the pools though it is replaced at
/// `/storage`, where the server looks for itself.
#[test]
fn nested_pools_give_what_is_granted_above_them() {
    tells(
        "pool:p/a:::nfs1\npool:p/b:::nfs1\npool:p/b/c:::nfs1\nacl:1:/pool/p:@ops:Console\nacl:0:/pool/p:ann@pve:Power\n\
         acl:1:/pool/p/b/c:ann@pve:Power\nacl:1:/storage:ann@pve:Audit",
        "ann@pve",
        "/storage/nfs1",
        "user
         ann@pve
         + Console /pool/p @ops in p/a in p/b
         + Power /pool/p/b/c ann@pve in p/b/c
         + Audit /storage ann@pve +
         - Power /pool/p ann@pve in p/a: does not propagate",
    );
    tells(
        "pool:p::100\nacl:1:/:ann@pve:Audit\nacl:1:/vms:ann@pve:Console",
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + Audit / ann@pve in p
         + Console /vms ann@pve +",
    );
    tells(
        "pool:p::100\nacl:1:/:ann@pve:Audit",
        "ann@pve",
        "/vms/100",
        "user
         ann@pve
         + Audit / ann@pve +",
    );
}

#[test]
fn a_separated_token_has_two_sides() {
    tells(
        "acl:1:/:@ops:Audit\nacl:0:/:ann@pve!sep:Audit\nacl:1:/:ann@pve!full:Power",
        "ann@pve!sep",
        "/vms",
        "both
         ann@pve!sep
         - Audit / ann@pve!sep: does not propagate
         ann@pve
         + Audit / @ops +",
    );
}

#[test]
fn a_token_that_is_not_separated_has_its_users_side_and_is_ignored_itself() {
    tells(
        "pool:p::100\nacl:1:/:@ops:Audit\nacl:1:/:ann@pve!full:Power\nacl:1:/pool/p:ann@pve!full:Power\n\
         acl:1:/vms/101:ann@pve!full:Power",
        "ann@pve!full",
        "/vms/100",
        "user
         ann@pve
         + Audit / @ops +
         ignored Power /
         ignored Power /pool/p",
    );
}

#[test]
fn root_and_its_tokens() {
    let lines = "acl:1:/vms:root@pam!sep,root@pam!full:Audit";
    tells(lines, "root@pam", "/vms", "everything");
    tells(lines, "root@pam!full", "/vms", "everything\nignored Audit /vms");
    tells(lines, "root@pam!sep", "/vms", "token\nroot@pam!sep\n+ Audit /vms root@pam!sep +");
}

#[test]
fn who_does_not_exist() {
    let lines = "acl:1:/:gone@pve,@dev:Audit";
    tells(lines, "gone@pve", "/vms", "no user\nignored Audit /");
    tells(lines, "gone@pve!none", "/vms", "no user");
    tells(lines, "ann@pve!none", "/vms", "no token");
}

#[test]
fn says_what_gives_a_privilege_what_would_and_who_lacks_it() {
    let state = state(
        "acl:1:/:ann@pve:AuditConsole\nacl:1:/:@ops:Power\nacl:1:/vms:ann@pve:Audit\nacl:1:/vms:ann@pve!sep:AuditConsole",
    );
    let evaluator = Evaluator::new(&state);
    let explanation = evaluator.explain(&who("ann@pve!sep"), "/vms");
    let asked = |privilege: &str| -> Privilege { privilege.parse().unwrap() };
    let roles = |privilege: &str| {
        let privilege = asked(privilege);
        let given = explanation.sides().map(|side| {
            let giving = side.giving(&privilege).map(|deciding| format!("+{}", deciding.grant.role));
            let withholding = side.withholding(&privilege).map(|hidden| format!("-{}", hidden.grant.role));
            giving.chain(withholding).collect::<Vec<_>>().join(" ")
        });
        let lacking: Vec<String> = explanation.lacking(&privilege).map(|side| side.subject.to_string()).collect();
        (explanation.holds(&privilege), given.collect::<Vec<_>>().join(" | "), lacking.join(" "))
    };
    assert_eq!(roles("VM.Audit"), (true, "+AuditConsole | +Audit -AuditConsole".to_owned(), String::new()));
    assert_eq!(roles("VM.Console"), (false, "+AuditConsole | -AuditConsole".to_owned(), "ann@pve".to_owned()));
    assert_eq!(roles("VM.PowerMgmt"), (false, " | -Power".to_owned(), "ann@pve!sep ann@pve".to_owned()));
    assert_eq!(show(&explanation.privileges()), "VM.Audit+");
    assert!(!evaluator.explain(&who("gone@pve"), "/").holds(&asked("VM.Audit")));
    assert!(evaluator.explain(&who("root@pam"), "/").holds(&asked("VM.Audit")));
}

#[test]
fn a_denied_side_names_what_denies() {
    let state = state("acl:1:/:@ops:NoAccess\nacl:1:/:@dev:Audit");
    let evaluator = Evaluator::new(&state);
    let explanation = evaluator.explain(&who("ann@pve"), "/");
    let denying: Vec<String> =
        explanation.sides().flat_map(Side::denying).map(|deciding| deciding.grant.subject.to_string()).collect();
    assert_eq!(denying, ["@ops"]);
}
