//! Files of lines NAME=value, as shells, systemd, Docker and dotenv libraries read them.

/// A line that sets a variable, in its parts.
struct Assignment<'a> {
    /// What stands before the name: blanks, `export`.
    lead: &'a str,
    name: &'a str,
    /// Without quotes.
    value: &'a str,
}

fn assignment(line: &str) -> Option<Assignment<'_>> {
    let is_blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let start = line.trim_start_matches(is_blank);
    let named = match start.strip_prefix("export") {
        Some(rest) if rest.starts_with(is_blank) => rest.trim_start_matches(is_blank),
        _ => start,
    };
    let (name, value) = named.split_once('=')?;
    let lead = &line[..line.len() - named.len()];
    Some(Assignment { lead, name: name.trim_end(), value: value.trim().trim_matches(['"', '\'']) })
}

/// Whether `content` is such a file, with a line for each variable: in another one, a line in between would be part of
/// something else.
pub(super) fn is_one(content: &str) -> bool {
    let is_data = content.trim_start().starts_with(['{', '[']) || content.starts_with("---");
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let is_other = |line: &str| is_open(line) || line.trim_end_matches('\r').ends_with('\\') || is_yaml(line);
    !is_data && !content.lines().any(|line| !is_comment(line) && is_other(line))
}

/// Whether a line begins a quoted value that goes on in the next one.
fn is_open(line: &str) -> bool {
    let Some((_, value)) = line.split_once('=') else { return false };
    let value = value.trim();
    ['"', '\''].into_iter().any(|quote| value.starts_with(quote) && !value[1..].contains(quote))
}

/// Whether it is `key:` or `key: value`.
fn is_yaml(line: &str) -> bool {
    let Some((key, value)) = line.split_once(':').filter(|_| !line.contains('=')) else { return false };
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    !key.trim().is_empty() && is_word(key.trim()) && (value.is_empty() || value.starts_with(char::is_whitespace))
}

/// Whether a line that sets `name` does something else, too, which would be lost with the former value: `X=1; export X`,
/// `X=1 Y=2`.
pub(super) fn says_more(content: &str, name: &str) -> bool {
    let tail = |line| {
        assignment(line).filter(|assignment| assignment.name == name)?;
        let (_, written) = line.split_once('=')?;
        let written = written.trim();
        let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
        let end = match quote {
            Some(quote) => written[1..].find(quote).map_or(written.len(), |at| at + 2),
            None => written.find(|c: char| c.is_whitespace() || SEPARATORS.contains(&c)).unwrap_or(written.len()),
        };
        Some(written[end..].trim_start())
    };
    let is_more = |tail: &str| !tail.starts_with('#') && (tail.starts_with(SEPARATORS) || tail.contains('='));
    content.lines().filter_map(tail).any(is_more)
}

/// What divides commands in a shell.
const SEPARATORS: [char; 3] = [';', '&', '|'];

/// What `name` is set to, from first to last.
pub(super) fn values<'a>(content: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    content.lines().filter_map(assignment).filter(move |line| line.name == name).map(|line| line.value)
}

