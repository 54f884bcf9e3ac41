//! The folder with the server's files. The disk is the truth: every request reads it, every write is locked.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::answer::Failure;
use super::error::SandboxError;
use super::factors::Factors;
use super::secrets::{Shadow, TokenSecrets};
use super::seed::{Seed, admin_token};
use super::ticket::Signer;
use crate::model::user_cfg::FILE_LIMIT;
use crate::model::{AccessState, domains_cfg, user_cfg};
use crate::pve::{RealmId, Release, TokenId};

/// How long a writer waits for the others (api-facts.md, HTTP layer: "Locks").
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// The state in one folder.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    cache: Mutex<Option<Parsed>>,
}

/// What was read last: the files' bytes, and what they meant.
#[derive(Debug)]
struct Parsed {
    user_cfg: Vec<u8>,
    domains_cfg: Vec<u8>,
    state: Arc<AccessState>,
}

/// Which accounts a password belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accounts {
    /// Those of realm pve.
    Pve,
    /// Those of the system itself.
    Pam,
}

impl Accounts {
    fn file(self) -> &'static str {
        match self {
            Accounts::Pve => "priv/shadow.cfg",
            Accounts::Pam => "priv/pam-shadow.cfg",
        }
    }
}

const USER_CFG: &str = "user.cfg";
const DOMAINS_CFG: &str = "domains.cfg";
const TOKEN_CFG: &str = "priv/token.cfg";
const TFA_CFG: &str = "priv/tfa.cfg";
const SIGNING_KEY: &str = "priv/authkey.key";
const LOCK: &str = ".lock";

impl Folder {
    /// Opens `dir`; a folder that is empty or missing is made into a fresh node, and one with a user.cfg alone completed.
    pub(super) fn open(dir: &Path) -> Result<Folder, SandboxError> {
        let folder = Folder::prepare(dir)?;
        folder.lock()?.install(&Seed::fresh())?;
        Ok(folder)
    }

    /// Makes `dir` into a sandbox that begins with `seed`. A folder that has a user.cfg is never overwritten.
    pub(super) fn seed(dir: &Path, seed: &Seed) -> Result<Folder, SandboxError> {
        let occupied = || SandboxError::Occupied { dir: dir.to_owned() };
        if dir.join(USER_CFG).exists() {
            return Err(occupied());
        }
        let folder = Folder::prepare(dir)?;
        {
            let locked = folder.lock()?;
            // Somebody else may have been faster.
            if dir.join(USER_CFG).exists() {
                return Err(occupied());
            }
            locked.install(seed)?;
        }
        Ok(folder)
    }

    /// Sees to it that `dir` is there and nobody else's. The lock is the first that is ever made in it: whoever sees
    /// anything there and looks for the lock then, finds it.
    fn prepare(dir: &Path) -> Result<Folder, SandboxError> {
        let is_empty = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty && !dir.join(LOCK).exists() && !dir.join(USER_CFG).exists() {
            return Err(SandboxError::NotASandbox { dir: dir.to_owned() });
        }
        make_folder(dir)?;
        Ok(Folder { dir: dir.to_owned(), cache: Mutex::new(None) })
    }

    /// The state as it is now.
    pub(super) fn read(&self) -> Result<Arc<AccessState>, SandboxError> {
        let (user_cfg, domains_cfg) = (self.bytes(USER_CFG)?, self.bytes(DOMAINS_CFG)?);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = cache.as_ref()
            && parsed.user_cfg == user_cfg
            && parsed.domains_cfg == domains_cfg
        {
            return Ok(Arc::clone(&parsed.state));
        }
        let mut state = user_cfg::read(&user_cfg, Release::MEASURED).state;
        state.realms = domains_cfg::read(&domains_cfg);
        let state = Arc::new(state);
        *cache = Some(Parsed { user_cfg, domains_cfg, state: Arc::clone(&state) });
        Ok(state)
    }

    /// Whether user.cfg has a line for `root@pam`, who is there without one too.
    pub(super) fn has_line_of_root(&self) -> Result<bool, SandboxError> {
        Ok(self.text(USER_CFG)?.lines().any(|line| line.trim_start().starts_with("user:root@pam:")))
    }

