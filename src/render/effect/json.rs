//! What a plan means, as data for programs: all of it, and no words.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::json::not_visible;
use crate::model::{Expire, Grant, Refusal};
use crate::permissions::Extent;
use crate::plan::effect::{Admission, Bar, Cause, Causes, Direction, Door, Effect, Novelty, Place, Shift};

/// What becomes of everybody when the plan is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::render) struct EffectJson {
    /// Privileges that are lost, then those that are gained. For one principal and one path counts the nearest place at the
    /// path or above that covers it; what no place covers does not change.
    shifts: Vec<ShiftJson>,
    /// Who no longer gets in, and who gets in again.
    admissions: Vec<AdmissionJson>,
    /// What the credential does not see all of; if there is any, the rest may be wrong or not all.
    not_visible: Vec<String>,
}

/// Some privileges that some principals lose or gain at some places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct ShiftJson {
    /// Which way it goes.
    change: ChangeJson,
    /// Users and tokens.
    principals: Vec<String>,
    /// Where.
    places: Vec<PlaceJson>,
    /// What; empty where this is an exception from a place further up: nothing changes here.
    privileges: Vec<String>,
    /// Why; absent where there was too much to find out.
    #[serde(skip_serializing_if = "Option::is_none")]
    causes: Option<Vec<CauseJson>>,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ChangeJson {
    /// Held before, not held after.
    Loss,
    /// Held after, not held before.
    Gain,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct PlaceJson {
    /// A path.
    path: String,
    /// What of it.
    reach: ReachJson,
}

/// What of a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ReachJson {
    /// The path alone.
    Here,
    /// What is below it.
    Below,
    /// Both.
    All,
}

/// One reason of a loss. Of a gain it is the reason why the privileges would be lost on the way back: `grant` means revoked
/// for a loss, and added for a gain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum CauseJson {
    /// A grant hides another one.
    Hidden {
        /// The one that counts: after the plan for a loss, before it for a gain.
        by: GrantJson,
        /// What about it is new: after the plan for a loss, before it for a gain.
        novelty: NoveltyJson,
        /// The one that is hidden.
        hidden: GrantJson,
    },
    /// A token has privilege separation, and is not granted it itself.
    Separation {
        /// The token.
        token: String,
    },
    /// A grant does not propagate.
    Propagation {
        /// The grant.
        grant: GrantJson,
    },
    /// A role does not hold the privileges.
    Privileges {
        /// The role.
        role: String,
    },
    /// A user is not in a group.
    Membership {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// A grant is not there.
    Grant {
        /// The grant.
        grant: GrantJson,
    },
    /// A role is not there.
    Role {
        /// The role.
        role: String,
    },
    /// A group is not there.
    Group {
        /// The group.
        group: String,
    },
    /// A token is not there.
    Token {
        /// The token.
        token: String,
    },
    /// A user is not there.
    User {
        /// The user.
        user: String,
    },
}

/// Why a grant counts that did not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum NoveltyJson {
    /// It was not there.
    Added,
    /// It did not propagate.
    Propagates,
    /// It is to a group that the user was not in.
    Joined,
    /// Something else kept it from counting.
    Counts,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct GrantJson {
    /// Where.
    path: String,
    /// To whom; a group has an `@` before its name.
    subject: String,
    /// What.
    role: String,
}

/// Somebody who no longer gets in, or gets in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct AdmissionJson {
    /// Which way.
    change: DoorJson,
    /// A user; or a token that goes another way than its user.
    principal: String,
    /// What keeps it out, or kept it out.
    reasons: Vec<BarJson>,
    /// The tokens of a user that go the same way with it.
    tokens: Vec<String>,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DoorJson {
    /// Got in and does not any more.
    Closes,
    /// Did not get in and does now.
    Opens,
}

/// What keeps somebody out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum BarJson {
    /// It is deleted.
    Deleted,
    /// The user is disabled.
    Disabled,
    /// The user's time is over.
    UserExpired {
        /// When it was, in seconds since 1970.
        expire: u64,
    },
    /// The token's own time is over.
    TokenExpired {
        /// When it was, in seconds since 1970.
        expire: u64,
    },
}

impl From<&Effect> for EffectJson {
    fn from(Effect { shifts, admissions, hidden }: &Effect) -> EffectJson {
        EffectJson {
            shifts: shifts.iter().map(ShiftJson::from).collect(),
            admissions: admissions.iter().map(AdmissionJson::from).collect(),
            not_visible: not_visible(hidden).into_iter().map(str::to_owned).collect(),
        }
    }
}

