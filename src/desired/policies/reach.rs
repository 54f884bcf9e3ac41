//! `on`: where a policy is held

use super::{included, no_pattern};
use crate::desired::document::Located;
use crate::desired::node::Excerpt;
use crate::desired::notes::Notes;
use crate::desired::paths::{self, path};
use crate::desired::value::list_of;
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{Against, Pattern, Patterns, Search, Sense};
use crate::pve::AclPath;

/// A path, or a pattern of some.
pub(super) fn pattern(text: &str, span: Span, notes: &mut Notes) -> Option<Pattern> {
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

/// Whether there is any path that is selected.
pub(super) fn reaches_anything(on: &Patterns) -> bool {
    // Patterns too intricate together are still patterns.
    Search::new(AclPath::REGEX, on).map_or(true, |mut search| is_found(&mut search, on))
}

/// What is said of patterns that select nothing.
pub(super) fn unreachable(on: &Patterns, span: Span) -> Diagnostic {
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
pub(super) fn check_reach(on: &Located<Pattern>, notes: &mut Notes) {
    let Some(path) = on.value.literal().and_then(|path| path.parse::<AclPath>().ok()) else { return };
    if on.value.sense() == Sense::Include && !path.is_leaf() {
        let below = format!("{}/**", path.as_str().trim_end_matches('/'));
        notes.push(
            Diagnostic::hint(on.span, format!("this is about `{path}` alone, and not about what is below it"))
                .help(format!("`\"{below}\"` is both")),
        );
    }
}

/// Where a policy is held that names no path.
pub(super) fn everywhere() -> Pattern {
    Pattern::new("/**", Against::Paths).expect("this is a pattern, as the tests of patterns show")
}
