//! From a file to a state.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::decode;
use super::field::{Fields, is_true, list};
use super::ignored::{Ignored, Reason};
use crate::model::{AccessState, Expire, Grant, Group, Origin, Pool, Role, Text, Token, User};
use crate::pve::{
    AclPath, GroupId, NameError, PathError, PoolId, Privilege, Release, RoleId, Subject, TokenId, UserId, VmId,
    builtin_roles, lifetime,
};

/// A file as the server understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reading {
    /// What it holds, with the builtin roles and without realms.
    pub state: AccessState,
    /// What it says in vain, from top to bottom.
    pub ignored: Vec<Ignored>,
}

/// Reads a file as a server of `release` does, which never fails: what it cannot use is passed over.
///
/// The order of the lines counts. A grant asks that its role and its token are made above it, a token that its user is;
/// a second line for a user makes it anew and forgets its tokens, one for anything else adds to it
/// (user-cfg cases 0000, 0005, 0008).
pub fn read(bytes: &[u8], release: Release) -> Reading {
    let mut reader = Reader::new(release);
    let text = String::from_utf8_lossy(bytes);
    for (at, line) in text.split('\n').enumerate() {
        reader.line = at + 1;
        if let Err(reason) = reader.read_line(&mut Fields::of(line)) {
            reader.ignore(reason);
        }
    }
    reader.finish()
}

struct Reader {
    state: AccessState,
    tokens: BTreeMap<UserId, BTreeMap<TokenId, Token>>,
    pooled: BTreeSet<VmId>,
    line: usize,
    ignored: Vec<Ignored>,
}

impl Reader {
    fn new(release: Release) -> Reader {
        let mut state = AccessState::empty(release);
        for (role, privs) in builtin_roles() {
            state.roles.insert(role, Role { privs, origin: Origin::Builtin });
        }
        state.users.insert(UserId::root(), User::default());
        Reader { state, tokens: BTreeMap::new(), pooled: BTreeSet::new(), line: 0, ignored: Vec::new() }
    }

    fn finish(self) -> Reading {
        let Reader { mut state, tokens, pooled: _, line: _, ignored } = self;
        state.tokens = tokens.into_values().flatten().collect();
        Reading { state, ignored }
    }

    fn ignore(&mut self, reason: Reason) {
        self.ignored.push(Ignored { line: self.line, reason });
    }

    fn read_line(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        match fields.next() {
            "user" => self.read_user(fields),
            "token" => self.read_token(fields),
            "group" => self.read_group(fields),
            "role" => self.read_role(fields),
            "pool" => self.read_pool(fields),
            "acl" => self.read_acl(fields),
            "" if fields.next().is_empty() => Ok(()),
            keyword if self.line == 1 && keyword.starts_with('\u{feff}') => Err(Reason::ByteOrderMark),
            keyword => Err(Reason::Keyword { keyword: keyword.to_owned() }),
        }
    }

    fn read_user(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let id: UserId = name(fields.next())?;
        let user = User {
            enable: is_true(fields.next()).into(),
            expire: expire(fields.next())?,
            firstname: text(fields.next()),
            lastname: text(fields.next()),
            email: fields.next().into(),
            comment: text(fields.next()),
            keys: fields.next().into(),
        };
        for (token, _) in self.tokens.remove(&id).into_iter().flatten() {
            self.ignore(Reason::ForgottenToken { token });
        }
        self.state.users.insert(id, user);
        Ok(())
    }

    fn read_token(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let id: TokenId = name(fields.next())?;
        let expire = expire(fields.next())?;
        let privsep = is_true(fields.next()).into();
        let comment = fields.next();
        if !self.state.users.contains_key(id.user()) {
            return Err(Reason::UserlessToken { token: id });
        }
        let token = self.tokens.entry(id.user().clone()).or_default().entry(id).or_default();
        token.expire = expire;
        token.privsep = privsep;
        set_comment(&mut token.comment, comment);
        Ok(())
    }

