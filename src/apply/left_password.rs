//! A password without a user.
//!
//! The server stores a new user's password before it looks at the rest of the request. If it then refuses that, the
//! password stays, and works for whoever is made under that name without one (api-facts.md, Users). Deleting a user
//! deletes it; so the user is made without rights, groups and password, unable to log in, and deleted at once.

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
    let error = match end {
        StepEnd::Failed(error) => error,
        // The first sending may still be carried out.
        StepEnd::FailedAgain { lost, error: _ } => lost,
        StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::NotStarted => return None,
    };
    let certainty = match error {
        // Without the lock or a quorum it has not even begun.
        error if error.is_busy() || error.is_without_quorum() => return None,
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

/// Who sends what takes a password away.
pub(super) trait Sender {
    /// Has `op` done, without the password that it may be meant to bring; an answer that is lost is looked for.
    async fn send_bare(&mut self, op: &Op) -> Result<(), ApiError>;
}

/// Whether it can still be made by the request that failed.
enum Certainty {
    Refused,
    Undecided,
}

impl Suspect<'_> {
    /// Whose it would be.
    pub(super) fn user(&self) -> &UserId {
        self.user
    }

    /// Nothing can be done, for nobody knows what is there.
    pub(super) fn unread(self) -> LeftPassword {
        LeftPassword { user: self.user.clone(), fate: LeftFate::Unknown }
    }
}

/// Takes the password away through `sender`, if `state`, which was read after the failure, does not have the user.
pub(super) async fn withdraw(
    Suspect { user, certainty }: Suspect<'_>,
    state: &AccessState,
    sender: &mut impl Sender,
) -> Option<LeftPassword> {
    if state.users.contains_key(user) {
        return None;
    }
    let is_waited_for =
        !state.groups_of(user).is_empty() || state.acl.keys().any(|grant| grant.subject == Subject::User(user.clone()));
    let fate = match certainty {
        Certainty::Refused if is_waited_for => LeftFate::Inherited,
        Certainty::Refused => make_and_delete(user, sender).await,
        // A daemon that hangs may make it yet: a user that is there by then may not be deleted.
        Certainty::Undecided => LeftFate::Unknown,
    };
    Some(LeftPassword { user: user.clone(), fate })
}

