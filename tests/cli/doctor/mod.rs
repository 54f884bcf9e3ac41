//! What doctor finds, from the name of a host down to a single privilege.

mod dashboard;
mod privileges;
mod refused;
mod road;
mod server;

pub use privileges::{ran_as, type_in};

use std::path::Path;

use pve_access::render::examination_schema;
use serde_json::Value;

use super::desk::{Desk, HOMEPAGE, Ran};
use super::golden;

/// A run, with what differs from run to run named.
fn seen(ran: &Ran, names: &[(&str, &str)]) -> String {
    names.iter().fold(ran.seen(), |text, (found, name)| text.replace(found, name))
}

#[test]
fn all_is_well() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (ran, requests) = desk.requests_of(|| desk.run(&["doctor"]));
    let port = desk.serving.url().rsplit(':').next().unwrap().to_owned();
    insta::assert_snapshot!(seen(&ran, &[(&format!("127.0.0.1:{port}"), "127.0.0.1:PORT")]));
    assert!(requests.iter().all(|request| !request.is_write()), "it only looks");
}

#[test]
fn without_files_their_needs_are_left_out() {
    let desk = Desk::new();
    let ran = desk.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert!(ran.stdout.contains("left out     needs       no files are named"), "{}", ran.stdout);
    desk.write("desired-state.yaml", "version: 1\nnonsense: 1\n");
    let ran = desk.run(&["doctor"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (0, 1), "{}", ran.seen());
    assert_eq!(desk.run(&["doctor", "-f", "desired-state.yaml"]).code, 1, "files that are named have to be sound");
}

#[test]
fn a_copy_of_a_file_cannot_be_examined() {
    let desk = Desk::new();
    insta::assert_snapshot!(desk.run(&["doctor", "--live", "user.cfg"]).seen());
}

/// `BLESS=1 cargo test --test cli schema` writes it anew.
#[test]
fn the_schema_is_that_of_the_types_and_holds_for_what_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/pve-access.doctor.v1.json");
    let schema = examination_schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if let Err(difference) = golden::check(&file, &text) {
        panic!("{difference}");
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let printed = |ran: Ran| -> Value {
        let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
        let errors: Vec<String> = schema.iter_errors(&printed).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        printed
    };
    let well = printed(desk.run(&["doctor", "--format", "json"]));
    assert_eq!(well["verdict"], "good");
    let ill = printed(desk.run(&["doctor", "--format", "json", "--endpoint", "https://127.0.0.1:1"]));
    assert_eq!((&ill["verdict"], &ill["checks"][1]["verdict"]), (&"bad".into(), &"bad".into()));
    assert_eq!(ill["checks"][2]["verdict"], "not_reached");
    let mut broken = ill;
    broken["verdict"] = "fine".into();
    assert!(!schema.is_valid(&broken));
}
