//! The tables of calls and of realm types against the server's own, as recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::calls::CALLS;
use super::realm_type::RealmType;

fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pve").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A parameter without its default, and with the fact of a pattern instead of the pattern.
fn recorded_property(mut property: Value) -> Value {
    let members = property.as_object_mut().unwrap();
    members.remove("default");
    if let Some(pattern) = members.get_mut("pattern") {
        *pattern = json!(true);
    }
    property
}

#[test]
fn calls_take_and_need_what_the_servers_do() {
    let mut ours: BTreeMap<String, Value> =
        CALLS.iter().flat_map(|calls| calls.iter()).map(|call| (call.to_string(), call.to_json())).collect();
    // The table has nothing of second factors.
    ours.retain(|call, _| call.contains(" /access") && !call.contains(" /access/tfa"));
    for line in lines("endpoints.jsonl") {
        let call = format!("{} {}", line["method"].as_str().unwrap(), line["path"].as_str().unwrap());
        let ours = ours.remove(&call).unwrap_or_else(|| panic!("{call} is not served"));
        assert_eq!(ours["needs"], line["needs"], "{call}");
        assert_eq!(ours["token"], line["token"], "{call}");
        let recorded = line["parameters"].as_object().unwrap();
        let names: BTreeSet<&String> = recorded.keys().collect();
        assert_eq!(ours["parameters"].as_object().unwrap().keys().collect::<BTreeSet<_>>(), names, "{call}");
        for (name, property) in recorded {
            assert_eq!(ours["parameters"][name], recorded_property(property.clone()), "{call}, {name}");
        }
    }
    assert_eq!(ours, BTreeMap::new(), "calls that the server does not know");
}

#[test]
fn realm_types_have_the_servers_options() {
    let recorded = lines("realm-options.jsonl");
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let options: BTreeSet<String> = recorded.iter().map(|line| text(line, "option")).collect();
    for r#type in ["ad", "ldap", "openid", "pam", "pve"] {
        let known = RealmType::find(r#type).unwrap();
        let of_type = recorded.iter().filter(|line| line["realm_type"] == r#type);
        let (required, optional): (Vec<_>, Vec<_>) = of_type.partition(|line| line["required"] == true);
        assert_eq!(known.required, required.iter().map(|line| text(line, "option")).collect::<Vec<_>>());
        for option in &options {
            let takes = required.iter().chain(&optional).any(|line| line["option"] == **option);
            assert_eq!(known.takes(option), takes, "{type}, {option}");
        }
    }
}
