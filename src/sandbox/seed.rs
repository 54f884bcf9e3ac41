//! What a sandbox begins with: a freshly installed node, or the files of a cluster.

use std::collections::BTreeMap;
use std::fmt;

use super::realm_file::RealmFile;
use crate::model::user_cfg::FILE_LIMIT;
use crate::model::{AccessState, Expire, Privsep, Realm, Text, Token, User, domains_cfg, user_cfg};
use crate::pve::{RealmId, Release, TokenId, UserId};

/// The state of a new sandbox, in which the token that it is used with works. No other token has a secret: those of a
/// cluster stand in a file that nobody hands out, and one that is made up would let nobody in who should be.
#[derive(Clone, Debug)]
#[must_use]
pub struct Seed {
    state: AccessState,
    domains_cfg: String,
    adjusted: Vec<Adjusted>,
}

/// Why files are not what a sandbox can begin with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// No cluster has a file like this.
    #[error("`{file}` is larger than the 1 MiB that Proxmox VE keeps")]
    TooLarge {
        /// `user.cfg` or `domains.cfg`.
        file: &'static str,
    },
    /// The server would refuse to write the realms.
    #[error("`domains.cfg` cannot be kept: {fault}")]
    Realms {
        /// What the server would say.
        fault: String,
    },
}

/// What is otherwise than in the file, for the sake of the token that the sandbox is used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjusted {
    /// There was no token of that name.
    TokenAdded,
    /// There was one, with the same attributes; its secret is another.
    TokenTaken,
    /// There was one that had an end, or rights of its own.
    TokenUnbound,
    /// `root@pam` was disabled or had an end.
    RootEnabled,
}

impl fmt::Display for Adjusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Adjusted::TokenAdded => "token root@pam!admin is added, which the sandbox is used with",
            Adjusted::TokenTaken => {
                "token root@pam!admin is what the sandbox is used with, and has a secret of its own"
            }
            Adjusted::TokenUnbound => {
                "token root@pam!admin is what the sandbox is used with: it has a secret of its own, no end, and all of \
                 root@pam's rights"
            }
            Adjusted::RootEnabled => "root@pam is enabled and has no end here, or its token would not work",
        })
    }
}

impl Seed {
    /// A freshly installed node (api-facts.md, its beginning).
    pub(super) fn fresh() -> Seed {
        let mut state = AccessState::empty(Release::MEASURED);
        state.users.insert(UserId::root(), User { email: Text::from("root@example.test"), ..User::default() });
        let bootstrap = Token { comment: Text::from("test bootstrap"), privsep: Privsep::No, ..Token::default() };
        state.tokens.insert(admin_token(), bootstrap);
        // The installer ends its file without the blank line that the server writes (transcript `realms`, first
        // digest).
        let domains_cfg = format!("{}\n", domains_cfg::write(&fresh_realms()).trim_end());
        Seed { state, domains_cfg, adjusted: Vec::new() }
    }

    /// What a server makes of a cluster's files; without a domains.cfg the realms are those of a fresh node.
    pub fn read(user_cfg: &[u8], domains_cfg: Option<&[u8]>) -> Result<Seed, SeedError> {
        for (file, size) in [("user.cfg", user_cfg.len()), ("domains.cfg", domains_cfg.map_or(0, <[u8]>::len))] {
            if size > FILE_LIMIT {
                return Err(SeedError::TooLarge { file });
            }
        }
        let mut state = user_cfg::read(user_cfg, Release::MEASURED).state;
        let adjusted = make_usable(&mut state);
        if user_cfg::write(&state).len() > FILE_LIMIT {
            return Err(SeedError::TooLarge { file: "user.cfg" });
        }
        let mut seed = Seed { state, adjusted, ..Seed::fresh() };
        if let Some(bytes) = domains_cfg {
            seed.domains_cfg = RealmFile::read(bytes).write().map_err(|fault| SeedError::Realms { fault })?;
        }
        Ok(seed)
    }

    /// What is otherwise than in the user.cfg.
    #[must_use]
    pub fn adjusted(&self) -> &[Adjusted] {
        &self.adjusted
    }

    pub(super) fn user_cfg(&self) -> String {
        user_cfg::write(&self.state)
    }

    pub(super) fn domains_cfg(&self) -> &str {
        &self.domains_cfg
    }
}

