//! The schema for editors, as it is printed.

use super::desk::Desk;

#[test]
fn the_schema_that_is_printed_is_the_one_in_the_documentation() {
    let ran = Desk::new().run(&["schema"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let printed: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let documented = include_str!("../../docs/desired-state.schema.json");
    assert_eq!(printed, serde_json::from_str::<serde_json::Value>(documented).unwrap());
    assert_eq!(printed["$schema"], "http://json-schema.org/draft-07/schema#");
}
