//! The parts of a line: fields between colons, lists within a field.

/// What Perl's `\s` matches in bytes; [`char::is_ascii_whitespace`] lacks the vertical tab.
pub fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// Whether Perl takes a field for true: anything but nothing and `0`, so `yes`, `no` and `00`.
pub fn is_true(field: &str) -> bool {
    !matches!(field, "" | "0")
}

/// The fields of a line, trimmed; there is no end to them, a missing one is as good as an empty one.
pub struct Fields<'a>(std::str::Split<'a, char>);

impl<'a> Fields<'a> {
    /// The fields of `line`.
    pub fn of(line: &'a str) -> Fields<'a> {
        Fields(line.split(':'))
    }

    /// The next field.
    pub fn next(&mut self) -> &'a str {
        self.0.next().unwrap_or_default().trim_matches(is_blank)
    }
}

/// The members of a list: divided by commas, semicolons and blanks, or by NUL alone where there is one.
pub fn list(field: &str) -> impl Iterator<Item = &str> {
    let nul = field.contains('\0');
    let divides = move |c: char| if nul { c == '\0' } else { matches!(c, ',' | ';') || is_blank(c) };
    field.split(divides).filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_trimmed_and_never_end() {
        let mut fields = Fields::of("user: a@pve :\x0b");
        assert_eq!([fields.next(), fields.next(), fields.next(), fields.next()], ["user", "a@pve", "", ""]);
    }

    #[test]
    fn lists_divide_at_anything_but_a_nul_wins() {
        let members = |field| list(field).collect::<Vec<_>>();
        assert_eq!(members("a,b;c d,, ;\te"), ["a", "b", "c", "d", "e"]);
        assert_eq!(members("a,b\0c d"), ["a,b", "c d"]);
        assert!(members(" , ").is_empty());
    }
}
