//! What a plan says, put into words once, however it is written down.

use std::collections::BTreeSet;

use super::policies::Policies;
use super::rows::{Mark, Row, rows};
use crate::model::Along;
use crate::plan::{Objection, Plan, Step, Waiver};
use crate::render::effect::{Detail, Meaning};
use crate::render::refused::{Refusal, refusal};
use crate::render::sight::{hidden_kinds, origin, reader_name};
use crate::render::words::{count, listed, visible};
use crate::resolve::Kept;

/// All of it, in the order of reading.
pub(super) struct Said {
    /// Which cluster, and who was looking.
    pub(super) origin: String,
    /// What becomes of each thing.
    pub(super) rows: Vec<Row>,
    /// What that means for what people may do.
    pub(super) meaning: Option<Meaning>,
    /// How much it is.
    pub(super) summary: Summary,
    /// Whether the policies hold.
    pub(super) policies: Policies,
    /// What stays without having been declared.
    pub(super) kept: Left,
    /// What is declared and was not compared, as a sentence without its end.
    pub(super) uncompared: Option<String>,
    /// What could not be seen, as a sentence.
    pub(super) hidden: Option<String>,
    /// What speaks against it and is not waived.
    pub(super) refusals: Vec<Refusal>,
    /// What speaks against it and is waived: by which name, and the fault.
    pub(super) waived: Vec<(Waiver, String)>,
}

/// How much a plan does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) create: usize,
    pub(super) change: usize,
    pub(super) delete: usize,
    pub(super) along: usize,
    pub(super) requests: usize,
    /// What it means if that is nothing.
    pub(super) rest: Rest,
}

/// What it means that there is nothing to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// All is as it should be.
    InSync,
    /// All that can be seen is.
    Visible,
    /// All but what policies ask for.
    Broken,
    /// Nobody knows: the plan is for another state.
    Unknown,
}

/// What is left alone: how many of each kind, and which.
pub(super) struct Left {
    pub(super) counts: Vec<String>,
    pub(super) names: Vec<String>,
}

impl Said {
    /// What `plan` says where `waived` is no reason to refuse it.
    pub(super) fn of(plan: &Plan, detail: Detail, waived: &BTreeSet<Waiver>) -> Said {
        let live = &plan.aim.live;
        let reader = live.reader.as_ref();
        let rows: Vec<Row> = plan.steps.iter().flat_map(|step| rows(step, plan)).collect();
        let hidden = live.sight.hidden_declarable();
        let (passing, standing): (Vec<&Objection>, Vec<&Objection>) =
            plan.objections.iter().partition(|objection| objection.is_waived(waived));
        Said {
            origin: origin(&live.cluster, live.state.release, reader),
            meaning: Meaning::of(plan, detail),
            summary: Summary::of(plan, &rows),
            policies: Policies::of(plan),
            kept: left(&plan.aim.kept),
            uncompared: match plan.aim.uncompared.len() {
                0 => None,
                number => Some(format!("Not compared, left alone: {}", count(number, "password"))),
            },
            hidden: (!hidden.is_empty())
                .then(|| format!("{} does not see all {}.", reader_name(reader), hidden_kinds(&hidden))),
            waived: passing
                .into_iter()
                .filter_map(|objection| Some((objection.waiver()?, refusal(objection, reader).fault)))
                .collect(),
            refusals: standing.into_iter().map(|objection| refusal(objection, reader)).collect(),
            rows,
        }
    }
}

impl Summary {
    pub(super) fn of(plan: &Plan, rows: &[Row]) -> Summary {
        let marked = |mark: Mark| rows.iter().filter(|row| row.mark == mark).count();
        let gone = |Step { op: _, grants: _, revived: _, along: Along { tokens, memberships, grants } }: &Step| {
            tokens.len() + memberships.len() + grants.len()
        };
        Summary {
            create: marked(Mark::Create),
            change: marked(Mark::Change),
            delete: marked(Mark::Delete),
            along: plan.steps.iter().map(gone).sum(),
            requests: plan.steps.len(),
            rest: if plan.objections.iter().any(|objection| matches!(objection, Objection::Stale(_))) {
                Rest::Unknown
            } else if Policies::of(plan).broken > 0 {
                Rest::Broken
            } else if !plan.aim.live.sight.hidden_declarable().is_empty() {
                Rest::Visible
            } else {
                Rest::InSync
            },
        }
    }

    /// A word to begin with, and the rest of the sentence.
    pub(super) fn sentence(self) -> (&'static str, String) {
        let Summary { create, change, delete, along, requests, rest } = self;
        match requests {
            0 => {
                let rest = match rest {
                    Rest::InSync => " The cluster is as the files say.",
                    Rest::Visible => " What is visible is as the files say.",
                    Rest::Broken => " The cluster is as the files say, except for their policies.",
                    Rest::Unknown => "",
                };
                ("Nothing to do.", rest.to_owned())
            }
            _ => {
                let along = if along == 0 { String::new() } else { format!(" (taking {along} more along)") };
                let requests = count(requests, "request");
                let sentence =
                    format!(" {create} to create, {change} to change, {delete} to delete{along}, in {requests}.");
                ("Plan:", sentence)
            }
        }
    }
}

fn left(kept: &[Kept]) -> Left {
    let of_kind = |is: fn(&Kept) -> bool| kept.iter().filter(|kept| is(kept)).count();
    let counts = [
        ("role", of_kind(|kept| matches!(kept, Kept::Role(_)))),
        ("group", of_kind(|kept| matches!(kept, Kept::Group(_)))),
        ("user", of_kind(|kept| matches!(kept, Kept::User(_)))),
        ("token", of_kind(|kept| matches!(kept, Kept::Token(_)))),
        ("membership", of_kind(|kept| matches!(kept, Kept::Membership(..)))),
        ("grant", of_kind(|kept| matches!(kept, Kept::Grant(_)))),
    ];
    let counted = |(noun, number): (&str, usize)| (number > 0).then(|| count(number, noun));
    Left { counts: counts.into_iter().filter_map(counted).collect(), names: kept.iter().map(visible).collect() }
}

impl Left {
    /// `Not declared, left alone: 1 group and 2 grants`; nothing if nothing is.
    pub(super) fn sentence(&self) -> Option<String> {
        (!self.counts.is_empty()).then(|| format!("Not declared, left alone: {}", listed(&self.counts)))
    }
}