async fn make_and_delete(user: &UserId, sender: &mut impl Sender) -> LeftFate {
    let account = Account { user: User { enable: Enable::No, ..User::default() }, groups: [].into() };
    // What is there already is somebody else's by now, and stays; so does what may be there.
    match sender.send_bare(&Op::CreateUser { user: user.clone(), account }).await {
        Ok(()) => {}
        Err(error) if error.is_undecided() => return LeftFate::Unknown,
        Err(error) => return LeftFate::StillStored(error),
    }
    match sender.send_bare(&Op::DeleteUser { user: user.clone() }).await {
        Ok(()) => LeftFate::Withdrawn,
        Err(error) => LeftFate::NotDeleted(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Method, Request};
    use crate::desired::PasswordSource;
    use crate::live::{Sight, Snapshot};
    use crate::model::{Grant, Group, Propagate};
    use crate::plan::Phase;
    use crate::pve::Release;

    fn refused(status: u16) -> ApiError {
        let request = Request { method: Method::Post, path: "/access/users".to_owned() };
        ApiError::Refused { request, status, message: String::new(), errors: [].into() }
    }

    fn ann() -> UserId {
        "ann@pve".parse().unwrap()
    }

    /// Refuses requests of this phase, and remembers all.
    struct Refusing(Option<Phase>, Vec<Op>);

    impl Sender for Refusing {
        async fn send_bare(&mut self, op: &Op) -> Result<(), ApiError> {
            self.1.push(op.clone());
            if self.0 == Some(op.phase()) { Err(refused(500)) } else { Ok(()) }
        }
    }

    /// What becomes of it where requests of this phase are refused, and what is sent.
    fn withdrawn(certainty: Certainty, refuses: Option<Phase>, state: &AccessState) -> (Option<LeftFate>, Vec<Op>) {
        let (user, mut refusing) = (ann(), Refusing(refuses, Vec::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let left = runtime.block_on(withdraw(Suspect { user: &user, certainty }, state, &mut refusing));
        (left.map(|left| left.fate), refusing.1)
    }

    #[test]
    fn the_user_is_made_without_anything_and_deleted() {
        let state = AccessState::empty(Release::MEASURED);
        let (fate, ops) = withdrawn(Certainty::Refused, None, &state);
        assert!(matches!(fate, Some(LeftFate::Withdrawn)));
        let [Op::CreateUser { account, .. }, Op::DeleteUser { user }] = ops.as_slice() else { panic!("{ops:?}") };
        assert!(account.groups.is_empty() && !account.user.enable.is_yes() && *user == ann());
    }

    #[test]
    fn only_what_was_made_here_is_deleted() {
        let state = AccessState::empty(Release::MEASURED);
        let (fate, ops) = withdrawn(Certainty::Refused, Some(Phase::CreateUsers), &state);
        assert!(matches!(fate, Some(LeftFate::StillStored(_))) && ops.len() == 1);
        let (fate, _) = withdrawn(Certainty::Refused, Some(Phase::DeleteUsers), &state);
        assert!(matches!(fate, Some(LeftFate::NotDeleted(_))));
        let (fate, ops) = withdrawn(Certainty::Undecided, None, &state);
        assert!(matches!(fate, Some(LeftFate::Unknown)) && ops.is_empty());
    }

    /// What needs the password of ann and nothing else.
    fn aim() -> Aim {
        let state = AccessState::empty(Release::MEASURED);
        let live = Snapshot {
            state: state.clone(),
            sight: Sight::Full,
            reader: None,
            cluster: "pve".to_owned(),
            lock: None,
            ignored: Vec::new(),
        };
        Aim {
            live,
            target: state,
            kept: Vec::new(),
            unseen: [].into(),
            renewed: [].into(),
            sinks: [].into(),
            passwords: [(ann(), PasswordSource::Env("ANN".to_owned()))].into(),
            uncompared: [].into(),
            policies: Vec::new(),
            now: 0,
        }
    }

    #[test]
    fn who_was_never_begun_with_has_left_nothing() {
        let account = Account { user: User::default(), groups: [].into() };
        let (op, aim) = (Op::CreateUser { user: ann(), account }, aim());
        for (message, leaves) in [
            ("create user failed: group 'ops' does not exist", true),
            ("create user failed: cfs-lock 'file-user_cfg' error: got lock request timeout", false),
            ("create user failed: cfs-lock 'file-user_cfg' error: no quorum!", false),
        ] {
            let request = Request { method: Method::Post, path: "/access/users".to_owned() };
            let message = message.to_owned();
            let error = ApiError::Refused { request, status: 500, message: message.clone(), errors: [].into() };
            assert_eq!(suspect(&op, &StepEnd::Failed(error), &aim).is_some(), leaves, "{message}");
        }
    }

    /// A user that may have been made is deleted by nobody, and told of.
    #[test]
    fn what_may_have_been_made_is_left_alone() {
        struct Losing;
        impl Sender for Losing {
            async fn send_bare(&mut self, op: &Op) -> Result<(), ApiError> {
                assert!(matches!(op, Op::CreateUser { .. }), "{op:?}");
                let request = Request { method: Method::Post, path: "/access/users".to_owned() };
                Err(ApiError::Unanswered { request, reason: "lost".to_owned() })
            }
        }
        let user = ann();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(matches!(runtime.block_on(make_and_delete(&user, &mut Losing)), LeftFate::Unknown));
    }

    #[test]
    fn what_waits_for_the_name_and_who_has_it_are_left_alone() {
        let mut state = AccessState::empty(Release::MEASURED);
        let grant =
            Grant { path: "/".parse().unwrap(), subject: Subject::User(ann()), role: "PVEAuditor".parse().unwrap() };
        state.acl.insert(grant, Propagate::Yes);
        let (fate, ops) = withdrawn(Certainty::Refused, None, &state);
        assert!(matches!(fate, Some(LeftFate::Inherited)) && ops.is_empty());

        let mut state = AccessState::empty(Release::MEASURED);
        state.groups.insert("ops".parse().unwrap(), Group::default());
        state.set_groups_of(&ann(), ["ops".parse().unwrap()].into());
        let (fate, ops) = withdrawn(Certainty::Refused, None, &state);
        assert!(matches!(fate, Some(LeftFate::Inherited)) && ops.is_empty());

        state.users.insert(ann(), User::default());
        assert!(matches!(withdrawn(Certainty::Refused, None, &state), (None, ops) if ops.is_empty()));
    }
}