    /// Members need not exist: they stay, and count once they are made.
    fn read_group(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let id: GroupId = true_name(fields.next())?;
        let members = fields.next();
        let Group { comment } = self.state.groups.entry(id.clone()).or_default();
        set_comment(comment, fields.next());
        for member in list(members) {
            match name::<UserId>(member) {
                Ok(user) => _ = self.state.memberships.entry(user).or_default().insert(id.clone()),
                Err(reason) => self.ignore(reason),
            }
        }
        Ok(())
    }

    fn read_role(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let id: RoleId = true_name(fields.next())?;
        let role =
            self.state.roles.entry(id.clone()).or_insert(Role { privs: BTreeSet::new(), origin: Origin::Custom });
        if role.origin == Origin::Builtin {
            return Err(Reason::BuiltinRole { role: id });
        }
        let release = self.state.release;
        let mut unknown = Vec::new();
        for text in list(fields.next()) {
            match text.parse::<Privilege>() {
                Ok(privilege) if lifetime(&privilege).is_some_and(|life| life.covers(release)) => {
                    role.privs.insert(privilege);
                }
                Ok(_) | Err(_) => unknown.push(Reason::Privilege { text: text.to_owned(), release }),
            }
        }
        unknown.into_iter().for_each(|reason| self.ignore(reason));
        Ok(())
    }

    /// The pools above a nested one need no line of their own.
    fn read_pool(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let id: PoolId = true_name(fields.next())?;
        for (end, _) in id.as_str().match_indices('/') {
            self.state.pools.entry(name(&id.as_str()[..end])?).or_default();
        }
        let mut pool = self.state.pools.remove(&id).unwrap_or_default();
        let Pool { comment, vms, storage } = &mut pool;
        set_comment(comment, fields.next());
        for text in list(fields.next()) {
            match vm(text) {
                Some(vm) if self.pooled.insert(vm) => _ = vms.insert(vm),
                Some(vm) => self.ignore(Reason::PooledVm { vm }),
                None => self.ignore(Reason::Vm { text: text.to_owned() }),
            }
        }
        for text in list(fields.next()) {
            match name(text) {
                Ok(id) => _ = storage.insert(id),
                Err(reason) => self.ignore(reason),
            }
        }
        self.state.pools.insert(id, pool);
        Ok(())
    }

    /// Users and groups need not exist: such grants stay, and count once the name is made.
    fn read_acl(&mut self, fields: &mut Fields<'_>) -> Result<(), Reason> {
        let propagate = is_true(fields.next()).into();
        let path = path(fields.next())?;
        let mut subjects = BTreeSet::new();
        for text in list(fields.next()) {
            match self.subject(text) {
                Ok(subject) => _ = subjects.insert(subject),
                Err(reason) => self.ignore(reason),
            }
        }
        let mut roles: BTreeSet<RoleId> = BTreeSet::new();
        for text in list(fields.next()) {
            match name(text) {
                Ok(role) if self.state.roles.contains_key(&role) => _ = roles.insert(role),
                Ok(role) => self.ignore(Reason::MissingRole { role }),
                Err(reason) => self.ignore(reason),
            }
        }
        for subject in &subjects {
            for role in &roles {
                let grant = Grant { path: path.clone(), subject: subject.clone(), role: role.clone() };
                self.state.acl.insert(grant, propagate);
            }
        }
        Ok(())
    }

    /// A group, else a user, else a token: `@x@pve` and `a!b@pve` are users. To Perl a group called `0` is none.
    fn subject(&self, text: &str) -> Result<Subject, Reason> {
        if let Some(Ok(group)) = text.strip_prefix('@').filter(|group| is_true(group)).map(str::parse) {
            return Ok(Subject::Group(group));
        }
        if let Ok(user) = text.parse::<UserId>() {
            return if user.is_root() { Err(Reason::Root) } else { Ok(Subject::User(user)) };
        }
        let Ok(token) = text.parse::<TokenId>() else {
            return Err(Reason::Subject { text: text.to_owned() });
        };
        match self.tokens.get(token.user()) {
            Some(tokens) if tokens.contains_key(&token) => Ok(Subject::Token(token)),
            _ => Err(Reason::MissingToken { token }),
        }
    }
}

