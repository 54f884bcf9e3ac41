//! What speaks against a plan, and the one way past it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::live::Blind;

/// The name by which an objection is waived: `--allow NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiver {
    /// The credential cannot see what the plan relies on.
    Blind,
}

impl Waiver {
    /// Every name there is.
    pub const ALL: [Waiver; 1] = [Waiver::Blind];
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Waiver::Blind => "blind",
        })
    }
}

/// A name that waives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no guard called `{name}`; there is: {}", Waiver::ALL.map(|waiver| waiver.to_string()).join(", "))]
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

/// A reason not to carry a plan out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind {
        /// What cannot be seen.
        hidden: BTreeSet<Blind>,
    },
}

impl Objection {
    /// What lets it pass.
    #[must_use]
    pub fn waiver(&self) -> Waiver {
        match self {
            Objection::Blind { .. } => Waiver::Blind,
        }
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
    /// Lets the plan through if every objection is waived by name.
    pub fn approve(self, waivers: &BTreeSet<Waiver>) -> Result<Approved, Refused> {
        let standing = |objection: &&Objection| !waivers.contains(&objection.waiver());
        let objections: Vec<Objection> = self.objections.iter().filter(standing).cloned().collect();
        if objections.is_empty() { Ok(Approved(self)) } else { Err(Refused { objections }) }
    }
}

/// The reader cannot see all of `unseen`, which the files speak of.
pub(super) fn blind(unseen: &BTreeSet<Blind>) -> Option<Objection> {
    (!unseen.is_empty()).then(|| Objection::Blind { hidden: unseen.clone() })
}
