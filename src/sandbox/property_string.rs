//! Options that are several in one: texts of `key=value,...`, each kind with keys of its own.
//!
//! Knows what the server says of such a text and in which form it keeps it (pve-common, `parse_property_string`). Does
//! not know where it stands.

use std::collections::BTreeMap;

use super::params::Param;
use super::schema::Property;

/// A kind of such texts.
pub(super) struct PropertyString {
    /// The option that is written like this.
    name: &'static str,
    properties: &'static [Property],
}

/// What a directory's synchronisation does unless it is told otherwise.
pub(super) const SYNC_OPTIONS: PropertyString = PropertyString {
    name: "sync-defaults-options",
    properties: &[
        Property::boolean("enable-new"),
        Property::boolean("full"),
        Property::boolean("purge"),
        Property::text("remove-vanished").pattern(is_removal),
        Property::text("scope").one_of(&["users", "groups", "both"]),
    ],
};

/// The second factor that a realm wants.
pub(super) const SECOND_FACTOR: PropertyString = PropertyString {
    name: "tfa",
    properties: &[
        Property::integer("digits").at_least(6).at_most(8),
        Property::text("id"),
        Property::text("key"),
        Property::integer("step").at_least(10),
        Property::text("type").required().one_of(&["yubico", "oath"]),
        Property::text("url"),
    ],
};

impl PropertyString {
    /// The values by their keys, or what the server says of the text, without the line end.
    pub(super) fn parse(&self, text: &str) -> Result<BTreeMap<&'static str, String>, String> {
        let mut values = BTreeMap::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => (key, value),
                Some(_) => return Err("missing key in comma-separated list property".to_owned()),
                None => return Err("value without key, but schema does not define a default key".to_owned()),
            };
            if values.contains_key(key) {
                return Err(format!("duplicate key in comma-separated list property: {key}"));
            }
            let Some(property) = self.properties.iter().find(|property| property.name() == key) else {
                return Err(format!("invalid key in comma-separated list property: {key}"));
            };
            let value = if property.is_boolean() { digit(value) } else { value };
            values.insert(property.name(), value.to_owned());
        }
        let faults = self.properties.iter().filter_map(|property| {
            let value = values.get(property.name()).cloned().map(Param::Text);
            let fault = property.check(value.as_ref()).err()?;
            Some(format!("\n{}.{}: {fault}", self.name, property.name()))
        });
        match faults.collect::<String>() {
            faults if faults.is_empty() => Ok(values),
            faults => Err(format!("format error{faults}")),
        }
    }
}

/// The text in the server's own order, with `remove-vanished` for what it replaced: `full` and `purge`
/// (pve-access-control, `map_remove_vanished`). One that cannot be read stays as it is.
pub(super) fn sync_options_as_kept(text: &str) -> String {
    let Ok(mut values) = SYNC_OPTIONS.parse(text) else { return text.to_owned() };
    let is_on = |value: Option<String>| value.as_deref() == Some("1");
    let (full, purge) = (is_on(values.remove("full")), is_on(values.remove("purge")));
    let removed = match (full, purge) {
        (true, true) => Some("entry;properties;acl"),
        (true, false) => Some("entry;properties"),
        (false, true) => Some("acl"),
        (false, false) => None,
    };
    if let Some(removed) = removed {
        values.entry("remove-vanished").or_insert_with(|| removed.to_owned());
    }
    values.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// A switch has many spellings here, other than in parameters.
fn digit(value: &str) -> &str {
    match value.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => "1",
        "0" | "off" | "no" | "false" => "0",
        _ => value,
    }
}

/// What vanishes with a user that is gone from the directory.
pub(super) fn is_removal(text: &str) -> bool {
    text == "none" || text.split(';').all(|what| matches!(what, "acl" | "properties" | "entry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_worded_as_the_server_words_them() {
        for (text, fault) in [
            ("oath", "value without key, but schema does not define a default key"),
            ("type=", "missing key in comma-separated list property"),
            ("type=oath,type=oath", "duplicate key in comma-separated list property: type"),
            ("type=oath,foo=1", "invalid key in comma-separated list property: foo"),
            ("step=30", "format error\ntfa.type: property is missing and it is not optional"),
            ("type=oath,digits=9", "format error\ntfa.digits: value must have a maximum value of 8"),
        ] {
            assert_eq!(SECOND_FACTOR.parse(text).unwrap_err(), fault, "{text}");
        }
        let fault = "format error\nsync-defaults-options.remove-vanished: value does not match the regex pattern";
        assert_eq!(SYNC_OPTIONS.parse("remove-vanished=all").unwrap_err(), fault);
    }

    /// The first is transcript `realms`'.
    #[test]
    fn sync_options_are_kept_in_the_servers_form() {
        for (given, kept) in [
            ("scope=both,enable-new=0,remove-vanished=acl;entry", "enable-new=0,remove-vanished=acl;entry,scope=both"),
            ("scope=users,full=1,purge=yes", "remove-vanished=entry;properties;acl,scope=users"),
            ("purge=1,remove-vanished=none", "remove-vanished=none"),
            ("enable-new=on,full=0", "enable-new=1"),
        ] {
            assert_eq!(sync_options_as_kept(given), kept);
        }
    }
}
