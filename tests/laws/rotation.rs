//! What holds of renewing secrets, in place and by making tokens anew.

use std::collections::BTreeSet;

use proptest::prelude::*;
use pve_access::model::AccessState;
use pve_access::plan::{Aim, Objection, Op, Plan};
use pve_access::pve::{Release, Subject, TokenId};
use pve_access::resolve::{Unsunk, renew};

use super::generate::{crowd, draft, state};
use super::{NOW, fold, ops, planned, seen, unmet};

/// The last release that does not renew secrets in place.
const OLDER: Release = Release::new(9, 0);

fn on(release: Release, state: &AccessState) -> AccessState {
    AccessState { release, ..state.clone() }
}

/// New secrets for some of the tokens of `live`, and nothing else.
fn renewal(live: &AccessState, chosen: &prop::sample::Index) -> (Plan, BTreeSet<TokenId>) {
    let number = chosen.index(live.tokens.len() + 1);
    let renewed: BTreeSet<TokenId> = live.tokens.keys().take(number).cloned().collect();
    let live = seen(live);
    let resolved = renew(&Default::default(), &live, renewed.clone(), Unsunk::Show, NOW).unwrap();
    (Plan::new(Aim::new(resolved)), renewed)
}

/// What is done with one token: its rotation, or its deletion with what comes directly after it.
fn secrets_of(ops: &[Op]) -> Result<Vec<TokenId>, String> {
    let mut renewed = Vec::new();
    let mut ops = ops.iter().peekable();
    while let Some(op) = ops.next() {
        match op {
            Op::RotateToken { token, .. } => renewed.push(token.clone()),
            Op::DeleteToken { token } if matches!(ops.peek(), Some(Op::CreateToken { token: made, .. }) if made == token) =>
            {
                ops.next();
                let own = BTreeSet::from([Subject::Token(token.clone())]);
                while ops.next_if(|op| matches!(op, Op::Grant { batch, .. } if *batch.subjects() == own)).is_some() {}
                renewed.push(token.clone());
            }
            other => return Err(format!("{other:?} stands between")),
        }
    }
    Ok(renewed)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Everybody may do what it could do before, each grant is there, and each token's requests stand together.
    #[test]
    fn a_new_secret_changes_nothing_else(live in state(), chosen in any::<prop::sample::Index>(), is_older in any::<bool>()) {
        let live = on(if is_older { OLDER } else { Release::MEASURED }, &live);
        let (plan, renewed) = renewal(&live, &chosen);
        let ops = ops(&plan);
        let mut state = live.clone();
        for op in &ops {
            prop_assert_eq!(unmet(op, &state), None);
            op.apply_to(&mut state);
        }
        prop_assert_eq!(&state, &live);
        prop_assert!(plan.diff.is_empty() && plan.effect.is_empty());
        prop_assert!(plan.residue(&live).is_empty());
        let secrets = secrets_of(&ops).map_err(TestCaseError::fail)?;
        prop_assert_eq!(secrets.len(), renewed.len());
        prop_assert_eq!(secrets.into_iter().collect::<BTreeSet<_>>(), renewed);
    }

    /// On its way back, no token can do more than it could.
    #[test]
    fn making_a_token_anew_lets_nobody_do_more((live, _) in crowd(), chosen in any::<prop::sample::Index>()) {
        let (plan, _) = renewal(&on(OLDER, &live), &chosen);
        let escalates = |objection: &Objection| matches!(objection, Objection::Escalation(_));
        prop_assert!(!plan.objections.iter().any(escalates), "{:#?}\n{:#?}", plan.steps, plan.objections);
    }

    /// An older release gets to the same target, by requests that it knows.
    #[test]
    fn an_older_release_gets_there_too(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (newer, _) = planned(&desired, &live);
        let older = on(OLDER, &live);
        let (plan, target) = planned(&desired, &older);
        let mut state = older.clone();
        for op in ops(&plan) {
            prop_assert_eq!(unmet(&op, &state), None);
            op.apply_to(&mut state);
        }
        prop_assert_eq!(&state, &target);
        prop_assert_eq!(fold(&ops(&newer), &live), on(Release::MEASURED, &target));
        prop_assert_eq!(&newer.aim.renewed, &plan.aim.renewed);
    }

    /// What was renewed is not due again, and what ends soon, late or never is.
    #[test]
    fn what_is_due_is_renewed_once(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        for (token, declared) in &desired.tokens {
            let pve_access::desired::Presence::Present(wish) = &declared.wish else { continue };
            let Some(rotation) = wish.rotate else { continue };
            let end = u64::from(target.tokens[token].expire);
            prop_assert!(end > NOW + rotation.before && end <= NOW + rotation.every + 3_600, "{}", end);
            if let Some(there) = live.tokens.get(token) {
                let left = u64::from(there.expire).checked_sub(NOW);
                let is_due = left.is_none_or(|left| left < rotation.before);
                prop_assert_eq!(plan.aim.renewed.contains(token), is_due);
            }
        }
        let (again, _) = planned(&desired, &target);
        prop_assert!(again.aim.renewed.is_empty());
    }
}
