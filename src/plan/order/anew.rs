//! Tokens that are deleted and made anew, where a release cannot renew a secret in place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{AccessState, Grant, Propagate, Token};
use crate::plan::batch::AclBatch;
use crate::plan::op::Op;
use crate::pve::{RoleId, Subject, TokenId};

/// `ops` with each rotation in requests that every release knows: the token goes, comes again, and gets back the grants
/// that it has by then, with nothing in between.
pub(super) fn spelled_out(ops: Vec<Op>, live: &AccessState) -> Vec<Op> {
    let mut state = live.clone();
    let mut spelled = Vec::with_capacity(ops.len());
    for op in ops {
        let requests = match &op {
            Op::RotateToken { token, before: _, after } => made_anew(token, after, &state),
            _ => Vec::new(),
        };
        op.apply_to(&mut state);
        if requests.is_empty() { spelled.push(op) } else { spelled.extend(requests) }
    }
    spelled
}

fn made_anew(token: &TokenId, attributes: &Token, state: &AccessState) -> Vec<Op> {
    let goes = Op::DeleteToken { token: token.clone() };
    let comes = Op::CreateToken { token: token.clone(), attributes: attributes.clone() };
    let grants = given_back(token, state).into_iter().map(|(batch, propagate)| Op::Grant { batch, propagate });
    [goes, comes].into_iter().chain(grants).collect()
}

/// What restricts the token comes before what it restricts: NoAccess, which also counts against what pools add, then from
/// the bottom up.
fn given_back(token: &TokenId, state: &AccessState) -> Vec<(AclBatch, Propagate)> {
    let own = Subject::Token(token.clone());
    let mut grants: BTreeMap<(bool, Propagate), Vec<&Grant>> = BTreeMap::new();
    for (grant, propagate) in state.acl.iter().filter(|(grant, _)| grant.subject == own) {
        grants.entry((denies(&grant.role), *propagate)).or_default().push(grant);
    }
    let batches = grants
        .into_iter()
        .flat_map(|((_, propagate), grants)| AclBatch::cover(grants).into_iter().map(move |batch| (batch, propagate)));
    let mut batches: Vec<(AclBatch, Propagate)> = batches.collect();
    batches.sort_by_key(|(batch, _)| (!batch.roles().iter().any(denies), Reverse(batch.path().words().count())));
    batches
}

fn denies(role: &RoleId) -> bool {
    role.as_str() == "NoAccess"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user_cfg;
    use crate::pve::Release;

    const LIVE: &str = "user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:1:deploys:\n\
                        acl:1:/:ann@pve,ann@pve!ci:PVEAuditor:\nacl:0:/vms:ann@pve!ci:NoAccess,PVEVMUser:\n\
                        acl:1:/vms:ann@pve!ci:PVEAuditor:\nacl:1:/vms/100:ann@pve!ci:PVEVMAdmin,PVEVMUser:\n";

    #[test]
    fn the_token_gets_back_what_it_had_and_on_the_way_never_more() {
        let live = user_cfg::read(LIVE.as_bytes(), Release::new(9, 0)).state;
        let token: TokenId = "ann@pve!ci".parse().unwrap();
        let attributes = live.tokens[&token].clone();
        let rotation = Op::RotateToken { token, before: attributes.clone(), after: attributes };
        let ops = spelled_out(vec![rotation], &live);
        let mut state = live.clone();
        ops.iter().for_each(|op| _ = op.apply_to(&mut state));
        assert_eq!(state, live);
        let granted = ops.iter().filter_map(|op| match op {
            Op::Grant { batch, propagate } => Some((batch.path().as_str(), batch.roles().len(), propagate.is_yes())),
            _ => None,
        });
        let expected =
            [("/vms", 1, false), ("/vms/100", 2, true), ("/vms", 1, false), ("/vms", 1, true), ("/", 1, true)];
        assert_eq!(granted.collect::<Vec<_>>(), expected);
    }
}
