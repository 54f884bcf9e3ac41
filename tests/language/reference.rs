//! The example and the reference say nothing that does not hold.

use std::path::{Path, PathBuf};

use pve_access::desired::{File, Format, Loaded, Presence, Wish, load, parse};
use pve_access::model::{Enable, Privsep};

use crate::cases::shown;

const REFERENCE: &str =
    concat!(include_str!("../../docs/desired-state.md"), "\n", include_str!("../../docs/passwords.md"));

/// The blocks of the reference that begin with this fence.
pub fn blocks(fence: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = REFERENCE.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if info == fence {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// A block as a file; most do not repeat the version.
fn read(block: &str) -> Loaded {
    let version = if block.contains("version:") { "" } else { "version: 1" };
    let file = |name: &str, text: &str| File { path: PathBuf::from(name), text: text.to_owned() };
    parse(vec![file("block.yaml", block), file("version.yaml", &format!("{version}\ngroups: {{}}\n"))])
}

#[test]
fn every_block_of_the_reference_is_right() {
    let blocks = blocks("yaml");
    assert!(blocks.len() >= 7, "{} blocks", blocks.len());
    for block in blocks {
        let loaded = read(&block);
        assert!(loaded.findings.is_empty(), "{block}\n{}", shown(&loaded, Path::new("/nowhere")));
    }
}

#[test]
fn every_block_that_is_meant_to_be_wrong_is() {
    let blocks = blocks("yaml wrong");
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(read(&block).findings.has_errors(), "{block}");
    }
}

#[test]
fn the_example_is_the_homepage_dashboard() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state.example.yaml");
    let loaded = load(&[file]);
    assert!(loaded.findings.is_empty(), "{}", shown(&loaded, Path::new(env!("CARGO_MANIFEST_DIR"))));
    let desired = loaded.desired;
    let Presence::Present(user) = &desired.users[&"api@pam".parse().unwrap()].wish else { panic!("no user") };
    assert_eq!(user.enable, Wish::Set(Enable::Yes));
    assert!(user.groups.as_set().unwrap().contains_key(&"api-ro-users".parse().unwrap()));
    let Presence::Present(token) = &desired.tokens[&"api@pam!homepage".parse().unwrap()].wish else {
        panic!("no token")
    };
    assert_eq!(token.privsep, Wish::Set(Privsep::No));
    let sink = token.secret.as_ref().unwrap();
    assert!(sink.to.as_file().unwrap().ends_with("secrets/homepage.env"));
    assert_eq!(sink.format, Format::Env { name: "HOMEPAGE_VAR_PROXMOX_TOKEN".to_owned() });
    let grants: Vec<String> =
        desired.acl.keys().map(|grant| format!("{} on {} to {}", grant.role, grant.path, grant.subject)).collect();
    assert_eq!(grants, ["PVEAuditor on / to @api-ro-users", "PVEAuditor on / to api@pam!homepage"]);
}
