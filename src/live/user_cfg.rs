//! Reading a copy of the files that a cluster keeps its access control in.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::snapshot::{Blind, ReadError, Sight, Snapshot, Source};
use crate::model::Lock;
use crate::model::domains_cfg;
use crate::model::user_cfg::{self, FILE_LIMIT, Reading};
use crate::pve::Release;

/// A user.cfg, with the domains.cfg that belongs to it if there is one.
#[derive(Clone, Debug)]
pub struct UserCfg {
    name: String,
    user_cfg: Vec<u8>,
    domains_cfg: Option<Beside>,
}

/// The file that is read too if it is in the same folder.
const BESIDE: &str = "domains.cfg";

/// A file that was found beside the user.cfg.
#[derive(Clone, Debug)]
struct Beside {
    name: String,
    bytes: Vec<u8>,
}

/// A line, or a part of one, that a server passes over and drops the next time it writes the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The file, as it is called in print.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// Why a file is no copy of a user.cfg.
#[derive(Debug, thiserror::Error)]
pub enum UserCfgError {
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    /// The cluster's file system holds no such file.
    #[error("`{name}` is larger than 1 MiB, which no file of a cluster can be")]
    TooLarge {
        /// The file.
        name: String,
    },
    /// Even a fresh node's has a line.
    #[error("`{name}` is empty")]
    Empty {
        /// The file.
        name: String,
    },
    /// Some shells write files like this.
    #[error("`{name}` is in UTF-16, which no server writes or reads")]
    Utf16 {
        /// The file.
        name: String,
    },
    /// It is something else.
    #[error("`{name}` is no user.cfg: a server would pass over every line of it")]
    Foreign {
        /// The file.
        name: String,
    },
}

impl UserCfgError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            UserCfgError::File { path, .. } if path.ends_with(BESIDE) => {
                "it stands beside the user.cfg and is read with it: make it readable, or move it away"
            }
            UserCfgError::File { .. } => "name a copy of a node's /etc/pve/user.cfg, or `-` for standard input",
            UserCfgError::Input(_) => "pipe a node's user.cfg in: ssh root@NODE cat /etc/pve/user.cfg | pve-access ...",
            UserCfgError::TooLarge { .. } | UserCfgError::Foreign { .. } => {
                "what is needed is a copy of a node's /etc/pve/user.cfg, with its domains.cfg beside it if there is one"
            }
            UserCfgError::Utf16 { .. } => {
                "PowerShell's `>` makes that of what a command prints: copy the file with scp instead"
            }
            UserCfgError::Empty { .. } => {
                "did the command that was to fetch it fail? even a fresh node's user.cfg has a line"
            }
        }
    }
}

impl UserCfg {
    /// The user.cfg at `path`, and a domains.cfg in the same folder.
    pub fn open(path: &Path) -> Result<UserCfg, UserCfgError> {
        let name = path.display().to_string();
        let user_cfg = File::open(path).and_then(within_limit).map_err(failed(path))?;
        let domains = path.with_file_name(BESIDE);
        let domains_cfg = match File::open(&domains) {
            Ok(file) => {
                let bytes = within_limit(file).map_err(failed(&domains))?;
                Some(Beside { name: domains.display().to_string(), bytes })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(&domains)(error)),
        };
        UserCfg { name, user_cfg, domains_cfg }.checked()
    }

    /// A user.cfg without its domains.cfg.
    pub fn from_input(input: impl Read) -> Result<UserCfg, UserCfgError> {
        let user_cfg = within_limit(input).map_err(UserCfgError::Input)?;
        UserCfg { name: "standard input".to_owned(), user_cfg, domains_cfg: None }.checked()
    }

    /// What to call it in print.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The user.cfg as it stands there.
    #[must_use]
    pub fn user_cfg(&self) -> &[u8] {
        &self.user_cfg
    }

    /// The domains.cfg as it stands there, if there is one.
    #[must_use]
    pub fn domains_cfg(&self) -> Option<&[u8]> {
        self.domains_cfg.as_ref().map(|beside| beside.bytes.as_slice())
    }

