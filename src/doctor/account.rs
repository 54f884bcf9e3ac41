//! What the server makes of a credential.

use std::collections::BTreeSet;

use super::check::{Check, Subject};
use super::held;
use super::needs;
use super::patient::{Asked, Unusable};
use crate::api::{ApiError, Client};
use crate::live::{Blind, ReadError, Snapshot, Source};
use crate::model::{AccessState, Expire, Privsep, Refusal};
use crate::pve::Principal;
use crate::resolve::{Unsunk, resolve};

/// Whether a credential is accepted.
#[derive(Clone, Debug)]
pub enum Credential {
    /// It is.
    Accepted,
    /// There is none to show.
    Unusable(Unusable),
    /// It is not.
    Refused(Principal, Causes),
    /// Something else went wrong.
    Failed(ApiError),
}

/// Why a credential is refused: the server never says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Causes {
    /// It did not arrive.
    Lost,
    /// One of these, the likeliest first.
    Perhaps(Vec<Cause>),
    /// All of these: another credential sees them.
    Surely(Vec<Cause>),
}

/// Why a credential is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The user is disabled.
    Disabled,
    /// The user's time is over.
    UserExpired,
    /// The token's time is over.
    TokenExpired,
    /// The secret is not the token's, or not any more.
    WrongSecret,
    /// The password or the one-time code is wrong.
    WrongPassword,
    /// This cluster has no such user or token.
    NotHere,
}

/// Whom the server takes a credential for.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub who: Principal,
    /// What there is to know about it; none where that is not visible.
    pub account: Option<Account>,
    /// When, in seconds since 1970.
    pub now: u64,
}

/// A user or token, as far as it decides who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Until when the user gets in.
    pub user: Expire,
    /// Whether the token is separated, and until when it gets in.
    pub token: Option<(Privsep, Expire)>,
}

/// What a credential sees.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Who.
    pub who: Principal,
    /// What it does not see all of, of what decides who may do what.
    pub hidden: BTreeSet<Blind>,
    /// What of that the files speak of, so that no plan can be made.
    pub unseen: BTreeSet<Blind>,
}

impl Account {
    fn of(who: &Principal, state: &AccessState) -> Option<Account> {
        let user = state.users.get(who.user())?.expire;
        let token = match who {
            Principal::User(_) => None,
            Principal::Token(token) => {
                let token = state.tokens.get(token)?;
                Some((token.privsep, token.expire))
            }
        };
        Some(Account { user, token })
    }

    /// When it stops getting in, the user's end and the token's.
    pub(super) fn ends(&self) -> Vec<u64> {
        let Account { user, token } = self;
        let end = |expire: Expire| match expire {
            Expire::Never => None,
            Expire::At(end) => Some(end),
        };
        std::iter::once(*user).chain(token.iter().map(|(_, expire)| *expire)).filter_map(end).collect()
    }
}

const SUBJECTS: [Subject; 6] =
    [Subject::Credential, Subject::Release, Subject::Identity, Subject::Sight, Subject::Holdings, Subject::Needs];

/// The subjects that matter to what is asked.
fn matters(subject: Subject, asked: &Asked<'_>) -> bool {
    match subject {
        Subject::Sight | Subject::Needs => !matches!(asked, Asked::Consumer),
        Subject::Holdings => matches!(asked, Asked::Consumer),
        _ => true,
    }
}

/// Of those that no check is about yet.
fn rest(checks: &[Check], asked: &Asked<'_>) -> Vec<Check> {
    let is_done = |subject: Subject| checks.iter().any(|check| check.subject() == subject);
    // That there are no files is worth a line only where everything else was looked at.
    let is_asked = |subject: Subject| match (subject, asked) {
        (Subject::Needs, Asked::NoFiles) => is_done(Subject::Sight),
        _ => matters(subject, asked),
    };
    let is_open = |subject: &Subject| is_asked(*subject) && !is_done(*subject);
    let check = |subject| match (subject, asked) {
        (Subject::Needs, Asked::NoFiles) => Check::LeftOut(subject),
        _ => Check::Unreached(subject),
    };
    SUBJECTS.into_iter().filter(is_open).map(check).collect()
}

/// Nothing of it can be looked at.
pub(super) fn unreached(asked: &Asked<'_>) -> Vec<Check> {
    rest(&[], asked)
}

/// There is no credential to look at.
pub(super) fn without(unusable: &Unusable, asked: &Asked<'_>) -> Vec<Check> {
    let mut checks = vec![Check::Credential(Credential::Unusable(unusable.clone()))];
    checks.extend(rest(&checks, asked));
    checks
}

