//! Taking the lock, and what is said of one that is somebody else's.

use std::convert::Infallible;
use std::future::pending;
use std::path::Path;
use std::time::{Duration, Instant};

use super::arguments::Carrying;
use super::failure::Failure;
use super::journal;
use super::terminal::Terminal;
use super::who;
use crate::api::{ApiError, Client};
use crate::apply::{Held, Journal, Latch as _, Left, NotLocked, Stop, break_lock, take_lock};
use crate::live::Snapshot;
use crate::model::{Holder, Lock};
use crate::render::{lock_holder, visible};

/// How often it is looked whether somebody has given the lock back.
const INTERVAL: Duration = Duration::from_secs(1);

/// Takes the lock; none where nobody wants it, or where the credential may not: then it goes on without.
///
/// # Errors
/// If somebody else holds it, or if nobody knows.
pub(super) async fn take(
    client: &Client,
    live: &Snapshot,
    carrying: &Carrying,
    journal: &mut Journal,
    stop: &Stop,
    terminal: Terminal,
) -> Result<Option<Held>, Failure> {
    let Carrying { yes: _, run_commands: _, journal: _, lock: _, no_lock, break_lock: breaks, lock_timeout } = carrying;
    if *no_lock {
        return Ok(None);
    }
    let holder = Holder {
        who: journal::who(),
        pid: journal::pid(),
        principal: client.principal().to_string(),
        since: who::now(),
        run: journal.run().to_owned(),
    };
    let started = Instant::now();
    let mut is_broken = false;
    let mut is_told = false;
    loop {
        let lock = match take_lock(client, &holder, journal).await {
            Ok(held) => return Ok(Some(held)),
            Err(NotLocked::Taken(lock)) => lock,
            Err(NotLocked::Forbidden(_)) => {
                terminal.note_text(
                    "note: this credential may not take the lock (it lacks Group.Allocate on /access/groups), so nothing \
                     keeps another apply out\n",
                );
                return Ok(None);
            }
            Err(NotLocked::Full(_)) => {
                terminal.note_text(
                    "note: user.cfg is full, there is no room for the lock, so nothing keeps another apply out\n",
                );
                return Ok(None);
            }
            Err(NotLocked::Failed(error)) => return Err(failed(&error)),
            Err(NotLocked::NotRecorded(error)) => return Err(journal::unwritable(&error)),
        };
        if *breaks
            && !is_broken
            && let Some(lock) = &lock
        {
            breaking(client, lock, live, journal, terminal).await?;
            is_broken = true;
        } else if started.elapsed() < *lock_timeout && !stop.is_requested() {
            if !is_told {
                terminal.note_text(&format!("Waiting for the lock: it is held by {}.\n", whose(lock.as_ref())));
                is_told = true;
            }
            // Looking is cheaper for everybody than trying.
            while started.elapsed() < *lock_timeout && !stop.is_requested() {
                tokio::time::sleep(INTERVAL.min(*lock_timeout)).await;
                if lock.is_some() && !matches!(client.look().await, Ok(there) if there == lock) {
                    break;
                }
            }
        } else if stop.is_requested() {
            return Err(Failure::new(format!("stopped while the cluster was locked by {}", whose(lock.as_ref())))
                .help("nothing was sent"));
        } else {
            return Err(taken(lock.as_ref(), *lock_timeout));
        }
    }
}

/// Takes the lock away from whoever holds it.
pub(super) async fn breaking(
    client: &Client,
    lock: &Lock,
    live: &Snapshot,
    journal: &mut Journal,
    terminal: Terminal,
) -> Result<(), Failure> {
    if live.state.groups.contains_key(&Lock::group()) {
        return Err(Failure::new(format!(
            "the group `{}` has members and is granted something: it is no lock",
            Lock::NAME
        ))
        .help("give its members another group, and delete it; or go on without a lock: --no-lock"));
    }
    terminal.note_text(&format!("Breaking the lock of {}.\n", whose(Some(lock))));
    match break_lock(client, lock, journal).await {
        Ok(()) => Ok(()),
        Err(NotLocked::NotRecorded(error)) => Err(journal::unwritable(&error)),
        Err(NotLocked::Failed(error) | NotLocked::Forbidden(error) | NotLocked::Full(error)) => {
            Err(Failure::new("the lock could not be broken").because(&error).helps(error.help()).help(removal()))
        }
        Err(NotLocked::Taken(other)) => Err(taken(other.as_ref(), Duration::ZERO)),
    }
}

/// Ends the run before its next request once somebody else holds the lock; never comes back.
pub(super) async fn watch(held: &Held, client: &Client, stop: &Stop, terminal: Terminal) -> Infallible {
    let lock = held.broken(client).await;
    terminal.note_text(&format!(
        "The lock was broken by {}: stopping once the request under way is answered.\n",
        lock_holder(&lock, who::now())
    ));
    stop.request();
    pending().await
}

/// Gives the lock back, and says so where that was not to be.
pub(super) async fn give_back(held: Held, client: &Client, journal: &mut Journal, terminal: Terminal) {
    match held.give_back(client, journal).await {
        Left::Free => {}
        Left::Broken(lock) => terminal.note_text(&format!(
            "warning: the lock was broken while this was at work; {}\n",
            match lock {
                Some(lock) => format!("it is held by {} now", lock_holder(&lock, who::now())),
                None => "nobody holds it now".to_owned(),
            }
        )),
        Left::Stuck(error) => terminal.note_text(&format!(
            "warning: the lock could not be given back, and keeps everybody out: {}\n  help: {}\n",
            visible(error),
            removal()
        )),
    }
}

fn whose(lock: Option<&Lock>) -> String {
    lock.map_or_else(|| "somebody whom this credential cannot see".to_owned(), |lock| lock_holder(lock, who::now()))
}

/// That somebody else has it, also after `waited`.
fn taken(lock: Option<&Lock>, waited: Duration) -> Failure {
    let (still, longer) = if waited.is_zero() { ("", "have it waited for") } else { ("still ", "wait longer for it") };
    let failure = Failure::new(format!("the cluster is {still}locked by {}", whose(lock)))
        .help(format!("nothing was sent: try again when that is done, or {longer}: --lock-timeout 5m"));
    match lock {
        Some(lock) if is_gone(lock) => failure
            .help("no such process can be seen on this machine: if that is where it ran, it is dead")
            .help("take the lock of a dead run away: --break-lock"),
        Some(_) => failure.help("if that run is dead, take its lock away: --break-lock"),
        None => failure.help(removal()),
    }
}

/// Whether somebody of this name, on a machine of this name, is not at work any more, as far as this machine knows.
///
/// Another container may call itself the same, so nothing follows from it but a word of advice.
fn is_gone(lock: &Lock) -> bool {
    let processes = Path::new("/proc");
    lock.holder().is_some_and(|Holder { who, pid, principal: _, since: _, run: _ }| {
        who == journal::who() && processes.join("self").exists() && !processes.join(pid.to_string()).exists()
    })
}

fn failed(error: &ApiError) -> Failure {
    let failure = Failure::new("the lock could not be taken").because(error).helps(error.help());
    let failure = failure.help("nothing of the plan was sent");
    if error.is_undecided() { failure.help(format!("it may still turn up; {}", removal())) } else { failure }
}

fn removal() -> String {
    format!("if nobody is at work, remove the lock on a node: pveum group delete {}", Lock::NAME)
}
