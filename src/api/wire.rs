//! What the server answers, field by field under the API's own names.
//!
//! Fields that access control has no use for are dropped while reading; yes and no are plain bools here, as on the wire.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde::Deserialize;

use super::loose;
use crate::pve::{
    AclPath, GroupId, PoolId, Privilege, RealmId, Release, RoleId, StorageId, Subject, TokenId, UserId, VmId,
};

/// GET /version.
#[derive(Clone, Debug, Deserialize)]
pub struct Version {
    /// The release, such as 9.2.
    #[serde(deserialize_with = "loose::id")]
    pub release: Release,
}

/// One of GET /access/roles.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its name.
    #[serde(deserialize_with = "loose::id")]
    pub roleid: RoleId,
    /// What it holds.
    #[serde(default, deserialize_with = "loose::ids")]
    pub privs: BTreeSet<Privilege>,
    /// Whether the server made it.
    #[serde(default, deserialize_with = "loose::flag")]
    pub special: bool,
}

/// One of GET /access/groups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// Its name.
    #[serde(deserialize_with = "loose::id")]
    pub groupid: GroupId,
    /// What it is for.
    #[serde(default, deserialize_with = "loose::text")]
    pub comment: String,
    /// Its members, those included that do not exist any more.
    #[serde(default, deserialize_with = "loose::ids")]
    pub users: BTreeSet<UserId>,
}

/// One of GET /access/users?full=1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawUser")]
pub struct User {
    /// Its id.
    pub userid: UserId,
    /// Whether it can log in.
    pub enable: bool,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expire: u64,
    /// First name.
    pub firstname: String,
    /// Last name.
    pub lastname: String,
    /// Mail address.
    pub email: String,
    /// What it is for.
    pub comment: String,
    /// Marks of a second factor.
    pub keys: String,
    /// The groups that it is in.
    pub groups: BTreeSet<GroupId>,
    /// Its tokens.
    pub tokens: BTreeMap<TokenId, Token>,
}

/// One of a user's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Token {
    /// What it is for.
    #[serde(default, deserialize_with = "loose::text")]
    pub comment: String,
    /// When it ends, in seconds since 1970; 0 for never.
    #[serde(default, deserialize_with = "loose::number")]
    pub expire: u64,
    /// Whether its rights are its own.
    #[serde(default = "yes", deserialize_with = "loose::flag")]
    pub privsep: bool,
}

/// One of GET /access/acl.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawAce")]
pub struct Ace {
    /// Where.
    pub path: AclPath,
    /// To whom.
    pub subject: Subject,
    /// What.
    pub roleid: RoleId,
    /// Whether it reaches below.
    pub propagate: bool,
}

/// One of GET /access/domains.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Realm {
    /// Its name.
    #[serde(deserialize_with = "loose::id")]
    pub realm: RealmId,
    /// `pam`, `pve`, `ldap`, `ad` or `openid`.
    pub r#type: String,
    /// What it is for.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub comment: Option<String>,
    /// `1` on the one that the login form offers first.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub default: Option<String>,
    /// The second factor that it asks for.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub tfa: Option<String>,
}

/// One of GET /pools, which does not say what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pool {
    /// Its name.
    #[serde(deserialize_with = "loose::id")]
    pub poolid: PoolId,
    /// What it is for.
    #[serde(default, deserialize_with = "loose::text")]
    pub comment: String,
}

/// A pool with what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct PoolContents {
    pub(super) members: Vec<Member>,
}

/// One of a pool's members that exist; the server does not show the others (api-facts.md, Pools, realms).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The guest's number, if it is a guest.
    #[serde(default, deserialize_with = "loose::optional_id")]
    pub vmid: Option<VmId>,
    /// The storage's name, if it is a storage; it is listed once a node.
    #[serde(default, deserialize_with = "loose::optional_id")]
    pub storage: Option<StorageId>,
}

/// What the caller holds at one path, each privilege with whether it reaches below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Held(#[serde(deserialize_with = "held")] pub BTreeMap<Privilege, bool>);

/// The answer to whatever makes a secret; without `Debug`, so that it cannot be printed.
#[derive(Deserialize)]
pub(super) struct NewSecret {
    pub(super) value: SecretString,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct RawUser {
    #[serde(deserialize_with = "loose::id")]
    userid: UserId,
    #[serde(default = "yes", deserialize_with = "loose::flag")]
    enable: bool,
    #[serde(default, deserialize_with = "loose::number")]
    expire: u64,
    #[serde(default, deserialize_with = "loose::text")]
    firstname: String,
    #[serde(default, deserialize_with = "loose::text")]
    lastname: String,
    #[serde(default, deserialize_with = "loose::text")]
    email: String,
    #[serde(default, deserialize_with = "loose::text")]
    comment: String,
    #[serde(default, deserialize_with = "loose::text")]
    keys: String,
    #[serde(default, deserialize_with = "loose::ids")]
    groups: BTreeSet<GroupId>,
    #[serde(default)]
    tokens: Option<RawTokens>,
}

/// A list says `tokenid` in each, a map is keyed by it (api-facts.md, Users).
#[derive(Deserialize)]
#[serde(untagged)]
enum RawTokens {
    List(Vec<RawToken>),
    Map(BTreeMap<String, Token>),
}

#[derive(Deserialize)]
struct RawToken {
    tokenid: String,
    #[serde(flatten)]
    token: Token,
}

impl TryFrom<RawUser> for User {
    type Error = String;