impl From<&Shift> for ShiftJson {
    fn from(Shift { direction, who, places, privileges, depth: _, causes }: &Shift) -> ShiftJson {
        ShiftJson {
            change: match direction {
                Direction::Loss => ChangeJson::Loss,
                Direction::Gain => ChangeJson::Gain,
            },
            principals: who.iter().map(ToString::to_string).collect(),
            places: places.iter().map(PlaceJson::from).collect(),
            privileges: texts(privileges),
            causes: match causes {
                Causes::Known(causes) => Some(causes.iter().map(CauseJson::from).collect()),
                Causes::Unexamined => None,
            },
        }
    }
}

impl From<&Place> for PlaceJson {
    fn from(Place { path, extent }: &Place) -> PlaceJson {
        let reach = match extent {
            Extent::Here => ReachJson::Here,
            Extent::Below => ReachJson::Below,
            Extent::All => ReachJson::All,
        };
        PlaceJson { path: path.to_string(), reach }
    }
}

impl From<&Cause> for CauseJson {
    fn from(cause: &Cause) -> CauseJson {
        match cause {
            Cause::Hidden { by, novelty, hidden } => CauseJson::Hidden {
                by: by.into(),
                novelty: match novelty {
                    Novelty::Added => NoveltyJson::Added,
                    Novelty::Propagates => NoveltyJson::Propagates,
                    Novelty::Joined => NoveltyJson::Joined,
                    Novelty::Counts => NoveltyJson::Counts,
                },
                hidden: hidden.into(),
            },
            Cause::Separation(token) => CauseJson::Separation { token: token.to_string() },
            Cause::Propagation(grant) => CauseJson::Propagation { grant: grant.into() },
            Cause::Privileges(role) => CauseJson::Privileges { role: role.to_string() },
            Cause::Membership { user, group } => {
                CauseJson::Membership { user: user.to_string(), group: group.to_string() }
            }
            Cause::Grant(grant) => CauseJson::Grant { grant: grant.into() },
            Cause::Role(role) => CauseJson::Role { role: role.to_string() },
            Cause::Group(group) => CauseJson::Group { group: group.to_string() },
            Cause::Token(token) => CauseJson::Token { token: token.to_string() },
            Cause::User(user) => CauseJson::User { user: user.to_string() },
        }
    }
}

impl From<&Grant> for GrantJson {
    fn from(Grant { path, subject, role }: &Grant) -> GrantJson {
        GrantJson { path: path.to_string(), subject: subject.to_string(), role: role.to_string() }
    }
}

impl From<&Admission> for AdmissionJson {
    fn from(Admission { door, who, bars, tokens }: &Admission) -> AdmissionJson {
        AdmissionJson {
            change: match door {
                Door::Closes => DoorJson::Closes,
                Door::Opens => DoorJson::Opens,
            },
            principal: who.to_string(),
            reasons: bars.iter().map(BarJson::from).collect(),
            tokens: tokens.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Bar> for BarJson {
    fn from(bar: &Bar) -> BarJson {
        let seconds = |expire: Expire| u64::from(expire);
        match *bar {
            Bar::Deleted => BarJson::Deleted,
            Bar::Refused(Refusal::Disabled) => BarJson::Disabled,
            Bar::Refused(Refusal::UserExpired(end)) => BarJson::UserExpired { expire: seconds(end) },
            Bar::Refused(Refusal::TokenExpired(end)) => BarJson::TokenExpired { expire: seconds(end) },
        }
    }
}

fn texts<T: ToString>(set: &BTreeSet<T>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user_cfg;
    use crate::pve::Release;

    #[test]
    fn a_program_reads_all_of_it() {
        let read = |text: &str| user_cfg::read(text.as_bytes(), Release::MEASURED).state;
        let before = read(
            "user:ann@pve:1:0:\ngroup:ops:ann@pve:\nrole:Look:VM.Audit:\nrole:Both:VM.Audit,VM.Console:\nacl:1:/vms:@ops:Both:\n",
        );
        let mut after = before.clone();
        let own: Grant = Grant {
            path: "/vms/101".parse().unwrap(),
            subject: crate::pve::Subject::User("ann@pve".parse().unwrap()),
            role: "Look".parse().unwrap(),
        };
        after.acl.insert(own, true.into());
        let effect = Effect::between(&before, &after, 0);
        let json = serde_json::to_value(EffectJson::from(&effect)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "shifts": [{
                    "change": "loss",
                    "principals": ["ann@pve"],
                    "places": [{ "path": "/vms/101", "reach": "here" }],
                    "privileges": ["VM.Console"],
                    "causes": [{
                        "kind": "hidden",
                        "by": { "path": "/vms/101", "subject": "ann@pve", "role": "Look" },
                        "novelty": "added",
                        "hidden": { "path": "/vms", "subject": "@ops", "role": "Both" },
                    }],
                }],
                "admissions": [],
                "not_visible": [],
            })
        );
        let schema = serde_json::to_value(schemars::schema_for!(EffectJson)).unwrap();
        assert!(jsonschema::is_valid(&schema, &json));
    }
}
