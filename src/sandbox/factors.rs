//! The file with second factors: `priv/tfa.cfg`, JSON of the server's shape (proxmox-tfa, `TfaConfig`), but for recovery
//! keys, which it keeps as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ticket::hex;
use super::totp::Totp;
use crate::pve::UserId;

/// How many recovery keys are made at once.
const KEYS: usize = 10;

/// The second factors of all users.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Factors {
    users: BTreeMap<String, OfUser>,
}

#[derive(Default, Serialize, Deserialize)]
struct OfUser {
    #[serde(default)]
    totp: Vec<App>,
    #[serde(default)]
    recovery: Option<Recovery>,
}

/// An authenticator app.
#[derive(Serialize, Deserialize)]
struct App {
    info: Info,
    entry: Shared,
}

/// What an app and the server share, and the last step whose code was used.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Shared {
    totp: String,
    last_count: u64,
}

#[derive(Serialize, Deserialize)]
struct Recovery {
    created: u64,
    /// Those that were used are gone, their places are not.
    entries: Vec<Option<String>>,
}

/// What may be told of a factor.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Info {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    pub(super) created: u64,
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub(super) enable: bool,
}

fn yes() -> bool {
    true
}

/// A factor as GET answers it.
#[derive(Serialize)]
pub(super) struct Listed {
    r#type: &'static str,
    #[serde(flatten)]
    info: Info,
}

impl Listed {
    pub(super) fn id(&self) -> &str {
        &self.info.id
    }
}

/// What somebody is asked for after the password.
#[derive(Serialize)]
pub(super) struct Asked {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    totp: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<Vec<usize>>,
}

impl Factors {
    /// What cannot be read is no factor of anybody.
    pub(super) fn read(text: &str) -> Factors {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Everybody who has any, with what they have.
    pub(super) fn users(&self) -> impl Iterator<Item = (&str, Vec<Listed>)> {
        self.users.iter().map(|(user, factors)| (user.as_str(), factors.listed())).filter(|(_, list)| !list.is_empty())
    }

    pub(super) fn of(&self, user: &UserId) -> Vec<Listed> {
        self.users.get(user.as_str()).map(OfUser::listed).unwrap_or_default()
    }

    /// What `user` is asked for; nothing where it has no factor that is enabled.
    pub(super) fn challenge(&self, user: &UserId) -> Option<Asked> {
        let OfUser { totp, recovery } = self.users.get(user.as_str())?;
        let left = |Recovery { created: _, entries }: &Recovery| {
            entries.iter().enumerate().filter_map(|(at, key)| key.as_ref().map(|_| at)).collect()
        };
        let asked = Asked { totp: totp.iter().any(|app| app.info.enable), recovery: recovery.as_ref().map(left) };
        (asked.totp || asked.recovery.is_some()).then_some(asked)
    }

    /// Whether `response`, `totp:123456` say, answers what `user` is asked for; a code does once.
    pub(super) fn accept(&mut self, user: &UserId, response: &str, now: u64) -> bool {
        let Some(OfUser { totp, recovery }) = self.users.get_mut(user.as_str()) else { return false };
        match response.split_once(':') {
            Some(("totp", code)) => totp.iter_mut().filter(|app| app.info.enable).any(|app| app.accept(code, now)),
            Some(("recovery", key)) => {
                let entries = recovery.iter_mut().flat_map(|recovery| &mut recovery.entries);
                let mut used = entries.filter(|entry| entry.as_deref() == Some(key));
                used.next().is_some_and(|entry| entry.take().is_some())
            }
            _ => false,
        }
    }

    /// Adds an app, whose current code shows that it is set up; the factor's id, or what is wrong.
    pub(super) fn add_app(
        &mut self,
        user: &UserId,
        description: &str,
        uri: &str,
        code: &str,
        now: u64,
    ) -> Result<String, &'static str> {
        let totp = Totp::from_uri(uri).ok_or("failed to parse otp uri")?;
        let last_count = totp.verify(code, now).ok_or("failed to verify TOTP challenge")?;
        let id = uuid::Uuid::new_v4().to_string();
        let info = Info { id: id.clone(), description: description.to_owned(), created: now, enable: true };
        let entry = Shared { totp: uri.to_owned(), last_count };
        self.users.entry(user.to_string()).or_default().totp.push(App { info, entry });
        Ok(id)
    }

    /// Makes recovery keys, which are told once.
    pub(super) fn add_recovery(&mut self, user: &UserId, now: u64) -> Result<Vec<String>, &'static str> {
        let factors = self.users.entry(user.to_string()).or_default();
        if factors.recovery.is_some() {
            return Err("user already has recovery keys");
        }
        let keys: Vec<String> = (0..KEYS).map(|_| recovery_key()).collect();
        factors.recovery = Some(Recovery { created: now, entries: keys.iter().cloned().map(Some).collect() });
        Ok(keys)
    }

    /// Changes what is given of a factor; whether it is there.
    pub(super) fn update(&mut self, user: &UserId, id: &str, description: Option<&str>, enable: Option<bool>) -> bool {
        let apps = self.users.get_mut(user.as_str()).into_iter().flat_map(|factors| &mut factors.totp);
        let Some(app) = apps.into_iter().find(|app| app.info.id == id) else { return false };
        if let Some(description) = description {
            description.clone_into(&mut app.info.description);
        }
        app.info.enable = enable.unwrap_or(app.info.enable);
        true
    }

    /// Whether the factor was there.
    pub(super) fn remove(&mut self, user: &UserId, id: &str) -> bool {
        let Some(OfUser { totp, recovery }) = self.users.get_mut(user.as_str()) else { return false };
        let before = totp.len();
        totp.retain(|app| app.info.id != id);
        totp.len() < before || (id == "recovery" && recovery.take().is_some())
    }

    pub(super) fn remove_user(&mut self, user: &UserId) {
        self.users.remove(user.as_str());
    }
}

impl OfUser {
    fn listed(&self) -> Vec<Listed> {
        let OfUser { totp, recovery } = self;
        let apps = totp.iter().map(|app| Listed { r#type: "totp", info: app.info.clone() });
        let keys = recovery.iter().map(|Recovery { created, entries: _ }| {
            let info = Info { id: "recovery".to_owned(), description: String::new(), created: *created, enable: true };
            Listed { r#type: "recovery", info }
        });
        apps.chain(keys).collect()
    }
}

impl App {
    fn accept(&mut self, code: &str, now: u64) -> bool {
        let count = Totp::from_uri(&self.entry.totp).and_then(|totp| totp.verify(code, now));
        match count.filter(|count| *count > self.entry.last_count) {
            Some(count) => {
                self.entry.last_count = count;
                true
            }
            None => false,
        }
    }
}

/// Sixteen hexadecimal digits in groups of four.
fn recovery_key() -> String {
    let digits = hex(uuid::Uuid::new_v4().as_bytes());
    let groups: Vec<&str> = [0, 4, 16, 20].into_iter().filter_map(|at| digits.get(at..at + 4)).collect();
    groups.join("-")
}
