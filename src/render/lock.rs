//! Whose the lock is.

use super::document::{Document, Line};
use super::words::{expire, quoted, visible};
use crate::model::{Expire, Holder, Lock};

/// `ann@laptop (pid 4711), as ops@pve!ci, since 2026-11-22T11:20:00Z, 3 min ago`
#[must_use]
pub fn lock_holder(lock: &Lock, now: u64) -> String {
    match lock.holder() {
        Some(Holder { who, pid, principal, since, run: _ }) => {
            let (who, principal) = (visible(who), visible(principal));
            let age = match now.checked_sub(since) {
                Some(seconds) => age(seconds),
                None => "by a clock that is ahead of this one".to_owned(),
            };
            let since = expire(Expire::At(since));
            format!("{who} (pid {pid}), as {principal}, since {since}, {age}")
        }
        None => format!("somebody; its comment does not say whom, but {}", quoted(&lock.comment)),
    }
}

/// What is said where the lock only lets one know that things are moving.
pub fn locked(lock: &Lock, now: u64) -> Document {
    let mut document = Document::default();
    document.push(Line::plain(format!(
        "note: the cluster is locked, and what is shown may change while somebody is at work: {}",
        lock_holder(lock, now)
    )));
    document
}

/// `just now`, `40 s ago`, `3 min ago`, `5 h ago`, `12 d ago`
fn age(seconds: u64) -> String {
    match seconds {
        0..2 => "just now".to_owned(),
        2..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_with_its_age() {
        let holder = Holder {
            who: "ann\u{202e}@laptop".to_owned(),
            pid: 4711,
            principal: "ops@pve!ci".to_owned(),
            since: 1_795_000_000,
            run: "one".to_owned(),
        };
        let lock = Lock { comment: holder.to_string().into() };
        assert_eq!(
            lock_holder(&lock, 1_795_000_200),
            "ann\\u{202e}@laptop (pid 4711), as ops@pve!ci, since 2026-11-18T11:06:40Z, 3 min ago"
        );
        assert!(lock_holder(&Lock { comment: "by\nhand".into() }, 0).ends_with("but \"by\\nhand\""));
        let ages = [0, 40, 119, 180, 7_200, 172_800].map(age);
        assert_eq!(ages, ["just now", "40 s ago", "119 s ago", "3 min ago", "2 h ago", "2 d ago"]);
    }
}
