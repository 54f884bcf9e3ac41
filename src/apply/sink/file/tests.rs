use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

fn token() -> TokenId {
    "a@pve!tok".parse().unwrap()
}

fn written(folder: &Path, format: Format, before: Option<&str>) -> String {
    let file = folder.join("secret");
    match before {
        Some(before) => fs::write(&file, before).unwrap(),
        None => drop(fs::remove_file(&file)),
    }
    if before.is_some() {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    probe(&file, &format, &token(), Replaceable::Any).unwrap();
    let (token, secret) = ("api@pam!homepage".parse().unwrap(), SecretString::from("s3cr3t"));
    write(&file, &format, &token, &secret, Expire::At(4_102_444_800)).unwrap();
    fs::read_to_string(file).unwrap()
}

#[test]
fn each_format_holds_what_its_reader_wants() {
    let folder = tempfile::tempdir().unwrap();
    let written = |format| written(folder.path(), format, None);
    assert_eq!(written(Format::Value), "s3cr3t");
    assert_eq!(written(Format::Token), "api@pam!homepage=s3cr3t");
    assert_eq!(written(Format::Env { name: "X".into() }), "X=s3cr3t\n");
    let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
    assert_eq!(json, serde_json::json!({"token": "api@pam!homepage", "secret": "s3cr3t", "expire": 4_102_444_800_u64}));
}

#[test]
fn an_env_file_keeps_its_other_lines() {
    let folder = tempfile::tempdir().unwrap();
    let written = |before| written(folder.path(), Format::Env { name: "X".into() }, Some(before));
    assert_eq!(written("# mine\nA=1\n"), "# mine\nA=1\nX=s3cr3t\n");
    assert_eq!(written("A=1\nX=old\nB=2"), "A=1\nX=s3cr3t\nB=2");
    assert_eq!(written("export X=old\nX=older\nXY=3\n"), "export X=s3cr3t\nXY=3\n");
    assert_eq!(written("A=1\r\nX=old\r\n"), "A=1\r\nX=s3cr3t\r\n");
}

#[test]
fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/er/secret");
    let mode = |file: &Path| fs::metadata(file).unwrap().mode() & 0o777;
    let secret = SecretString::from("s3cr3t");
    probe(&file, &Format::Value, &token(), Replaceable::Any).unwrap();
    write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
    assert_eq!(mode(&file), 0o640);
    // Somebody opens it between the probe and the secret.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
    assert_eq!(mode(&file), 0o660);
}

#[test]
fn what_everybody_can_read_or_write_takes_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let probed = |mode: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        probe(&file, &Format::Value, &token(), Replaceable::Any).map_err(|error| error.to_string())
    };
    assert_eq!(probed(0o660), Ok(()));
    assert_eq!(probed(0o644), Err("everybody can read it (its mode is 0644)".to_owned()));
    assert_eq!(probed(0o602), Err("everybody can write it (its mode is 0602)".to_owned()));
    assert_eq!(probed(0o666), Err("everybody can read and write it (its mode is 0666)".to_owned()));
    assert!(exposure(&file).is_some());
}

#[test]
fn what_others_write_meanwhile_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "A=1\n").unwrap();
    let before = look(&file).unwrap().unwrap();
    assert!(replace(&file, Some(&before.was), "A=1\nX=s3cr3t\n").unwrap());
    assert!(!replace(&file, Some(&before.was), "lost").unwrap(), "it is another file by now");
    assert!(!replace(&file, None, "lost").unwrap(), "there was none before");
    assert_eq!(fs::read_to_string(&file).unwrap(), "A=1\nX=s3cr3t\n");
    fs::remove_file(&file).unwrap();
    assert!(!replace(&file, Some(&before.was), "lost").unwrap(), "it has gone");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

/// Two who write at once lose nothing of one another.
#[test]
fn secrets_written_at_once_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::thread::scope(|scope| {
        for name in ["A", "B", "C"] {
            let file = &file;
            scope.spawn(move || {
                let (format, secret) = (Format::Env { name: name.to_owned() }, SecretString::from("s3cr3t"));
                write(file, &format, &token(), &secret, Expire::Never).unwrap();
            });
        }
    });
    let content = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = content.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["A=s3cr3t", "B=s3cr3t", "C=s3cr3t"]);
}

#[test]
fn what_is_no_file_is_refused_before_there_is_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
    let refused = |file: PathBuf| probe(&file, &Format::Value, &token(), Replaceable::Any).unwrap_err().to_string();
    assert_eq!(refused(link), "it is a link, not a file");
    assert_eq!(refused(folder.path().to_owned()), "it is a folder, not a file");
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(refused(file.join("below/it")).ends_with("file` is not a folder"));
    assert!(refused("/proc/below".into()).starts_with("nothing can be written in the folder"));
}

