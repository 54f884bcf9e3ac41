//! What becomes of a folder that several processes use, that one of them left half made, or that cannot be written.

use std::fs;
use std::sync::Barrier;
use std::thread;

use secrecy::ExposeSecret;

use super::{Sandbox, SandboxError, Stage, status_line};

/// Each finds the sandbox or makes it, one and the same.
#[test]
fn many_may_open_one_that_is_not_there_yet() {
    const OPENERS: usize = 8;
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new");
        let start = Barrier::new(OPENERS);
        let secrets: Vec<String> = thread::scope(|scope| {
            let open = || {
                start.wait();
                let (_, secret) = Sandbox::open(&path).unwrap().admin_token().unwrap().unwrap();
                secret.expose_secret().to_owned()
            };
            let openers: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open)).collect();
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]), "all have the same");
    }
}

/// The user.cfg is the last that is written; without it, nothing of the rest counts.
#[test]
fn what_was_left_half_made_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("priv")).unwrap();
    for (file, content) in
        [(".lock", ""), ("domains.cfg", "pve: pve\n\tcomment other\n"), ("priv/token.cfg", "ann@pve!tk secret\n")]
    {
        fs::write(dir.path().join(file), content).unwrap();
    }
    let sandbox = Sandbox::open(dir.path()).unwrap();
    let comment = &sandbox.state().unwrap().realms[&"pve".parse().unwrap()].options["comment"];
    assert_eq!(comment, "Proxmox VE authentication server");
    let secrets = fs::read_to_string(dir.path().join("priv/token.cfg")).unwrap();
    assert!(secrets.starts_with("root@pam!admin ") && secrets.lines().count() == 1);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    assert!(matches!(Sandbox::open(dir.path()), Err(SandboxError::NotASandbox { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// Nobody but its owner reads a file with a secret, whatever the umask.
#[cfg(unix)]
#[tokio::test]
async fn what_is_secret_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let stage = Stage::new().await;
    stage.post("/access/users", "userid=ann@pve&password=password1").await;
    let ldap = "realm=corp&type=ldap&server1=x&user_attr=uid&base_dn=dc%3Dx&bind_dn=dc%3Dx&password=secret";
    stage.post("/access/domains", ldap).await;
    for file in ["token.cfg", "shadow.cfg", "pam-shadow.cfg", "authkey.key", "realm/corp.pw"] {
        let mode = fs::metadata(stage.dir.path().join("priv").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// A call that fails at the disk is refused with the reason, and leaves nothing half done.
#[tokio::test]
async fn what_cannot_be_written_says_why() {
    let stage = Stage::new().await;
    let entries = |folder: &str| fs::read_dir(stage.dir.path().join(folder)).unwrap().count();
    // A file cannot take the place of a folder, whoever writes it.
    fs::create_dir_all(stage.dir.path().join("priv/realm/corp.pw")).unwrap();
    let before = (fs::read(stage.dir.path().join("domains.cfg")).unwrap(), entries("."), entries("priv/realm"));
    let ldap = "realm=corp&type=ldap&server1=x&user_attr=uid&base_dn=dc%3Dx&bind_dn=dc%3Dx&password=secret";
    let answer = stage.post("/access/domains", ldap).await;
    let status = status_line(&answer);
    assert!(status.starts_with("HTTP/1.1 500 add auth server failed: `"), "{status}");
    assert!(status.ends_with("/priv/realm/corp.pw` cannot be used: Is a directory (os error 21)"), "{status}");
    let after = (fs::read(stage.dir.path().join("domains.cfg")).unwrap(), entries("."), entries("priv/realm"));
    assert_eq!(after, before);
    assert_eq!(status_line(&stage.post("/access/groups", "groupid=a").await), "HTTP/1.1 200 OK");
}
