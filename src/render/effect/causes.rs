//! Why, in a few words.

use super::super::words::{self, grant_name, listed, shortened, visible};
use super::Detail;
use super::names::some;
use crate::model::Refusal;
use crate::plan::effect::{Admission, Bar, Cause, Causes, Direction, Door, Novelty};

/// The reasons of a loss or gain; of many, the first.
pub(super) fn because(causes: &Causes, direction: Direction, detail: Detail) -> Vec<String> {
    const SOME: usize = 2;
    let causes = match causes {
        Causes::Known(causes) => causes,
        Causes::Unexamined => return vec!["too much changes to say why".to_owned()],
    };
    let causes = causes.iter().map(|cause| worded(cause, direction)).collect();
    match detail {
        Detail::Brief => shortened(causes, SOME, |more| format!("and {more} more reasons")),
        Detail::Full => causes,
    }
}

fn worded(cause: &Cause, direction: Direction) -> String {
    let by_direction = |lost: &'static str, gained: &'static str| match direction {
        Direction::Loss => lost,
        Direction::Gain => gained,
    };
    match cause {
        Cause::Hidden { by, novelty, hidden } => {
            let new = match novelty {
                Novelty::Added => by_direction(" (added)", " (revoked)"),
                Novelty::Propagates => by_direction(" (now propagates)", " (no longer propagates)"),
                Novelty::Joined => by_direction(" (now a member)", " (no longer a member)"),
                Novelty::Counts => "",
            };
            format!("{}{new} {} {}", grant_name(by), by_direction("hides", "no longer hides"), grant_name(hidden))
        }
        Cause::Separation(_) => {
            let said = by_direction(
                "the token is separated now, and is not granted it itself",
                "the token is no longer separated",
            );
            said.to_owned()
        }
        Cause::Propagation(grant) => {
            format!("{} {}", grant_name(grant), by_direction("no longer propagates", "now propagates"))
        }
        Cause::Privileges(role) => format!("role {} is {}", visible(role), by_direction("narrowed", "widened")),
        Cause::Membership { user, group } => {
            format!("{} {} @{}", visible(user), by_direction("leaves", "joins"), visible(group))
        }
        Cause::Grant(grant) => format!("{} ({})", grant_name(grant), by_direction("revoked", "added")),
        Cause::Role(role) => format!("role {} is {}", visible(role), by_direction("deleted", "new")),
        Cause::Group(group) => format!("group {} is {}", visible(group), by_direction("deleted", "new")),
        Cause::Token(_) => format!("the token is {}", by_direction("deleted", "new")),
        Cause::User(_) => format!("the user is {}", by_direction("deleted", "new")),
    }
}

/// What keeps somebody out, or kept it out, and which tokens go with it.
pub(super) fn admission_reasons(admission: &Admission, detail: Detail) -> Vec<String> {
    let Admission { door, who: _, bars, tokens } = admission;
    let bars: Vec<String> = bars.iter().map(bar).collect();
    let bars = match door {
        Door::Closes => listed(&bars),
        Door::Opens => format!("was {}", listed(&bars)),
    };
    let names: Vec<String> = tokens.iter().map(|token| visible(token.name())).collect();
    let named = some(&names, detail);
    let go = match (door, names.len()) {
        (_, 0) => None,
        (Door::Closes, 1) => Some(format!("its token {named} stops working too")),
        (Door::Closes, _) => Some(format!("its tokens {named} stop working too")),
        (Door::Opens, 1) => Some(format!("its token {named} works again")),
        (Door::Opens, _) => Some(format!("its tokens {named} work again")),
    };
    [bars].into_iter().chain(go).collect()
}

fn bar(bar: &Bar) -> String {
    match bar {
        Bar::Deleted => "deleted".to_owned(),
        Bar::Refused(Refusal::Disabled) => "disabled".to_owned(),
        Bar::Refused(Refusal::UserExpired(end) | Refusal::TokenExpired(end)) => {
            format!("expired on {}", words::expire(*end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Grant;

    fn grant(path: &str, subject: &str, role: &str) -> Grant {
        let subject = match subject.strip_prefix('@') {
            Some(group) => crate::pve::Subject::Group(group.parse().unwrap()),
            None => crate::pve::Subject::User(subject.parse().unwrap()),
        };
        Grant { path: path.parse().unwrap(), subject, role: role.parse().unwrap() }
    }

    /// Each cause of a loss, and of the gain on the way back.
    #[test]
    fn every_cause_has_words_for_both_ways() {
        let small = grant("/vms/101", "ann@pve", "Small");
        let hidden = |novelty| Cause::Hidden { by: small.clone(), novelty, hidden: grant("/vms", "@ops", "Large") };
        let rows = [
            (
                hidden(Novelty::Added),
                "Small on /vms/101 to ann@pve (added) hides Large on /vms to @ops",
                "Small on /vms/101 to ann@pve (revoked) no longer hides Large on /vms to @ops",
            ),
            (
                hidden(Novelty::Propagates),
                "Small on /vms/101 to ann@pve (now propagates) hides Large on /vms to @ops",
                "Small on /vms/101 to ann@pve (no longer propagates) no longer hides Large on /vms to @ops",
            ),
            (
                Cause::Propagation(small.clone()),
                "Small on /vms/101 to ann@pve no longer propagates",
                "Small on /vms/101 to ann@pve now propagates",
            ),
            (
                Cause::Grant(small.clone()),
                "Small on /vms/101 to ann@pve (revoked)",
                "Small on /vms/101 to ann@pve (added)",
            ),
            (Cause::Privileges("R".parse().unwrap()), "role R is narrowed", "role R is widened"),
            (
                Cause::Membership { user: "ann\u{1b}@pve".parse().unwrap(), group: "ops".parse().unwrap() },
                "ann\\u{1b}@pve leaves @ops",
                "ann\\u{1b}@pve joins @ops",
            ),
            (Cause::Role("R".parse().unwrap()), "role R is deleted", "role R is new"),
            (Cause::Group("g".parse().unwrap()), "group g is deleted", "group g is new"),
            (Cause::Token("a@pve!tk".parse().unwrap()), "the token is deleted", "the token is new"),
            (Cause::User("a@pve".parse().unwrap()), "the user is deleted", "the user is new"),
        ];
        for (cause, lost, gained) in rows {
            assert_eq!(worded(&cause, Direction::Loss), lost);
            assert_eq!(worded(&cause, Direction::Gain), gained);
        }
    }

    #[test]
    fn of_many_causes_the_first_are_said() {
        let causes = (0..5).map(|at| Cause::Privileges(format!("R{at}").parse().unwrap())).collect();
        let causes = Causes::Known(causes);
        let brief = because(&causes, Direction::Loss, Detail::Brief);
        assert_eq!(brief, ["role R0 is narrowed", "role R1 is narrowed", "and 3 more reasons"]);
        assert_eq!(because(&causes, Direction::Loss, Detail::Full).len(), 5);
    }
}
