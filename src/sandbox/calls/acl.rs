//! Grants.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, Needs, normalise};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::{Format, is_nothing};
use super::super::rights::Rights;
use super::super::schema::{Checked, Property};
use super::tokens::existing as existing_token;
use super::{Scene, name, nothing};
use crate::model::{AccessState, Grant, Propagate, Role};
use crate::pve::{AclPath, Privilege, RoleId, Subject, TokenId, UserId};

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/acl", &[], Needs::Credential, list),
    Endpoint::new(
        Verb::Put,
        "/access/acl",
        &[
            Property::text("path").required(),
            Property::text("roles").required().format(Format::Roles),
            Property::text("users").format(Format::Users),
            Property::text("groups").format(Format::Groups),
            Property::text("tokens").format(Format::Tokens),
            Property::boolean("propagate"),
            Property::boolean("delete"),
        ],
        Needs::Check(Check::ModifiesGrants),
        update,
    ),
];

/// All grants for those who may audit, else those at paths whose grants the caller may change; in the tree's order.
fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let audits = scene.rights.holds_any("/access", &["Sys.Audit"]);
    let mut seen_paths: BTreeMap<&AclPath, bool> = BTreeMap::new();
    let mut grants: Vec<(&Grant, Propagate)> = Vec::new();
    for (grant, propagate) in &scene.state.acl {
        let path = &grant.path;
        let is_seen = *seen_paths.entry(path).or_insert_with(|| {
            audits || scene.rights.holds_any(path.as_str(), Rights::to_modify_grants(path.as_str()))
        });
        if is_seen {
            grants.push((grant, *propagate));
        }
    }
    grants.sort_by_cached_key(|(grant, _)| grant.path.words().map(str::to_owned).collect::<Vec<_>>());
    Ok(grants.into_iter().map(entry).collect())
}

fn entry((grant, propagate): (&Grant, Propagate)) -> Value {
    let Grant { path, subject, role } = grant;
    let (kind, id) = match subject {
        Subject::User(user) => ("user", user.to_string()),
        Subject::Group(group) => ("group", group.to_string()),
        Subject::Token(token) => ("token", token.to_string()),
    };
    json!({
        "path": path.as_str(),
        "type": kind,
        "ugid": id,
        "roleid": role.as_str(),
        "propagate": u8::from(propagate.is_yes()),
    })
}

/// What a PUT does to the grants it names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Add(Propagate),
    Delete,
}

impl Edit {
    fn verb(self) -> &'static str {
        match self {
            Edit::Add(_) => "add",
            Edit::Delete => "remove",
        }
    }
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let named = ["users", "groups", "tokens"];
    if named.iter().all(|name| params.text(name).is_none_or(is_nothing)) {
        let text = "either 'users', 'groups' or 'tokens' is required.";
        return Err(Failure::Parameters(named.map(|name| (name.to_owned(), text.to_owned())).into()));
    }
    let edit = match params.is_on("delete") {
        true => Edit::Delete,
        // Not given is yes again, also for a grant that is there without (api-facts.md, ACL).
        false => Edit::Add(Propagate::from(params.flag("propagate").unwrap_or(true))),
    };
    let place = place(params.required("path"), edit)?;
    scene.folder().edit_access("ACL update failed", |_, state| {
        let held = scene.rights.at(place.as_str());
        for role in params.list("roles") {
            let id: RoleId = name(role)?;
            let Some(data) = state.roles.get(&id) else {
                return Err(Failure::died(format!("role '{role}' does not exist")));
            };
            check_handing_out(&held, &id, data, edit)?;
            for subject in subjects(state, params)? {
                place.apply(state, subject, &id, edit);
            }
        }
        Ok(nothing())
    })
}

/// Where grants are changed.
enum Place {
    Path(AclPath),
    /// A path with letters that the server accepts and then does not store (api-facts.md, ACL: `/storage/ü`).
    Unstorable(String),
}

impl Place {
    fn as_str(&self) -> &str {
        match self {
            Place::Path(path) => path.as_str(),
            Place::Unstorable(path) => path,
        }
    }

    fn apply(&self, state: &mut AccessState, subject: Subject, role: &RoleId, edit: Edit) {
        let Place::Path(path) = self else { return };
        // Grants to root@pam are accepted and never stored (api-facts.md, Authentication).
        if matches!(&subject, Subject::User(user) if user.is_root()) {
            return;
        }
        let grant = Grant { path: path.without_noughts(), subject, role: role.clone() };
        match edit {
            Edit::Add(propagate) => drop(state.acl.insert(grant, propagate)),
            Edit::Delete => drop(state.acl.remove(&grant)),
        }
    }
}

fn place(text: &str, edit: Edit) -> Result<Place, Failure> {
    let invalid = || Failure::parameter("path", format!("invalid ACL path '{text}'"));
    let path = normalise(text).ok_or_else(invalid)?;
    let ascii = path.replace(|c: char| !c.is_ascii(), "x");
    let shape: AclPath = ascii.parse().map_err(|_| invalid())?;
    let is_storable = ascii == path;
    // Below /pool, other than elsewhere, letters are those of ASCII (pve-access-control, `check_path`).
    let is_pool = shape.words().next() == Some("pool");
    if edit != Edit::Delete && (shape.check_shape().is_err() || (is_pool && !is_storable)) {
        return Err(invalid());
    }
    Ok(if is_storable { Place::Path(shape) } else { Place::Unstorable(path) })
}

/// Groups first, then users, then tokens, each of which must exist; the server looks at them anew for each role.
fn subjects(state: &AccessState, params: &Checked) -> Result<Vec<Subject>, Failure> {
    let mut subjects = Vec::new();
    for group in params.list("groups") {
        subjects.push(Subject::Group(name(group)?));
    }
    for user in params.list("users") {
        subjects.push(Subject::User(name::<UserId>(user)?));
    }
    for token in params.list("tokens") {
        subjects.push(Subject::Token(name::<TokenId>(token)?));
    }
    for subject in &subjects {
        match subject {
            Subject::Token(token) => drop(existing_token(state, token)?),
            Subject::Group(_) | Subject::User(_) if state.has_subject(subject) => {}
            Subject::Group(group) => return Err(Failure::died(format!("group '{group}' does not exist"))),
            Subject::User(user) => return Err(Failure::died(format!("user '{user}' does not exist"))),
        }
    }
    Ok(subjects)
}

/// Without `Permissions.Modify` one hands out, and takes away, no more than one has (api-facts.md, ACL;
/// transcript `visibility`).
fn check_handing_out(
    held: &BTreeMap<Privilege, Propagate>,
    id: &RoleId,
    role: &Role,
    edit: Edit,
) -> Result<(), Failure> {
    if held.keys().any(|privilege| privilege.as_str() == "Permissions.Modify") {
        return Ok(());
    }
    let refuse = |why: &str| Err(Failure::parameter("role", format!("Cannot {} role '{id}'{why}", edit.verb())));
    if role.privs.iter().any(|privilege| !held.contains_key(privilege)) {
        return refuse(" - requires 'Permissions.Modify' or superset of privileges.");
    }
    let reaches_too_far = |privilege| held.get(privilege) == Some(&Propagate::No);
    if edit == Edit::Add(Propagate::Yes) && role.privs.iter().any(reaches_too_far) {
        return refuse(" with propagation - requires 'Permissions.Modify' or propagated superset of privileges.");
    }
    if id.as_str() == "NoAccess" {
        return refuse(" - requires 'Permissions.Modify'");
    }
    Ok(())
}