    /// The users whose lines in user.cfg go on at least as far as the mail address; a blank there is enough, and lasts for
    /// one write.
    pub(super) fn users_with_email(&self) -> Result<BTreeSet<String>, SandboxError> {
        const EMAIL: usize = 6;
        let mut users = BTreeSet::new();
        for line in self.text(USER_CFG)?.lines() {
            let fields: Vec<&str> = line.trim().split(':').collect();
            if let ["user", id, ..] = fields.as_slice() {
                let is_long = fields.iter().skip(EMAIL).any(|field| !field.is_empty());
                if is_long {
                    users.insert((*id).to_owned())
                } else {
                    users.remove(*id)
                };
            }
        }
        Ok(users)
    }

    /// The secrets of all tokens.
    pub(super) fn token_secrets(&self) -> Result<TokenSecrets, SandboxError> {
        Ok(TokenSecrets::read(&self.text(TOKEN_CFG)?))
    }

    /// The passwords of `accounts`.
    pub(super) fn shadow(&self, accounts: Accounts) -> Result<Shadow, SandboxError> {
        Ok(Shadow::read(&self.text(accounts.file())?))
    }

    /// The second factors of all users.
    pub(super) fn factors(&self) -> Result<Factors, SandboxError> {
        Ok(Factors::read(&self.text(TFA_CFG)?))
    }

    /// What signs tickets.
    pub(super) fn signer(&self) -> Result<Signer, SandboxError> {
        Ok(Signer::new(&SecretString::from(self.text(SIGNING_KEY)?)))
    }

    /// domains.cfg as it stands there.
    pub(super) fn domains_cfg(&self) -> Result<Vec<u8>, SandboxError> {
        self.bytes(DOMAINS_CFG)
    }

    /// The token that a sandbox is used with.
    pub(super) fn admin_token(&self) -> Result<Option<(TokenId, SecretString)>, SandboxError> {
        let (state, secrets) = (self.read()?, self.token_secrets()?);
        let token = admin_token();
        let secret = secrets.get(&token.to_string()).filter(|_| state.tokens.contains_key(&token)).cloned();
        Ok(secret.map(|secret| (token, secret)))
    }

    /// Waits for the others and keeps them out until the result is dropped.
    pub(super) fn lock(&self) -> Result<Locked<'_>, SandboxError> {
        let path = self.dir.join(LOCK);
        let file = |source| SandboxError::File { path: path.clone(), source };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(file)?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Locked { folder: self, _lock: lock }),
                Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => return Err(SandboxError::Locked { path }),
                Err(TryLockError::Error(source)) => return Err(file(source)),
            }
        }
    }

    /// Changes user.cfg under the lock. What `change` refuses is answered as a failure of `action`, nothing written.
    pub(super) fn edit_access<T>(
        &self,
        action: &str,
        change: impl FnOnce(&Locked<'_>, &mut AccessState) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let edit = || {
            let locked = self.lock()?;
            let mut state = self.read()?.as_ref().clone();
            let result = change(&locked, &mut state)?;
            let text = user_cfg::write(&state);
            if text.len() > FILE_LIMIT {
                return Err(Failure::died("unable to write '/etc/pve/user.cfg.tmp.37' - File too large"));
            }
            locked.write(USER_CFG, text.as_bytes())?;
            Ok(result)
        };
        edit().map_err(|failure: Failure| failure.inside(action))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, SandboxError> {
        let path = self.dir.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(SandboxError::File { path, source }),
        }
    }

    fn text(&self, name: &str) -> Result<String, SandboxError> {
        Ok(String::from_utf8_lossy(&self.bytes(name)?).into_owned())
    }
}

/// The folder while nobody else writes.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    folder: &'a Folder,
    _lock: File,
}

