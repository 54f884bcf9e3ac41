//! What leads to a plan, whatever is live.

use super::arguments::Planning;
use super::failure::Failure;
use super::pipeline;
use super::rotate;
use super::source::{self, Source};
use super::terminal::Terminal;
use super::who;
use crate::apply::{self, Passwords, Stored};
use crate::desired::Desired;
use crate::diagnostic::Sources;
use crate::live::Snapshot;
use crate::model::AccessState;
use crate::plan::{Aim, Plan, Saved};
use crate::render::{self, Trial};
use crate::resolve::{Unsunk, renew};

/// What somebody wants of a cluster.
pub(super) enum Intent {
    /// That it is as desired-state files say.
    Files { desired: Box<Desired>, sources: Sources, unsunk: Unsunk, set_passwords: bool },
    /// New secrets for tokens that the files declare, by what was typed, and nothing else.
    Renewal { desired: Box<Desired>, sources: Sources, unsunk: Unsunk, typed: Vec<String> },
    /// The steps of a saved plan.
    Saved { saved: Box<Saved>, fingerprint: String },
}

impl Intent {
    /// What the files say, and where the live state is.
    pub(super) async fn of_files(planning: &Planning, terminal: Terminal) -> Result<(Intent, Source), Failure> {
        let (desired, sources) = pipeline::load(&planning.files, terminal)?;
        let source = source::open(&planning.target, &desired.cluster, terminal).await?;
        let (unsunk, set_passwords) = (Intent::unsunk(planning), planning.set_passwords);
        Ok((Intent::Files { desired: Box::new(desired), sources, unsunk, set_passwords }, source))
    }

    /// Whether secrets that go nowhere may be printed.
    pub(super) fn unsunk(planning: &Planning) -> Unsunk {
        if planning.show_secrets { Unsunk::Show } else { Unsunk::Refuse }
    }

    /// What it makes of what is live; reports what is to be said of that.
    pub(super) fn plan(&self, live: Snapshot, terminal: Terminal) -> Result<Plan, Failure> {
        let now = who::now();
        match self {
            Intent::Files { desired, sources, unsunk, set_passwords } => {
                let aim = Aim::new(pipeline::target(desired, sources, &live, *unsunk, terminal)?);
                Ok(Plan::new(if *set_passwords { aim.setting_passwords() } else { aim }))
            }
            Intent::Renewal { desired, sources, unsunk, typed } => {
                let resolved = renew(desired, &live, rotate::chosen(typed, desired, &live)?, *unsunk, now);
                Ok(Plan::new(Aim::new(pipeline::sound(resolved, sources, terminal)?)))
            }
            Intent::Saved { saved, fingerprint: _ } => {
                let plan = saved.as_ref().clone().plan(live, now);
                terminal.result(&render::resumed(saved.steps(), plan.steps.len()))?;
                Ok(plan)
            }
        }
    }

    /// What is known of the secrets of declared tokens without asking anybody.
    pub(super) fn secrets(&self, live: &AccessState) -> Vec<Stored> {
        match self {
            Intent::Files { desired, .. } => apply::stored(desired, live),
            Intent::Renewal { .. } | Intent::Saved { .. } => Vec::new(),
        }
    }

    /// Reports which passwords could not be had for `plan`.
    pub(super) fn report_passwords(&self, plan: &Plan, terminal: Terminal) -> Result<(), Failure> {
        let Intent::Files { desired, sources, .. } = self else { return Ok(()) };
        let missing = Passwords::missing(&plan.aim.passwords).into_iter();
        let placed = missing.filter_map(|error| Some((desired.users.get(&error.user)?.span, error)));
        pipeline::report(&render::passwords_missing(&placed.collect::<Vec<_>>()), sources, terminal)
    }

    /// Reports what is wrong with secrets.
    pub(super) fn report(&self, secrets: &[Stored], trial: Trial, terminal: Terminal) -> Result<(), Failure> {
        match self {
            Intent::Files { sources, .. } => pipeline::report(&render::secrets(secrets, trial), sources, terminal),
            Intent::Renewal { .. } | Intent::Saved { .. } => Ok(()),
        }
    }
}
