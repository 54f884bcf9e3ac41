//! Findings about what the files need.

use std::collections::BTreeMap;

use super::super::pveum;
use super::super::words::{listed, many, shortened, visible};
use super::Said;
use crate::doctor::{Demand, Met, Needs, Part, Remedy, RoleMend};
use crate::model::{Grant, Propagate};
use crate::permissions::Mend;
use crate::plan::Need;

pub(super) fn needs(Needs { who, demands, failure, unasked, remedy }: &Needs) -> Said {
    let name = visible(who);
    if let Some(error) = failure {
        return error.help().into_iter().fold(Said::of(visible(error)), Said::remedy);
    }
    let missing = demands.iter().filter(|demand| demand.met == Met::No).count();
    let said = match (demands.len(), missing) {
        (0, _) => Said::of("the files ask for nothing that takes a privilege"),
        (_, 0) => Said::of("all that the files need"),
        (1, 1) => Said::of(format!("{name} lacks the one privilege that the files need")),
        (all, missing) if all == missing => Said::of(format!("{name} lacks all {all} privileges that the files need")),
        (all, missing) => Said::of(format!(
            "{name} lacks {missing} of the {} that the files need",
            many(all, "privilege", "privileges")
        )),
    };
    let said = demands.iter().fold(said, |said, demand| said.fact(line(demand)));
    let said = match unasked {
        0 => said,
        more => said.fact(format!("The server was not asked about {}.", many(*more, "more path", "more paths"))),
    };
    match remedy {
        None => said,
        Some(Remedy::Unknown) => {
            said.remedy("No grant was found that gives it these without taking something else away: see to them by hand.")
        }
        Some(Remedy::Exact(mend)) => commands(said.remedy("On a node, as root; nobody loses anything by it:"), mend),
        Some(Remedy::Rough(mend)) => commands(
            said.remedy("On a node, as root; not all can be seen, so ask again afterwards. If the user has roles on / through a group, grant it to that group in place of the user:"),
            mend,
        ),
    }
}

/// `held     roles   Sys.Modify on /access`
fn line(Demand { part, need, objects, met }: &Demand) -> String {
    const MOST: usize = 3;
    let word = match met {
        Met::Yes => "held",
        Met::InPart(_) => "in part",
        Met::Unknown => "unknown",
        Met::No => "missing",
    };
    let part = match part {
        Part::Roles => "roles",
        Part::Groups => "groups",
        Part::Users => "users",
        Part::Tokens => "tokens",
        Part::Acl => "acl",
    };
    let objects: Vec<String> = objects.iter().map(visible).collect();
    let objects = shortened(objects, MOST, |more| format!("{more} more")).join(", ");
    let in_part = match met {
        Met::InPart(privilege) => format!("; {privilege} does for roles of which it holds all privileges itself"),
        Met::Yes | Met::Unknown | Met::No => String::new(),
    };
    let Need { privileges: _, paths } = need;
    let alternatives: Vec<String> = paths.iter().skip(1).map(visible).collect();
    let or = if alternatives.is_empty() { String::new() } else { format!(" or {}", listed(&alternatives)) };
    format!("{word:<8} {part:<6}  {}{or} ({objects}){in_part}", visible(need))
}

fn commands(said: Said, RoleMend { role, is_there, privileges, changes }: &RoleMend) -> Said {
    let said = said.command(if *is_there {
        pveum::append_privileges(role, privileges)
    } else {
        pveum::add_role(role, privileges)
    });
    let (mut granted, mut revoked): (BTreeMap<Propagate, Vec<Grant>>, Vec<&Grant>) = (BTreeMap::new(), Vec::new());
    for change in changes {
        match change {
            Mend::Grant(grant, propagate) => granted.entry(*propagate).or_default().push(grant.clone()),
            Mend::Revoke(grant) => revoked.push(grant),
        }
    }
    let granted = granted.iter().flat_map(|(propagate, grants)| pveum::grants(grants, *propagate));
    let said = granted.fold(said, Said::command);
    revoked.into_iter().map(pveum::revoke).fold(said, Said::command)
}
