//! The JSON Schema of the language: right about what is right, and about as much of what is wrong as a schema can be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use proptest::prelude::*;
use pve_access::desired::{File, check_privileges, load, parse, schema};
use pve_access::pve::{AclPath, Release, TokenId, UserId, privileges};
use serde_json::{Value, json};

use crate::cases::cases;
use crate::golden::check;
use crate::reference::blocks;

/// Cases that are wrong for a reason that no schema knows, and the reason.
const BEYOND: [(&str, &str); 9] = [
    ("lock-group", "what is special about one group would be offered to everybody who types one"),
    ("propagate-both-ways", "two entries contradict each other"),
    ("propagate-both-ways-in-two-files", "two files contradict each other"),
    ("root", "what is special about one user would be offered to everybody who types one"),
    ("root-absent", "the same"),
    ("secret-over-the-document", "where a secret goes depends on where the file is"),
    ("too-many-grants", "a product of lists is too large"),
    ("version-missing", "it may stand in another file"),
    ("yaml-features", "a value is the same whatever YAML it is written in"),
];

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What an editor makes of a text; nothing, if it is no YAML.
fn read(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text.trim_start_matches('\u{feff}')).ok()
}

fn faults(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// `BLESS=1 cargo test --test language` writes it anew.
#[test]
fn the_file_in_the_documentation_is_the_schema() {
    let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    check(&root().join("docs/desired-state.schema.json"), &text).unwrap();
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::draft7::meta::is_valid(&schema()));
}

#[test]
fn what_is_right_is_accepted() {
    let validator = validator();
    let mut texts = blocks("yaml");
    texts.push(fs::read_to_string(root().join("desired-state.example.yaml")).unwrap());
    for folder in fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path()) {
        if !load(std::slice::from_ref(&folder)).findings.has_errors() {
            texts.extend(files(&folder));
        }
    }
    assert!(texts.len() > 10, "{}", texts.len());
    for text in texts {
        let document = read(&text).unwrap_or_else(|| panic!("{text}"));
        // A file of nothing but comments is empty to an editor, which then has nothing to check.
        let faults = if document.is_null() { Vec::new() } else { faults(&validator, &document) };
        assert!(faults.is_empty(), "{text}\n{}", faults.join("\n"));
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
}

#[test]
fn what_is_wrong_is_refused_as_far_as_a_schema_can_tell() {
    let validator = validator();
    let mut accepted: BTreeSet<String> = BTreeSet::new();
    for folder in fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path()) {
        if !load(std::slice::from_ref(&folder)).findings.has_errors() {
            continue;
        }
        let refused = |text: &String| read(text).is_none_or(|document| !validator.is_valid(&document));
        if !files(&folder).iter().any(refused) {
            accepted.insert(folder.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    let beyond: BTreeSet<String> = BEYOND.iter().map(|(case, _)| (*case).to_owned()).collect();
    assert_eq!(accepted, beyond);
}

/// Whether `validate` finds no error in a document that consists of these sections.
fn is_right(document: &Value) -> bool {
    let mut whole = document.clone();
    whole["version"] = json!(1);
    let file = File { path: PathBuf::from("test.yaml"), text: whole.to_string() };
    let loaded = parse(vec![file]);
    let release = Release::MEASURED;
    !loaded.findings.has_errors()
        && !check_privileges(&loaded.desired, &privileges(release).collect(), release).has_errors()
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&[
            "", "0", "1", "99", "100", "0100", "vms", "storage", "nodes", "pool", "access", "groups", "realm", "sdn",
            "zones", "fabrics", "mapping", "local", "x.y", "a b", "ü", "root", "ann", "pve", "pam", "p-1",
        ][..]).prop_map(str::to_owned),
        1 => "[a-z0-9._:;,!@/ -]{0,4}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    (prop::collection::vec(word(), 0..6), prop::sample::select(&["", "/", "//"][..]), "/{0,2}")
        .prop_map(|(words, start, end)| format!("{start}{}{end}", words.join("/")))
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        (word(), word()).prop_map(|(name, realm)| format!("{name}@{realm}")),
        (word(), word(), word()).prop_map(|(name, realm, token)| format!("{name}@{realm}!{token}")),
        word(),
    ]
}

