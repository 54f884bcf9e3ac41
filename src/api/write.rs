//! The writes: one method for each thing that is made, changed or deleted.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;

use super::client::Client;
use super::error::ApiError;
use super::failure;
use super::login::OwnPassword;
use super::request::{Call, Method};
use super::wire::NewSecret;
use crate::pve::{AclPath, GroupId, Principal, Privilege, RoleId, TokenId, UserId};

/// What to set of a user: `None` is not sent and so leaves it, `Some("")` clears it.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserFields<'a> {
    /// Whether it can log in.
    pub enable: Option<bool>,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expire: Option<u64>,
    /// First name.
    pub firstname: Option<&'a str>,
    /// Last name.
    pub lastname: Option<&'a str>,
    /// Mail address.
    pub email: Option<&'a str>,
    /// What it is for.
    pub comment: Option<&'a str>,
    /// The groups that it is in, exactly.
    pub groups: Option<&'a BTreeSet<GroupId>>,
}

/// What to set of a token: `None` is not sent and so leaves it, `Some("")` clears it.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenFields<'a> {
    /// What it is for.
    pub comment: Option<&'a str>,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expire: Option<u64>,
    /// Whether its rights are its own.
    pub privsep: Option<bool>,
}

/// Grants at one path: every one of `roles` to every one of the subjects, all of it or nothing.
#[derive(Clone, Copy, Debug)]
pub struct AclEdit<'a> {
    /// Where.
    pub path: &'a AclPath,
    /// What.
    pub roles: &'a BTreeSet<RoleId>,
    /// To which users.
    pub users: &'a BTreeSet<UserId>,
    /// To which groups.
    pub groups: &'a BTreeSet<GroupId>,
    /// To which tokens.
    pub tokens: &'a BTreeSet<TokenId>,
    /// To be there or to be gone.
    pub change: AclChange,
}

/// What becomes of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AclChange {
    /// They are there, with this value; one that is there already changes in place.
    Grant {
        /// Whether they reach below the path.
        propagate: bool,
    },
    /// They are gone; whether they propagated does not matter, nor whether they were there.
    Revoke,
}

impl Client {
    /// POST /access/groups
    pub async fn create_group(&self, group: &GroupId, comment: Option<&str>) -> Result<(), ApiError> {
        let call = Call::new(Method::Post, &["access", "groups"]);
        self.write(call.with("groupid", group).with_some("comment", comment)).await
    }

    /// PUT /access/groups/{group}
    pub async fn update_group(&self, group: &GroupId, comment: &str) -> Result<(), ApiError> {
        self.write(Call::new(Method::Put, &["access", "groups", group.as_str()]).with("comment", comment)).await
    }

    /// DELETE /access/groups/{group}
    pub async fn delete_group(&self, group: &GroupId) -> Result<(), ApiError> {
        self.write(Call::new(Method::Delete, &["access", "groups", group.as_str()])).await
    }

    /// POST /access/roles
    pub async fn create_role(&self, role: &RoleId, privs: &BTreeSet<Privilege>) -> Result<(), ApiError> {
        let call = Call::new(Method::Post, &["access", "roles"]);
        self.write(call.with("roleid", role).with_list("privs", privs)).await
    }

    /// PUT /access/roles/{role}: `privs` are all that it holds from then on. They are always sent, for the server
    /// takes all privileges away when they are not (api-facts.md, Groups, roles).
    pub async fn update_role(&self, role: &RoleId, privs: &BTreeSet<Privilege>) -> Result<(), ApiError> {
        self.write(Call::new(Method::Put, &["access", "roles", role.as_str()]).with_list("privs", privs)).await
    }

    /// DELETE /access/roles/{role}
    pub async fn delete_role(&self, role: &RoleId) -> Result<(), ApiError> {
        self.write(Call::new(Method::Delete, &["access", "roles", role.as_str()])).await
    }

    /// POST /access/users; the password is stored even where the server then refuses the user (api-facts.md, Users).
    pub async fn create_user(
        &self,
        user: &UserId,
        fields: &UserFields<'_>,
        password: Option<&SecretString>,
    ) -> Result<(), ApiError> {
        let call = fields.add_to(Call::new(Method::Post, &["access", "users"]).with("userid", user));
        self.write(call.with_some("password", password.map(ExposeSecret::expose_secret))).await
    }

