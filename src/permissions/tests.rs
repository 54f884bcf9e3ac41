//! The rules that surprise, each with the least that shows it.

mod documented;
mod outlines;
mod reasons;

use super::{Evaluator, Privileges};
use crate::model::{AccessState, user_cfg};
use crate::pve::{Principal, Release, UserId};

/// What every table starts from: ann and bob, ann in two groups, with a token that is separated and one that is not;
/// roles that are named for what they hold.
const BASE: &str = "
user:ann@pve:1
token:ann@pve!sep:0:1
token:ann@pve!full:0:0
user:bob@pve:1
token:root@pam!sep:0:1
token:root@pam!full:0:0
group:ops:ann@pve
group:dev:ann@pve,gone@pve
role:Audit:VM.Audit
role:Console:VM.Console
role:Power:VM.PowerMgmt
role:AuditConsole:VM.Audit,VM.Console
role:Nothing:
";

fn state(lines: &str) -> AccessState {
    user_cfg::read(format!("{BASE}{lines}").as_bytes(), Release::MEASURED).state
}

fn who(text: &str) -> Principal {
    text.parse().unwrap()
}

/// `VM.Audit+ VM.Console`: both are held, the first propagates.
fn show(privileges: &Privileges) -> String {
    let one = |(privilege, propagate): (&_, &crate::model::Propagate)| {
        format!("{privilege}{}", if propagate.is_yes() { "+" } else { "" })
    };
    privileges.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Checks rows of who, path, and what is held there after `lines`.
#[track_caller]
fn holds(lines: &str, rows: &[(&str, &str, &str)]) {
    let state = state(lines);
    let evaluator = Evaluator::new(&state);
    for &(principal, path, held) in rows {
        assert_eq!(show(&evaluator.at(&who(principal), path)), held, "{principal} at {path}");
    }
}

#[test]
fn grants_further_down_replace_and_do_not_add() {
    holds(
        "acl:1:/:ann@pve:Audit\nacl:1:/vms/100:ann@pve:Console\nacl:1:/vms/101:ann@pve:Nothing",
        &[
            ("ann@pve", "/vms", "VM.Audit+"),
            ("ann@pve", "/vms/100", "VM.Console+"),
            ("ann@pve", "/vms/100/below", "VM.Console+"),
            ("ann@pve", "/vms/101", ""),
            ("bob@pve", "/", ""),
        ],
    );
}

#[test]
fn grants_that_do_not_propagate_count_and_replace_at_their_path_alone() {
    holds(
        "acl:1:/:ann@pve:Audit\nacl:0:/vms:ann@pve:Console",
        &[("ann@pve", "/vms", "VM.Console"), ("ann@pve", "/vms/100", "VM.Audit+")],
    );
}

#[test]
fn roles_at_one_path_add_up_and_one_propagating_grant_is_enough() {
    holds(
        "acl:1:/:ann@pve:Audit\nacl:0:/:ann@pve:AuditConsole",
        &[("ann@pve", "/", "VM.Audit+ VM.Console"), ("ann@pve", "/vms", "VM.Audit+")],
    );
}

#[test]
fn a_users_grant_hides_those_of_its_groups() {
    holds(
        "acl:1:/vms:@ops:Console\nacl:1:/vms:@dev:Power\nacl:1:/vms/100:ann@pve:Audit\nacl:1:/vms/100:@ops:Power",
        &[("ann@pve", "/vms", "VM.Console+ VM.PowerMgmt+"), ("ann@pve", "/vms/100", "VM.Audit+")],
    );
}

#[test]
fn a_users_grant_hides_those_of_its_groups_only_where_it_reaches() {
    holds(
        "acl:0:/vms:ann@pve:Audit\nacl:1:/vms:@ops:Console",
        &[("ann@pve", "/vms", "VM.Audit"), ("ann@pve", "/vms/100", "VM.Console+")],
    );
}

#[test]
fn a_groups_grant_further_down_replaces_the_users() {
    holds("acl:1:/:ann@pve:Audit\nacl:1:/vms:@ops:Console", &[("ann@pve", "/vms", "VM.Console+")]);
}

#[test]
fn what_the_server_leaves_to_chance_propagates() {
    holds("acl:1:/vms:@ops:Audit\nacl:0:/vms:@dev:Audit", &[("ann@pve", "/vms", "VM.Audit+")]);
    holds("acl:0:/vms:@ops:Audit\nacl:1:/vms:@dev:Audit", &[("ann@pve", "/vms", "VM.Audit+")]);
}

#[test]
fn no_access_wins_at_its_level_only() {
    holds(
        "acl:1:/vms:@ops:NoAccess\nacl:1:/vms:@dev:Audit\nacl:1:/vms/100:@dev:Audit\nacl:1:/storage:ann@pve:Audit\n\
         acl:1:/storage:@ops:NoAccess",
        &[
            ("ann@pve", "/vms", ""),
            ("ann@pve", "/vms/101", ""),
            ("ann@pve", "/vms/100", "VM.Audit+"),
            ("ann@pve", "/storage", "VM.Audit+"),
        ],
    );
}

#[test]
fn separation_intersects() {
    holds(
        "acl:1:/:ann@pve:Audit,Power\nacl:0:/:ann@pve!sep:AuditConsole\nacl:1:/vms:ann@pve!sep:AuditConsole\n\
         acl:1:/:ann@pve!full:Console",
        &[
            ("ann@pve!sep", "/", "VM.Audit"),
            ("ann@pve!sep", "/nodes", ""),
            ("ann@pve!sep", "/vms/100", "VM.Audit+"),
            ("ann@pve!full", "/", "VM.Audit+ VM.PowerMgmt+"),
        ],
    );
}

#[test]
fn a_token_has_no_groups() {
    holds("acl:1:/:@ops:Audit", &[("ann@pve", "/", "VM.Audit+"), ("ann@pve!sep", "/", "")]);
}

#[test]
fn pools_add_to_what_is_held_at_their_members_without_propagating() {
    holds(
        "pool:p::100:nfs1\npool:p/q::101\npool:p/q/r::102\nacl:1:/pool/p:ann@pve:Console\n\
         acl:1:/vms:ann@pve:Audit\nacl:0:/pool/p/q:ann@pve:Power",
        &[
            ("ann@pve", "/vms/100", "VM.Audit+ VM.Console"),
            ("ann@pve", "/vms/100/below", "VM.Audit+"),
            ("ann@pve", "/storage/nfs1", "VM.Console"),
            ("ann@pve", "/vms/101", "VM.Audit+ VM.PowerMgmt"),
            ("ann@pve", "/vms/102", "VM.Audit+ VM.Console"),
            ("ann@pve", "/vms/103", "VM.Audit+"),
        ],
    );
}

#[test]
fn no_access_to_a_pool_is_none_to_its_members_and_the_other_way_round() {
    holds(
        "pool:p::100,101\nacl:1:/pool/p:ann@pve:NoAccess\nacl:1:/vms:ann@pve:Audit",
        &[("ann@pve", "/vms", "VM.Audit+"), ("ann@pve", "/vms/100", "")],
    );
    holds(
        "pool:p::100,101\nacl:1:/pool/p:ann@pve:Audit\nacl:1:/vms/100:ann@pve:NoAccess",
        &[("ann@pve", "/vms/100", ""), ("ann@pve", "/vms/101", "VM.Audit")],
    );
}

#[test]
fn root_needs_no_grant_but_its_separated_tokens_do() {
    let state = state("acl:1:/vms:root@pam!sep:Audit");
    let evaluator = Evaluator::new(&state);
    let all = evaluator.at(&Principal::User(UserId::root()), "anything/at//all");
    assert_eq!(all.len(), 47);
    assert_eq!(evaluator.at(&who("root@pam!full"), "/"), all);
    assert_eq!(show(&evaluator.at(&who("root@pam!sep"), "/vms/100")), "VM.Audit+");
    assert_eq!(show(&evaluator.at(&who("root@pam!sep"), "/nodes")), "");
}

#[test]
fn who_does_not_exist_holds_nothing() {
    holds(
        "acl:1:/:gone@pve,@dev:Audit",
        &[("gone@pve", "/", ""), ("ann@pve!none", "/", ""), ("gone@pve!none", "/", ""), ("root@pam!none", "/", "")],
    );
}

#[test]
fn paths_are_taken_literally() {
    holds(
        "pool:p::100\nacl:1:/:ann@pve:Audit\nacl:1:/vms/101:ann@pve:Console\nacl:1:/pool/p:ann@pve:Power",
        &[
            ("ann@pve", "vms/100", ""),
            ("ann@pve", "vms/101/", "VM.Console+"),
            ("ann@pve", "", ""),
            ("ann@pve", "//", ""),
            ("ann@pve", "/vms/100", "VM.Audit+ VM.PowerMgmt"),
            ("ann@pve", "/vms/100/", "VM.Audit+"),
            ("ann@pve", "//vms//101", "VM.Console+"),
        ],
    );
}

#[test]
fn grants_without_their_role_or_token_are_not_seen() {
    let mut state = state("acl:1:/:ann@pve:Audit\nacl:1:/vms:ann@pve:Console\nacl:1:/nodes/n1:ann@pve!sep:Audit");
    state.roles.remove(&"Console".parse().unwrap());
    state.tokens.remove(&"ann@pve!sep".parse().unwrap());
    let evaluator = Evaluator::new(&state);
    assert_eq!(show(&evaluator.at(&who("ann@pve"), "/vms")), "VM.Audit+");
    assert!(!evaluator.effective(&who("ann@pve")).contains_key("/nodes/n1"));
}

#[test]
fn the_whole_answer_names_the_paths_above_grants_and_the_members_of_pools() {
    let state = state("pool:p/q::100:nfs1\nacl:0:/odd/path:bob@pve:Audit\nacl:1:/pool/p:ann@pve:Audit");
    let evaluator = Evaluator::new(&state);
    let paths = |principal| evaluator.effective(&who(principal)).into_keys().collect::<Vec<_>>();
    assert_eq!(
        paths("root@pam"),
        [
            "/",
            "/access",
            "/access/groups",
            "/nodes",
            "/odd",
            "/odd/path",
            "/pool",
            "/pool/p",
            "/sdn",
            "/storage",
            "/storage/nfs1",
            "/vms",
            "/vms/100"
        ]
    );
    assert_eq!(paths("ann@pve"), ["/pool/p", "/storage/nfs1", "/vms/100"]);
    assert_eq!(paths("bob@pve"), ["/odd/path"]);
    assert_eq!(paths("ann@pve!sep"), [""; 0]);
}