/// `content` with `name` set to `value`: in the place where it was set first, or at the end. All other lines stay, byte
/// for byte.
pub(super) fn with(content: &str, name: &str, value: &str) -> String {
    let usual = if content.lines().next().is_some_and(|first| content[first.len()..].starts_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    };
    let mut written = false;
    let mut result = String::with_capacity(content.len() + name.len() + value.len() + 4);
    for line in content.split_inclusive('\n') {
        match assignment(line).filter(|assignment| assignment.name == name) {
            None => result.push_str(line),
            Some(Assignment { lead, .. }) if !written => {
                let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
                result.extend([lead, name, "=", value, end]);
                written = true;
            }
            // Set again further on: the later one would win, and be the dead secret.
            Some(_) => {}
        }
    }
    if !written {
        if !result.is_empty() && !result.ends_with('\n') {
            result.push_str(usual);
        }
        result.extend([name, "=", value, usual]);
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn a_variable_is_set_where_it_was() {
        let set = |content: &str| with(content, "X", "new");
        assert_eq!(set(""), "X=new\n");
        assert_eq!(set("A=1"), "A=1\nX=new\n");
        assert_eq!(set("A=1\r\nB=2"), "A=1\r\nB=2\r\nX=new\r\n");
        assert_eq!(set("X=1\r\nA=2\n"), "X=new\r\nA=2\n");
        assert_eq!(set("  export\tX = 'old' # note\nX=older\nXX=2\n#X=3\n"), "  export\tX=new\nXX=2\n#X=3\n");
        assert_eq!(set("\u{feff}X=old\n"), "\u{feff}X=new\n");
        assert_eq!(set("exportX=1\nX+=1\n"), "exportX=1\nX+=1\nX=new\n");
    }

    #[test]
    fn what_is_no_file_of_lines_is_told() {
        for odd in
            ["", "A=1\n\n# it's\n. ./other\nset -a\n", "A='x'\n", "A=\"a b\"\n", "URL=http://x:1\n", "# \\\nA=1\n"]
        {
            assert!(is_one(odd), "{odd}");
        }
        for other in
            ["{\"a\": 1}", "[main]\nA=1\n", "---\na: 1\n", "token: x\n", "a:\n  b: 1\n", "A=\"x\ny\"\n", "A=1 \\\n2\n"]
        {
            assert!(!is_one(other), "{other}");
        }
    }

    #[test]
    fn a_line_that_does_more_than_set_the_variable_is_told() {
        for more in ["X=1; export X", "X='1' ; export X\n", "export X=1 Y=2", "X=1&&run", "A=1\nX=\"a b\" Y=2\r\n"] {
            assert!(says_more(more, "X"), "{more}");
        }
        for value in ["", "X=1", "X='a;b'", "X=\"a b\" # see Y=2", "X=1 # a; b", "X=put it here", "Y=1; export Y", "X="]
        {
            assert!(!says_more(value, "X"), "{value}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        const ODD: &[&str] = &[
            "",
            " ",
            "# comment",
            "#X=0",
            "X=old",
            " X=old",
            "X = old",
            "X=",
            "export X=old",
            "export  X='a b'",
            "\tX=\"q\"",
            "export Y=1",
            "Y=X=2",
            "XX=1",
            "X+=1",
            "X",
            "export X",
            "exportX=1",
            "=",
            "=X",
            "Y='X=1'",
            "\u{feff}X=1",
            "ü=1",
            "X=old # why",
            ". ./X",
            "\r",
        ];
        prop_oneof![4 => select(ODD).prop_map(str::to_owned), 1 => "[ -~]{0,12}"]
    }

    fn file() -> impl Strategy<Value = String> {
        (vec((line(), select(&["\n", "\r\n"][..])), 0..8), prop_oneof![Just(None), line().prop_map(Some)]).prop_map(
            |(lines, last)| {
                let lines: String = lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect();
                lines + &last.unwrap_or_default()
            },
        )
    }

    /// Whether a reader of the file would say that this line sets X; another way to say it.
    fn sets_x(line: &str) -> bool {
        let Some((left, _)) = line.trim_start_matches('\u{feff}').split_once('=') else { return false };
        matches!(left.split_whitespace().collect::<Vec<_>>()[..], ["X"] | ["export", "X"])
            && !left.trim_start().is_empty()
            && (left.trim_start().starts_with('X') || left.trim_start().starts_with("export"))
    }

    fn others(content: &str) -> Vec<&str> {
        content.split_inclusive('\n').filter(|line| !sets_x(line)).collect()
    }

    proptest! {
        #[test]
        fn other_lines_stay_byte_for_byte(content in file().prop_filter("no such file", |content| is_one(content))) {
            let set = with(&content, "X", "new");
            let (before, after) = (others(&content), others(&set));
            prop_assert_eq!(before.len(), after.len(), "{:?}", set);
            for (before, after) in before.iter().zip(&after) {
                // Only a last line without an end gets one, if something follows it now.
                let is_ended_now = after.strip_prefix(before).is_some_and(|end| matches!(end, "\n" | "\r\n"));
                prop_assert!(before == after || is_ended_now && !before.ends_with('\n'), "{:?}", set);
            }
        }

        #[test]
        fn the_variable_is_set_once_and_for_all(content in file().prop_filter("no such file", |content| is_one(content))) {
            let set = with(&content, "X", "new");
            prop_assert_eq!(set.lines().filter(|line| sets_x(line)).count(), 1, "{:?}", set);
            prop_assert_eq!(values(&set, "X").collect::<Vec<_>>(), ["new"]);
            prop_assert!(is_one(&set));
            prop_assert_eq!(with(&set, "X", "new"), set.clone());
            prop_assert_eq!(with(&with(&content, "X", "other"), "X", "new"), set);
        }
    }
}