    /// What the files say in vain, from top to bottom.
    #[must_use]
    pub fn ignored(&self) -> Vec<Ignored> {
        let of_users = user_cfg::read(&self.user_cfg, Release::MEASURED).ignored.into_iter();
        let of_users = of_users.map(|user_cfg::Ignored { line, reason }| Ignored {
            file: self.name.clone(),
            line,
            reason: reason.to_string(),
        });
        let of_realms = self.domains_cfg.iter().flat_map(|Beside { name, bytes }| {
            let lines = domains_cfg::sections(bytes).ignored.into_iter();
            let unused = unused(bytes);
            lines.map(move |line| Ignored { file: name.clone(), line, reason: unused(line).to_owned() })
        });
        of_users.chain(of_realms).collect()
    }

    fn checked(self) -> Result<UserCfg, UserCfgError> {
        let UserCfg { name, user_cfg, domains_cfg } = &self;
        let too_large = |bytes: &[u8]| bytes.len() > FILE_LIMIT;
        if let Some(Beside { name, .. }) = domains_cfg.as_ref().filter(|beside| too_large(&beside.bytes)) {
            return Err(UserCfgError::TooLarge { name: name.clone() });
        }
        if too_large(user_cfg) {
            return Err(UserCfgError::TooLarge { name: name.clone() });
        }
        let name = || name.clone();
        if user_cfg.trim_ascii().is_empty() {
            return Err(UserCfgError::Empty { name: name() });
        }
        if user_cfg.starts_with(b"\xff\xfe") || user_cfg.starts_with(b"\xfe\xff") {
            return Err(UserCfgError::Utf16 { name: name() });
        }
        let Reading { state: _, ignored } = user_cfg::read(user_cfg, Release::MEASURED);
        let foreign: BTreeSet<usize> = ignored.iter().map(|ignored| ignored.line).collect();
        let lines = user_cfg.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        if foreign.len() >= lines { Err(UserCfgError::Foreign { name: name() }) } else { Ok(self) }
    }
}