    fn try_from(raw: RawUser) -> Result<User, String> {
        let RawUser { userid, enable, expire, firstname, lastname, email, comment, keys, groups, tokens } = raw;
        let named: Vec<(String, Token)> = match tokens {
            None => Vec::new(),
            Some(RawTokens::List(list)) => {
                list.into_iter().map(|RawToken { tokenid, token }| (tokenid, token)).collect()
            }
            Some(RawTokens::Map(map)) => map.into_iter().collect(),
        };
        let tokens = named
            .into_iter()
            .map(|(name, token)| match TokenId::new(userid.clone(), &name) {
                Ok(id) => Ok((id, token)),
                Err(error) => Err(format!("`{userid}!{name}` is listed, but {error}")),
            })
            .collect::<Result<_, _>>()?;
        Ok(User { userid, enable, expire, firstname, lastname, email, comment, keys, groups, tokens })
    }
}

#[derive(Deserialize)]
struct RawAce {
    #[serde(deserialize_with = "loose::id")]
    path: AclPath,
    r#type: String,
    #[serde(deserialize_with = "loose::text")]
    ugid: String,
    #[serde(deserialize_with = "loose::id")]
    roleid: RoleId,
    #[serde(default = "yes", deserialize_with = "loose::flag")]
    propagate: bool,
}

impl TryFrom<RawAce> for Ace {
    type Error = String;

    fn try_from(raw: RawAce) -> Result<Ace, String> {
        let RawAce { path, r#type, ugid, roleid, propagate } = raw;
        let subject = match r#type.as_str() {
            "user" => ugid.parse().map(Subject::User),
            "group" => ugid.parse().map(Subject::Group),
            "token" => ugid.parse().map(Subject::Token),
            other => return Err(format!("`{ugid}` at `{path}` is a `{other}`, neither user nor group nor token")),
        };
        let subject = subject.map_err(|error| format!("`{ugid}` is listed at `{path}`, but {error}"))?;
        Ok(Ace { path, subject, roleid, propagate })
    }
}

fn held<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Privilege, bool>, D::Error> {
    #[derive(Deserialize)]
    struct Flag(#[serde(deserialize_with = "loose::flag")] bool);

    let raw: BTreeMap<String, Flag> = BTreeMap::deserialize(deserializer)?;
    raw.into_iter()
        .map(|(name, Flag(propagate))| match name.parse() {
            Ok(privilege) => Ok((privilege, propagate)),
            Err(error) => Err(serde::de::Error::custom(format!("`{name}` is listed, but {error}"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn user(json: Value) -> Result<User, serde_json::Error> {
        serde_json::from_value(json)
    }

    #[test]
    fn tokens_come_as_list_map_null_or_not_at_all() {
        let token = Token { comment: "c".to_owned(), expire: 7, privsep: false };
        let tokens = BTreeMap::from([("a@pve!tk".parse().unwrap(), token)]);
        for json in [
            serde_json::json!([{"tokenid": "tk", "comment": "c", "expire": "7", "privsep": "0"}]),
            serde_json::json!({"tk": {"comment": "c", "expire": 7, "privsep": 0}}),
        ] {
            assert_eq!(user(serde_json::json!({"userid": "a@pve", "tokens": json})).unwrap().tokens, tokens);
        }
        for json in [serde_json::json!({"userid": "a@pve", "tokens": null}), serde_json::json!({"userid": "a@pve"})] {
            assert_eq!(user(json).unwrap().tokens, BTreeMap::new());
        }
    }

    #[test]
    fn what_is_absent_is_the_servers_default() {
        let user = user(serde_json::json!({"userid": "a@pve", "realm-type": "pve"})).unwrap();
        assert!(user.enable && user.expire == 0 && user.email.is_empty() && user.groups.is_empty());
        let token: Token = serde_json::from_value(serde_json::json!({})).unwrap();
        assert!(token.privsep);
    }

    #[test]
    fn an_id_that_is_none_is_named() {
        let error = user(serde_json::json!({"userid": "a@pve", "tokens": [{"tokenid": "1"}]})).unwrap_err();
        assert!(error.to_string().starts_with("`a@pve!1` is listed, but a token name"), "{error}");
        let ace = serde_json::json!({"path": "/vms", "type": "group", "ugid": "a b", "roleid": "R", "propagate": 1});
        let error = serde_json::from_value::<Ace>(ace).unwrap_err();
        assert_eq!(error.to_string(), "`a b` is listed at `/vms`, but a group name cannot contain a blank");
    }
}
