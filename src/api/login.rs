//! A user who logs in, and what proves who it is.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::credential::CredentialError;
use super::second_factor::{Codes, NoCodes};
use crate::pve::UserId;

/// A user who proves who it is by a password, or by the ticket of an earlier login.
#[derive(Clone)]
pub struct Login {
    user: UserId,
    proof: Proof,
    codes: Arc<dyn Codes>,
}

/// What a login is proven by.
#[derive(Clone)]
enum Proof {
    Password(SecretString),
    Ticket(SecretString),
}

/// What kind of proof it was, once it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofKind {
    /// A password.
    Password,
    /// A ticket of an earlier login.
    Ticket,
}

/// What whoever asks for another password has to show of its own (api-facts.md, Authentication).
pub(super) enum OwnPassword {
    /// Nothing: it is root@pam.
    NotAsked,
    /// This.
    Known(SecretString),
    /// Nobody knows it: the login is by the ticket of an earlier one.
    Unknown,
    /// There is nothing that would do: it is an API token.
    NoneDoes,
}

impl Login {
    /// `user` with its password.
    pub fn with_password(user: UserId, password: SecretString) -> Result<Login, CredentialError> {
        if password.expose_secret().is_empty() {
            return Err(CredentialError::NoPassword);
        }
        Ok(Login { user, proof: Proof::Password(password), codes: Arc::new(NoCodes) })
    }

    /// Whoever a ticket of an earlier login was made for; blanks and line ends around it do not count.
    pub fn with_ticket(ticket: &SecretString) -> Result<Login, CredentialError> {
        let text = ticket.expose_secret().trim();
        let claim = text.strip_prefix("PVE:").ok_or(CredentialError::NoTicket)?;
        if claim.starts_with("!tfa!") || claim.starts_with("tfa!") {
            return Err(CredentialError::HalfTicket);
        }
        let (claim, _) = claim.split_once("::").ok_or(CredentialError::NoTicket)?;
        let (user, _) = claim.rsplit_once(':').ok_or(CredentialError::NoTicket)?;
        let user = user.parse().map_err(|_| CredentialError::NoTicket)?;
        Ok(Login { user, proof: Proof::Ticket(SecretString::from(text)), codes: Arc::new(NoCodes) })
    }

    /// With somebody to ask for the codes of a second factor.
    #[must_use]
    pub fn with_codes(self, codes: impl Codes + 'static) -> Login {
        Login { codes: Arc::new(codes), ..self }
    }

    /// Who logs in.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The server takes a ticket in a password's place (api-facts.md, Authentication).
    pub(super) fn password(&self) -> &SecretString {
        match &self.proof {
            Proof::Password(secret) | Proof::Ticket(secret) => secret,
        }
    }

    pub(super) fn own_password(&self) -> OwnPassword {
        match &self.proof {
            _ if self.user.is_root() => OwnPassword::NotAsked,
            Proof::Password(password) => OwnPassword::Known(password.clone()),
            Proof::Ticket(_) => OwnPassword::Unknown,
        }
    }

    /// The same user, who has another password by now; a ticket of an earlier login stays good.
    pub(super) fn with_new_password(self, password: &SecretString) -> Login {
        let proof = match self.proof {
            Proof::Password(_) => Proof::Password(password.clone()),
            ticket @ Proof::Ticket(_) => ticket,
        };
        Login { proof, ..self }
    }

    pub(super) fn proof_kind(&self) -> ProofKind {
        match &self.proof {
            Proof::Password(_) => ProofKind::Password,
            Proof::Ticket(_) => ProofKind::Ticket,
        }
    }

    pub(super) fn codes(&self) -> Arc<dyn Codes> {
        Arc::clone(&self.codes)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Login { user, proof: _, codes: _ } = self;
        f.debug_struct("Login").field("user", user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_says_whose_it_is() {
        let login = |text: &str| Login::with_ticket(&SecretString::from(text));
        assert_eq!(login("PVE:ann@pve:65E1F2A0::c2ln\n").unwrap().user(), &"ann@pve".parse::<UserId>().unwrap());
        assert_eq!(login("PVE:a:b@pve:65E1F2A0::c2ln").unwrap_err(), CredentialError::NoTicket);
        assert_eq!(login("PVE:!tfa!%7B%7D:65E1F2A0::c2ln").unwrap_err(), CredentialError::HalfTicket);
        for text in ["", "hunter2", "PVE:ann@pve", "PVE:ann:65E1F2A0::c2ln", "PVEVNC:ann@pve:65E1F2A0::c2ln"] {
            assert_eq!(login(text).unwrap_err(), CredentialError::NoTicket, "{text}");
        }
        assert!(!format!("{:?}", login("PVE:ann@pve:65E1F2A0::c2ln").unwrap()).contains("65E1F2A0"));
    }
}
