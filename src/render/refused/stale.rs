//! What has changed under a saved plan.

use super::Refusal;
use crate::model::Expire;
use crate::plan::{Staleness, Waiver};
use crate::render::plan::moved;
use crate::render::words::{expire, shortened, visible};

/// A saved plan on a cluster that is another, or has become another.
pub(super) fn refusal(staleness: &Staleness, allow: Option<Waiver>) -> Refusal {
    /// More than this nobody reads before planning again.
    const LISTED: usize = 30;
    match staleness {
        Staleness::Elsewhere { made_for, live } => Refusal {
            fault: format!("this plan was made for {}, and this is {}", visible(made_for), visible(live)),
            facts: vec![
                "A saved plan is for one cluster, under the address that it was made with. For another one, plan anew:"
                    .to_owned(),
            ],
            commands: vec!["pve-access plan --out FILE".to_owned()],
            allow,
        },
        Staleness::Moved { since, changes } => {
            let lines = shortened(moved(changes), LISTED, |more| format!("and {more} more"));
            let mut facts = vec![format!("Since then, {}, this has changed:", expire(Expire::At(*since)))];
            facts.extend(lines.into_iter().map(|line| format!("  {line}")));
            facts.push("Plan anew, and look at what is planned now:".to_owned());
            Refusal {
                fault: "the cluster is not as it was when this plan was made".to_owned(),
                facts,
                commands: vec!["pve-access plan --out FILE".to_owned()],
                allow,
            }
        }
    }
}
