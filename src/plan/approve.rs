//! The one way past what speaks against a plan.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::objection::Objection;

/// The name by which an objection is waived: `--allow NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiver {
    /// The credential cannot see what the plan relies on.
    Blind,
    /// More of a kind would be deleted than anybody means to.
    Deletes,
    /// Somebody would hold on the way what it holds neither before nor after.
    Escalation,
    /// The applying identity, or the last administrator, would lose what it takes to undo this.
    Lockout,
    /// The file that a cluster keeps its access control in would grow over its limit.
    Size,
    /// The cluster is not any more what a saved plan was made for.
    Stale,
}

impl Waiver {
    /// Every name there is.
    pub const ALL: [Waiver; 6] =
        [Waiver::Blind, Waiver::Deletes, Waiver::Escalation, Waiver::Lockout, Waiver::Size, Waiver::Stale];
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Waiver::Blind => "blind",
            Waiver::Deletes => "deletes",
            Waiver::Escalation => "escalation",
            Waiver::Lockout => "lockout",
            Waiver::Size => "size",
            Waiver::Stale => "stale",
        })
    }
}

/// A name that waives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no guard called `{name}`; there are: {}", Waiver::ALL.map(|waiver| waiver.to_string()).join(", "))]
pub struct NoSuchWaiver {
    name: String,
}

impl FromStr for Waiver {
    type Err = NoSuchWaiver;

    fn from_str(text: &str) -> Result<Self, NoSuchWaiver> {
        Waiver::ALL
            .into_iter()
            .find(|waiver| waiver.to_string() == text)
            .ok_or_else(|| NoSuchWaiver { name: text.to_owned() })
    }
}

/// A plan that nothing speaks against, or not any more; [`Plan::approve`] is the only way to one.
#[must_use]
#[derive(Clone, Debug)]
pub struct Approved(Plan);

impl Approved {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.0
    }

    /// The plan, for the one who carries it out.
    pub(crate) fn into_plan(self) -> Plan {
        self.0
    }
}

/// What still speaks against a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan is refused")]
pub struct Refused {
    /// What no waiver was given for; never empty.
    pub objections: Vec<Objection>,
}

impl Plan {
    /// Lets the plan through if every objection is waived by name; some cannot be.
    pub fn approve(self, waivers: &BTreeSet<Waiver>) -> Result<Approved, Refused> {
        let stands = |objection: &&Objection| !objection.is_waived(waivers);
        let objections: Vec<Objection> = self.objections.iter().filter(stands).cloned().collect();
        if objections.is_empty() { Ok(Approved(self)) } else { Err(Refused { objections }) }
    }
}