/// Shows the credential, and looks at what comes of it.
pub(super) async fn look(client: &Client, examiner: Option<&Client>, asked: &Asked<'_>, now: u64) -> Vec<Check> {
    let mut checks = Vec::new();
    steps(client, examiner, asked, now, &mut checks).await;
    checks.extend(rest(&checks, asked));
    checks.sort_by_key(Check::subject);
    checks
}

async fn steps(client: &Client, examiner: Option<&Client>, asked: &Asked<'_>, now: u64, checks: &mut Vec<Check>) {
    let who = client.principal();
    let release = match client.version().await {
        Ok(version) => version.release,
        Err(error) => {
            checks.push(Check::Credential(refused(who, error, examiner, now).await));
            return;
        }
    };
    checks.push(Check::Credential(Credential::Accepted));
    checks.push(Check::Release(release));
    let own = match read(client).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            // The same credential was good a moment ago.
            checks.retain(|check| check.subject() != Subject::Credential);
            checks.push(Check::Credential(Credential::Failed(error)));
            return;
        }
    };
    let other = match examiner {
        Some(examiner) => read(examiner).await.ok(),
        None => None,
    };
    let eyes = other.as_ref().unwrap_or(&own);
    checks.push(Check::Identity(Identity { who: who.clone(), account: Account::of(who, &eyes.state), now }));
    if matters(Subject::Sight, asked) {
        checks.push(Check::Sight(sight(who, &own, asked, now)));
    }
    if matters(Subject::Holdings, asked) {
        checks.push(Check::Holdings(held::look(client, eyes).await));
    }
    if let Asked::Files(desired) = asked {
        checks.push(Check::Needs(needs::look(client, desired, &own).await));
    }
}

async fn read(client: &Client) -> Result<Snapshot, ApiError> {
    match client.read().await {
        Ok(snapshot) => Ok(snapshot),
        Err(ReadError::Api(error)) => Err(error),
        // A cluster has no files to be wrong.
        Err(ReadError::UserCfg(error)) => unreachable!("{error}"),
    }
}

fn sight(who: &Principal, own: &Snapshot, asked: &Asked<'_>, now: u64) -> Sight {
    let unseen = match asked {
        Asked::Files(desired) => match resolve(desired, own, Unsunk::Show, now) {
            Ok(resolved) => resolved.unseen,
            Err(_) => own.sight.hidden_declarable(),
        },
        Asked::NoFiles | Asked::Consumer => BTreeSet::new(),
    };
    Sight { who: who.clone(), hidden: own.sight.hidden_deciding(), unseen }
}

/// Why the server does not take it.
async fn refused(who: &Principal, error: ApiError, examiner: Option<&Client>, now: u64) -> Credential {
    let ApiError::Refused { status: 401, message, .. } = &error else { return Credential::Failed(error) };
    if message == "No ticket" {
        return Credential::Refused(who.clone(), Causes::Lost);
    }
    if let Some(examiner) = examiner
        && let Ok(Snapshot { state, sight, .. }) = read(examiner).await
        && !sight.hidden().contains(&Blind::Accounts)
    {
        return Credential::Refused(who.clone(), Causes::Surely(seen(who, &state, now)));
    }
    Credential::Refused(who.clone(), Causes::Perhaps(likely(who)))
}

fn likely(who: &Principal) -> Vec<Cause> {
    match who {
        Principal::Token(_) => {
            vec![Cause::Disabled, Cause::UserExpired, Cause::TokenExpired, Cause::WrongSecret, Cause::NotHere]
        }
        Principal::User(_) => vec![Cause::WrongPassword, Cause::Disabled, Cause::UserExpired, Cause::NotHere],
    }
}

/// What keeps it out by what is known of it; if that is nothing, it is what is not known: the secret.
fn seen(who: &Principal, state: &AccessState, now: u64) -> Vec<Cause> {
    if !state.has_principal(who) {
        return vec![Cause::NotHere];
    }
    let cause = |refusal: &Refusal| match refusal {
        Refusal::Disabled => Cause::Disabled,
        Refusal::UserExpired(_) => Cause::UserExpired,
        Refusal::TokenExpired(_) => Cause::TokenExpired,
    };
    let causes: Vec<Cause> = state.refusals(who, now).iter().map(cause).collect();
    let secret = match who {
        Principal::Token(_) => Cause::WrongSecret,
        Principal::User(_) => Cause::WrongPassword,
    };
    if causes.is_empty() { vec![secret] } else { causes }
}