#[test]
fn probing_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    probe(&folder.path().join("secret"), &Format::Value, &token(), Replaceable::Any).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// An old file keeps its owner: one that anybody could have put there is refused, also if it came after the probe.
#[test]
fn a_planted_file_gets_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        eprintln!("not shown: only root can give a file away");
        return;
    }
    let tried = |mode: u32| {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let probed = probe(&file, &Format::Value, &token(), Replaceable::Any);
        (probed, write(&file, &Format::Value, &token(), &SecretString::from("s3cr3t"), Expire::Never))
    };
    let refused = |result: &Result<(), SinkError>| matches!(result, Err(SinkError::Planted { owner: 65_534 }));
    let (probed, written) = tried(0o1777);
    assert!(refused(&probed) && refused(&written), "{probed:?} {written:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    fs::remove_file(&file).unwrap();
    let (probed, written) = tried(0o1777);
    assert!(probed.is_ok() && written.is_ok(), "what is new is one's own: {probed:?} {written:?}");
}

#[test]
fn who_can_put_files_somewhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    assert!(is_open(folder.path()).unwrap() && is_open(&below).unwrap());
    assert!(!is_open(Path::new("/usr/bin")).unwrap(), "an application's own folder keeps its files");
}

#[test]
fn nothing_but_secrets_is_replaced() {
    const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
    let folder = tempfile::tempdir().unwrap();
    let probed = |format: Format, content: &str, replaceable| {
        let file = folder.path().join("file");
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        probe(&file, &format, &token(), replaceable).map_err(|error| error.to_string())
    };
    let env = || Format::Env { name: "X".into() };
    let occupied = Err("it holds something else than a secret, and all of it would be replaced".to_owned());
    let precious = Err("it holds a secret that is none of the sandbox's, perhaps a real one".to_owned());
    let marked = Replaceable::Marked("5a9db0c5");
    assert_eq!(probed(Format::Value, "PORT=3000\n", Replaceable::Any), occupied);
    assert_eq!(probed(Format::Json, "{\"port\": 3000}", Replaceable::Any), occupied);
    assert_eq!(probed(Format::Value, REAL, Replaceable::Any), Ok(()));
    assert_eq!(probed(Format::Value, &format!("a@pve!tok={REAL}\n"), Replaceable::Any), Ok(()));
    assert_eq!(probed(Format::Value, "\n", marked), Ok(()));
    assert_eq!(probed(Format::Value, REAL, marked), precious);
    assert_eq!(probed(env(), &format!("A=1\nX='{REAL}'\n"), marked), precious);
    let busy = "the line that sets the variable does something else, too, which would be lost";
    assert_eq!(probed(env(), "X=old; export X\n", Replaceable::Any), Err(busy.to_owned()));
    assert_eq!(probed(env(), &format!("A={REAL}\nX=\n"), marked), Ok(()));
    assert_eq!(probed(env(), &format!("X={REAL}\nX=\n"), marked), precious, "the first line counts too");
    assert_eq!(probed(env(), &format!("X=a@pve!tok={REAL} # prod\n"), marked), precious);
    let taken = Err("it holds the secret of `b@pve!other`".to_owned());
    assert_eq!(probed(Format::Token, &format!("b@pve!other={REAL}"), Replaceable::Any), taken);
    let no_lines = Err("it is no file of lines NAME=value in which one could be set".to_owned());
    assert_eq!(probed(env(), REAL, Replaceable::Any), no_lines);
    assert_eq!(probed(env(), "KEY=\"-----BEGIN\nX=abc\n-----END\"\n", Replaceable::Any), no_lines);
    let json = format!("{{\"token\": \"a@pve!tok\", \"secret\": \"{REAL}\", \"expire\": 0");
    assert_eq!(probed(Format::Json, &format!("{json}}}"), Replaceable::Any), Ok(()));
    assert_eq!(probed(Format::Json, &format!("{json}, \"host\": 1}}"), Replaceable::Any), occupied);
    assert_eq!(probed(env(), "X=5a9db0c5-3c2c-4d0b-9d52-0a6c1b1f8a11\n", marked), Ok(()));
}

#[test]
fn a_secret_is_found_only_where_it_may_be_the_tokens() {
    const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let found = |format: Format, content: &[u8]| {
        fs::write(&file, content).unwrap();
        match find(&file, &format, &token()) {
            Ok(Found::Secret(secret)) => secret.expose_secret().to_owned(),
            Ok(Found::Nothing) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(found(Format::Token, format!("a@pve!tok={REAL}").as_bytes()), REAL);
    assert_eq!(found(Format::Token, REAL.as_bytes()), REAL, "whose it is cannot be seen");
    assert_eq!(found(Format::Token, b"\xff\xfe"), "what it holds cannot be read");
    assert_eq!(found(Format::Token, b""), "nothing");
    assert_eq!(found(Format::Token, format!("b@pve!other={REAL}").as_bytes()), "nothing");
    let env = Format::Env { name: "X".to_owned() };
    assert_eq!(found(env, format!("X=old\nexport X='{REAL}'\n").as_bytes()), REAL, "the last one counts");
    assert!(matches!(find(&folder.path().join("none"), &Format::Value, &token()), Ok(Found::Nothing)));
}