    /// PUT /access/password, which no token may call (api-facts.md, Authentication); whoever is not root@pam says its
    /// own password again.
    pub async fn set_password(&self, user: &UserId, password: &SecretString) -> Result<(), ApiError> {
        let call = |own: Option<&SecretString>| {
            let call = Call::new(Method::Put, &["access", "password"]).with("userid", user);
            let call = call.with("password", password.expose_secret());
            call.with_some("confirmation-password", own.map(ExposeSecret::expose_secret))
        };
        let own = match self.session.own_password() {
            OwnPassword::NotAsked | OwnPassword::NoneDoes => None,
            OwnPassword::Known(own) => Some(own),
            OwnPassword::Unknown => {
                let reason = "the server wants to see one's own password once more, and a ticket does not tell it";
                return Err(failure::unsendable(&call(None).request, reason));
            }
        };
        let is_own = *self.principal() == Principal::User(user.clone());
        let mut done = self.write(call(own.as_ref())).await;
        if let (Err(ApiError::Refused { .. }), true, Some(_)) = (&done, is_own, &own)
            // Where the answer to an earlier request was lost, this is its own password by now.
            && self.write(call(Some(password))).await.is_ok()
        {
            done = Ok(());
        }
        if done.is_ok() && is_own {
            self.session.learn(password);
        }
        done
    }

    /// PUT /access/users/{user}
    pub async fn update_user(&self, user: &UserId, fields: &UserFields<'_>) -> Result<(), ApiError> {
        self.write(fields.add_to(Call::new(Method::Put, &["access", "users", user.as_str()]))).await
    }

    /// DELETE /access/users/{user}
    pub async fn delete_user(&self, user: &UserId) -> Result<(), ApiError> {
        self.write(Call::new(Method::Delete, &["access", "users", user.as_str()])).await
    }

    /// POST /access/users/{user}/token/{name}: its secret, which nobody can ask for again.
    pub async fn create_token(&self, token: &TokenId, fields: &TokenFields<'_>) -> Result<SecretString, ApiError> {
        let NewSecret { value } = self.send_for_secret(fields.add_to(token_call(Method::Post, token))).await?;
        Ok(value)
    }

    /// PUT /access/users/{user}/token/{name}
    pub async fn update_token(&self, token: &TokenId, fields: &TokenFields<'_>) -> Result<(), ApiError> {
        self.write(fields.add_to(token_call(Method::Put, token))).await
    }

    /// PUT /access/users/{user}/token/{name} with regenerate=1: its new secret; the former one is dead at once.
    pub async fn regenerate_token(&self, token: &TokenId, fields: &TokenFields<'_>) -> Result<SecretString, ApiError> {
        let call = fields.add_to(token_call(Method::Put, token)).with_flag("regenerate", true);
        let NewSecret { value } = self.send_for_secret(call).await?;
        Ok(value)
    }

    /// DELETE /access/users/{user}/token/{name}
    pub async fn delete_token(&self, token: &TokenId) -> Result<(), ApiError> {
        self.write(token_call(Method::Delete, token)).await
    }

    /// PUT /access/acl
    pub async fn update_acl(&self, edit: &AclEdit<'_>) -> Result<(), ApiError> {
        let AclEdit { path, roles, users, groups, tokens, change } = edit;
        let mut call = Call::new(Method::Put, &["access", "acl"]).with("path", path).with_list("roles", *roles);
        if !users.is_empty() {
            call = call.with_list("users", *users);
        }
        if !groups.is_empty() {
            call = call.with_list("groups", *groups);
        }
        if !tokens.is_empty() {
            call = call.with_list("tokens", *tokens);
        }
        // Always said: the server takes what is not given for 1 (api-facts.md, ACL).
        self.write(match change {
            AclChange::Grant { propagate } => call.with_flag("propagate", *propagate),
            AclChange::Revoke => call.with_flag("delete", true),
        })
        .await
    }

    /// Sends a write whose answer holds nothing that is not known already.
    async fn write(&self, call: Call) -> Result<(), ApiError> {
        self.send::<IgnoredAny>(call).await.map(|_| ())
    }
}

fn token_call(method: Method, token: &TokenId) -> Call {
    Call::new(method, &["access", "users", token.user().as_str(), "token", token.name()])
}

impl UserFields<'_> {
    fn add_to(&self, call: Call) -> Call {
        let UserFields { enable, expire, firstname, lastname, email, comment, groups } = *self;
        let call = call
            .with_some("enable", enable.map(u8::from))
            .with_some("expire", expire)
            .with_some("firstname", firstname)
            .with_some("lastname", lastname)
            .with_some("email", email)
            .with_some("comment", comment);
        match groups {
            Some(groups) => call.with_list("groups", groups),
            None => call,
        }
    }
}

impl TokenFields<'_> {
    fn add_to(&self, call: Call) -> Call {
        let TokenFields { comment, expire, privsep } = *self;
        call.with_some("comment", comment).with_some("expire", expire).with_some("privsep", privsep.map(u8::from))
    }
}
