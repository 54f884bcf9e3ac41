//! The program against a cluster behind TLS, and against several nodes.

use super::desk::{Desk, HOMEPAGE, Ran};
use super::tls::{Authority, Certificate, Front, Validity};

/// A desk whose cluster is behind TLS, with a certificate of an authority in `ca.pem`.
struct Secure {
    desk: Desk,
    front: Front,
    fingerprint: String,
}

impl Secure {
    fn new() -> Secure {
        let (desk, authority) = (Desk::new(), Authority::new());
        let certificate = authority.issue("127.0.0.1", Validity::Now);
        authority.save(&desk.path("ca.pem"));
        let front = desk.wait(Front::start(&certificate, desk.serving.addr()));
        desk.write("desired-state.yaml", HOMEPAGE);
        Secure { desk, front, fingerprint: certificate.fingerprint().to_string() }
    }

    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = self.desk.command_at(&self.front.url(), &self.desk.token, arguments);
        let mut ran = self.desk.ran(&command.envs(environment.iter().copied()).output().unwrap());
        for text in [&mut ran.stdout, &mut ran.stderr] {
            *text = text.replace(&self.front.url(), "[SECURE]").replace(&self.fingerprint, "[FINGERPRINT]");
        }
        ran
    }
}

#[test]
fn a_server_that_nobody_vouches_for_is_told_by_its_fingerprint() {
    let secure = Secure::new();
    insta::assert_snapshot!(secure.run(&[], &["plan"]).seen());
    let other = Certificate::self_signed("127.0.0.1").fingerprint().to_string();
    insta::assert_snapshot!(secure.run(&[], &["plan", "--fingerprint", &other]).seen());
    assert!(secure.desk.serving.requests().is_empty());
}

#[test]
fn a_fingerprint_suffices() {
    let secure = Secure::new();
    let pinned = secure.fingerprint.replace(':', "").to_lowercase();
    let ran = secure.run(&[], &["apply", "--yes", "--fingerprint", &pinned]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.seen());
    assert_eq!(secure.run(&[], &["plan", "--detailed-exitcode", "--fingerprint", &secure.fingerprint]).code, 0);
}

