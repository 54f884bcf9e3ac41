//! `policies`

use std::collections::BTreeSet;

use super::document::{Desired, Located};
use super::fields::{Fields, Vocabulary};
use super::names::{self, Known};
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::paths::{self, path};
use super::policy::{Among, Asserted, Policy, Who, Whom, WrittenAt};
use super::privileges::privilege;
use super::value::{list_of, names as list, scalar};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::model::{Against, Pattern, PatternError, Patterns, Search, Sense};
use crate::pve::{AclPath, GroupId, Principal, Release, privileges};

const OWNER: &str = "this policy";

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a policy",
    keys: &["name", "who", "never", "always", "on"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[
        ("comment", "its `name` says what it is for"),
        ("groups", "put each group under `who`, with an @ and in quotes: `\"@operators\"`"),
        ("roles", "a policy is about privileges, whatever role they come from: `never` or `always`"),
        ("tokens", "put tokens under `who`"),
        ("users", "put users under `who`"),
        ("state", "a policy that shall not hold is removed"),
    ],
    meant: &[
        ("at", "on"),
        ("path", "on"),
        ("paths", "on"),
        ("deny", "never"),
        ("forbid", "never"),
        ("must", "always"),
        ("require", "always"),
        ("principals", "who"),
        ("subjects", "who"),
        ("title", "name"),
    ],
};

/// Reads one policy.
pub(super) fn read(node: &Node<'_>, sources: &Sources, desired: &mut Desired, notes: &mut Notes) {
    if !matches!(node.value, Value::Mapping(_)) {
        notes.push(
            Diagnostic::error(node.span, format!("`policies`: expected a policy, found {}", node.found()))
                .help("a policy looks like this: `{name: no writes, who: \"*@pve!*\", never: \"*.Modify\"}`"),
        );
        return;
    }
    let fields = Fields::read(node, &VOCABULARY, OWNER, notes);
    if !is_complete(&fields, node, notes) {
        return;
    }
    let name = fields.get("name").and_then(|node| name(node, desired, notes));
    let never = patterns(&fields, "never", "privileges", notes, privilege_pattern);
    let always = patterns(&fields, "always", "privileges", notes, privilege_pattern);
    let named_root = if fields.get("never").is_some() { Root::Refuse } else { Root::Accept };
    let who = patterns(&fields, "who", "users, tokens and groups", notes, |text, span, notes| {
        whom(text, span, named_root, desired, notes)
    });
    let on = match fields.get("on") {
        None => Some(vec![Located { value: everywhere(), span: node.span }]),
        Some(_) => patterns(&fields, "on", "paths", notes, path_pattern),
    };
    // Whatever is wrong has been said.
    let (Some(name), Some(who), Some(never), Some(always), Some(on)) = (name, who, never, always, on) else { return };
    if fields.get("never").is_some() {
        on.iter().for_each(|on| check_reach(on, notes));
    }
    let on = together(on.into_iter().map(|on| on.value));
    if !reaches_anything(&on) {
        let span = fields.get("on").map_or(node.span, |node| node.span);
        notes.push(unreachable(&on, span));
        return;
    }
    let split = |items: Vec<Located<Pattern>>| -> (Patterns, Vec<Span>) {
        let spans = items.iter().map(|item| item.span).collect();
        (together(items.into_iter().map(|item| item.value)), spans)
    };
    let ((never, never_spans), (always, always_spans)) = (split(never), split(always));
    let who_spans = who.iter().map(|whom| whom.span).collect();
    let who = Who::new(who.into_iter().map(|whom| whom.value).collect());
    let written = written(name.span, sources);
    desired.policies.push(Asserted {
        policy: Policy { name: name.value, who, never, always, on, written },
        span: name.span,
        who: who_spans,
        never: never_spans,
        always: always_spans,
    });
}

fn together(patterns: impl Iterator<Item = Pattern>) -> Patterns {
    let mut all = Patterns::default();
    patterns.for_each(|pattern| all.push(pattern));
    all
}

