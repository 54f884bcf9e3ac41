//! Locks on a latch that does what a script says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use super::*;
use crate::api::{Method, Request};
use crate::apply::Journal;
use crate::plan::Op;

/// What becomes of a write.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is done, and its answer is lost.
    LostAfter,
    /// It is lost on the way.
    LostBefore,
    /// It is refused with this status and message.
    Refused(u16, &'static str),
    /// It is done right after somebody else has set a lock.
    TooLate,
}

#[derive(Default)]
struct Scripted {
    lock: Mutex<Option<Lock>>,
    fates: Mutex<VecDeque<Fate>>,
    is_unseen: bool,
}

impl Scripted {
    fn new(fates: &[Fate]) -> Scripted {
        Scripted { fates: Mutex::new(fates.iter().copied().collect()), ..Scripted::default() }
    }

    fn write(&self, act: impl Fn(&mut Option<Lock>) -> Result<(), ApiError>) -> Result<(), ApiError> {
        let lost = || ApiError::Unanswered { request: request(), reason: "nothing came".to_owned() };
        let mut lock = self.lock.lock().unwrap();
        match self.fates.lock().unwrap().pop_front() {
            None => act(&mut lock),
            Some(Fate::LostAfter) => {
                let _ = act(&mut lock);
                Err(lost())
            }
            Some(Fate::LostBefore) => Err(lost()),
            Some(Fate::Refused(status, message)) => Err(refused(status, message)),
            Some(Fate::TooLate) => {
                *lock = Some(Lock { comment: holder("other").to_string().into() });
                act(&mut lock)
            }
        }
    }

    fn holder(&self) -> Option<String> {
        Some(self.lock.lock().unwrap().as_ref()?.holder()?.run)
    }
}

fn request() -> Request {
    Request { method: Method::Post, path: "/access/groups".to_owned() }
}

fn refused(status: u16, message: &str) -> ApiError {
    ApiError::Refused { request: request(), status, message: message.to_owned(), errors: BTreeMap::new() }
}

impl Latch for Scripted {
    async fn set(&self, comment: &Text) -> Result<(), ApiError> {
        self.write(|lock| match lock {
            Some(_) => Err(refused(500, "create group failed: group 'pve-access-lock' already exists")),
            None => {
                *lock = Some(Lock { comment: comment.clone() });
                Ok(())
            }
        })
    }

    async fn look(&self) -> Result<Option<Lock>, ApiError> {
        Ok(self.lock.lock().unwrap().clone().filter(|_| !self.is_unseen))
    }

    async fn lift(&self) -> Result<(), ApiError> {
        self.write(|lock| match lock.take() {
            Some(_) => Ok(()),
            None => Err(refused(500, "delete group failed: group 'pve-access-lock' does not exist")),
        })
    }
}

fn holder(run: &str) -> Holder {
    Holder {
        who: "ann@laptop".to_owned(),
        pid: 1,
        principal: "ops@pve!ci".to_owned(),
        since: 1_795_000_000,
        run: run.to_owned(),
    }
}

fn nobody() -> Journal {
    Journal::none("mine".to_owned(), |_: &Op| String::new())
}

async fn take(latch: &Scripted) -> Result<Held, NotLocked> {
    take_lock(latch, &holder("mine"), &mut nobody()).await
}

#[tokio::test]
async fn it_is_held_until_it_is_given_back() {
    let latch = Scripted::default();
    let held = take(&latch).await.unwrap();
    let other = take_lock(&latch, &holder("other"), &mut nobody()).await.unwrap_err();
    assert!(matches!(other, NotLocked::Taken(Some(lock)) if lock.holder() == Some(holder("mine"))));
    assert!(matches!(held.give_back(&latch, &mut nobody()).await, Left::Free));
    assert_eq!(latch.holder(), None);
}

#[tokio::test]
async fn what_is_undecided_is_looked_at() {
    for fates in [&[Fate::LostAfter][..], &[Fate::LostBefore], &[Fate::LostBefore, Fate::LostAfter]] {
        let latch = Scripted::new(fates);
        let held = take(&latch).await.unwrap();
        assert_eq!(latch.holder().as_deref(), Some("mine"), "{fates:?}");
        latch.fates.lock().unwrap().extend(fates);
        assert!(matches!(held.give_back(&latch, &mut nobody()).await, Left::Free), "{fates:?}");
        assert_eq!(latch.holder(), None, "{fates:?}");
    }
}

#[tokio::test]
async fn what_stays_undecided_is_told() {
    let latch = Scripted::new(&[Fate::LostBefore; 3]);
    assert!(matches!(take(&latch).await, Err(NotLocked::Failed(error)) if error.is_undecided()));
    let latch = Scripted::default();
    let held = take(&latch).await.unwrap();
    latch.fates.lock().unwrap().extend([Fate::LostBefore; 3]);
    assert!(matches!(held.give_back(&latch, &mut nobody()).await, Left::Stuck(_)));
}

#[tokio::test]
async fn the_lock_of_somebody_else_is_not_given_back() {
    let latch = Scripted::default();
    let held = take(&latch).await.unwrap();
    let mine = latch.look().await.unwrap().unwrap();
    break_lock(&latch, &mine, &mut nobody()).await.unwrap();
    let others = take_lock(&latch, &holder("other"), &mut nobody()).await.unwrap();
    assert!(matches!(held.give_back(&latch, &mut nobody()).await, Left::Broken(Some(_))));
    assert_eq!(latch.holder().as_deref(), Some("other"));
    // One that was shown and is another by now is left alone.
    break_lock(&latch, &mine, &mut nobody()).await.unwrap();
    assert_eq!(latch.holder().as_deref(), Some("other"));
    assert!(matches!(others.give_back(&latch, &mut nobody()).await, Left::Free));
}

#[tokio::test]
async fn whoever_comes_too_late_does_not_have_it() {
    let latch = Scripted::new(&[Fate::TooLate]);
    assert!(matches!(take(&latch).await, Err(NotLocked::Taken(Some(_)))));
    let latch = Scripted { is_unseen: true, ..Scripted::new(&[Fate::TooLate]) };
    assert!(matches!(take(&latch).await, Err(NotLocked::Taken(None))));
}

#[tokio::test]
async fn a_refusal_says_what_is_lacking() {
    let refusal = |status, message| async move { take(&Scripted::new(&[Fate::Refused(status, message)])).await };
    let forbidden = refusal(403, "Permission check failed (/access/groups, Group.Allocate)").await;
    assert!(matches!(forbidden, Err(NotLocked::Forbidden(_))));
    let full = "create group failed: unable to write '/etc/pve/user.cfg.tmp.37' - File too large";
    assert!(matches!(refusal(500, full).await, Err(NotLocked::Full(_))));
    assert!(matches!(refusal(500, "cfs-lock error: no quorum!").await, Err(NotLocked::Failed(_))));
}
