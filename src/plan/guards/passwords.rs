//! The credential cannot set passwords.

use std::collections::BTreeSet;

use crate::plan::Aim;
use crate::plan::op::Op;
use crate::pve::{Principal, TokenId, UserId};

/// Passwords of users that are there, and a token, which sets none (api-facts.md, Authentication: PUT /access/password).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettable {
    /// Whose; never empty.
    pub users: BTreeSet<UserId>,
    /// Who applies.
    pub reader: TokenId,
}

/// Whether `ops` set passwords while the one who applies is a token.
pub(super) fn passwords(aim: &Aim, ops: &[Op]) -> Option<Unsettable> {
    let Some(Principal::Token(reader)) = &aim.live.reader else { return None };
    let set = |op: &Op| match op {
        Op::SetPassword { user } => Some(user.clone()),
        _ => None,
    };
    let users: BTreeSet<UserId> = ops.iter().filter_map(set).collect();
    (!users.is_empty()).then(|| Unsettable { users, reader: reader.clone() })
}
