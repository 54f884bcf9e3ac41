//! The one way from a plan that was made to what has come of it.

use std::fs;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::arguments::{Carrying, PlanFormat, Planning};
use super::delivery;
use super::exit::Exit;
use super::failure::Failure;
use super::journal;
use super::locking;
use super::pipeline::{self, Planned};
use super::progress::Progress;
use super::saved;
use super::source::Source;
use super::terminal::Terminal;
use super::who;
use crate::api::Client;
use crate::apply::{
    self, Beginning, Delivery, Done, Ending, Intended, Journal, Outcome, PasswordError, Passwords, Stop,
};
use crate::live::Snapshot;
use crate::plan::{Approved, Op, Plan};
use crate::pve::Principal;
use crate::render::{self, Document, Followed, Line, visible};

/// How long nobody wonders what is being waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a plan is carried out.
pub(super) struct CarryingOut<'a> {
    /// The command that was typed.
    pub(super) command: &'a str,
    /// What led to the plan, and how it is shown.
    pub(super) planning: &'a Planning,
    /// Whether somebody is asked, what is written down, and who is kept out.
    pub(super) carrying: &'a Carrying,
    /// What it follows.
    pub(super) followed: Followed,
    /// What the plan is called for short, if it was saved.
    pub(super) fingerprint: Option<&'a str>,
}

/// Shows a plan, has it confirmed, and carries it out while others are kept out.
///
/// What is live is read again under the lock, and `replan` says what it comes to if somebody was faster.
pub(super) async fn carry_out(
    Planned { plan, source, secrets }: Planned,
    how: &CarryingOut<'_>,
    replan: impl Fn(Snapshot) -> Result<Plan, Failure>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let CarryingOut { command: _, planning, carrying, followed: _, fingerprint: _ } = how;
    pipeline::show(&plan, &secrets, PlanFormat::Text, planning, terminal)?;
    let Source::Cluster(connection) = &source else { return Err(read_only()) };
    let client = &connection.client;
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    if approved.plan().is_empty() {
        how.break_left_lock(&approved, client, terminal).await?;
        return Ok(Exit::Success);
    }
    let mut delivery = delivery::open(client, planning.show_secrets, carrying.run_commands);
    delivery.probe(&approved.plan().aim.sinks).map_err(|error| delivery::unusable(&error))?;
    if let [error, others @ ..] = Passwords::missing(&approved.plan().aim.passwords).as_slice() {
        let besides = others.iter().map(|error| format!("besides, {error}: {}", error.fault));
        return Err(unreadable(error).helps(besides));
    }
    if !client.can_set_passwords() && approved.plan().sets_passwords() {
        return Err(Failure::new("a ticket alone sets no passwords: Proxmox VE wants to see one's own once more")
            .help("nothing was sent; log in with PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD, or leave out --set-passwords"));
    }
    let mut journal = how.journal()?;
    if let Some(lock) = approved.plan().aim.live.lock.as_ref().filter(|_| !carrying.yes && !carrying.no_lock) {
        terminal.note(&render::locked(lock, who::now()));
    }
    if !carrying.yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was sent.\n");
        return Ok(Exit::Error);
    }
    let passwords = read(&approved, terminal).await?;
    let stop = stop_on_signals(client.clone(), terminal)?;
    journal.run_begins(how.beginning(&approved, client)).map_err(|error| journal::unwritable(&error))?;
    let run = Run { source: &source, client, how, stop: &stop, terminal };
    let ended = run.alone(approved, passwords, &mut delivery, &mut journal, replan).await;
    end(&mut journal, ended.as_ref().ok().and_then(|ended| ended.ending.clone()), terminal);
    ended.map(|ended| ended.exit)
}

fn end(journal: &mut Journal, ending: Option<Ending>, terminal: Terminal) {
    if let Err(error) = journal.run_ends(ending) {
        terminal.note_text(&format!(
            "warning: the journal lacks the end of this run: {}: {}\n",
            visible(&error),
            visible(&error.source)
        ));
    }
}

