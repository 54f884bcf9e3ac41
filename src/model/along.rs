//! What goes without having been asked for.

use serde::{Deserialize, Serialize};

use super::object::Grant;
use crate::pve::{GroupId, TokenId, UserId};

/// What a deletion takes along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Along {
    /// Tokens of a deleted user.
    pub tokens: Vec<TokenId>,
    /// Memberships of a deleted user or in a deleted group.
    pub memberships: Vec<(UserId, GroupId)>,
    /// Grants to what is deleted, or of the deleted role.
    pub grants: Vec<Grant>,
}

impl Along {
    /// Grants and nothing else.
    pub(super) fn grants(grants: Vec<Grant>) -> Along {
        Along { grants, ..Along::default() }
    }

    /// Whether nothing goes along.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Along { tokens, memberships, grants } = self;
        tokens.is_empty() && memberships.is_empty() && grants.is_empty()
    }
}
