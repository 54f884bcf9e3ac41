//! What holds of passwords, which no state shows.

use std::collections::BTreeSet;

use proptest::prelude::*;
use pve_access::desired::{Desired, PasswordSource, Presence};
use pve_access::model::AccessState;
use pve_access::plan::{Aim, Objection, Op, Plan};
use pve_access::pve::{Principal, UserId};

use super::generate::{draft, state};
use super::{fold, ops, planned, resolved, seen};

fn declared(desired: &Desired) -> BTreeSet<UserId> {
    let has_one = |presence: &Presence<_>| matches!(presence, Presence::Present(wish) if has_source(wish));
    desired.users.iter().filter(|(_, declared)| has_one(&declared.wish)).map(|(user, _)| user.clone()).collect()
}

fn has_source(wish: &pve_access::desired::UserWish) -> bool {
    matches!(wish.password, Some(PasswordSource::Env(_)))
}

/// The plan that sets passwords of users that are there too, as `reader`.
fn setting(desired: &Desired, live: &AccessState, reader: Option<Principal>) -> Plan {
    let mut live = seen(live);
    live.reader = reader;
    Plan::new(Aim::new(resolved(desired, &live)).setting_passwords())
}

fn is_set(op: &Op) -> bool {
    matches!(op, Op::SetPassword { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_password_is_set_when_its_user_is_made_and_else_left_alone(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, _) = planned(&desired, &live);
        prop_assert!(!ops(&plan).iter().any(is_set));
        let (there, new): (BTreeSet<UserId>, BTreeSet<UserId>) =
            declared(&desired).into_iter().partition(|user| live.users.contains_key(user));
        prop_assert_eq!(plan.aim.passwords.into_keys().collect::<BTreeSet<_>>(), new);
        prop_assert_eq!(plan.aim.uncompared.into_keys().collect::<BTreeSet<_>>(), there);
    }

    /// Asked for, each is set once, and whatever else there is to do is done as it would be without.
    #[test]
    fn setting_passwords_changes_nothing_else(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        let setting = setting(&desired, &live, None);
        let (set, others): (Vec<Op>, Vec<Op>) = ops(&setting).into_iter().partition(is_set);
        prop_assert_eq!(others, ops(&plan));
        prop_assert_eq!(fold(&ops(&setting), &live), target);
        let there = declared(&desired).into_iter().filter(|user| live.users.contains_key(user));
        let wanted: Vec<Op> = there.map(|user| Op::SetPassword { user }).collect();
        prop_assert_eq!(set, wanted);
        prop_assert_eq!(setting.aim.passwords.into_keys().collect::<BTreeSet<_>>(), declared(&desired));
    }

    /// A token is told before anything is sent; a user is not.
    #[test]
    fn a_token_sets_no_password(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let speaks = |reader: &str| {
            let plan = setting(&desired, &live, Some(reader.parse().unwrap()));
            let speaks = plan.objections.iter().any(|objection| matches!(objection, Objection::Passwords(_)));
            (ops(&plan).iter().any(is_set), speaks)
        };
        let (sets, is_told) = speaks("root@pam!admin");
        prop_assert_eq!(is_told, sets);
        prop_assert!(!speaks("root@pam").1);
    }
}
