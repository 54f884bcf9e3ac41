//! The rules themselves.

use std::fmt::Write;

use super::super::document::{Document, Line, Style};
use super::text::paragraph;
use crate::lint::{RULES, Rule, Severity};

/// A line for each rule.
pub fn lint_rules() -> Document {
    let mut document = Document::default();
    let widest = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    for Rule { name, severity, summary, .. } in RULES {
        let severity = format!("{:<9}", severity.as_str());
        let line = Line::default().with(Style::Strong, format!("{name:<widest$}"));
        document.push(line.with(Style::Plain, format!("  {severity}{summary}")));
    }
    document
}

/// All that there is to say of one rule.
pub fn lint_rule(rule: &Rule) -> Document {
    const WIDTH: usize = 100;
    let Rule { name, severity, summary, why, mend, example, needs: _, check: _ } = rule;
    let mut document = Document::default();
    document.push(
        Line::default().with(Style::Strong, *name).with(Style::Plain, format!(" ({}): {summary}", severity.as_str())),
    );
    for (head, text) in [("Why it matters", why), ("How to mend it", mend)] {
        document.gap();
        document.push(Line::default().with(Style::Strong, head));
        paragraph(text, WIDTH - 2).into_iter().for_each(|line| document.push(Line::plain(format!("  {line}"))));
    }
    document.gap();
    document.push(Line::default().with(Style::Strong, "An example, as a user.cfg"));
    example.lines().for_each(|line| document.push(Line::plain(format!("  {line}"))));
    document
}

/// docs/lints.md.
#[must_use]
pub fn lint_reference() -> String {
    let mut text = String::from(HEAD);
    for Rule { name, severity, summary, .. } in RULES {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "| [`{name}`](#{name}) | {} | {summary} |", severity.as_str());
    }
    for Rule { name, severity, summary, why, mend, example, needs: _, check: _ } in RULES {
        let _ = write!(
            text,
            "\n## `{name}`\n\n{}: {summary}.\n\n{}\n\n```cfg\n{example}```\n\n{}\n",
            capital(*severity),
            filled(why),
            filled(&format!("**To mend it:** {mend}"))
        );
    }
    text
}

const HEAD: &str = "\
<!-- Made of src/lint/rules; `BLESS=1 cargo test --test language` writes it anew. -->

# Lints

`pve-access lint` finds what a cluster's access control is likely not to do as somebody meant it. It changes nothing.

```text
pve-access lint                       the cluster
pve-access lint --live user.cfg       a copy of a node's user.cfg
pve-access lint --planned -f FILE     what the files would make of the cluster
pve-access lint --list                the rules; --explain RULE tells all of one
```

One fault is one finding, however many users it concerns. An *error* does not do what it is there for, a *warning* will
surprise somebody one day, a *note* is untidy or worth knowing. The exit status is 2 if there is an error or a warning, and
0 if there are only notes. `--deny RULE` makes errors of what a rule finds, and `--allow RULE` lets it pass; in a file, that is
said by

```yaml
lint:
  allow: [endless-token]
```

and the command line comes before the file. What a rule cannot tell, because the credential does not see everything that
matters to it, is not checked, and the rule is named: PVEAuditor on `/` sees everything.

`--format json` prints one object, described by [pve-access.lint.v1.json](schemas/pve-access.lint.v1.json);
`--format sarif` prints SARIF 2.1.0, which forges show beside the files. With a finding stands what mends it, unless
that takes a decision: commands, or for `--planned` what to write in a file. `changes_permissions` is false where that
changes nothing for anybody, which is tried and not guessed.

| rule | severity | |
|---|---|---|
";

fn capital(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "Note",
        Severity::Warning => "Warning",
        Severity::Error => "Error",
    }
}

/// A paragraph in lines of at most 120 characters.
fn filled(text: &str) -> String {
    const WIDTH: usize = 120;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
