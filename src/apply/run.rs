//! One step after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;

use super::cluster::{Cluster, Receipt};
use super::delivery::{Delivery, DeliveryError};
use super::outcome::{Outcome, StepEnd};
use crate::api::ApiError;
use crate::live::Snapshot;
use crate::model::{AccessState, Token};
use crate::plan::{Approved, Op, Plan, Step};
use crate::pve::TokenId;

/// Somebody who wants to know how far things are.
pub trait Observer {
    /// The step with this index is about to be sent.
    fn begins(&mut self, at: usize, step: &Step);
    /// The step with this index has come to this end.
    fn ended(&mut self, at: usize, step: &Step, end: &StepEnd);
    /// All steps that will be sent have been; the state is about to be read back.
    fn reads_back(&mut self);
}

/// A wish to stop before the next step, from anywhere in the process.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for it.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Carries `approved` out on `cluster`.
///
/// The first failure ends it: what comes after a step may rest on it. Whatever happened, the state is read back and
/// compared with what the whole plan asked for, unless nothing was sent.
///
/// # Errors
/// Before anything is sent, if a place that a secret will need cannot take it.
pub async fn run<C: Cluster>(
    approved: Approved,
    cluster: &C,
    delivery: &mut Delivery,
    observer: &mut impl Observer,
    stop: &Stop,
) -> Result<Outcome, DeliveryError> {
    let plan = approved.into_plan();
    delivery.probe(&plan.sinks)?;
    let mut ends = Vec::with_capacity(plan.steps.len());
    for (at, step) in plan.steps.iter().enumerate() {
        let halted = ends.last().is_some_and(|end| !matches!(end, StepEnd::Done));
        if halted || stop.is_requested() {
            break;
        }
        observer.begins(at, step);
        let end = perform(&step.op, cluster, delivery, &plan).await;
        observer.ended(at, step, &end);
        ends.push(end);
    }
    let stopped = stop.is_requested() && ends.len() < plan.steps.len();
    let sent = ends.len();
    ends.resize_with(plan.steps.len(), || StepEnd::NotStarted);

    let mut orphans = Vec::new();
    let residue = if sent == 0 {
        Ok(plan.diff.clone())
    } else {
        observer.reads_back();
        match cluster.read().await {
            Ok(Snapshot { mut state, .. }) => {
                orphans = mend(&plan, &ends, &state, cluster).await;
                for (token, _) in orphans.iter().filter(|(_, mended)| mended.is_ok()) {
                    state.remove_token(token);
                }
                Ok(plan.residue(&state))
            }
            Err(error) => Err(error),
        }
    };
    let steps = plan.steps.into_iter().zip(ends).collect();
    Ok(Outcome { steps, stopped, residue, orphans })
}

async fn perform<C: Cluster>(op: &Op, cluster: &C, delivery: &mut Delivery, plan: &Plan) -> StepEnd {
    match (cluster.perform(op).await, op) {
        (Err(error), _) => StepEnd::Failed(error),
        (Ok(Receipt::Secret(secret)), Op::CreateToken { token, attributes }) => {
            put_away(token, &secret, attributes, cluster, delivery, plan).await
        }
        (Ok(Receipt::Done | Receipt::Secret(_)), _) => StepEnd::Done,
    }
}

/// Brings a secret to safety; a token whose secret cannot be saved is deleted, because a token that works and that
/// nobody can use is worse than none.
async fn put_away<C: Cluster>(
    token: &TokenId,
    secret: &SecretString,
    attributes: &Token,
    cluster: &C,
    delivery: &mut Delivery,
    plan: &Plan,
) -> StepEnd {
    let sink = plan.sinks.get(token);
    let first = delivery.deliver(sink, token, secret, attributes);
    match first.or_else(|_| delivery.deliver(sink, token, secret, attributes)) {
        Ok(()) => StepEnd::Done,
        Err(error) => {
            let mended = cluster.perform(&Op::DeleteToken { token: token.clone() }).await.map(|_| ());
            StepEnd::SecretLost { token: token.clone(), error, mended }
        }
    }
}

/// Deletes the tokens that were made although no answer came: their secrets are gone.
async fn mend<C: Cluster>(
    plan: &Plan,
    ends: &[StepEnd],
    state: &AccessState,
    cluster: &C,
) -> Vec<(TokenId, Result<(), ApiError>)> {
    let mut orphans = Vec::new();
    for (step, end) in plan.steps.iter().zip(ends) {
        let lost = matches!(end, StepEnd::Failed(ApiError::Unanswered { .. } | ApiError::Unintelligible { .. }));
        if let Op::CreateToken { token, attributes: _ } = &step.op
            && lost
            && state.tokens.contains_key(token)
        {
            let mended = cluster.perform(&Op::DeleteToken { token: token.clone() }).await.map(|_| ());
            orphans.push((token.clone(), mended));
        }
    }
    orphans
}
