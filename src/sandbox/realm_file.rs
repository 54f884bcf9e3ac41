//! domains.cfg in the server's own order, on which the digest of GET /access/domains/{realm} depends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::realm_type::RealmType;
use super::ticket::hex;
use crate::model::{Realm, domains_cfg};
use crate::pve::RealmId;

/// The realms with the order in which they were made.
pub(super) struct RealmFile {
    pub(super) realms: BTreeMap<RealmId, Realm>,
    order: Vec<RealmId>,
}

impl RealmFile {
    pub(super) fn read(bytes: &[u8]) -> RealmFile {
        let realms = domains_cfg::read(bytes);
        let order = domains_cfg::sections(bytes).realms.into_iter().map(|(id, _)| id).collect();
        RealmFile { realms, order }
    }

    /// The file as the server writes it: the realms in their order, new ones at the end; of each the comment first, what
    /// it must have next, then the rest (transcript `realms`, by its digests). `Err` names what must be there and is not.
    pub(super) fn write(&self) -> Result<String, String> {
        let known = self.order.iter().filter(|id| self.realms.contains_key(*id));
        let ordered: BTreeSet<&RealmId> = self.order.iter().collect();
        let new = self.realms.keys().filter(|id| !ordered.contains(id));
        known.chain(new).try_fold(String::new(), |mut file, id| {
            let Some(realm) = self.realms.get(id) else { return Ok(file) };
            let Realm { r#type, options } = realm;
            let required = RealmType::find(r#type).map(|known| known.required).unwrap_or_default();
            if let Some(missing) = required.iter().find(|name| !options.contains_key(**name)) {
                return Err(format!("section '{id}' - missing value for required option '{missing}'"));
            }
            let of_comment = BTreeMap::from([(
                id.clone(),
                Realm {
                    r#type: r#type.clone(),
                    options: options.iter().filter(|(name, _)| *name == "comment").map(clone).collect(),
                },
            )]);
            // The comment is encoded, which is the model's business.
            file.push_str(domains_cfg::write(&of_comment).trim_end_matches('\n'));
            file.push('\n');
            let is_required = |name: &&String| required.contains(&name.as_str());
            let first = options.keys().filter(is_required);
            let rest = options.keys().filter(|name| !is_required(name) && *name != "comment");
            // What is empty is as good as not there (pve-common, `SectionConfig::write_config`).
            for name in first.chain(rest).filter(|name| !options[*name].is_empty()) {
                // Writing to a String cannot fail.
                let _ = writeln!(file, "\t{name} {}", options[name]);
            }
            file.push('\n');
            Ok(file)
        })
    }
}

fn clone((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// The digest that guards against changes by somebody else: SHA-1 of the whole file.
pub(super) fn digest_of(file: &[u8]) -> String {
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, file).as_ref())
}
