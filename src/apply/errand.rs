//! What a run sends besides the first request of each step, and what it looks at.

use super::cluster::{Cluster, Receipt};
use super::delivery::Delivery;
use super::left_password::Sender;
use super::observer::{Observer, Stop};
use super::password::Passwords;
use crate::api::ApiError;
use crate::model::AccessState;
use crate::plan::{Aim, Op};

/// A run, as seen from one step: whom it is done on, and who has to hear of it.
pub(super) struct Errand<'a, C, O> {
    pub(super) cluster: &'a C,
    pub(super) passwords: &'a Passwords,
    pub(super) delivery: &'a mut Delivery,
    pub(super) observer: &'a mut O,
    pub(super) stop: &'a Stop,
    pub(super) aim: &'a Aim,
    /// How many sendings of the present step were lost, brought a secret, and may still be carried out.
    pub(super) outstanding: usize,
}

/// What came of a request, sorted by what to do next.
pub(super) enum Sent {
    /// It was done.
    Done(Receipt),
    /// Nobody knows: look.
    Lost(ApiError),
    /// The server says that it did not do it.
    Refused(ApiError),
    /// It never left.
    Never(ApiError),
}

impl<C: Cluster, O: Observer> Errand<'_, C, O> {
    /// Sends what is no step's first request; nothing if it could not be recorded, and so was held back.
    pub(super) async fn send(&mut self, op: &Op) -> Option<Sent> {
        match self.observer.besides(op) {
            Ok(()) => Some(self.send_recorded(op).await),
            Err(_) => None,
        }
    }

    /// As [`Errand::send`], for what has to go out even where it cannot be recorded.
    pub(super) async fn send_anyway(&mut self, op: &Op) -> Sent {
        // A full disk takes neither a secret nor a record; the token that nobody can know must go all the same.
        let _ = self.observer.besides(op);
        self.send_recorded(op).await
    }

    async fn send_recorded(&mut self, op: &Op) -> Sent {
        let result = match self.passwords.of(op, self.aim) {
            Ok(password) => self.cluster.perform(op, password).await,
            Err(error) => Err(error),
        };
        self.observer.besides_ended(op, result.as_ref().map(|_| ()));
        match result {
            Ok(receipt) => Sent::Done(receipt),
            Err(error @ (ApiError::Unanswered { .. } | ApiError::Unintelligible { .. })) => Sent::Lost(error),
            Err(error @ ApiError::Refused { .. }) => Sent::Refused(error),
            Err(error @ ApiError::NotSent { .. }) => Sent::Never(error),
        }
    }

    /// What is there now; nothing if that cannot be told: a reader that sees less than before would take what is hidden
    /// for gone.
    pub(super) async fn look(&mut self) -> Option<AccessState> {
        self.observer.reads_back();
        let snapshot = self.cluster.read().await.ok()?;
        let sees_less = !snapshot.sight.hidden().is_subset(self.aim.live.sight.hidden());
        (!sees_less).then_some(snapshot.state)
    }
}

impl<C: Cluster, O: Observer> Sender for Errand<'_, C, O> {
    async fn send_bare(&mut self, op: &Op) -> Result<(), ApiError> {
        let passwords = Passwords::none();
        let aim = Aim { passwords: [].into(), ..self.aim.clone() };
        let mut bare = Errand {
            cluster: self.cluster,
            passwords: &passwords,
            delivery: self.delivery,
            observer: self.observer,
            stop: self.stop,
            aim: &aim,
            outstanding: 0,
        };
        bare.see_to(op).await
    }
}
