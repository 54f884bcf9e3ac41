//! Where ops are performed.

use std::collections::BTreeSet;
use std::future::Future;

use secrecy::SecretString;

use super::password;
use crate::api::{AclChange, AclEdit, ApiError, Client, TokenFields, UserFields};
use crate::live::Source;
use crate::model::{Expire, Privsep, Propagate, Text, Token, User};
use crate::plan::{Account, AclBatch, Op};
use crate::pve::{Subject, TokenId};

/// What the server gives for an op.
#[derive(Debug)]
pub enum Receipt {
    /// Nothing but that it is done.
    Done,
    /// A secret that it will not show again.
    Secret(SecretString),
}

/// A cluster that can be changed.
pub trait Cluster: Source {
    /// Sends the one request that `op` stands for, with the password of the user that it makes or is about.
    fn perform(
        &self,
        op: &Op,
        password: Option<&SecretString>,
    ) -> impl Future<Output = Result<Receipt, ApiError>> + Send;

    /// Goes on with a new secret of `token`, if that is the one that asks: its former one is refused by now.
    fn adopt(&self, token: &TokenId, secret: &SecretString);

    /// Gives it time before it is asked again for the `turn`th time, the first of which is 0; longer each time.
    fn pause(&self, turn: u32) -> impl Future<Output = ()> + Send;
}

impl Cluster for Client {
    async fn perform(&self, op: &Op, password: Option<&SecretString>) -> Result<Receipt, ApiError> {
        match op {
            Op::CreateRole { role, privs } => self.create_role(role, privs).await,
            Op::CreateGroup { group, comment } => self.create_group(group, given(comment)).await,
            Op::CreateUser { user, account } => self.create_user(user, &new_user(account), password).await,
            Op::CreateToken { token, attributes } => {
                return self.create_token(token, &new_token(attributes)).await.map(Receipt::Secret);
            }
            Op::Grant { batch, propagate } => {
                let propagate = *propagate == Propagate::Yes;
                update_acl(self, batch, AclChange::Grant { propagate }).await
            }
            Op::SetRole { role, before: _, after } => self.update_role(role, after).await,
            Op::SetGroup { group, before: _, after } => self.update_group(group, after.as_str()).await,
            Op::SetUser { user, before, after } => self.update_user(user, &changed_user(before, after)).await,
            Op::SetPassword { user } => match password {
                Some(password) => self.set_password(user, password).await,
                None => return Err(password::unknown(op)),
            },
            Op::SetToken { token, before, after } => self.update_token(token, &changed_token(before, after)).await,
            Op::RotateToken { token, before, after } => {
                return self.regenerate_token(token, &changed_token(before, after)).await.map(Receipt::Secret);
            }
            Op::Revoke { batch } => update_acl(self, batch, AclChange::Revoke).await,
            Op::DeleteToken { token } => self.delete_token(token).await,
            Op::DeleteUser { user } => self.delete_user(user).await,
            Op::DeleteGroup { group } => self.delete_group(group).await,
            Op::DeleteRole { role } => self.delete_role(role).await,
        }
        .map(|()| Receipt::Done)
    }

    fn adopt(&self, token: &TokenId, secret: &SecretString) {
        // What is no header is no secret that a server gives: the next request then shows the former one, and is refused.
        let _ = Client::adopt(self, token, secret);
    }

    async fn pause(&self, turn: u32) {
        tokio::time::sleep(self.patience().before_look(turn)).await;
    }
}

async fn update_acl(client: &Client, batch: &AclBatch, change: AclChange) -> Result<(), ApiError> {
    let (mut users, mut groups, mut tokens) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for subject in batch.subjects() {
        match subject.clone() {
            Subject::User(user) => users.insert(user),
            Subject::Group(group) => groups.insert(group),
            Subject::Token(token) => tokens.insert(token),
        };
    }
    let edit =
        AclEdit { path: batch.path(), roles: batch.roles(), users: &users, groups: &groups, tokens: &tokens, change };
    client.update_acl(&edit).await
}

/// A text for a creation: the server's default is none.
fn given(text: &Text) -> Option<&str> {
    (!text.is_empty()).then(|| text.as_str())
}

fn new_user(Account { user, groups }: &Account) -> UserFields<'_> {
    // `keys` is never written.
    let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
    UserFields {
        enable: Some(enable.is_yes()),
        expire: Some((*expire).into()).filter(|_| *expire != Expire::Never),
        firstname: given(firstname),
        lastname: given(lastname),
        email: given(email),
        comment: given(comment),
        groups: (!groups.is_empty()).then_some(groups),
    }
}

fn new_token(Token { comment, expire, privsep }: &Token) -> TokenFields<'_> {
    TokenFields {
        comment: given(comment),
        expire: Some((*expire).into()).filter(|_| *expire != Expire::Never),
        privsep: Some(*privsep == Privsep::Yes),
    }
}

/// `after` where it is not `before`.
fn other<'a, T: PartialEq>(before: &T, after: &'a T) -> Option<&'a T> {
    (before != after).then_some(after)
}

fn changed_user<'a>(before: &Account, after: &'a Account) -> UserFields<'a> {
    let Account { user, groups } = after;
    // `keys` is never written.
    let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
    UserFields {
        enable: other(&before.user.enable, enable).map(|enable| enable.is_yes()),
        expire: other(&before.user.expire, expire).map(|expire| (*expire).into()),
        firstname: other(&before.user.firstname, firstname).map(Text::as_str),
        lastname: other(&before.user.lastname, lastname).map(Text::as_str),
        email: other(&before.user.email, email).map(Text::as_str),
        comment: other(&before.user.comment, comment).map(Text::as_str),
        groups: other(&before.groups, groups),
    }
}

fn changed_token<'a>(before: &Token, after: &'a Token) -> TokenFields<'a> {
    let Token { comment, expire, privsep } = after;
    TokenFields {
        comment: other(&before.comment, comment).map(Text::as_str),
        expire: other(&before.expire, expire).map(|expire| (*expire).into()),
        privsep: other(&before.privsep, privsep).map(|privsep| privsep.is_yes()),
    }
}
