//! A password without a user.
//!
//! The server stores a new user's password before it looks at the rest of the request. If it then refuses that, the
//! password stays, and works for whoever is made under that name without one (api-facts.md, Users). Deleting a user
//! deletes it; so the user is made without rights, groups and password, unable to log in, and deleted at once.

use super::cluster::Cluster;
use super::outcome::StepEnd;
use crate::api::ApiError;
use crate::model::{AccessState, Enable, User};
use crate::plan::{Account, Aim, Op};
use crate::pve::{Subject, UserId};

/// A password that the server may have kept, though it refused its user.
#[derive(Debug)]
pub struct LeftPassword {
    /// Whose it would be.
    pub user: UserId,
    /// What became of it.
    pub fate: LeftFate,
}

/// What became of a password that was left behind.
#[derive(Debug)]
pub enum LeftFate {
    /// It is gone.
    Withdrawn,
    /// It is still there, if it ever was: the user could not be made without it.
    StillStored(ApiError),
    /// It was left alone: grants or groups wait for a user of that name, and deleting one would take them along.
    Inherited,
    /// The user that was made to be deleted is still there, without rights and unable to log in.
    NotDeleted(ApiError),
    /// Nobody knows: the cluster could not be read back, or may still make the user.
    Unknown,
}

/// The user whose password the server may have stored without making the user, when `op` came to `end`.
pub(super) fn suspect<'a>(op: &'a Op, end: &StepEnd, aim: &Aim) -> Option<Suspect<'a>> {
    let Op::CreateUser { user, account: _ } = op else { return None };
    let StepEnd::Failed(error) = end else { return None };
    let certainty = match error {
        // What the server refuses for its form or its sender never comes as far as the password.
        ApiError::Refused { status: 500.., .. } => Certainty::Refused,
        ApiError::Unanswered { .. } | ApiError::Unintelligible { .. } => Certainty::Undecided,
        ApiError::Refused { .. } | ApiError::NotSent { .. } => return None,
    };
    aim.passwords.contains_key(user).then_some(Suspect { user, certainty })
}

/// A user that was to be made with a password.
pub(super) struct Suspect<'a> {
    user: &'a UserId,
    certainty: Certainty,
}

/// Whether it can still be made by the request that failed.
enum Certainty {
    Refused,
    Undecided,
}

impl Suspect<'_> {
    /// Nothing can be done, for nobody knows what is there.
    pub(super) fn unread(self) -> LeftPassword {
        LeftPassword { user: self.user.clone(), fate: LeftFate::Unknown }
    }
}

/// Takes the password away if `state`, which was read after the failure, does not have the user.
pub(super) async fn withdraw<C: Cluster>(
    Suspect { user, certainty }: Suspect<'_>,
    state: &AccessState,
    cluster: &C,
) -> Option<LeftPassword> {
    if state.users.contains_key(user) {
        return None;
    }
    let is_waited_for =
        !state.groups_of(user).is_empty() || state.acl.keys().any(|grant| grant.subject == Subject::User(user.clone()));
    let fate = match certainty {
        Certainty::Refused if is_waited_for => LeftFate::Inherited,
        Certainty::Refused => make_and_delete(user, cluster).await,
        // A daemon that hangs may make it yet: a user that is there by then may not be deleted.
        Certainty::Undecided => LeftFate::Unknown,
    };
    Some(LeftPassword { user: user.clone(), fate })
}

async fn make_and_delete<C: Cluster>(user: &UserId, cluster: &C) -> LeftFate {
    let account = Account { user: User { enable: Enable::No, ..User::default() }, groups: [].into() };
    // What is there already is somebody else's by now, and stays.
    if let Err(error) = cluster.perform(&Op::CreateUser { user: user.clone(), account }, None).await {
        return LeftFate::StillStored(error);
    }
    match cluster.perform(&Op::DeleteUser { user: user.clone() }, None).await {
        Ok(_) => LeftFate::Withdrawn,
        Err(error) => LeftFate::NotDeleted(error),
    }
}
