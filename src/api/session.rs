//! What is shown to the server, request by request.

use std::sync::{PoisonError, RwLock};

use reqwest::header::HeaderValue;
use secrecy::SecretString;

use super::credential::{Credential, CredentialError};
use crate::pve::{Principal, TokenId};

/// A credential in use: whom it makes of the client stays, its secret may be renewed on the way.
pub(super) struct Session {
    principal: Principal,
    credential: RwLock<Credential>,
}

impl Session {
    pub(super) fn new(credential: Credential) -> Session {
        Session { principal: Principal::Token(credential.token().clone()), credential: RwLock::new(credential) }
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The value of `Authorization`.
    pub(super) fn authorization(&self) -> HeaderValue {
        // Nobody panics while it is written: the value is made before.
        self.credential.read().unwrap_or_else(PoisonError::into_inner).header()
    }

    /// Goes on with a new secret, if it is the one that is shown here.
    pub(super) fn adopt(&self, token: &TokenId, secret: &SecretString) -> Result<(), CredentialError> {
        if self.principal == Principal::Token(token.clone()) {
            let renewed = Credential::new(token.clone(), secret.clone())?;
            *self.credential.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        }
        Ok(())
    }
}
