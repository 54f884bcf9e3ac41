//! Outlines as they are read, and who shares one.

use super::{show, state, who};
use crate::permissions::{Evaluator, Outline};

/// `/vms: VM.Audit+ | VM.Audit+`: what is held there, and what reaches below.
fn lines(outline: &Outline<'_>) -> Vec<String> {
    outline.entries().map(|entry| format!("{}: {} | {}", entry.path, show(entry.here), show(entry.below))).collect()
}

/// Checks the outline of each principal after `lines`.
#[track_caller]
fn outlines(lines: &str, rows: &[(&str, &[&str])]) {
    let state = state(lines);
    let evaluator = Evaluator::new(&state);
    let everyone = evaluator.everyone();
    for &(principal, expected) in rows {
        assert_eq!(self::lines(&evaluator.outline(&who(principal))), expected, "{principal}");
        assert_eq!(self::lines(everyone.outline(&who(principal)).unwrap()), expected, "{principal} among all");
    }
}

#[test]
fn an_entry_is_where_something_changes() {
    outlines(
        "acl:1:/:ann@pve:Audit\nacl:1:/vms:ann@pve:Audit\nacl:1:/vms/100:ann@pve:Console\nacl:0:/nodes:ann@pve:Power\n\
         acl:1:/vms/101:ann@pve:Nothing\nacl:1:/vms/101/x:ann@pve:NoAccess\nacl:0:/sdn:ann@pve:Audit",
        &[
            (
                "ann@pve",
                &[
                    "/: VM.Audit+ | VM.Audit+",
                    "/nodes: VM.PowerMgmt | VM.Audit+",
                    "/sdn: VM.Audit | VM.Audit+",
                    "/vms/100: VM.Console+ | VM.Console+",
                    "/vms/101:  | ",
                ],
            ),
            ("bob@pve", &[]),
            ("ann@pve!sep", &[]),
        ],
    );
}

#[test]
fn what_reaches_below_can_be_other_than_what_propagates_there() {
    outlines("acl:0:/vms:ann@pve:Audit\nacl:1:/vms:@ops:Console", &[("ann@pve", &["/vms: VM.Audit | VM.Console+"])]);
}

#[test]
fn own_grants_change_the_outline_of_the_groups_where_they_are() {
    outlines(
        "group:all:ann@pve,bob@pve\nacl:1:/:@all:Audit\nacl:1:/vms/100:@all:Power\nacl:0:/vms/102:@all:Power\n\
         acl:1:/vms:bob@pve:Console\nacl:1:/storage:@all:Power",
        &[
            (
                "ann@pve",
                &[
                    "/: VM.Audit+ | VM.Audit+",
                    "/storage: VM.PowerMgmt+ | VM.PowerMgmt+",
                    "/vms/100: VM.PowerMgmt+ | VM.PowerMgmt+",
                    "/vms/102: VM.PowerMgmt | VM.Audit+",
                ],
            ),
            (
                "bob@pve",
                &[
                    "/: VM.Audit+ | VM.Audit+",
                    "/storage: VM.PowerMgmt+ | VM.PowerMgmt+",
                    "/vms: VM.Console+ | VM.Console+",
                    "/vms/100: VM.PowerMgmt+ | VM.PowerMgmt+",
                    "/vms/102: VM.PowerMgmt | VM.Console+",
                ],
            ),
        ],
    );
}

/// What is granted at `/` comes back through the pool of a guest, though it is replaced at `/vms`.
#[test]
fn pools_have_entries_at_their_members_where_they_add_something() {
    outlines("pool:p::100\nacl:1:/:bob@pve:Audit", &[("bob@pve", &["/: VM.Audit+ | VM.Audit+"])]);
    outlines(
        "pool:p::100\nacl:1:/:bob@pve:Audit\nacl:1:/vms:bob@pve:Console",
        &[(
            "bob@pve",
            &[
                "/: VM.Audit+ | VM.Audit+",
                "/vms: VM.Console+ | VM.Console+",
                "/vms/100: VM.Audit VM.Console+ | VM.Console+",
            ],
        )],
    );
    outlines(
        "pool:p/q::100:nfs1\nacl:1:/pool/p:@ops:Audit\nacl:1:/pool/p/q:ann@pve:Power",
        &[(
            "ann@pve",
            &[
                "/pool/p: VM.Audit+ | VM.Audit+",
                "/pool/p/q: VM.PowerMgmt+ | VM.PowerMgmt+",
                "/storage/nfs1: VM.PowerMgmt | ",
                "/vms/100: VM.PowerMgmt | ",
            ],
        )],
    );
}

#[test]
fn a_separated_token_holds_what_both_outlines_hold() {
    outlines(
        "acl:1:/:ann@pve:AuditConsole\nacl:1:/vms/100:ann@pve:Power\nacl:0:/vms:ann@pve!sep:Audit\n\
         acl:1:/vms/100:ann@pve!sep:Audit,Power",
        &[("ann@pve!sep", &["/vms: VM.Audit | ", "/vms/100: VM.PowerMgmt+ | VM.PowerMgmt+"])],
    );
}

#[test]
fn root_holds_everything_and_who_is_missing_nothing() {
    let state = state("");
    let evaluator = Evaluator::new(&state);
    let root = evaluator.outline(&who("root@pam"));
    assert_eq!(root.entries().map(|entry| (entry.path, entry.here.len())).collect::<Vec<_>>(), [("/".to_owned(), 47)]);
    assert!(evaluator.outline(&who("gone@pve")).is_empty());
    assert!(evaluator.everyone().outline(&who("gone@pve")).is_none());
    assert!(evaluator.everyone().at(&who("gone@pve"), "/").is_empty());
    assert_eq!(evaluator.everyone().at(&who("root@pam!full"), "/vms/100"), root.at("/"));
}

#[test]
fn outlines_of_different_states_compare_by_what_they_say() {
    let outline = |lines: &str, check: &dyn Fn(&Outline<'_>)| {
        let state = state(lines);
        check(&Evaluator::new(&state).outline(&who("bob@pve")));
    };
    outline("acl:1:/vms:bob@pve:Audit", &|plain| {
        outline("acl:1:/vms:bob@pve:Audit\nacl:1:/vms/100:bob@pve:Audit", &|longer| assert_eq!(plain, longer));
        outline("acl:0:/vms:bob@pve:Audit", &|other| assert_ne!(plain, other));
    });
}

#[test]
fn those_who_are_granted_the_same_share_an_answer() {
    let state = state(
        "user:cat@pve:1\ntoken:cat@pve!full:0:0\ntoken:cat@pve!sep:0:1\nuser:dan@pve:1\ngroup:idle:dan@pve\n\
         acl:1:/:ann@pve,bob@pve,cat@pve,dan@pve:Audit\nacl:1:/vms:ann@pve!sep:Audit\nacl:1:/vms:cat@pve!sep:Audit\n\
         acl:1:/nodes:@ops:Audit",
    );
    let evaluator = Evaluator::new(&state);
    let everyone = evaluator.everyone();
    let mut sharing: Vec<String> =
        everyone.sharing().map(|(who, _)| who.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")).collect();
    sharing.sort();
    assert_eq!(
        sharing,
        [
            "ann@pve ann@pve!full",
            "ann@pve!sep",
            "bob@pve cat@pve dan@pve cat@pve!full",
            "cat@pve!sep",
            "root@pam root@pam!full",
            "root@pam!sep",
        ],
        "dan is in a group that is granted nothing, ann in one that is"
    );
}
