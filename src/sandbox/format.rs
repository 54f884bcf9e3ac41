//! The named formats of parameters, with the words that a value is refused in.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use super::params::split_list;
use super::property_string::{SECOND_FACTOR, SYNC_OPTIONS};
use crate::pve::{GroupId, PoolId, Privilege, RealmId, Release, RoleId, StorageId, TokenId, UserId, VmId, privileges};

/// A format of the server's schema; the plural is its list form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    User,
    Users,
    Group,
    Groups,
    Role,
    Roles,
    Tokens,
    Privileges,
    Realm,
    Pool,
    Guests,
    Storages,
    /// Names of options.
    Options,
    /// A mail address or nothing.
    Email,
    /// A host by name or address.
    Address,
    /// Names of attributes in a directory.
    Attributes,
    /// The name of one.
    Attribute,
    /// What a synchronisation does by default.
    SyncOptions,
    /// The second factor that a realm wants.
    SecondFactor,
}

impl Format {
    /// Whether several values may come as one.
    pub(super) fn is_list(self) -> bool {
        match self {
            Format::Users
            | Format::Groups
            | Format::Roles
            | Format::Tokens
            | Format::Privileges
            | Format::Guests
            | Format::Storages
            | Format::Options
            | Format::Attributes => true,
            Format::User
            | Format::Group
            | Format::Role
            | Format::Realm
            | Format::Pool
            | Format::Email
            | Format::Address
            | Format::Attribute
            | Format::SyncOptions
            | Format::SecondFactor => false,
        }
    }

    /// What the server's own schema calls it.
    #[cfg(test)]
    pub(super) fn name(self) -> &'static str {
        match self {
            Format::User => "pve-userid",
            Format::Users => "pve-userid-list",
            Format::Group => "pve-groupid",
            Format::Groups => "pve-groupid-list",
            Format::Role => "pve-roleid",
            Format::Roles => "pve-roleid-list",
            Format::Tokens => "pve-tokenid-list",
            Format::Privileges => "pve-priv-list",
            Format::Realm => "pve-realm",
            Format::Pool => "pve-poolid",
            Format::Guests => "pve-vmid-list",
            Format::Storages => "pve-storage-id-list",
            Format::Options => "pve-configid-list",
            Format::Email => "email-opt",
            Format::Address => "address",
            Format::Attribute => "ldap-simple-attr",
            Format::Attributes => "ldap-simple-attr-list",
            Format::SyncOptions => "realm-sync-options",
            Format::SecondFactor => "pve-tfa-config",
        }
    }

    /// What the server says of `value`, without the line end.
    pub(super) fn check(self, value: &str) -> Result<(), String> {
        if self.is_list() { split_list(value).try_for_each(|item| self.check_one(item)) } else { self.check_one(value) }
    }

    fn check_one(self, value: &str) -> Result<(), String> {
        let fine = |fine: bool, fault: String| if fine { Ok(()) } else { Err(fault) };
        match self {
            Format::User | Format::Users => verify_user(value).map(drop),
            Format::Group | Format::Groups => {
                fine(value.parse::<GroupId>().is_ok(), format!("group name '{value}' contains invalid characters"))
            }
            Format::Role | Format::Roles => {
                fine(value.parse::<RoleId>().is_ok(), format!("role name '{value}' contains invalid characters"))
            }
            Format::Tokens => {
                fine(value.parse::<TokenId>().is_ok(), format!("value '{value}' does not look like a valid token ID"))
            }
            Format::Privileges => fine(is_privilege(value), format!("invalid privilege '{value}'")),
            Format::Realm => {
                fine(value.parse::<RealmId>().is_ok(), "value does not look like a valid realm".to_owned())
            }
            Format::Pool if value.trim_end_matches('/').split('/').count() > PoolId::LEVELS => {
                Err(format!("pool name '{value}' nested too deeply (max levels = {})", PoolId::LEVELS))
            }
            Format::Pool => {
                fine(value.parse::<PoolId>().is_ok(), format!("pool name '{value}' contains invalid characters"))
            }
            Format::Guests => fine(value.parse::<VmId>().is_ok(), "value does not look like a valid VM ID".to_owned()),
            Format::Storages => {
                fine(value.parse::<StorageId>().is_ok(), format!("storage ID '{value}' contains illegal characters"))
            }
            Format::Address => fine(is_address(value), format!("value does not look like a valid address: {value}")),
            Format::Attribute | Format::Attributes => fine(
                !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric()),
                format!("value '{value}' does not look like a simple ldap attribute name"),
            ),
            Format::SyncOptions => SYNC_OPTIONS.parse(value).map(drop),
            Format::SecondFactor => SECOND_FACTOR.parse(value).map(drop),
            Format::Options => fine(is_option(value), format!("invalid configuration ID '{value}'")),
            Format::Email => {
                fine(is_nothing(value) || is_email(value), "value does not look like a valid email address".to_owned())
            }
        }
    }
}

