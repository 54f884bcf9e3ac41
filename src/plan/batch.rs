//! Grants that go into one request.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cover;
use crate::model::Grant;
use crate::pve::{AclPath, RoleId, Subject};

/// Every one of some roles to every one of some subjects at one path: what one PUT /access/acl can say
/// (api-facts.md, ACL: the product of its lists, done as a whole or not at all).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AclBatch {
    path: AclPath,
    roles: BTreeSet<RoleId>,
    subjects: BTreeSet<Subject>,
}

impl AclBatch {
    /// What a body may hold: the server refuses 512 KiB (api-facts.md, HTTP layer), and every byte may become three.
    const MOST_BYTES: usize = 128 * 1024;

    /// The fewest batches found that say all of `grants` and nothing else.
    #[must_use]
    pub fn cover<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Vec<AclBatch> {
        let mut at_path: BTreeMap<&AclPath, BTreeMap<&Subject, BTreeSet<&RoleId>>> = BTreeMap::new();
        for Grant { path, subject, role } in grants {
            at_path.entry(path).or_default().entry(subject).or_default().insert(role);
        }
        let (mut batches, mut work) = (Vec::new(), cover::Work::default());
        for (path, roles_of) in at_path {
            for (subjects, roles) in cover::rectangles(&roles_of, &mut work) {
                let roles: BTreeSet<RoleId> = roles.into_iter().cloned().collect();
                for subjects in portions(subjects) {
                    batches.push(AclBatch { path: path.clone(), roles: roles.clone(), subjects });
                }
            }
        }
        batches.sort();
        batches
    }

    /// The part of it that names one of `subjects`.
    pub(super) fn among(&self, subjects: &BTreeSet<Subject>) -> Option<AclBatch> {
        self.to(self.subjects.intersection(subjects).cloned().collect())
    }

    /// The part of it that names none of `subjects`.
    pub(super) fn besides(&self, subjects: &BTreeSet<Subject>) -> Option<AclBatch> {
        self.to(self.subjects.difference(subjects).cloned().collect())
    }

    /// Each of its grants by itself.
    pub(super) fn cells(&self) -> Vec<AclBatch> {
        let cell = |Grant { path, subject, role }: Grant| AclBatch {
            path,
            roles: BTreeSet::from([role]),
            subjects: BTreeSet::from([subject]),
        };
        self.grants().map(cell).collect()
    }

    /// Both in one, if one can say both and nothing else.
    pub(super) fn with(&self, other: &AclBatch) -> Option<AclBatch> {
        let AclBatch { path, roles, subjects } = self;
        let is_one = *path == other.path && (*roles == other.roles || *subjects == other.subjects);
        let subjects: BTreeSet<Subject> = subjects.union(&other.subjects).cloned().collect();
        let fits = is_one && portions(subjects.iter().collect()).len() == 1;
        let roles = roles.union(&other.roles).cloned().collect();
        fits.then(|| AclBatch { path: path.clone(), roles, subjects })
    }

    fn to(&self, subjects: BTreeSet<Subject>) -> Option<AclBatch> {
        let AclBatch { path, roles, subjects: _ } = self;
        (!subjects.is_empty()).then(|| AclBatch { path: path.clone(), roles: roles.clone(), subjects })
    }

    /// Where.
    #[must_use]
    pub fn path(&self) -> &AclPath {
        &self.path
    }

    /// What; never empty.
    #[must_use]
    pub fn roles(&self) -> &BTreeSet<RoleId> {
        &self.roles
    }

    /// To whom; never empty.
    #[must_use]
    pub fn subjects(&self) -> &BTreeSet<Subject> {
        &self.subjects
    }

    /// The grants that it stands for.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        self.subjects.iter().flat_map(move |subject| {
            self.roles.iter().map(move |role| Grant {
                path: self.path.clone(),
                subject: subject.clone(),
                role: role.clone(),
            })
        })
    }
}

/// `subjects` in portions that fit into a request each.
fn portions(subjects: BTreeSet<&Subject>) -> Vec<BTreeSet<Subject>> {
    let mut portions = vec![BTreeSet::new()];
    let mut bytes = 0;
    for subject in subjects {
        let size = subject.to_string().len() + 1;
        if bytes + size > AclBatch::MOST_BYTES {
            portions.push(BTreeSet::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(portion) = portions.last_mut() {
            portion.insert(subject.clone());
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(path: &str, user: &str, role: &str) -> Grant {
        let subject = Subject::User(user.parse().unwrap());
        Grant { path: path.parse().unwrap(), subject, role: role.parse().unwrap() }
    }

    #[test]
    fn one_request_says_a_whole_product() {
        let grants: Vec<Grant> =
            ["a@pve", "b@pve"].iter().flat_map(|user| ["R1", "R2"].map(|role| grant("/vms", user, role))).collect();
        let batches = AclBatch::cover(&grants);
        assert_eq!(batches.len(), 1);
        assert_eq!(batches[0].grants().collect::<BTreeSet<_>>(), grants.into_iter().collect());
    }

    #[test]
    fn paths_are_never_mixed() {
        let grants = [grant("/vms", "a@pve", "R1"), grant("/nodes", "a@pve", "R1")];
        let paths: Vec<String> = AclBatch::cover(&grants).iter().map(|batch| batch.path.to_string()).collect();
        assert_eq!(paths, ["/nodes", "/vms"]);
    }

    #[test]
    fn a_request_stays_below_the_servers_limit() {
        let grants: Vec<Grant> = (0..9_000).map(|at| grant("/", &format!("{at:0>50}@pve"), "PVEAuditor")).collect();
        let batches = AclBatch::cover(&grants);
        assert_eq!(batches.len(), 4);
        assert_eq!(batches.iter().map(|batch| batch.subjects.len()).sum::<usize>(), grants.len());
    }
}