fn name<T: FromStr<Err = NameError>>(text: &str) -> Result<T, Reason> {
    text.parse().map_err(|error| Reason::Name { text: text.to_owned(), error })
}

/// A name that the server hands on as it is, and then takes `0` for none (pve-access-control, `verify_groupname`,
/// `verify_rolename`, `verify_poolname`).
fn true_name<T: FromStr<Err = NameError>>(text: &str) -> Result<T, Reason> {
    if text == "0" { Err(Reason::Nought) } else { name(text) }
}

fn text(raw: &str) -> Text {
    decode(raw).as_ref().into()
}

/// An empty comment leaves the one of a line above.
fn set_comment(comment: &mut Text, raw: &str) {
    if is_true(raw) {
        *comment = text(raw);
    }
}

/// A number that the server's own integers cannot hold ends at the greatest one; the server would write it as 1.8e+19
/// and lose the object with that (api-facts.md, Users).
fn expire(raw: &str) -> Result<Expire, Reason> {
    if !raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::Expire { text: raw.to_owned() });
    }
    Ok(if is_true(raw) { raw.parse().unwrap_or(u64::MAX).into() } else { Expire::Never })
}

/// Normalises like [`AclPath`], but for Perl, to which `0` is nothing: alone it is no path, and a word of a path that is
/// `0` is passed over, so that `/nodes/0` is `/nodes`.
fn path(text: &str) -> Result<AclPath, Reason> {
    let error = |error| Reason::Path { text: text.to_owned(), error };
    if text == "0" {
        return Err(error(PathError::Empty));
    }
    Ok(text.parse::<AclPath>().map_err(error)?.without_noughts())
}

