//! A token that the files make for somebody else.

use std::path::Path;

use crate::desk::{Desk, HOMEPAGE, Ran};

fn examine(desk: &Desk, file: &str) -> Ran {
    desk.run(&["doctor", "-f", "desired-state.yaml", "--token-file", file])
}

#[test]
fn it_is_read_in_whatever_form_the_files_give_it() {
    for secret in [
        "{file: out, format: env, name: TOKEN}",
        "{file: out, format: value}",
        "{file: out, format: token}",
        "{file: out, format: json}",
    ] {
        let desk = Desk::new();
        let declared = "{file: secrets/homepage.env, format: env, name: HOMEPAGE_VAR_PROXMOX_TOKEN}";
        desk.write("desired-state.yaml", &HOMEPAGE.replace(declared, secret));
        assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
        let ran = examine(&desk, "./out");
        assert_eq!(ran.code, 0, "{secret}: {}", ran.seen());
        assert!(ran.stdout.contains("identity    api@pam!homepage, a token with all"), "{}", ran.stdout);
        assert!(ran.stdout.contains("holdings    PVEAuditor on / and below: "), "{}", ran.stdout);
        assert!(!ran.stdout.contains(" needs "), "what the files need is not for a dashboard: {}", ran.stdout);
    }
}

/// Why many a dashboard shows zeros.
#[test]
fn a_separated_token_without_grants_shows_zeros_and_is_mended() {
    let desk = Desk::new();
    let file = HOMEPAGE.replace("privsep: false", "privsep: true").replace(", tokens: api@pam!homepage}", "}");
    desk.write("desired-state.yaml", &file);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let ran = examine(&desk, "secrets/homepage.env");
    let port = desk.serving.url().rsplit(':').next().unwrap().to_owned();
    insta::assert_snapshot!(super::seen(&ran, &[(&format!("127.0.0.1:{port}"), "127.0.0.1:PORT")]));
    super::privileges::type_in(&desk, &ran.stdout);
    assert_eq!(examine(&desk, "secrets/homepage.env").code, 0, "what is advised helps");
}

#[test]
fn a_file_that_holds_nothing_yet_says_so() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    std::fs::create_dir(desk.path("secrets")).unwrap();
    desk.write_private("secrets/homepage.env", "OTHER=1\n");
    let ran = examine(&desk, "secrets/homepage.env");
    assert!(ran.stdout.contains("holds no secret in the form that the files give it"), "{}", ran.stdout);
    assert!(!Path::new("secrets").exists());
    assert_eq!(ran.code, 1);
}
