//! The mark that somebody is changing a cluster: a group that is there for as long as it takes.
//!
//! A server makes a group for one caller alone, however many ask at once (api-facts.md, HTTP layer, "10 parallel creates
//! of one thing"), so that a group of an agreed name is a lock. Its comment says whose.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{AccessState, Text};
use crate::pve::{GroupId, Subject};

/// What of a cluster's groups is a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// What stands there, by whomever it was written.
    pub comment: Text,
}

/// Who holds a lock, as they said themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Somebody on some machine: `ann@laptop`.
    pub who: String,
    /// The number of the process there.
    pub pid: u32,
    /// Whom the cluster takes it for.
    pub principal: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// The run that holds it, which its journal calls so too.
    pub run: String,
}

/// A comment that no run has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not say whose lock it is")]
pub struct Unsigned;

impl Lock {
    /// What the group is called.
    pub const NAME: &str = "pve-access-lock";

    /// The group.
    #[must_use]
    pub fn group() -> GroupId {
        Lock::NAME.parse().expect("letters and hyphens make a group's name")
    }

    /// Whose it is, if it says so.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        self.comment.as_str().parse().ok()
    }

    /// Takes the lock out of `state`, of which it is no part, and says what it is.
    ///
    /// A group of that name which has members and is granted something lets people do things, and stays to be seen.
    pub fn take_from(state: &mut AccessState) -> Option<Lock> {
        let group = Lock::group();
        let comment = state.groups.get(&group)?.comment.clone();
        let is_granted = state.acl.keys().any(|grant| grant.subject == Subject::Group(group.clone()));
        let has_members = state.memberships.values().any(|groups| groups.contains(&group));
        if !(is_granted && has_members) {
            state.groups.remove(&group);
            state.memberships.retain(|_, groups| {
                groups.remove(&group);
                !groups.is_empty()
            });
        }
        Some(Lock { comment })
    }
}

const LEAD: &str = "pve-access is at work here: ";

impl fmt::Display for Holder {
    /// The comment of the group, which people read in the web interface, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { who, pid, principal, since, run } = self;
        let who: String = who.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        write!(f, "{LEAD}{who} (pid {pid}) as {principal} since {}, run {run}", time(*since))
    }
}

impl FromStr for Holder {
    type Err = Unsigned;

    fn from_str(comment: &str) -> Result<Holder, Unsigned> {
        let parse = || {
            // From the end, because only what comes first is anybody's to choose.
            let (rest, run) = comment.strip_prefix(LEAD)?.rsplit_once(", run ")?;
            let (rest, since) = rest.rsplit_once(" since ")?;
            let (rest, principal) = rest.rsplit_once(" as ")?;
            let (who, pid) = rest.strip_suffix(')')?.rsplit_once(" (pid ")?;
            let since = since.parse::<Timestamp>().ok()?.as_second().try_into().ok()?;
            let (who, principal, run) = (who.to_owned(), principal.to_owned(), run.to_owned());
            Some(Holder { who, pid: pid.parse().ok()?, principal, since, run })
        };
        parse().ok_or(Unsigned)
    }
}

/// A time in UTC, to the second.
fn time(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grant, Group, Propagate};
    use crate::pve::Release;

    fn holder(who: &str) -> Holder {
        let run = "5d0f6f0e-0000-4000-8000-000000000001".to_owned();
        Holder { who: who.to_owned(), pid: 4711, principal: "ops@pve!ci".to_owned(), since: 1_795_000_000, run }
    }

    #[test]
    fn a_comment_is_for_people_and_is_read_again() {
        let comment = holder("ann@laptop").to_string();
        assert_eq!(
            comment,
            "pve-access is at work here: ann@laptop (pid 4711) as ops@pve!ci since 2026-11-18T11:06:40Z, \
             run 5d0f6f0e-0000-4000-8000-000000000001"
        );
        for who in ["ann@laptop", "", " as x since y, run z (pid 1)", "ü", "a b"] {
            let lock = Lock { comment: holder(who).to_string().into() };
            assert_eq!(lock.holder(), Some(holder(who)));
        }
        for comment in ["", "0", "by hand", LEAD, "pve-access is at work here: x (pid y) as z since now, run "] {
            assert_eq!(comment.parse::<Holder>(), Err(Unsigned), "{comment}");
        }
        assert_eq!(holder("two\nlines").to_string().parse::<Holder>().unwrap().who, "two?lines");
    }

    #[test]
    fn a_lock_is_no_part_of_a_state_unless_it_lets_somebody_do_something() {
        let group = Lock::group();
        let empty = AccessState::empty(Release::MEASURED);
        let mut state = empty.clone();
        assert_eq!(Lock::take_from(&mut state), None);

        let locked = |state: &mut AccessState| {
            state.groups.insert(group.clone(), Group { comment: "mine".into() });
        };
        locked(&mut state);
        assert_eq!(Lock::take_from(&mut state), Some(Lock { comment: "mine".into() }));
        assert_eq!(state, empty);

        locked(&mut state);
        state.memberships.insert("ann@pve".parse().unwrap(), [group.clone()].into());
        assert!(Lock::take_from(&mut state).is_some());
        assert_eq!(state, empty);

        let grant = Grant {
            path: "/".parse().unwrap(),
            subject: Subject::Group(group.clone()),
            role: "Administrator".parse().unwrap(),
        };
        locked(&mut state);
        state.acl.insert(grant, Propagate::Yes);
        let granted = state.clone();
        assert!(Lock::take_from(&mut state).is_some());
        assert!(state.groups.is_empty() && state.acl == granted.acl);

        locked(&mut state);
        state.memberships.insert("ann@pve".parse().unwrap(), [group.clone()].into());
        let powerful = state.clone();
        assert!(Lock::take_from(&mut state).is_some());
        assert_eq!(state, powerful);
    }
}