/// The file and line of a place.
fn written(span: Span, sources: &Sources) -> WrittenAt {
    let source = sources.get(span.source);
    let before = &source.text.as_bytes()[..span.start.min(source.text.len())];
    WrittenAt { file: source.name.clone(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
}

/// Reports what a policy lacks, all of it at once.
fn is_complete(fields: &Fields<'_, '_>, node: &Node<'_>, notes: &mut Notes) -> bool {
    let has = |key: &str| fields.get(key).is_some();
    let lacking: Vec<&str> = [
        (!has("name")).then_some("no `name`"),
        (!has("who")).then_some("no `who`"),
        (!has("never") && !has("always")).then_some("neither `never` nor `always`"),
        (has("always") && !has("on")).then_some("an `always` without `on`"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if lacking.is_empty() {
        return true;
    }
    let error = Diagnostic::error(node.span, format!("a policy has {}", lacking.join(", and ")));
    let error =
        error.help("a policy says who never or always holds which privileges: `name`, `who`, and `never` or `always`");
    let always = has("always") && !has("on");
    notes.push(if always {
        error.help("what somebody always holds is held somewhere: `on: /vms/101`, `on: \"/**\"`")
    } else {
        error
    });
    false
}

fn name(node: &Node<'_>, desired: &Desired, notes: &mut Notes) -> Option<Located<String>> {
    let text = scalar(node, "name", "a text", notes)?.text.trim();
    if text.is_empty() {
        notes
            .push(Diagnostic::error(node.span, "a policy's `name` is empty").help("say in a few words what must hold"));
        return None;
    }
    if let Some(first) = desired.policies.iter().find(|first| first.policy.name == text) {
        notes.push(
            Diagnostic::error(node.span, format!("two policies are called `{}`", Excerpt(text)))
                .label("again here")
                .and(first.span, "first here")
                .help("a refusal names the policy: give each a name of its own"),
        );
        return None;
    }
    Some(Located { value: text.to_owned(), span: node.span })
}

/// The patterns of a list, which includes something; none if one of them is wrong.
fn patterns<T>(
    fields: &Fields<'_, '_>,
    key: &str,
    of: &str,
    notes: &mut Notes,
    mut read: impl FnMut(&str, Span, &mut Notes) -> Option<T>,
) -> Option<Vec<Located<T>>> {
    let Some(node) = fields.get(key) else { return Some(Vec::new()) };
    if node.is_null() {
        notes
            .push(Diagnostic::error(node.span, format!("`{key}` has no value")).help("name one, or several in a list"));
        return None;
    }
    let items = list(node, key, of, notes)?;
    if items.is_empty() {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            notes.push(
                Diagnostic::error(node.span, format!("a policy has an empty list of {of}"))
                    .help("such a policy is about nothing: name one, or remove the policy"),
            );
        }
        return None;
    }
    if items.iter().all(|item| item.value.starts_with('!')) {
        notes.push(Diagnostic::error(node.span, format!("`{key}` only says what it leaves out")).help(format!(
            "`!` takes away from what stands before it: begin with what is meant, such as {}",
            all_of(key)
        )));
        return None;
    }
    let read: Vec<Option<Located<T>>> = items
        .into_iter()
        .map(|item| read(item.value, item.span, notes).map(|value| Located { value, span: item.span }))
        .collect();
    read.into_iter().collect()
}

fn all_of(key: &str) -> &'static str {
    if key == "on" { "`\"/**\"`" } else { "`\"*\"`" }
}

fn no_pattern(error: &PatternError, span: Span) -> Diagnostic {
    Diagnostic::error(span, error.to_string())
        .help("a pattern is a name or path with `*`, `?`, `[a-z]` or `{a,b}` in it; `!` before it excludes")
}

/// A privilege, or a pattern of some.
fn privilege_pattern(text: &str, span: Span, notes: &mut Notes) -> Option<Pattern> {
    let pattern = match Pattern::new(text, Against::Names) {
        Ok(pattern) => pattern,
        Err(error) => {
            notes.push(no_pattern(&error, span));
            return None;
        }
    };
    if let Some(literal) = pattern.literal() {
        return privilege(literal, span, notes).map(|_| pattern);
    }
    let known: BTreeSet<String> = privileges(Release::MEASURED).map(|privilege| privilege.to_string()).collect();
    if known.iter().any(|known| pattern.matches(known)) {
        return Some(pattern);
    }
    // It may be about what a later release brings, unless it is only in another case.
    let lower = Pattern::new(&text.to_lowercase(), Against::Names).ok()?;
    let Some(meant) = known.iter().find(|known| lower.matches(&known.to_lowercase())) else { return Some(pattern) };
    notes.push(
        Diagnostic::error(span, format!("no privilege matches `{}`", Excerpt(text)))
            .help(format!("case matters: `{meant}` is one that would match in small letters")),
    );
    None
}

/// Whether root@pam may be named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Accept,
    Refuse,
}

/// Users and tokens by their ids, or `@GROUP`.
fn whom(text: &str, span: Span, root: Root, desired: &Desired, notes: &mut Notes) -> Option<Whom> {
    let whom = match Whom::new(text) {
        Ok(whom) => whom,
        Err(error) => {
            notes.push(no_pattern(&error, span));
            return None;
        }
    };
    let is_possible = match &whom.among {
        Among::Groups(pattern) => match pattern.literal() {
            Some(literal) => names::group(literal, span, notes).is_some(),
            None => true,
        },
        Among::Ids(pattern) => match pattern.literal() {
            Some(literal) => is_id(literal, span, desired, notes),
            None => could_match(pattern, text, span, notes),
        },
    };
    if root == Root::Refuse && whom.sense == Sense::Include && whom.named().is_some_and(|who| is_root(&who)) {
        notes.push(
            Diagnostic::error(span, "no policy can take anything from root@pam")
                .help("it may do everything, whatever is granted; `never` is not about it, and needs no `!root@pam`"),
        );
        return None;
    }
    is_possible.then_some(whom)
}

fn is_root(who: &Principal) -> bool {
    matches!(who, Principal::User(user) if user.is_root())
}

/// Whether a text without wildcards is the id of a user or token.
fn is_id(text: &str, span: Span, desired: &Desired, notes: &mut Notes) -> bool {
    let known = Known::all(desired);
    if text.contains('@') {
        return if names::is_user(text) {
            names::user(text, span, known, notes).is_some()
        } else if text.contains('!') {
            names::token(text, span, known, notes).is_some()
        } else {
            names::user(text, span, known, notes).is_some()
        };
    }
    let error = Diagnostic::error(span, format!("`{}` is no user and no token", Excerpt(text)));
    let declared = text.parse::<GroupId>().is_ok_and(|group| desired.groups.contains_key(&group));
    notes.push(if declared {
        error
            .label(format!("did you mean `\"@{text}\"`?"))
            .help("a group's members are meant by its name after an @, in quotes")
    } else {
        let at_pve = Excerpt(text);
        error.help(format!(
            "a user is `{at_pve}@pve`, a token `USER@pve!{at_pve}`, the members of a group `\"@{at_pve}\"`"
        ))
    });
    false
}

/// Every id that a server could store, odd ones included, as a regular expression over bytes.
const IDS: &str = r"[^\x00-\x20/:\x7f]+@[A-Za-z][A-Za-z0-9._-]+(![A-Za-z][A-Za-z0-9._-]+)?";

/// Whether any id could match.
fn could_match(pattern: &Pattern, text: &str, span: Span, notes: &mut Notes) -> bool {
    let Ok(include) = included(pattern, Against::Names) else { return true };
    let found = Search::new(IDS, &include).map(|mut search| search.find("", &Default::default()));
    let error = match found {
        Ok(Some(_)) => return true,
        Ok(None) => {
            let bare = text.trim_start_matches('!');
            Diagnostic::error(span, format!("no user and no token could match `{}`", Excerpt(text))).help(format!(
                "ids have a realm after an @, as `*@pve` and `*@pve!*`; for groups write `\"@{}\"`",
                Excerpt(bare)
            ))
        }
        Err(error) => Diagnostic::error(span, error.to_string()).help("write it with fewer `*` and `?`"),
    };
    notes.push(error);
    false
}

/// What `pattern` matches, its sense aside.
fn included(pattern: &Pattern, against: Against) -> Result<Patterns, PatternError> {
    Pattern::new(pattern.as_str().trim_start_matches('!'), against).map(Patterns::from)
}

/// A path, or a pattern of some.
fn path_pattern(text: &str, span: Span, notes: &mut Notes) -> Option<Pattern> {
    let pattern = match Pattern::new(text, Against::Paths) {
        Ok(pattern) => pattern,
        Err(error) => {
            notes.push(no_pattern(&error, span));
            return None;
        }
    };
    if let Some(literal) = pattern.literal() {
        let path = path(literal, span, notes)?;
        let not = if pattern.sense() == Sense::Exclude { "!" } else { "" };
        return Pattern::new(&format!("{not}{path}"), Against::Paths).ok();
    }
    let include = included(&pattern, Against::Paths).ok()?;
    let found = Search::new(AclPath::REGEX, &include).map(|mut search| is_found(&mut search, &include));
    let error = match found {
        Ok(true) => return Some(pattern),
        Ok(false) => unreachable(&include, span),
        Err(error) => Diagnostic::error(span, error.to_string()).help("write it with fewer `*` and `?`"),
    };
    notes.push(error);
    None
}

fn is_found(search: &mut Search, patterns: &Patterns) -> bool {
    patterns.select("/") || search.find("/", &Default::default()).is_some()
}

fn reaches_anything(on: &Patterns) -> bool {
    // Patterns too intricate together are still patterns.
    Search::new(AclPath::REGEX, on).map_or(true, |mut search| is_found(&mut search, on))
}

fn unreachable(on: &Patterns, span: Span) -> Diagnostic {
    let texts: Vec<&str> = on.iter().map(Pattern::as_str).collect();
    let [text] = texts.as_slice() else {
        return Diagnostic::error(span, format!("{} leave nothing over", list_of(&texts, "and")))
            .help("the last pattern that matches a path wins: put exceptions after what they are exceptions from");
    };
    let error = Diagnostic::error(span, format!("no path of Proxmox VE matches `{}`", Excerpt(text)));
    let words = text.trim_start_matches('/');
    let (first, rest) = words.split_once('/').unwrap_or((words, ""));
    let rooted = |root: &str| {
        let path = [root, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        format!("/{path}")
    };
    let meant = [Some(first), paths::meant_root(first)].into_iter().flatten().map(rooted).find(|meant| {
        let patterns = Patterns::new([meant.as_str()], Against::Paths);
        meant != text && patterns.is_ok_and(|patterns| reaches_anything(&patterns))
    });
    match meant {
        Some(meant) => error.label(format!("did you mean `{}`?", Excerpt(&meant))),
        None => error.help("`/vms/*` is every guest, `/pool/x/**` the pool and all below it, `/**` everything"),
    }
}

/// Points out a path that is probably meant with what is below it.
fn check_reach(on: &Located<Pattern>, notes: &mut Notes) {
    let Some(path) = on.value.literal().and_then(|path| path.parse::<AclPath>().ok()) else { return };
    if on.value.sense() == Sense::Include && !path.is_leaf() {
        let below = format!("{}/**", path.as_str().trim_end_matches('/'));
        notes.push(
            Diagnostic::hint(on.span, format!("this is about `{path}` alone, and not about what is below it"))
                .help(format!("`\"{below}\"` is both")),
        );
    }
}

fn everywhere() -> Pattern {
    Pattern::new("/**", Against::Paths).expect("this is a pattern, as the tests of patterns show")
}
