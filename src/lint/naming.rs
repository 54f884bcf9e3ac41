//! How many things are named in one sentence.

use std::fmt::Display;

/// `a`, `a and b`, `a, b, c and 7 more`.
pub fn some(names: impl IntoIterator<Item = impl Display>) -> String {
    const MOST: usize = 3;
    let mut names = names.into_iter();
    let mut shown: Vec<String> = names.by_ref().take(MOST).map(|name| name.to_string()).collect();
    match names.count() {
        0 => {}
        more => shown.push(format!("{more} more")),
    }
    match shown.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `is` or `are`, and the like: the first word for one, the second for any other number.
pub fn number<'w>(number: usize, one: &'w str, many: &'w str) -> &'w str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_a_few_are_named() {
        assert_eq!(some([""; 0]), "");
        assert_eq!(some(["a"]), "a");
        assert_eq!(some(["a", "b"]), "a and b");
        assert_eq!(some(["a", "b", "c"]), "a, b and c");
        assert_eq!(some(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