#[test]
fn an_authority_suffices() {
    let secure = Secure::new();
    let ran = secure.run(&[], &["apply", "--yes", "--ca-file", "ca.pem"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.seen());
    let ran = secure.run(&[], &["plan", "--detailed-exitcode", "--ca-file", "ca.pem"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
}

#[test]
fn that_nobody_is_checked_is_said_on_every_run() {
    let secure = Secure::new();
    let ran = secure.run(&[], &["apply", "--yes", "--insecure"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    insta::assert_snapshot!(ran.stderr);
    for value in ["true", "1", "TRUE"] {
        let again = secure.run(&[("PROXMOX_VE_INSECURE", value)], &["plan"]);
        assert_eq!((again.code, &again.stderr), (0, &ran.stderr), "{value}");
    }
    let examined = secure.run(&[], &["doctor", "--insecure"]);
    assert_eq!(examined.stderr.matches("nobody vouches for").count(), 1, "{}", examined.seen());
    let nowhere = "https://127.0.0.1:9";
    let ran = secure.run(&[], &["plan", "--insecure", "--endpoint", nowhere]);
    assert!(ran.code == 1 && ran.stderr.starts_with("WARNING: nobody checks which server answers."), "{}", ran.seen());
}

/// A variable that is set for another program takes no check away.
#[test]
fn leave_to_trust_anybody_loses_to_whatever_says_whom_to_trust() {
    let secure = Secure::new();
    let insecure = ("PROXMOX_VE_INSECURE", "true");
    let other = Certificate::self_signed("127.0.0.1").fingerprint();
    let cluster = format!("version: 1\ncluster: {{fingerprint: '{other}'}}\n");
    secure.desk.write("pinned.yaml", &cluster);
    secure.desk.write("authority.yaml", "version: 1\ncluster: {ca_file: ca.pem}\n");
    for (arguments, code, from) in [
        (&["plan", "-f", "pinned.yaml"][..], 1, "`cluster.fingerprint`"),
        (&["plan", "-f", "authority.yaml"][..], 0, "`cluster.ca_file`"),
        (&["plan", "--ca-file", "ca.pem"][..], 0, "--ca-file"),
        (&["plan", "--fingerprint", &other.to_string()][..], 1, "--fingerprint"),
    ] {
        let ran = secure.run(&[insecure], arguments);
        assert_eq!(ran.code, code, "{}", ran.seen());
        let said = format!("note: {from} says whom to trust, and PROXMOX_VE_INSECURE is not heeded\n");
        assert!(ran.stderr.starts_with(&said), "{}", ran.seen());
    }
    // A flag is meant for this very run.
    assert_eq!(secure.run(&[], &["plan", "-f", "pinned.yaml", "--insecure"]).code, 0);
    for value in ["false", "0", ""] {
        assert_eq!(secure.run(&[("PROXMOX_VE_INSECURE", value)], &["plan"]).code, 1, "{value}");
    }
    let ran = secure.run(&[("PROXMOX_VE_INSECURE", "maybe")], &["plan"]);
    assert!(ran.stderr.contains("neither `true` nor `false`"), "{}", ran.seen());
}

/// The first endpoint names the cluster, so it does not matter to a saved plan who answers.
#[test]
fn a_dead_node_is_passed_over_and_a_saved_plan_does_not_mind() {
    let desk = Desk::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}");
    let run = |arguments: &[&str]| {
        let ran = desk.ran(&desk.command_at("", &desk.token, arguments).output().unwrap());
        ran.seen().replace(&gone, "[GONE]")
    };
    let (url, list) = (desk.serving.url(), format!("{},{gone}", desk.serving.url()));
    desk.write("desired-state.yaml", HOMEPAGE);
    run(&["plan", "--out", "plan.json", "--endpoint", &list]);

    // In the place of the node that answers when the plan is made, another one answers when it is carried out.
    let saved = desk.read("plan.json");
    assert!(saved.contains(&url) && !saved.contains(&gone), "{saved}");
    let seen = run(&["plan", "--out", "other.json", "--endpoint", &gone, "--endpoint", &url]);
    insta::assert_snapshot!(seen.lines().filter(|line| line.contains("[GONE]")).collect::<Vec<_>>().join("\n"));
    assert!(desk.read("other.json").contains(&gone));
    let seen = run(&["apply", "other.json", "--yes", "--endpoint", &format!("{gone},{url}")]);
    assert!(seen.ends_with("--- exit 0\n"), "{seen}");

    desk.write("list.yaml", &format!("version: 1\ncluster: {{endpoint: ['{gone}', '{url}']}}\n"));
    let seen = run(&["plan", "-f", "list.yaml"]);
    assert!(seen.contains("going on with `[URL]`") && seen.ends_with("--- exit 0\n"), "{seen}");
}

#[test]
fn nodes_of_one_cluster_are_encrypted_all_or_none() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let ran = desk.run(&["plan", "--endpoint", "https://pve.example.com:8006,http://127.0.0.1:9"]);
    insta::assert_snapshot!(ran.seen());
}

#[test]
fn what_the_page_on_clusters_shows_holds() {
    let page = include_str!("../../docs/cluster.md");
    let desk = Desk::new();
    let block = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    desk.write("desired-state.yaml", &format!("version: 1\n{block}"));
    assert_eq!(desk.run(&["validate"]).code, 0);
    // What is shown in a shell goes as far as nobody being there.
    for line in page.lines().filter_map(|line| line.strip_prefix("pve-access ")) {
        let arguments: Vec<&str> = line.split(' ').map(|word| word.trim_end_matches("...")).collect();
        let ran = desk.run(&[&arguments[..], &["--token-file", "nowhere"]].concat());
        assert!(!ran.stderr.contains("Usage:"), "{line}\n{}", ran.seen());
    }
}