impl CarryingOut<'_> {
    fn journal(&self) -> Result<Journal, Failure> {
        let place = journal::place(self.carrying.journal.as_deref(), self.planning.target.sandbox.as_deref());
        journal::open(&place.map_err(|nowhere| nowhere.help("or do without: --journal none"))?)
    }

    /// Breaks a lock that was left behind, where there is nothing to do that would take it.
    async fn break_left_lock(&self, approved: &Approved, client: &Client, terminal: Terminal) -> Result<(), Failure> {
        let live = &approved.plan().aim.live;
        let Some(lock) = live.lock.as_ref().filter(|_| self.carrying.break_lock) else { return Ok(()) };
        let mut journal = self.journal()?;
        journal.run_begins(self.beginning(approved, client)).map_err(|error| journal::unwritable(&error))?;
        let broken = locking::breaking(client, lock, live, &mut journal, terminal).await;
        end(&mut journal, None, terminal);
        broken
    }

    fn beginning(&self, approved: &Approved, client: &Client) -> Beginning {
        Beginning {
            command: self.command.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            who: journal::who(),
            pid: journal::pid(),
            cluster: approved.plan().aim.live.cluster.clone(),
            endpoint: client.endpoint().to_string(),
            principal: client.principal().to_string(),
            intended: self.intended(approved),
        }
    }

    fn intended(&self, approved: &Approved) -> Intended {
        let plan = approved.plan();
        Intended {
            plan: self.fingerprint.map_or_else(|| saved::fingerprint(plan), str::to_owned),
            steps: plan.steps.len(),
            waived: journal::waived(approved),
        }
    }
}

/// Everything about a run that stays the same while it lasts.
struct Run<'a> {
    source: &'a Source,
    client: &'a Client,
    how: &'a CarryingOut<'a>,
    stop: &'a Stop,
    terminal: Terminal,
}

/// How a run ended; with nothing to write down if nothing of a plan was sent.
struct Ended {
    exit: Exit,
    ending: Option<Ending>,
}

impl Run<'_> {
    /// Carries a plan out under the lock, which is given back on every way out.
    async fn alone(
        &self,
        approved: Approved,
        passwords: Passwords,
        delivery: &mut Delivery,
        journal: &mut Journal,
        replan: impl Fn(Snapshot) -> Result<Plan, Failure>,
    ) -> Result<Ended, Failure> {
        let live = &approved.plan().aim.live;
        let held = locking::take(self.client, live, self.how.carrying, journal, self.stop, self.terminal).await?;
        let Some(held) = held else { return self.send(approved, &passwords, delivery, journal).await };
        let ended = tokio::select! {
            ended = caught(self.under_lock(approved, passwords, delivery, journal, replan)) => ended,
            never = locking::watch(&held, self.client, self.stop, self.terminal) => match never {},
        };
        locking::give_back(held, self.client, journal, self.terminal).await;
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Carries out what was confirmed, or what it has come to by now if nobody wished to confirm that.
    async fn under_lock(
        &self,
        approved: Approved,
        passwords: Passwords,
        delivery: &mut Delivery,
        journal: &mut Journal,
        replan: impl Fn(Snapshot) -> Result<Plan, Failure>,
    ) -> Result<Ended, Failure> {
        let CarryingOut { command: _, planning, carrying, followed: _, fingerprint: _ } = self.how;
        let over = |exit| Ok(Ended { exit, ending: None });
        let live = self.source.read(self.terminal).await?;
        if approved.plan().still_fits(&live) {
            return self.send(approved, &passwords, delivery, journal).await;
        }
        if !carrying.yes {
            self.terminal.note_text(
                "Nothing was sent: somebody has changed the cluster since the plan was made. Run it again to see what \
                 there is to do now.\n",
            );
            return over(Exit::Error);
        }
        self.terminal.note_text(
            "\nSomebody has changed the cluster since the plan was made. This is what there is to do now:\n",
        );
        let plan = replan(live)?;
        pipeline::show(&plan, &[], PlanFormat::Text, planning, self.terminal)?;
        let Some(approved) = pipeline::approve(plan, &planning.allow, self.terminal) else {
            return over(Exit::Refused);
        };
        if approved.plan().is_empty() {
            return over(Exit::Success);
        }
        let passwords = read(&approved, self.terminal).await?;
        journal.replans(self.how.intended(&approved)).map_err(|error| journal::unwritable(&error))?;
        self.send(approved, &passwords, delivery, journal).await
    }

    async fn send(
        &self,
        approved: Approved,
        passwords: &Passwords,
        delivery: &mut Delivery,
        journal: &mut Journal,
    ) -> Result<Ended, Failure> {
        let mut progress = Progress::new(approved.plan().steps.len());
        let outcome =
            apply::run(approved, self.client, passwords, delivery, &mut (journal, &mut progress), self.stop).await;
        progress.finish();
        let outcome = outcome.map_err(|error| delivery::unusable(&error))?;
        report(&outcome, self.how.followed, self.terminal);
        if renews(&outcome, self.client.principal()) {
            self.terminal.note_text(&format!(
                "note: {} has a new secret, and the next run needs it: the one that this began with is refused now\n",
                visible(self.client.principal())
            ));
        }
        Ok(Ended { exit: exit(&outcome), ending: Some(Ending::from(&outcome)) })
    }
}