impl Locked<'_> {
    /// Makes a new secret for `token`.
    pub(super) fn renew_secret(&self, token: &TokenId) -> Result<SecretString, SandboxError> {
        let mut secrets = self.folder.token_secrets()?;
        let secret = secrets.generate(&token.to_string());
        self.write(TOKEN_CFG, secrets.write().as_bytes())?;
        Ok(secret)
    }

    /// Forgets the secret of `token`.
    pub(super) fn drop_secret(&self, token: &TokenId) -> Result<(), SandboxError> {
        let mut secrets = self.folder.token_secrets()?;
        secrets.remove(&token.to_string());
        self.write(TOKEN_CFG, secrets.write().as_bytes())
    }

    /// Changes the passwords of `accounts`.
    pub(super) fn edit_shadow(&self, accounts: Accounts, change: impl FnOnce(&mut Shadow)) -> Result<(), SandboxError> {
        let mut shadow = self.folder.shadow(accounts)?;
        change(&mut shadow);
        self.write(accounts.file(), shadow.write().as_bytes())
    }

    /// Changes the second factors.
    pub(super) fn edit_factors<T>(&self, change: impl FnOnce(&mut Factors) -> T) -> Result<T, SandboxError> {
        let mut factors = self.folder.factors()?;
        let result = change(&mut factors);
        self.write(TFA_CFG, factors.write().as_bytes())?;
        Ok(result)
    }

    /// Writes domains.cfg.
    pub(super) fn write_domains_cfg(&self, content: &str) -> Result<(), SandboxError> {
        self.write(DOMAINS_CFG, content.as_bytes())
    }

    /// Keeps the password that a realm reads its directory with, or forgets it.
    pub(super) fn set_realm_password(
        &self,
        realm: &RealmId,
        password: Option<&SecretString>,
    ) -> Result<(), SandboxError> {
        let name = format!("priv/realm/{realm}.pw");
        match password {
            Some(password) => {
                make_folder(&self.folder.dir.join("priv/realm"))?;
                self.write(&name, password.expose_secret().as_bytes())
            }
            None => self.remove(&name),
        }
    }

    fn remove(&self, name: &str) -> Result<(), SandboxError> {
        let path = self.folder.dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SandboxError::File { path, source }),
            _ => Ok(()),
        }
    }

    /// Writes a whole file; others see the one before or this one, nothing between.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), SandboxError> {
        let path = self.folder.dir.join(name);
        let replace = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(&self.folder.dir))?;
            file.write_all(content)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        replace().map_err(|source| SandboxError::File { path: path.clone(), source })
    }

    /// Makes what is missing, with what `seed` has for it and the token's secret anew. A user.cfg from elsewhere can be
    /// put into a folder, and gets the rest. It is written last: as long as there is none, the rest was left by somebody
    /// who was interrupted, and may be of another seed.
    fn install(&self, seed: &Seed) -> Result<(), SandboxError> {
        let is_missing = |name: &str| !self.folder.dir.join(name).exists();
        make_folder(&self.folder.dir.join("priv"))?;
        if is_missing(USER_CFG) {
            self.remove(DOMAINS_CFG)?;
            self.remove(TOKEN_CFG)?;
            self.remove(TFA_CFG)?;
        }
        if is_missing(SIGNING_KEY) {
            self.write(SIGNING_KEY, uuid::Uuid::new_v4().to_string().as_bytes())?;
        }
        if is_missing(Accounts::Pam.file()) {
            self.edit_shadow(Accounts::Pam, |shadow| shadow.set("root", &SecretString::from("rootpass")))?;
        }
        if is_missing(DOMAINS_CFG) {
            self.write_domains_cfg(seed.domains_cfg())?;
        }
        if is_missing(USER_CFG) {
            self.renew_secret(&admin_token())?;
            self.write(USER_CFG, seed.user_cfg().as_bytes())?;
        }
        Ok(())
    }
}

fn make_folder(dir: &Path) -> Result<(), SandboxError> {
    fs::create_dir_all(dir).map_err(|source| SandboxError::File { path: dir.to_owned(), source })
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Failure {
        match &error {
            SandboxError::Locked { .. } => Failure::died("cfs-lock 'file-user_cfg' error: got lock request timeout"),
            SandboxError::File { source, .. } => Failure::died(format!("{error}: {source}")),
            SandboxError::NotASandbox { .. } | SandboxError::Occupied { .. } | SandboxError::Listen { .. } => {
                Failure::died(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever another process has come to when it looks.
    #[test]
    fn a_folder_in_the_making_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::prepare(dir.path()).unwrap();
        assert!(Folder::prepare(dir.path()).is_ok(), "nothing is made without the lock");
        let locked = first.lock().unwrap();
        make_folder(&dir.path().join("priv")).unwrap();
        assert!(Folder::prepare(dir.path()).is_ok());
        locked.install(&Seed::fresh()).unwrap();
        drop(locked);
        assert!(Folder::open(dir.path()).is_ok_and(|second| second.admin_token().unwrap().is_some()));
    }
}
