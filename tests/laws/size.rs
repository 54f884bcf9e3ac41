//! What holds of the guard `size`: it names the first step after which the file does not fit, whatever happens later.

use proptest::prelude::*;
use pve_access::model::user_cfg::{self, FILE_LIMIT};
use pve_access::model::{AccessState, Group, Text};
use pve_access::plan::{Objection, Oversize, Plan};
use pve_access::pve::GroupId;

use super::generate::{draft, state};
use super::{fold, ops, planned};

fn oversize(plan: &Plan) -> Option<Oversize> {
    plan.objections.iter().find_map(|objection| match objection {
        Objection::Size(oversize) => Some(oversize.clone()),
        _ => None,
    })
}

/// `state` with a group of so long a comment that the file is `more` bytes longer.
fn padded(state: &AccessState, more: usize) -> AccessState {
    let id: GroupId = "padding".parse().unwrap();
    let mut padded = state.clone();
    padded.groups.insert(id.clone(), Group::default());
    let before = user_cfg::write(&padded).len() - user_cfg::write(state).len();
    let comment = Text::from("x".repeat(more - before));
    padded.groups.insert(id, Group { comment });
    padded
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_first_file_that_does_not_fit_is_found(live in state(), draft in draft(), step in any::<prop::sample::Index>(), spare in 0_usize..2) {
        let desired = draft.against(&live);
        let (plan, _) = planned(&desired, &live);
        let ops = ops(&plan);
        let size = |state: &AccessState| user_cfg::write(state).len();
        let sizes: Vec<usize> = (0..=ops.len()).map(|done| size(&fold(&ops[..done], &live))).collect();
        // Exactly one of the files is as long as may be, or by a byte too long.
        let limit = sizes[step.index(sizes.len())] - spare;
        let more = FILE_LIMIT - limit;
        let (again, target) = planned(&desired, &padded(&live, more));
        prop_assert_eq!(self::ops(&again), ops);
        let first = (1..sizes.len()).find(|&number| sizes[number] > limit);
        let found = oversize(&again);
        prop_assert_eq!(found.as_ref().map(|found| (found.turn.number, found.bytes)), first.map(|number| (number, sizes[number] + more)));
        if let Some(found) = found {
            prop_assert_eq!((found.now, found.finally), (sizes[0] + more, size(&target)));
        }
    }
}