/// Sees to it that the token that the sandbox is used with exists, and may do everything.
fn make_usable(state: &mut AccessState) -> Vec<Adjusted> {
    let mut adjusted = Vec::new();
    let bound = Token::default();
    let usable = Token { privsep: Privsep::No, expire: Expire::Never, ..bound };
    match state.tokens.get_mut(&admin_token()) {
        None => {
            state.tokens.insert(admin_token(), usable);
            adjusted.push(Adjusted::TokenAdded);
        }
        Some(token) if token.privsep == usable.privsep && token.expire == usable.expire => {
            adjusted.push(Adjusted::TokenTaken);
        }
        Some(token) => {
            (token.privsep, token.expire) = (usable.privsep, usable.expire);
            adjusted.push(Adjusted::TokenUnbound);
        }
    }
    let root = state.users.entry(UserId::root()).or_default();
    let User { enable, expire, .. } = User::default();
    if (root.enable, root.expire) != (enable, expire) {
        (root.enable, root.expire) = (enable, expire);
        adjusted.push(Adjusted::RootEnabled);
    }
    adjusted
}

/// The token that a sandbox is used with.
pub(super) fn admin_token() -> TokenId {
    // A valid name, as every test shows.
    TokenId::new(UserId::root(), "admin").expect("a token's name")
}

/// The realms of a fresh node.
fn fresh_realms() -> BTreeMap<RealmId, Realm> {
    [("pam", "Linux PAM standard authentication"), ("pve", "Proxmox VE authentication server")]
        .into_iter()
        .filter_map(|(name, comment)| {
            let options = [("comment".to_owned(), comment.to_owned())].into();
            Some((name.parse().ok()?, Realm { r#type: name.to_owned(), options }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_in_the_servers_form_with_a_token_that_works() {
        let file = b"# ours\nuser:ann@pve:1:0:::\ngroup:g:ann@pve:x\nrole:R:VM.Monitor,VM.Audit:\n";
        let seed = Seed::read(file, None).unwrap();
        assert_eq!(
            seed.user_cfg(),
            "user:ann@pve:1:0::::::\nuser:root@pam:1:0::::::\ntoken:root@pam!admin:0:0::\n\n\
             group:g:ann@pve:x:\n\n\nrole:R:VM.Audit:\n\n"
        );
        assert_eq!(seed.adjusted(), [Adjusted::TokenAdded]);
        assert_eq!(seed.domains_cfg(), Seed::fresh().domains_cfg());
    }

    #[test]
    fn a_token_that_would_not_work_is_made_to() {
        let adjusted = |file: &str| {
            let seed = Seed::read(file.as_bytes(), None).unwrap();
            assert!(seed.user_cfg().starts_with("user:root@pam:1:0:"), "{}", seed.user_cfg());
            assert!(seed.user_cfg().contains("\ntoken:root@pam!admin:0:0:kept:"), "{}", seed.user_cfg());
            seed.adjusted().to_vec()
        };
        let token = "token:root@pam!admin:0:0:kept:";
        assert_eq!(adjusted(&format!("user:root@pam:1:0\n{token}")), [Adjusted::TokenTaken]);
        for token in ["token:root@pam!admin:0:1:kept:", "token:root@pam!admin:12:0:kept:"] {
            assert_eq!(adjusted(&format!("user:root@pam:1:0\n{token}")), [Adjusted::TokenUnbound]);
        }
        for root in ["user:root@pam:0:0:", "user:root@pam:1:12:"] {
            assert_eq!(adjusted(&format!("{root}\n{token}")), [Adjusted::TokenTaken, Adjusted::RootEnabled]);
        }
    }

    #[test]
    fn what_no_cluster_has_is_refused() {
        let limit = |file: &'static str| SeedError::TooLarge { file };
        let large = vec![b'#'; FILE_LIMIT + 1];
        assert_eq!(Seed::read(&large, None).unwrap_err(), limit("user.cfg"));
        assert_eq!(Seed::read(b"", Some(&large)).unwrap_err(), limit("domains.cfg"));
        let full = format!("user:ann@pve:1:0::::{}::", "x".repeat(FILE_LIMIT - 60));
        assert_eq!(Seed::read(full.as_bytes(), None).unwrap_err(), limit("user.cfg"), "there is the token too");
        let realms = Seed::read(b"", Some(b"ldap: corp\n\tserver1 x\n")).unwrap_err();
        assert!(matches!(realms, SeedError::Realms { .. }), "{realms}");
        assert!(Seed::read(b"", None).is_ok(), "an empty file is one that the server reads");
    }
}