/// What comes of `future`, or with what it panicked: what has to be done after it is done in either case.
async fn caught<T>(future: impl Future<Output = T>) -> thread::Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // After a panic it is not polled again, and what it was at is not looked at.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

fn report(outcome: &Outcome, followed: Followed, terminal: Terminal) {
    let mut document = Document::default();
    document.push(Line::default());
    document.extend(render::outcome(outcome, followed));
    if terminal.write(&document).is_err() {
        // What was done to a cluster has to be said somewhere.
        terminal.note(&document);
    }
}

/// Whether the secret of `who` was renewed on the way.
fn renews(outcome: &Outcome, who: &Principal) -> bool {
    outcome.steps.iter().any(|(step, end)| match (&step.op, who) {
        (Op::RotateToken { token, .. }, Principal::Token(own)) => token == own && end.is_done(),
        _ => false,
    })
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome.done() {
        Done::Everything => Exit::Success,
        Done::Nothing => Exit::Error,
        Done::Partly => Exit::Partly,
    }
}

/// A copy of a file is no cluster.
pub(super) fn read_only() -> Failure {
    Failure::new("a copy of a user.cfg is read, not written: --live is not for `apply`")
        .help("`plan --live FILE` shows what would be done")
        .help("to rehearse it: `sandbox --seed FILE --dir DIR`, then `apply --sandbox=DIR`")
}

/// A password that cannot be had.
fn unreadable(error: &PasswordError) -> Failure {
    Failure::of(error).help(format!("nothing was sent; {}", error.help()))
}

/// The passwords that a plan needs; says so if the programs that print them take their time.
async fn read(approved: &Approved, terminal: Terminal) -> Result<Passwords, Failure> {
    let mut reading = pin!(Passwords::read(&approved.plan().aim.passwords));
    let read = tokio::select! {
        read = &mut reading => read,
        () = sleep(PATIENCE) => {
            terminal.note_text("Waiting for the programs that passwords come from, for a minute each at most.\n");
            reading.await
        }
    };
    read.map_err(|error| unreadable(&error))
}

/// From here on, Ctrl-C, SIGTERM and a terminal that goes away mean to stop before the next request, and to wait for
/// nothing but the answer to the present one.
fn stop_on_signals(client: Client, terminal: Terminal) -> Result<Stop, Failure> {
    let watch = |kind| signal(kind).map_err(|error| Failure::new("signals cannot be waited for").because(&error));
    let ignored = ignored();
    let stop = Stop::default();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        // `nohup` means it.
        if ignored & (1 << (kind.as_raw_value() - 1)) == 0 {
            tokio::spawn(stop_on(watch(kind)?, stop.clone(), client.clone(), terminal));
        }
    }
    Ok(stop)
}

async fn stop_on(mut signal: Signal, stop: Stop, client: Client, terminal: Terminal) {
    while signal.recv().await.is_some() {
        if !stop.is_requested() {
            terminal.note_text("Stopping once the request under way is answered.\n");
        }
        stop.request();
        client.hurry();
    }
}

/// The signals that whoever started this process wants ignored, a bit each from the first on; none where that is not said.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[tokio::test]
    async fn a_panic_is_caught_even_after_waiting() {
        assert_eq!(caught(async { 1 }).await.unwrap(), 1);
        let panics = async {
            tokio::task::yield_now().await;
            panic!("in the midst");
        };
        assert_eq!(caught::<()>(panics).await.unwrap_err().downcast_ref(), Some(&"in the midst"));
    }
}
