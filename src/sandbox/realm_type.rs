//! The types of realms and their options.

use super::format::Format;
use super::schema::Property;

/// A type of realm.
pub(super) struct RealmType {
    pub(super) name: &'static str,
    /// The options that it must have, sorted.
    pub(super) required: &'static [&'static str],
    /// The options that it may have.
    optional: &'static [&'static str],
}

/// Options of ldap and ad.
const DIRECTORY: [&str; 19] = [
    "bind_dn",
    "capath",
    "case-sensitive",
    "cert",
    "certkey",
    "filter",
    "group_classes",
    "group_dn",
    "group_filter",
    "group_name_attr",
    "mode",
    "password",
    "port",
    "secure",
    "server2",
    "sslversion",
    "sync-defaults-options",
    "sync_attributes",
    "verify",
];

/// Options of every type.
const COMMON: [&str; 3] = ["comment", "default", "tfa"];

const TYPES: [RealmType; 5] = [
    RealmType { name: "ad", required: &["domain", "server1"], optional: &["base_dn", "user_attr", "user_classes"] },
    RealmType { name: "ldap", required: &["base_dn", "server1", "user_attr"], optional: &["user_classes"] },
    RealmType {
        name: "openid",
        required: &["client-id", "issuer-url"],
        optional: &[
            "acr-values",
            "audiences",
            "autocreate",
            "client-key",
            "groups-autocreate",
            "groups-claim",
            "groups-overwrite",
            "prompt",
            "query-userinfo",
            "scopes",
            "username-claim",
        ],
    },
    RealmType { name: "pam", required: &[], optional: &[] },
    RealmType { name: "pve", required: &[], optional: &[] },
];

impl RealmType {
    pub(super) fn find(name: &str) -> Option<&'static RealmType> {
        TYPES.iter().find(|known| known.name == name)
    }

    /// Whether it reads a directory.
    pub(super) fn is_directory(&self) -> bool {
        matches!(self.name, "ad" | "ldap")
    }

    /// Whether it has an option of that name.
    pub(super) fn takes(&self, option: &str) -> bool {
        let own = self.required.iter().chain(self.optional).any(|name| *name == option);
        let common = COMMON.contains(&option) && (option != "tfa" || self.name != "openid");
        own || common || (self.is_directory() && DIRECTORY.contains(&option))
    }
}

fn is_token_text(text: &str) -> bool {
    !text.chars().any(|c| c.is_ascii_control() || " <>#\"".contains(c))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn is_long_word(text: &str) -> bool {
    is_word(text) && text.chars().count() >= 2
}

fn is_claim(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

/// `name=attribute` pairs.
fn is_mapping(text: &str) -> bool {
    text.split(',').all(|pair| {
        let name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        pair.trim_start().split_once('=').is_some_and(|(of, attribute)| name(of) && !attribute.is_empty())
    })
}

const fn short(name: &'static str) -> Property {
    Property::text(name).at_most_long(256)
}

/// The realm that a call is about.
pub(super) const REALM: Property = Property::text("realm").required().format(Format::Realm).at_most_long(32);

/// The options that can be set when a realm is made and later, in the order of the server's own schema.
macro_rules! with_options {
    ($($more:expr),* $(,)?) => {
        &[
            $($more,)*
            REALM,
            Property::text("acr-values").pattern(is_token_text),
            Property::text("audiences").pattern(is_token_text),
            Property::boolean("autocreate"),
            short("base_dn"),
            short("bind_dn"),
            Property::text("capath"),
            Property::boolean("case-sensitive"),
            Property::text("cert"),
            Property::text("certkey"),
            Property::boolean("check-connection"),
            short("client-id"),
            short("client-key"),
            Property::text("comment").at_most_long(4096),
            Property::boolean("default"),
            short("domain").pattern(is_word),
            Property::text("filter").at_most_long(2048),
            Property::text("group_classes").format(Format::Attributes),
            short("group_dn"),
            Property::text("group_filter").at_most_long(2048),
            short("group_name_attr").format(Format::Attribute),
            Property::boolean("groups-autocreate"),
            short("groups-claim").pattern(is_claim),
            Property::boolean("groups-overwrite"),
            short("issuer-url"),
            Property::text("mode").one_of(&["ldap", "ldaps", "ldap+starttls"]),
            Property::text("password"),
            Property::integer("port").at_least(1).at_most(65535),
            Property::text("prompt").pattern(is_word),
            Property::boolean("query-userinfo"),
            Property::text("scopes"),
            Property::boolean("secure"),
            short("server1").format(Format::Address),
            short("server2").format(Format::Address),
            Property::text("sslversion").one_of(&["tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3"]),
            Property::text("sync-defaults-options").format(Format::SyncOptions),
            Property::text("sync_attributes").pattern(is_mapping),
            Property::text("tfa").format(Format::SecondFactor).at_most_long(128),
            short("user_attr").pattern(is_long_word),
            Property::text("user_classes").format(Format::Attributes),
            Property::boolean("verify"),
        ]
    };
}

/// What POST /access/domains takes.
pub(super) const TO_CREATE: &[Property] = with_options![
    Property::text("type").required().one_of(&["ad", "ldap", "openid", "pam", "pve"]),
    Property::text("username-claim"),
];

/// What PUT /access/domains/{realm} takes: not the type, and nothing that is fixed once it is made.
pub(super) const TO_UPDATE: &[Property] = with_options![
    Property::text("delete").format(Format::Options).at_most_long(4096),
    Property::text("digest").at_most_long(64),
];

/// Whether an option's value is a number in answers.
pub(super) fn is_number(option: &str) -> bool {
    TO_CREATE.iter().any(|property| property.name() == option && property.is_number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_a_type_is_in_the_schema() {
        let all: Vec<&str> = TO_CREATE.iter().map(Property::name).collect();
        for known in &TYPES {
            for option in known.required.iter().chain(known.optional).chain(&COMMON).chain(&DIRECTORY) {
                assert!(all.contains(option), "{option}");
            }
            assert!(known.required.is_sorted());
        }
    }

    #[test]
    fn types_take_their_own_options_alone() {
        let takes = |name: &str, option: &str| RealmType::find(name).unwrap().takes(option);
        assert!(takes("ldap", "user_attr") && takes("ad", "bind_dn") && takes("pam", "comment"));
        assert!(!takes("openid", "base_dn") && !takes("pve", "server1") && !takes("openid", "tfa"));
    }
}
