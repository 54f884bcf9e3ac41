//! The files with secrets: of tokens, and of users with a password.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use sha_crypt::{Sha256Params, sha256_check, sha256_simple};

/// How every secret of a sandbox begins, so that none is ever taken for a real cluster's or the other way round.
pub const SECRET_MARK: &str = "5a9db0c5";

/// `priv/token.cfg`: a line `user@realm!name secret` for each token.
///
/// Secrets of tokens that went with their user stay in it for ever, of no use to anybody (api-facts.md, Users).
#[derive(Debug, Default)]
pub(super) struct TokenSecrets(BTreeMap<String, SecretString>);

impl TokenSecrets {
    pub(super) fn read(text: &str) -> TokenSecrets {
        let lines = text.lines().filter_map(|line| line.trim().split_once(' '));
        TokenSecrets(lines.map(|(token, secret)| (token.to_owned(), SecretString::from(secret.trim()))).collect())
    }

    pub(super) fn write(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (token, secret)| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{token} {}", secret.expose_secret());
            text
        })
    }

    pub(super) fn get(&self, token: &str) -> Option<&SecretString> {
        self.0.get(token)
    }

    /// Makes a new secret for `token`; an old one is dead at once.
    pub(super) fn generate(&mut self, token: &str) -> SecretString {
        let secret = new_secret();
        self.0.insert(token.to_owned(), secret.clone());
        secret
    }

    pub(super) fn remove(&mut self, token: &str) {
        self.0.remove(token);
    }
}

/// `priv/shadow.cfg` for realm pve, `priv/pam-shadow.cfg` for the system's own accounts: `name:hash:` a line.
#[derive(Debug, Default)]
pub(super) struct Shadow(BTreeMap<String, SecretString>);

impl Shadow {
    pub(super) fn read(text: &str) -> Shadow {
        let lines = text.lines().filter_map(|line| line.trim().trim_end_matches(':').split_once(':'));
        Shadow(lines.map(|(name, hash)| (name.to_owned(), SecretString::from(hash))).collect())
    }

    pub(super) fn write(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (name, hash)| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}:{}:", hash.expose_secret());
            text
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn set(&mut self, name: &str, password: &SecretString) {
        // The fewest rounds that the format allows: nobody is protected here, and tests log in often.
        let hash = Sha256Params::new(sha_crypt::ROUNDS_MIN)
            .and_then(|params| sha256_simple(password.expose_secret(), &params));
        match hash {
            Ok(hash) => drop(self.0.insert(name.to_owned(), SecretString::from(hash))),
            // Out of randomness: no login is better than a guessable one.
            Err(_) => self.remove(name),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn accepts(&self, name: &str, password: &SecretString) -> bool {
        self.0.get(name).is_some_and(|hash| sha256_check(password.expose_secret(), hash.expose_secret()).is_ok())
    }
}

/// A UUID as the server makes them, but for its beginning, by which it is known for what it is.
fn new_secret() -> SecretString {
    let random = uuid::Uuid::new_v4().to_string();
    SecretString::from(format!("{SECRET_MARK}{}", &random[SECRET_MARK.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_secrets_keep_the_servers_format() {
        let text = "a@pve!t1 0000-1\nb@pve!t2 0000-2\n";
        let mut secrets = TokenSecrets::read(text);
        assert_eq!(secrets.write(), text);
        let renewed = secrets.generate("a@pve!t1");
        assert_eq!(secrets.get("a@pve!t1").unwrap().expose_secret(), renewed.expose_secret());
        assert_ne!(renewed.expose_secret(), "0000-1");
        secrets.remove("b@pve!t2");
        assert!(secrets.get("b@pve!t2").is_none());
    }

    #[test]
    fn passwords_are_kept_as_hashes() {
        let mut shadow = Shadow::default();
        shadow.set("ann", &SecretString::from("annspass1"));
        let text = shadow.write();
        assert!(text.starts_with("ann:$5$") && text.ends_with(":\n"), "{text}");
        assert!(!text.contains("annspass1"));
        let shadow = Shadow::read(&text);
        assert!(shadow.accepts("ann", &SecretString::from("annspass1")));
        assert!(!shadow.accepts("ann", &SecretString::from("annspass2")));
        assert!(!shadow.accepts("bob", &SecretString::from("annspass1")));
    }

    #[test]
    fn debug_shows_no_secret() {
        let secrets = TokenSecrets::read("a@pve!t1 canary\n");
        assert!(!format!("{secrets:?}").contains("canary"));
        let shadow = Shadow::read("ann:canary:\n");
        assert!(!format!("{shadow:?}").contains("canary"));
    }
}
