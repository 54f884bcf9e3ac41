//! One at a time: a lock in the cluster itself.
//!
//! A server makes a group for one caller alone, so that whoever makes it holds the lock, and whoever holds it deletes it
//! again. What is undecided is looked at: the comment says whose the lock is.

use std::future::Future;
use std::time::Duration;

use super::observer::{NotRecorded, Observer};
use crate::api::{ApiError, Client};
use crate::model::{Holder, Lock, Text};
use crate::plan::Op;

/// How often something that is undecided is tried.
const ATTEMPTS: usize = 3;

/// How long it is left alone in between.
const PAUSE: Duration = Duration::from_millis(200);

/// How often somebody who holds it looks whether it is still so.
const WATCH: Duration = Duration::from_secs(2);

/// Where a lock is.
pub trait Latch: Sync {
    /// Makes it, if it is not there.
    fn set(&self, comment: &Text) -> impl Future<Output = Result<(), ApiError>> + Send;
    /// Looks at it, if it is there and may be seen.
    fn look(&self) -> impl Future<Output = Result<Option<Lock>, ApiError>> + Send;
    /// Takes it away.
    fn lift(&self) -> impl Future<Output = Result<(), ApiError>> + Send;
}

impl Latch for Client {
    async fn set(&self, comment: &Text) -> Result<(), ApiError> {
        self.create_group(&Lock::group(), Some(comment.as_str())).await
    }

    async fn look(&self) -> Result<Option<Lock>, ApiError> {
        let lock = self.groups().await?.into_iter().find(|group| group.groupid.as_str() == Lock::NAME);
        Ok(lock.map(|group| Lock { comment: group.comment.into() }))
    }

    async fn lift(&self) -> Result<(), ApiError> {
        self.delete_group(&Lock::group()).await
    }
}

/// Why the lock is not held.
#[derive(Debug, thiserror::Error)]
pub enum NotLocked {
    /// Somebody else holds it; none if that cannot be seen.
    #[error("somebody else holds the lock")]
    Taken(Option<Lock>),
    /// The credential may not make groups.
    #[error("the credential may not take the lock")]
    Forbidden(#[source] ApiError),
    /// There is no room for it in the file that the cluster keeps its access control in.
    #[error("there is no room for the lock")]
    Full(#[source] ApiError),
    /// It could not be taken, and may turn up later if that is undecided.
    #[error("the lock could not be taken")]
    Failed(#[source] ApiError),
    /// That it is taken could not be written down.
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
}

/// A lock that is held, and that whoever took it gives back.
#[must_use = "nobody else can apply anything until it is given back"]
#[derive(Debug)]
pub struct Held {
    holder: Holder,
}

/// What was found when a lock was to be given back.
#[derive(Debug)]
pub enum Left {
    /// It is gone.
    Free,
    /// Somebody had taken it away; this is the one that is there now.
    Broken(Option<Lock>),
    /// It is still there, or nobody knows.
    Stuck(ApiError),
}

/// Takes the lock for `holder`.
///
/// Asking twice does no harm: one that is there already with the name of this run is its own.
///
/// # Errors
/// If it is not held in the end.
pub async fn take_lock(latch: &impl Latch, holder: &Holder, observer: &mut impl Observer) -> Result<Held, NotLocked> {
    let comment = Text::from(holder.to_string());
    let op = Op::CreateGroup { group: Lock::group(), comment: comment.clone() };
    let held = || Held { holder: holder.clone() };
    let mut attempt = 1;
    loop {
        observer.besides(&op)?;
        let set = latch.set(&comment).await;
        observer.besides_ended(&op, set.as_ref().copied());
        let error = match set {
            Ok(()) => return Ok(held()),
            Err(error) => error,
        };
        if !error.is_undecided() && !is_there(&error) {
            return Err(match error {
                ApiError::Refused { status: 403, .. } => NotLocked::Forbidden(error),
                ApiError::Refused { ref message, .. } if message.contains("File too large") => NotLocked::Full(error),
                error => NotLocked::Failed(error),
            });
        }
        match latch.look().await {
            Ok(Some(lock)) if is_of(&lock, holder) => return Ok(held()),
            Ok(Some(lock)) => return Err(NotLocked::Taken(Some(lock))),
            // Given back just now, lost on the way, or not to be seen.
            Ok(None) | Err(_) => {}
        }
        if attempt == ATTEMPTS {
            return Err(if is_there(&error) { NotLocked::Taken(None) } else { NotLocked::Failed(error) });
        }
        attempt += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes away the lock of somebody else, if it is still this one.
///
/// # Errors
/// If that fails, or cannot be written down.
pub async fn break_lock(latch: &impl Latch, lock: &Lock, observer: &mut impl Observer) -> Result<(), NotLocked> {
    match latch.look().await.map_err(NotLocked::Failed)? {
        Some(there) if there == *lock => {}
        // Taken anew or given back: whoever tries to take it now will see.
        Some(_) | None => return Ok(()),
    }
    let op = Op::DeleteGroup { group: Lock::group() };
    observer.besides(&op)?;
    let lifted = latch.lift().await;
    observer.besides_ended(&op, lifted.as_ref().copied());
    match lifted {
        Err(error) if !is_gone(&error) => Err(NotLocked::Failed(error)),
        _ => Ok(()),
    }
}

impl Held {
    /// Looks now and then, and comes back once somebody else holds the lock, with theirs.
    ///
    /// That there is none to be seen says less: a plan may take away what it is seen by.
    pub async fn broken(&self, latch: &impl Latch) -> Lock {
        loop {
            tokio::time::sleep(WATCH).await;
            if let Ok(Some(lock)) = latch.look().await
                && !is_of(&lock, &self.holder)
            {
                return lock;
            }
        }
    }

    /// Gives the lock back, unless it is somebody else's by now.
    pub async fn give_back(self, latch: &impl Latch, observer: &mut impl Observer) -> Left {
        let op = Op::DeleteGroup { group: Lock::group() };
        let mut is_sent = false;
        let mut attempt = 1;
        loop {
            let error = match latch.look().await {
                // One that is not to be seen any more is not to be deleted either, if it is there: then that is told.
                Ok(lock) if lock.as_ref().map_or(!is_sent, |lock| is_of(lock, &self.holder)) => {
                    let is_seen = lock.is_some();
                    // A lock that stays is worse than a line that lacks.
                    let _ = observer.besides(&op);
                    let lifted = latch.lift().await;
                    observer.besides_ended(&op, lifted.as_ref().copied());
                    is_sent = true;
                    match lifted {
                        Ok(()) => return Left::Free,
                        Err(error) if is_gone(&error) => return if is_seen { Left::Free } else { Left::Broken(None) },
                        Err(error) if !error.is_undecided() => return Left::Stuck(error),
                        Err(error) => error,
                    }
                }
                Ok(_) if is_sent => return Left::Free,
                Ok(other) => return Left::Broken(other),
                Err(error) => error,
            };
            if attempt == ATTEMPTS {
                return Left::Stuck(error);
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn is_of(lock: &Lock, holder: &Holder) -> bool {
    lock.holder().is_some_and(|there| there.run == holder.run)
}

/// Whether the group was there already.
fn is_there(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { message, .. } if message.contains("already exists"))
}

/// Whether there was no such group any more.
fn is_gone(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { message, .. } if message.contains("does not exist"))
}

#[cfg(test)]
mod tests;
