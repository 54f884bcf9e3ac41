//! Passwords that the credential cannot set.

use super::Refusal;
use crate::plan::Unsettable;
use crate::render::pveum;
use crate::render::words::{count, visible};

/// How many commands are shown: root types no more by hand.
const SHOWN: usize = 5;

pub(super) fn refusal(Unsettable { users, reader }: &Unsettable) -> Refusal {
    let whose = match users.first() {
        Some(only) if users.len() == 1 => format!("the password of {}", visible(only)),
        _ => format!("the passwords of {}", count(users.len(), "user")),
    };
    Refusal {
        fault: format!("{} is an API token, and cannot set {whose}", visible(reader)),
        facts: vec![
            "Proxmox VE lets no API token set the password of a user that is there; a new user's it may set."
                .to_owned(),
            "Log in instead, with PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD, or leave out --set-passwords."
                .to_owned(),
            "Or type it on a node, as root:".to_owned(),
        ],
        commands: users.iter().take(SHOWN).map(pveum::set_password).collect(),
        allow: None,
    }
}
