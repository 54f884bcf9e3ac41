//! `policies`

mod reach;
mod whom;

use std::collections::BTreeSet;

use self::whom::{Root, whom};
use super::document::{Desired, Located};
use super::fields::{Fields, Vocabulary};
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::policy::{Asserted, Policy, Who, WrittenAt};
use super::privileges::privilege;
use super::value::{names as list, scalar};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::model::{Against, Pattern, PatternError, Patterns};
use crate::pve::{Release, privileges};

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
        None => Some(vec![Located { value: reach::everywhere(), span: node.span }]),
        Some(_) => patterns(&fields, "on", "paths", notes, reach::pattern),
    };
    // Whatever is wrong has been said.
    let (Some(name), Some(who), Some(never), Some(always), Some(on)) = (name, who, never, always, on) else { return };
    if fields.get("never").is_some() {
        on.iter().for_each(|on| reach::check_reach(on, notes));
    }
    let on = together(on.into_iter().map(|on| on.value));
    if !reach::reaches_anything(&on) {
        let span = fields.get("on").map_or(node.span, |node| node.span);
        notes.push(reach::unreachable(&on, span));
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

/// What `pattern` matches, its sense aside.
fn included(pattern: &Pattern, against: Against) -> Result<Patterns, PatternError> {
    Pattern::new(pattern.as_str().trim_start_matches('!'), against).map(Patterns::from)
}
