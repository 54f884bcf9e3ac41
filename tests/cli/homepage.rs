//! The story that the project is for.

use std::os::unix::fs::PermissionsExt;

use super::desk::{Desk, HOMEPAGE, http};

#[test]
fn a_dashboard_gets_its_token_and_the_second_run_has_nothing_to_do() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);

    let first = desk.run(&["apply", "--yes"]);
    insta::assert_snapshot!(first.seen());

    let (second, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    insta::assert_snapshot!(second.seen());
    assert_eq!(requests.iter().filter(|request| request.is_write()).count(), 0);

    let file = desk.read("secrets/homepage.env");
    let secret = file.strip_prefix("HOMEPAGE_VAR_PROXMOX_TOKEN=").unwrap().trim_end();
    assert_eq!(std::fs::metadata(desk.path("secrets/homepage.env")).unwrap().permissions().mode() & 0o777, 0o600);
    let dashboard = format!("api@pam!homepage={secret}");
    let url = format!("{}/api2/json/access/permissions", desk.serving.url());
    let seen = desk.wait(async {
        let request = http().get(url).header("Authorization", format!("PVEAPIToken={dashboard}"));
        request.send().await.unwrap().text().await.unwrap()
    });
    assert!(seen.contains("VM.Audit"), "the dashboard sees something: {seen}");
    assert!(
        desk.read("cluster/user.cfg").contains("acl:1:/:@api-ro-users,api@pam!homepage:PVEAuditor:"),
        "one request for both grants gives one line"
    );
}

/// The last step of the story, as README.md shows it.
const DOCTOR: &str = "doctor --sandbox -f desired-state.example.yaml --token-file secrets/homepage.env";

/// The first command of the README.
#[test]
fn the_example_converges_the_built_in_server() {
    let desk = Desk::new();
    desk.write("desired-state.example.yaml", include_str!("../../desired-state.example.yaml"));
    let command = ["apply", "--sandbox", "--yes", "-f", "desired-state.example.yaml"];
    insta::assert_snapshot!(desk.run(&command).seen());
    insta::assert_snapshot!(desk.run(&command).seen());
    // The last line of the story: does the dashboard's token work?
    let ran = desk.run(&DOCTOR.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert!(
        ran.stdout.contains("identity    api@pam!homepage")
            && ran.stdout.contains("holdings    PVEAuditor on / and below"),
        "{}",
        ran.seen()
    );
    assert!(include_str!("../../README.md").contains(DOCTOR), "README.md shows it");
    assert!(desk.serving.requests().is_empty(), "another server was asked");
}