/// Whether Perl takes a given text for nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "0")
}

/// The user that `text` names, or what the server says of it: the length first, then the form
/// (transcript `users`, POSTs of bad names).
pub(super) fn verify_user(text: &str) -> Result<UserId, String> {
    let text = if is_nothing(text) { "" } else { text };
    match text.chars().count() {
        ..3 => Err(format!("user name '{text}' is too short")),
        length @ 65.. => Err(format!("user name '{text}' is too long ({length} > 64)")),
        _ => text.parse().map_err(|_| format!("value '{text}' does not look like a valid user name")),
    }
}

/// The part of a token's id after the `!`.
pub(super) fn is_token_name(text: &str) -> bool {
    TokenId::new(UserId::root(), text).is_ok()
}

/// Marks of a second factor.
pub(super) fn is_keys(text: &str) -> bool {
    text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'='))
}

/// A user or a token, of any length.
pub(super) fn is_principal(text: &str) -> bool {
    let named = |user: &str| match user.rsplit_once('@') {
        Some((name, realm)) => {
            !name.is_empty()
                && !name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '/'))
                && realm.parse::<RealmId>().is_ok()
        }
        None => false,
    };
    named(text) || text.rsplit_once('!').is_some_and(|(user, token)| named(user) && is_token_name(token))
}

fn is_privilege(text: &str) -> bool {
    static KNOWN: LazyLock<BTreeSet<Privilege>> = LazyLock::new(|| privileges(Release::MEASURED).collect());
    text.parse::<Privilege>().is_ok_and(|privilege| KNOWN.contains(&privilege))
}

fn is_option(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// An IP address, or a name of labels that begin and end with a letter or digit.
fn is_address(text: &str) -> bool {
    let is_label = |label: &str| {
        let ends = |c: char| c.is_ascii_alphanumeric();
        label.starts_with(ends) && label.ends_with(ends) && label.chars().all(|c| ends(c) || c == '-')
    };
    text.split('.').all(is_label) || text.parse::<Ipv6Addr>().is_ok()
}

fn is_email(text: &str) -> bool {
    let words = |text: &str, allowed: fn(char) -> bool| {
        text.split('.').all(|word| !word.is_empty() && word.chars().all(allowed))
    };
    text.split_once('@').is_some_and(|(name, host)| {
        words(name, |c| c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '~'))
            && words(host, |c| c.is_ascii_alphanumeric() || c == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_refused_in_the_servers_words() {
        for (text, fault) in [
            ("", "user name '' is too short"),
            ("0", "user name '' is too short"),
            ("a b@pve", "value 'a b@pve' does not look like a valid user name"),
            ("bad", "value 'bad' does not look like a valid user name"),
        ] {
            assert_eq!(verify_user(text).unwrap_err(), fault);
        }
        let long = format!("{}@pve", "x".repeat(61));
        assert_eq!(verify_user(&long).unwrap_err(), format!("user name '{long}' is too long (65 > 64)"));
    }

    /// Texts of pve-common's and pve-access-control's own checks; no transcript has them.
    #[test]
    fn values_are_refused_in_the_servers_words() {
        for (format, value, fault) in [
            (Format::Storages, "nfs1,1x", "storage ID '1x' contains illegal characters"),
            (Format::Storages, "nfs-", "storage ID 'nfs-' contains illegal characters"),
            (Format::Pool, "a/b/c/d", "pool name 'a/b/c/d' nested too deeply (max levels = 3)"),
            (Format::Pool, "a//b", "pool name 'a//b' contains invalid characters"),
            (Format::Address, "a_b", "value does not look like a valid address: a_b"),
            (Format::Address, "a..b", "value does not look like a valid address: a..b"),
            (Format::Options, "x", "invalid configuration ID 'x'"),
        ] {
            assert_eq!(format.check(value).unwrap_err(), fault);
        }
        for (format, value) in [
            (Format::Storages, ""),
            (Format::Address, "ldap.example.com"),
            (Format::Address, "192.0.2.1"),
            (Format::Address, "2001:db8::1"),
            (Format::Email, "0"),
        ] {
            assert_eq!(format.check(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn mail_addresses_look_like_the_servers() {
        for good in ["bob@example.com", "a+b@ex.co", "a.b@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["nonsense", "@x", "a@", "a..b@x", "a@b@c", "a b@c"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn principals_are_users_and_tokens() {
        for good in ["u@pve", "u@pve!tok", "a!b@pve", "x@corp!t1"] {
            assert!(is_principal(good), "{good}");
        }
        for bad in ["u", "u@p", "u@pve!", "u@pve!1a", "a b@pve", ""] {
            assert!(!is_principal(bad), "{bad}");
        }
    }
}
