//! How much larger an op may make user.cfg.
//!
//! Knows what the lines of the file are made of. Does not know how long they are exactly: that is measured, but only where
//! it may matter, because it means to write the whole file.

use std::collections::BTreeMap;

use super::batch::AclBatch;
use super::op::{Account, Op};
use crate::model::{AccessState, Grant, Text, Token, User};
use crate::pve::{AclPath, Subject};

/// What a line consists of beside what it says: its keyword, colons, digits, two numbers and the end.
const FRAME: usize = 64;

/// A byte of free text takes three where it is encoded.
const ENCODED: usize = 3;

/// The most that ops add to the file, as far as they have come.
pub(super) struct Growth {
    /// How long the roles of a subject at a path are together, at most: what was taken away still counts.
    roles: BTreeMap<(AclPath, Subject), usize>,
}

impl Growth {
    /// Before the first op.
    pub(super) fn new(live: &AccessState) -> Growth {
        let mut growth = Growth { roles: BTreeMap::new() };
        live.acl.keys().for_each(|grant| growth.count(grant));
        growth
    }

    fn count(&mut self, Grant { path, subject, role }: &Grant) {
        *self.roles.entry((path.clone(), subject.clone())).or_default() += role.as_str().len() + 1;
    }

    /// How many bytes `op` adds at most.
    pub(super) fn most_by(&mut self, op: &Op) -> usize {
        match op {
            Op::CreateRole { role, privs } | Op::SetRole { role, before: _, after: privs } => {
                FRAME + role.as_str().len() + privs.iter().map(|privilege| privilege.as_str().len() + 1).sum::<usize>()
            }
            Op::CreateGroup { group, comment } | Op::SetGroup { group, before: _, after: comment } => {
                FRAME + group.as_str().len() + text(comment)
            }
            Op::CreateUser { user, account: Account { user: attributes, groups } }
            | Op::SetUser { user, before: _, after: Account { user: attributes, groups } } => {
                let User { enable: _, expire: _, firstname, lastname, email, comment, keys } = attributes;
                let texts: usize = [firstname, lastname, email, comment, keys].into_iter().map(text).sum();
                FRAME + texts + (user.as_str().len() + 1) * (groups.len() + 1)
            }
            Op::CreateToken { token, attributes }
            | Op::SetToken { token, before: _, after: attributes }
            | Op::RotateToken { token, before: _, after: attributes } => {
                let Token { comment, expire: _, privsep: _ } = attributes;
                FRAME + token.to_string().len() + text(comment)
            }
            Op::Grant { batch, propagate: _ } => {
                batch.grants().for_each(|grant| self.count(&grant));
                self.lines(batch)
            }
            // Who loses one of some roles leaves the line of those who keep them all.
            Op::Revoke { batch } => self.lines(batch),
            Op::SetPassword { user: _ }
            | Op::DeleteToken { token: _ }
            | Op::DeleteUser { user: _ }
            | Op::DeleteGroup { group: _ }
            | Op::DeleteRole { role: _ } => 0,
        }
    }

    /// As if each subject of `batch` came to two lines of its own: what propagates, and what does not.
    fn lines(&self, batch: &AclBatch) -> usize {
        let path = batch.path();
        let of = |subject: &Subject| {
            let roles = self.roles.get(&(path.clone(), subject.clone())).copied().unwrap_or_default();
            2 * (FRAME + path.as_str().len() + subject.to_string().len()) + roles
        };
        batch.subjects().iter().map(of).sum()
    }
}

fn text(text: &Text) -> usize {
    text.as_str().len() * ENCODED
}