fn vm(text: &str) -> Option<VmId> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().map(VmId::stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Propagate;

    fn ignored(file: &str) -> Vec<String> {
        read(file.as_bytes(), Release::MEASURED).ignored.iter().map(ToString::to_string).collect()
    }

    fn state(file: &str) -> AccessState {
        read(file.as_bytes(), Release::MEASURED).state
    }

    #[test]
    fn an_empty_file_holds_root_and_the_builtin_roles() {
        let Reading { state, ignored } = read(b"", Release::MEASURED);
        assert_eq!(state.users, BTreeMap::from([(UserId::root(), User::default())]));
        assert!(state.roles.values().all(|role| role.origin == Origin::Builtin));
        assert_eq!((state.roles.len(), ignored.len()), (builtin_roles().len(), 0));
    }

    #[test]
    fn says_what_it_passes_over() {
        for (file, said) in [
            ("# ours", "line 1: no kind of line starts with `# ours`"),
            (
                "\u{feff}user:a@pve:1",
                "line 1: the byte order mark before it makes it no kind of line; was that added when the file was copied?",
            ),
            ("\n\u{feff}user:a@pve:1", "line 2: no kind of line starts with `\u{feff}user`"),
            ("user:ab:1", "line 1: `ab` is no name: a user id names its realm after an @"),
            ("user:a@pve:1:soon", "line 1: `soon` is not a time in seconds"),
            ("\ntoken:a@pve!tk:0", "line 2: no line above makes the user of token `a@pve!tk`"),
            (
                "user:a@pve:1\ntoken:a@pve!tk:0\nuser:a@pve:1",
                "line 3: the user of token `a@pve!tk` is made a second time here, without it",
            ),
            ("group:g:bad", "line 1: `bad` is no name: a user id names its realm after an @"),
            ("role:R:VM.Monitor", "line 1: release 9.2 knows no privilege `VM.Monitor`"),
            ("role:PVEAdmin:VM.Audit", "line 1: role `PVEAdmin` is builtin"),
            ("group:0:", "line 1: to Proxmox VE, `0` is no name"),
            ("role:0:VM.Audit", "line 1: to Proxmox VE, `0` is no name"),
            ("pool:0:", "line 1: to Proxmox VE, `0` is no name"),
            ("acl:1:0:a@pve:NoAccess", "line 1: `0` is no path: a path cannot be empty"),
            ("acl:1:/:a@pve:R", "line 1: no line above makes role `R`"),
            ("acl:1:/:a@pve!tk:NoAccess", "line 1: no line above makes token `a@pve!tk`"),
            ("acl:1:/:@0:NoAccess", "line 1: `@0` is neither a user nor a group nor a token"),
            ("acl:1:/:@@:NoAccess", "line 1: `@@` is neither a user nor a group nor a token"),
            ("acl:1:/:root@pam:NoAccess", "line 1: `root@pam` needs no grant"),
            ("pool:p::x", "line 1: `x` is not the number of a guest"),
            ("pool:p::100\npool:q::100", "line 2: guest 100 is in a pool already"),
            ("pool:p:::1x", "line 1: `1x` is no name: a storage name starts with a letter, not with `1`"),
        ] {
            assert_eq!(ignored(file), [said], "{file:?}");
        }
    }

    /// Each field is trimmed, and a line break of Windows with it.
    #[test]
    fn lines_may_end_as_on_windows() {
        let file = "user:a@pve:1:0:::::\ntoken:a@pve!tk:0:0:c\n\ngroup:g:a@pve:c:\npool:p:c:100:local\nrole:R:VM.Audit\n\
                    acl:1:/:a@pve,@g:R\n";
        assert_eq!(
            read(file.replace('\n', "\r\n").as_bytes(), Release::MEASURED),
            read(file.as_bytes(), Release::MEASURED)
        );
    }

    #[test]
    fn the_release_decides_what_a_privilege_is() {
        let read = |release| read(b"role:R:VM.Monitor,VM.Replicate", release).state;
        let role = "R".parse().unwrap();
        assert_eq!(read(Release::new(8, 4)).roles[&role].privs, BTreeSet::from(["VM.Monitor".parse().unwrap()]));
        assert_eq!(read(Release::new(9, 0)).roles[&role].privs, BTreeSet::from(["VM.Replicate".parse().unwrap()]));
    }

    #[test]
    fn what_does_not_exist_stays_in_groups_and_grants() {
        let state = state("group:g:gone@pve\nacl:0:vms//:gone@pve,@lost:NoAccess");
        assert_eq!(state.groups_of(&"gone@pve".parse().unwrap()).len(), 1);
        let grants: Vec<(&str, String, Propagate)> =
            state.acl.iter().map(|(grant, &to)| (grant.path.as_str(), grant.subject.to_string(), to)).collect();
        assert_eq!(
            grants,
            [("/vms", "gone@pve".to_owned(), Propagate::No), ("/vms", "@lost".to_owned(), Propagate::No)]
        );
    }

    #[test]
    fn a_word_of_a_path_that_is_0_is_passed_over() {
        let state = state("acl:1:/nodes/0:a@pve:NoAccess\nacl:1:0/:b@pve:NoAccess\nacl:1:/00/0/x:a@pve:NoAccess");
        let paths: Vec<&str> = state.acl.keys().map(|grant| grant.path.as_str()).collect();
        assert_eq!(paths, ["/", "/00/x", "/nodes"]);
    }

    #[test]
    fn a_line_adds_to_the_one_above_and_the_last_grant_counts() {
        let state = state(
            "group:g:a@pve:one\ngroup:g:b@pve:\npool:p/q\npool:p:two:100\npool:p::101\n\
             acl:1:/:a@pve:NoAccess\nacl:0:/:a@pve:NoAccess",
        );
        assert_eq!(state.groups[&"g".parse().unwrap()].comment.as_str(), "one");
        assert_eq!(state.memberships.len(), 2);
        let pool = &state.pools[&"p".parse().unwrap()];
        assert_eq!((pool.comment.as_str(), pool.vms.len(), state.pools.len()), ("two", 2, 2));
        assert_eq!(state.acl.into_values().collect::<Vec<_>>(), [Propagate::No]);
    }
}
