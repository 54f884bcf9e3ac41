//! Did you mean.

/// The candidate that `word` was probably meant to be, if one is near enough.
///
/// Case does not matter, and a beginning that fits one candidate alone is near enough. A word of one or two letters only
/// matches in another case: almost everything is two letters away from it.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let candidates: Vec<(String, &str)> =
        candidates.into_iter().map(|candidate| (candidate.to_lowercase(), candidate)).collect();
    if let Some((_, same)) = candidates.iter().find(|(candidate, _)| *candidate == lower) {
        return Some(same);
    }
    let length = lower.chars().count();
    if !(3..=64).contains(&length) {
        return None;
    }
    let begun =
        |(candidate, _): &&(String, &str)| candidate.starts_with(&lower) || lower.starts_with(candidate.as_str());
    let mut begun = candidates.iter().filter(|(candidate, _)| candidate.len() >= 3).filter(begun);
    match (begun.next(), begun.next()) {
        (Some((_, only)), None) => return Some(only),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    let mut slips = candidates.iter().filter(|(candidate, _)| candidate.len() >= 3 && is_slip(&lower, candidate));
    if let (Some((_, only)), None) = (slips.next(), slips.next()) {
        return Some(only);
    }
    let lowered: Vec<&str> = candidates.iter().map(|(candidate, _)| candidate.as_str()).collect();
    let near = similar::get_close_matches(lower.as_str(), &lowered, 1, 0.75).into_iter().next()?;
    candidates.iter().find(|(candidate, _)| candidate == near).map(|(_, original)| *original)
}

/// Whether `word` is `candidate` but for case and one slip: a letter too many, too few, wrong, or swapped with the next.
#[must_use]
pub fn is_slip(word: &str, candidate: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) =
        (word.to_lowercase().chars().collect(), candidate.to_lowercase().chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    match (&one[same..], &other[same..]) {
        ([], []) => true,
        ([_, one @ ..], other) if one == other => true,
        (one, [_, other @ ..]) if one == other => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([a, b, one @ ..], [c, d, other @ ..]) => (a, b) == (d, c) && one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 8] = ["enable", "expire", "firstname", "comment", "groups", "acl", "privs", "propagate"];

    #[test]
    fn finds_what_was_meant() {
        for (written, meant) in [
            ("enabled", "enable"),
            ("Enable", "enable"),
            ("expires", "expire"),
            ("exipre", "expire"),
            ("first", "firstname"),
            ("coment", "comment"),
            ("group", "groups"),
            ("ACL", "acl"),
            ("priv", "privs"),
            ("propogate", "propagate"),
            ("alc", "acl"),
        ] {
            assert_eq!(nearest(written, KEYS), Some(meant), "{written}");
        }
        assert_eq!(nearest("vm.audti", ["VM.Audit", "VM.Allocate"]), Some("VM.Audit"));
    }

    #[test]
    fn guesses_nothing_far_fetched() {
        for written in ["", "a", "ac", "id", "foo", "password", "xyz", "shell"] {
            assert_eq!(nearest(written, KEYS), None, "{written}");
        }
    }

    #[test]
    fn a_beginning_that_fits_two_is_no_guess() {
        assert_eq!(nearest("VM.Config", ["VM.Config.CPU", "VM.Config.Disk"]), None);
    }

    #[test]
    fn a_slip_is_one_letter() {
        for slip in ["vm.audit", "VM.Audti", "VM.Audi", "VM.Auditt", "VN.Audit", "M.Audit"] {
            assert!(is_slip(slip, "VM.Audit"), "{slip}");
        }
        for other in ["VM.Audit.X", "VM.Adt", "VM.Auxxt", ""] {
            assert!(!is_slip(other, "VM.Audit"), "{other}");
        }
    }
}