impl Source for UserCfg {
    /// As a server of the release that this program knows best would read it: the file does not say which one wrote it.
    async fn read(&self) -> Result<Snapshot, ReadError> {
        let mut state = user_cfg::read(&self.user_cfg, Release::MEASURED).state;
        state.realms = domains_cfg::read(self.domains_cfg().unwrap_or_default());
        let sight = match self.domains_cfg {
            Some(_) => Sight::Full,
            None => Sight::Partial(BTreeSet::from([Blind::Realms])),
        };
        let lock = Lock::take_from(&mut state);
        Ok(Snapshot { state, sight, reader: None, cluster: self.name.clone(), lock, ignored: self.ignored() })
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> UserCfgError {
    let path = path.to_owned();
    |source| UserCfgError::File { path, source }
}

/// Why a line of a domains.cfg says nothing. Only a line without anything on it ends a section, and U+FEFF is a letter
/// like others (pve-common, `SectionConfig::parse_config`).
fn unused(domains_cfg: &[u8]) -> impl Fn(usize) -> &'static str {
    let is_marked = domains_cfg.starts_with("\u{feff}".as_bytes());
    let not_empty = domains_cfg.split(|&byte| byte == b'\n').position(|line| line == b"\r").map(|at| at + 1);
    move |line| {
        if is_marked && line == 1 {
            "the byte order mark before it makes it no realm; was that added when the file was copied?"
        } else if not_empty.is_some_and(|at| at < line) {
            "no empty line ends the realm above, as lines end in CR LF; was that done when the file was copied?"
        } else {
            "it belongs to no realm that can be, or says again what is said above"
        }
    }
}

/// All of it, or a little more than there can be.
fn within_limit(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "user:ann@corp:1\nnonsense\nacl:1:/:ann@corp:PVEAuditor\n";

    fn refused(input: &str) -> String {
        UserCfg::from_input(input.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_user_cfg_is_refused() {
        assert_eq!(refused(""), "`standard input` is empty");
        assert_eq!(refused(" \n\n"), "`standard input` is empty");
        let yaml = "version: 1\nusers:\n  ann@pve: {}\n";
        assert_eq!(refused(yaml), "`standard input` is no user.cfg: a server would pass over every line of it");
        // Each is 16 bytes long.
        let largest = "user:ann@corp:1\n".repeat(65_536);
        assert_eq!(UserCfg::from_input(largest.as_bytes()).unwrap().user_cfg().len(), 1 << 20);
        let one_more = format!("{largest}\n");
        assert_eq!(refused(&one_more), "`standard input` is larger than 1 MiB, which no file of a cluster can be");
    }

    /// PowerShell's `>` writes UTF-16.
    #[test]
    fn what_a_shell_made_another_encoding_of_is_refused() {
        for mark in [&b"\xff\xfe"[..], b"\xfe\xff"] {
            let error = UserCfg::from_input([mark, b"u\0s\0"].concat().as_slice()).unwrap_err();
            assert_eq!(error.to_string(), "`standard input` is in UTF-16, which no server writes or reads");
            assert!(error.help().contains("scp"));
        }
    }

    /// A user.cfg means the same with the line breaks of Windows, a domains.cfg does not.
    #[tokio::test]
    async fn what_copying_did_to_a_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let realms = "ad: corp\n\tdomain example.test\n\nad: more\n\tdomain example.test\n";
        let ignored = |user_cfg: String, domains_cfg: String| {
            std::fs::write(dir.path().join("user.cfg"), user_cfg).unwrap();
            std::fs::write(dir.path().join("domains.cfg"), domains_cfg).unwrap();
            let ignored = UserCfg::open(&dir.path().join("user.cfg")).unwrap().ignored().into_iter();
            ignored.map(|Ignored { file: _, line, reason }| (line, reason)).collect::<Vec<_>>()
        };
        let user_cfg = "user:ann@corp:1\nacl:1:/:ann@corp:PVEAuditor\n".to_owned();
        let says = |ignored: &[(usize, String)], expected: &[(usize, &str)]| {
            assert_eq!(ignored.len(), expected.len(), "{ignored:?}");
            for ((line, reason), (at, part)) in ignored.iter().zip(expected) {
                assert!(line == at && reason.contains(part), "{ignored:?}");
            }
        };
        let windows = |text: &str| text.replace('\n', "\r\n");
        says(&ignored(windows(&user_cfg), realms.to_owned()), &[]);
        says(&ignored(user_cfg.clone(), windows(realms)), &[(4, "CR LF"), (5, "CR LF")]);
        says(&ignored(format!("\u{feff}{user_cfg}"), realms.to_owned()), &[(1, "byte order mark")]);
        says(&ignored(user_cfg, format!("\u{feff}{realms}\n")), &[(1, "byte order mark"), (2, "belongs to no realm")]);
    }

    #[tokio::test]
    async fn the_realms_are_those_of_the_file_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("user.cfg");
        std::fs::write(&path, FILE).unwrap();
        let alone = UserCfg::open(&path).unwrap().read().await.unwrap();
        assert_eq!(alone.sight, Sight::Partial([Blind::Realms].into()));
        assert_eq!((alone.state.users.len(), alone.state.acl.len(), alone.state.realms.len()), (2, 1, 2));
        assert_eq!(alone.ignored.iter().map(|ignored| ignored.line).collect::<Vec<_>>(), [2]);
        assert_eq!(alone.cluster, path.display().to_string());

        std::fs::write(dir.path().join("domains.cfg"), "#".repeat((1 << 20) + 1)).unwrap();
        assert!(matches!(UserCfg::open(&path), Err(UserCfgError::TooLarge { name }) if name.ends_with(BESIDE)));
        std::fs::write(dir.path().join("domains.cfg"), "ad: corp\n\tdomain example.test\n\nnis: old\n").unwrap();
        let both = UserCfg::open(&path).unwrap().read().await.unwrap();
        assert_eq!((both.sight, both.state.realms.len()), (Sight::Full, 3));
        let ignored = both.ignored.last().unwrap();
        assert_eq!((ignored.file.ends_with("domains.cfg"), ignored.line), (true, 4));
    }
}
