//! How bad a finding is.

use super::account::{Credential, Identity, Sight};
use super::check::{Check, Examination, Road};
use super::held::Holdings;
use super::needs::{Met, Needs};
use super::road::{Address, Api, Clock, Connection, Tls, Trusted};
use crate::api::{Judgement, Speaker, Trust};
use crate::pve::Release;

/// How bad it is; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There was nothing to look at.
    LeftOut,
    /// As it should be.
    Good,
    /// It works, and somebody should look at it.
    Doubtful,
    /// Something before it is bad.
    Unreached,
    /// It does not work.
    Bad,
}

/// What is coming to its end within this time is doubtful: two weeks.
const SOON: u64 = 14 * 86_400;

/// Before this one, nobody has looked.
const OLDEST: Release = Release::new(7, 0);

impl Verdict {
    /// Whether `end` is over or near enough to be doubtful; both in seconds since 1970.
    #[must_use]
    pub fn is_near(end: u64, now: u64) -> bool {
        end < now.saturating_add(SOON)
    }
}

impl Examination {
    /// The worst that keeps the credential from its work: an endpoint is no worse than doubtful if another is open.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let Examination { roads, checks } = self;
        let is_open = roads.iter().any(Road::is_open);
        let of_road = |road: &Road| {
            let worst = road.checks.iter().map(Check::verdict).max().unwrap_or(Verdict::Bad);
            if is_open && !road.is_open() { Verdict::Doubtful } else { worst }
        };
        roads.iter().map(of_road).chain(checks.iter().map(Check::verdict)).max().unwrap_or(Verdict::Bad)
    }
}

impl Check {
    /// How bad it is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Check::Address(Address { addresses, .. }) => addresses.as_ref().map_or(Verdict::Bad, |_| Verdict::Good),
            Check::Connection(Connection { stands, failed, .. }) => match (stands, failed.is_empty()) {
                (None, _) => Verdict::Bad,
                (Some(_), false) => Verdict::Doubtful,
                (Some(_), true) => Verdict::Good,
            },
            Check::Tls(Tls::Spoken(_) | Tls::Plain | Tls::Hidden) => Verdict::Good,
            Check::Tls(Tls::Failed(_)) => Verdict::Bad,
            Check::Trust(trusted) => of_trust(trusted),
            Check::Api(Api::Answered(greeting)) if greeting.speaker == Speaker::ProxmoxVe => Verdict::Good,
            Check::Api(Api::Answered(_) | Api::Failed(_)) => Verdict::Bad,
            Check::Clock(clock) => of_clock(*clock),
            Check::Credential(Credential::Accepted) => Verdict::Good,
            Check::Credential(Credential::Unusable(_) | Credential::Refused(..) | Credential::Failed(_)) => {
                Verdict::Bad
            }
            Check::Release(release) if (OLDEST..=Release::MEASURED).contains(release) => Verdict::Good,
            Check::Release(_) => Verdict::Doubtful,
            Check::Identity(identity) => of_identity(identity),
            Check::Sight(sight) => of_sight(sight),
            Check::Holdings(Holdings { stretches: Some(stretches), .. }) if !stretches.is_empty() => Verdict::Good,
            Check::Holdings(_) => Verdict::Bad,
            Check::Needs(Needs { demands, failure, unasked, .. }) => {
                let of_demand = |met: &Met| match met {
                    Met::Yes => Verdict::Good,
                    Met::InPart(_) | Met::Unknown => Verdict::Doubtful,
                    Met::No => Verdict::Bad,
                };
                let worst = demands.iter().map(|demand| of_demand(&demand.met)).max().unwrap_or(Verdict::Good);
                let asked = if *unasked > 0 { Verdict::Doubtful } else { Verdict::Good };
                worst.max(asked).max(if failure.is_some() { Verdict::Bad } else { Verdict::Good })
            }
            Check::Unreached(_) => Verdict::Unreached,
            Check::LeftOut(_) => Verdict::LeftOut,
        }
    }
}

fn of_trust(Trusted { trust, certificate, judgement, now }: &Trusted) -> Verdict {
    match judgement {
        Judgement::Untrusted(_) | Judgement::Mistaken => Verdict::Bad,
        Judgement::Trusted if *trust == Trust::Anyone => Verdict::Doubtful,
        Judgement::Trusted if certificate.ends.is_some_and(|end| Verdict::is_near(end, *now)) => Verdict::Doubtful,
        Judgement::Trusted => Verdict::Good,
    }
}

fn of_clock(clock: Clock) -> Verdict {
    const NOTICEABLE: u64 = 30;
    const WRONG: u64 = 300;
    let Clock(Some(gap)) = clock else { return Verdict::Good };
    match gap.ahead.unsigned_abs().saturating_sub(gap.give) {
        surely if surely > WRONG => Verdict::Bad,
        surely if surely > NOTICEABLE => Verdict::Doubtful,
        _ => Verdict::Good,
    }
}

fn of_identity(identity: &Identity) -> Verdict {
    let Identity { who: _, account, now } = identity;
    let ends = account.iter().flat_map(|account| account.ends());
    if ends.into_iter().any(|end| Verdict::is_near(end, *now)) { Verdict::Doubtful } else { Verdict::Good }
}

fn of_sight(Sight { hidden, unseen, who: _ }: &Sight) -> Verdict {
    match (hidden.is_empty(), unseen.is_empty()) {
        (true, _) => Verdict::Good,
        (false, true) => Verdict::Doubtful,
        (false, false) => Verdict::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Greeting, TimeGap};
    use crate::doctor::Subject;

    fn road(checks: Vec<Check>) -> Road {
        Road { endpoint: "pve.example".parse().unwrap(), checks }
    }

    fn open(ahead: i64) -> Road {
        let gap = Some(TimeGap { ahead, give: 1 });
        let greeting = Greeting { status: 200, server: None, speaker: Speaker::ProxmoxVe, gap };
        road(vec![Check::Api(Api::Answered(greeting)), Check::Clock(Clock(gap))])
    }

    fn closed() -> Road {
        road(vec![Check::Tls(Tls::Failed(crate::api::TlsFault::PlainHttp)), Check::Unreached(Subject::Api)])
    }

    #[test]
    fn one_dead_endpoint_of_several_is_no_more_than_a_doubt() {
        let verdict =
            |roads: Vec<Road>| Examination { roads, checks: vec![Check::Credential(Credential::Accepted)] }.verdict();
        assert_eq!(verdict(vec![open(0)]), Verdict::Good);
        assert_eq!(verdict(vec![closed(), open(0)]), Verdict::Doubtful);
        assert_eq!(verdict(vec![closed(), closed()]), Verdict::Bad);
        // A clock that is wrong is not made good by another.
        assert_eq!(verdict(vec![open(0), open(-600)]), Verdict::Bad);
    }

    #[test]
    fn a_clock_is_only_doubted_by_what_the_way_cannot_account_for() {
        let verdict = |ahead, give| Check::Clock(Clock(Some(TimeGap { ahead, give }))).verdict();
        assert_eq!((verdict(31, 1), verdict(-32, 1)), (Verdict::Good, Verdict::Doubtful));
        assert_eq!((verdict(301, 1), verdict(302, 1)), (Verdict::Doubtful, Verdict::Bad));
        assert_eq!(verdict(300, 300), Verdict::Good);
    }
}
