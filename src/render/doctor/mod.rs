//! What an examination found.
//!
//! Knows how findings are worded, once for every way of writing. What is good or bad is decided by `doctor`.

mod json;
mod of_account;
mod of_needs;
mod of_road;
mod text;

pub use json::{examination_json, examination_schema};
pub use text::examination;

use crate::doctor::{Check, Subject, Verdict};
use crate::pve::Release;

/// One finding in words.
#[derive(Default)]
struct Said {
    /// What was found.
    finding: String,
    /// What there is to know about it.
    facts: Vec<String>,
    /// What to do, in order.
    steps: Vec<Step>,
}

/// Something to do.
enum Step {
    /// A sentence.
    Do(String),
    /// A command, to be typed on a node.
    Type(String),
}

impl Said {
    fn of(finding: impl Into<String>) -> Said {
        Said { finding: finding.into(), ..Said::default() }
    }

    fn fact(mut self, fact: impl Into<String>) -> Said {
        self.facts.push(fact.into());
        self
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Said {
        self.steps.push(Step::Do(remedy.into()));
        self
    }

    fn command(mut self, command: impl Into<String>) -> Said {
        self.steps.push(Step::Type(command.into()));
        self
    }
}

/// What `check` found.
fn said(check: &Check) -> Said {
    match check {
        Check::Address(address) => of_road::address(address),
        Check::Connection(connection) => of_road::connection(connection),
        Check::Tls(tls) => of_road::tls(tls),
        Check::Trust(trusted) => of_road::trust(trusted),
        Check::Api(api) => of_road::api(api),
        Check::Clock(clock) => of_road::clock(*clock),
        Check::Credential(credential) => of_account::credential(credential),
        Check::Release(release) => self::release(*release),
        Check::Identity(identity) => of_account::identity(identity),
        Check::Sight(sight) => of_account::sight(sight),
        Check::Holdings(holdings) => of_account::holdings(holdings),
        Check::Needs(needs) => of_needs::needs(needs),
        Check::Unreached(_) => Said::default(),
        Check::LeftOut(_) => Said::of("no files are named: with -f FILE, what they need is looked at too"),
    }
}

fn release(release: Release) -> Said {
    let said = Said::of(format!("Proxmox VE {release}"));
    let measured = Release::MEASURED;
    match release.cmp(&measured) {
        std::cmp::Ordering::Equal => said,
        std::cmp::Ordering::Greater => said.fact(format!(
            "This program was measured against {measured}: newer releases may behave otherwise. Look at plans closely."
        )),
        std::cmp::Ordering::Less => said.fact(format!("This program was measured against {measured}.")),
    }
}

fn name(subject: Subject) -> &'static str {
    match subject {
        Subject::Address => "address",
        Subject::Connection => "connection",
        Subject::Tls => "tls",
        Subject::Trust => "trust",
        Subject::Api => "api",
        Subject::Clock => "clock",
        Subject::Credential => "credential",
        Subject::Release => "release",
        Subject::Identity => "identity",
        Subject::Sight => "sight",
        Subject::Holdings => "holdings",
        Subject::Needs => "needs",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::LeftOut => "left out",
        Verdict::Good => "good",
        Verdict::Doubtful => "doubtful",
        Verdict::Unreached => "not reached",
        Verdict::Bad => "bad",
    }
}
