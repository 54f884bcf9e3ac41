//! What stands above everything else.

use super::super::selection::Selection;
use super::Provenance;
use super::layout::prose;
use crate::model::AccessState;

/// What the file is, what to do with it, and what it does not say.
pub(super) fn header(live: &AccessState, selection: &Selection, provenance: Provenance<'_>) -> Vec<String> {
    let Provenance { origin, unseen, accounts: _ } = provenance;
    let mut lines = prose(0, &format!("Access control on {origin}"));
    lines.push("#".to_owned());
    lines.extend(prose(
        0,
        "Written by `pve-access export`: planning with this file finds nothing to change. Remove what shall not be \
         managed here, since what no file mentions is left alone; then change, plan, apply.",
    ));
    if let Some(unseen) = unseen {
        lines.push("#".to_owned());
        lines.extend(prose(0, &format!("WARNING: this may not be all. {unseen}.")));
    }
    lines.push("#".to_owned());
    lines.extend(prose(0, &if selection.is_everything() { never(live) } else { part(selection) }));
    lines
}

fn part(selection: &Selection) -> String {
    format!("Only a part: --only '{selection}'.")
}

/// What there is and no file declares.
fn never(live: &AccessState) -> String {
    let some = |number: usize, noun: &str| match number {
        0 => String::new(),
        1 => format!("1 {noun}, "),
        more => format!("{more} {noun}s, "),
    };
    let keys = live.users.values().filter(|user| !user.keys.is_empty()).count();
    let marked = match keys {
        0 => String::new(),
        1 => " (1 user has `keys`)".to_owned(),
        more => format!(" ({more} users have `keys`)"),
    };
    format!(
        "Left alone, because no file declares them: {}{}builtin roles, passwords, and second factors{marked}.",
        some(live.realms.len(), "realm"),
        some(live.pools.len(), "pool"),
    )
}