/// A time, or something like one.
fn time() -> impl Strategy<Value = Value> {
    let zone = prop::sample::select(&["", "Z", "z", "+02:00", "-0330", "+02", "+02:00:30", "[UTC]"][..]);
    let clock = prop::sample::select(
        &["", "T12:00:00", "t12:00", " 12:00:00", "T120000", "T12", "T12:00:00.5", "T12:00:00.000"][..],
    );
    let day =
        prop::sample::select(&["2027-06-30", "20270630", "2027-6-3", "9999-12-31", "1969-12-31", "2027-02-30"][..]);
    prop_oneof![
        4 => (day, clock, zone).prop_map(|(day, clock, zone)| json!(format!("{day}{clock}{zone}"))),
        1 => prop::sample::select(&["never", "Never", "", "0", "1814356800", "9007199254740993", "1e9", "-1"][..])
            .prop_map(|text| json!(text)),
        1 => any::<u64>().prop_map(|seconds| json!(seconds)),
    ]
}

/// A pattern, or something like one.
fn pattern() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        2 => prop::sample::select(
            &["*", "**", "/", "?", "[a-z]", "{a,b}", "!", "@", "\\", ".", "VM", "Audit", "Modify", "ops", "api@pam", "tok",
              "/vms", "/pool/*", "/100", "ann@pve"][..]
        ).prop_map(str::to_owned),
        1 => word(),
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// What is right is never marked in an editor.
    #[test]
    fn what_the_program_accepts_the_schema_accepts(expire in time(), pattern in pattern(), text in "\\PC{0,3}") {
        thread_local! {
            static VALIDATOR: Validator = validator();
        }
        let accepts = |document: Value| {
            let faults = VALIDATOR.with(|validator| faults(validator, &document));
            prop_assert!(faults.is_empty() || !is_right(&document), "{}\n{:?}", document, faults);
            Ok(())
        };
        accepts(json!({ "users": { "ann@pve": { "expire": expire, "comment": text, "email": text } } }))?;
        let policy = |who: &str, never: &str, on: &str| {
            json!({ "policies": [{ "name": "p", "who": who, "never": never, "on": [on] }] })
        };
        accepts(policy(&pattern, "*", "/**"))?;
        accepts(policy("*", &pattern, "/**"))?;
        accepts(policy("*", "*", &pattern))?;
        accepts(json!({ "roles": { "R": { "privs": [pattern, text] } }, "groups": { text.as_str(): null } }))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Names and paths are accepted exactly where the program accepts them.
    #[test]
    fn names_and_paths_are_those_of_the_language(path in path(), id in id()) {
        thread_local! {
            static VALIDATOR: Validator = validator();
        }
        let same = |document: Value| {
            let valid = VALIDATOR.with(|validator| validator.is_valid(&document));
            prop_assert_eq!(valid, is_right(&document), "{}", document);
            Ok(())
        };
        same(json!({ "acl": [{ "path": path, "roles": "PVEAuditor", "groups": "ops" }] }))?;
        same(json!({ "acl": [{ "path": "/", "roles": "PVEAuditor", "users": id }] }))?;
        same(json!({ "acl": [{ "path": "/", "roles": "PVEAuditor", "tokens": id }] }))?;
        same(json!({ "users": { id.as_str(): {} } }))?;
        same(json!({ "tokens": { id.as_str(): {} } }))?;
    }

    #[test]
    fn regular_expressions_are_those_of_the_parsers(path in path(), id in id()) {
        let matches = |regex: &str, text: &str| {
            jsonschema::is_valid(&json!({ "pattern": format!("^({regex})$") }), &json!(text))
        };
        let listed = path.parse::<AclPath>().is_ok_and(|parsed| parsed.as_str() == path && parsed.check_shape().is_ok());
        prop_assert_eq!(matches(AclPath::REGEX, &path), listed, "{}", path);
        let user = id.parse::<UserId>().is_ok_and(|user| user.oddity().is_none());
        prop_assert_eq!(matches(UserId::REGEX, &id), user, "{}", id);
        let token = id.parse::<TokenId>().is_ok_and(|token| token.user().oddity().is_none());
        prop_assert_eq!(matches(TokenId::REGEX, &id), token, "{}", id);
    }
}
