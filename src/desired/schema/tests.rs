use std::collections::BTreeSet;

use serde_json::Value;

use super::super::fields::Vocabulary;
use super::super::{acl, cluster, groups, parse, passwords, policies, roles, rotation, sink, tokens, users};
use super::schema;

/// What `$ref` and lists of two, one of which is null or a single one, stand for.
fn object<'s>(schema: &'s Value, at: &'s Value) -> &'s Value {
    if let Some(reference) = at["$ref"].as_str() {
        return object(schema, schema.pointer(reference.trim_start_matches('#')).unwrap());
    }
    match at["anyOf"].as_array().or(at["allOf"].as_array()) {
        Some(options) if at.get("properties").is_none() => object(schema, &options[0]),
        _ => at,
    }
}

fn keys(object: &Value) -> BTreeSet<&str> {
    assert_eq!(object["additionalProperties"], Value::Bool(false), "{object:#}");
    object["properties"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_keys_are_those_of_the_language() {
    let schema = schema();
    let section = |name: &str| object(&schema, &schema["properties"][name]);
    let of_map = |name: &str| {
        let patterns = section(name)["patternProperties"].as_object().unwrap();
        object(&schema, patterns.values().next().unwrap())
    };
    let token = of_map("tokens");
    for (vocabulary, found) in [
        (&cluster::VOCABULARY, section("cluster")),
        (&roles::VOCABULARY, of_map("roles")),
        (&groups::VOCABULARY, of_map("groups")),
        (&users::VOCABULARY, of_map("users")),
        (&tokens::VOCABULARY, token),
        (&passwords::VOCABULARY, object(&schema, &of_map("users")["properties"]["password"])),
        (&sink::VOCABULARY, object(&schema, &token["properties"]["secret"])),
        (&rotation::VOCABULARY, object(&schema, &token["properties"]["rotate"])),
        (&acl::VOCABULARY, object(&schema, &section("acl")["items"])),
        (&policies::VOCABULARY, object(&schema, &section("policies")["items"])),
    ] {
        let Vocabulary { noun, keys: known, .. } = vocabulary;
        assert_eq!(keys(found), known.iter().copied().collect(), "{noun}");
    }
    let mut sections: BTreeSet<&str> = parse::VOCABULARY.keys.iter().copied().collect();
    sections.insert("lint");
    assert_eq!(keys(&schema), sections);
}

#[test]
fn everything_is_described() {
    fn undescribed(at: &Value, path: &str, found: &mut Vec<String>) {
        if let Some(properties) = at["properties"].as_object() {
            for (key, property) in properties.iter().filter(|(_, property)| property.is_object()) {
                let conditional = property.get("const").is_some();
                if property.get("description").is_none() && !conditional {
                    found.push(format!("{path}/{key}"));
                }
            }
        }
        match at {
            Value::Object(entries) => {
                entries.iter().for_each(|(key, value)| undescribed(value, &format!("{path}/{key}"), found));
            }
            Value::Array(items) => items.iter().for_each(|item| undescribed(item, path, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    undescribed(&schema(), "", &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
