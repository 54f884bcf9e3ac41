//! Findings for people.

use std::collections::BTreeSet;

use super::super::document::{Document, Line, Style};
use super::super::sight::{heading, hidden_kinds};
use super::super::words::{count, listed, visible};
use super::places::{Places, Position};
use super::remedy::remedy;
use super::{Amount, Linted, Side};
use crate::lint::{Checked, Finding, Report, Severity, place};
use crate::live::Blind;

/// How wide a paragraph is.
const WIDTH: usize = 100;

/// The findings by rule, the worst first, each with what mends it; then how many there are.
pub fn lint(linted: &Linted<'_>, amount: Amount) -> Document {
    let Linted { snapshot, side, report, desired: _, sources } = linted;
    let mut places = Places::new(sources);
    let what = match side {
        Side::Live => "Lint of",
        Side::Target => "Lint of what the files make of",
    };
    let mut document = Document::default();
    document.push(heading(what, snapshot));
    for checked in &report.checked {
        document.gap();
        document.extend(of_rule(checked, linted, &mut places, amount));
    }
    document.gap();
    document.extend(unheard(report));
    document.push(counts(report));
    document
}

fn of_rule(
    Checked { rule, severity, findings }: &Checked,
    linted: &Linted<'_>,
    places: &mut Places<'_>,
    amount: Amount,
) -> Document {
    const MOST: usize = 10;
    let most = match amount {
        Amount::Some if findings.len() > MOST + 1 => MOST,
        Amount::Some | Amount::All => findings.len(),
    };
    let mut document = Document::default();
    let head =
        Line::default().with(style(*severity), severity.as_str()).with(Style::Strong, format!(": {}", rule.name));
    document.push(head.with(Style::Plain, format!(": {}", rule.summary)));
    findings.iter().take(most).for_each(|finding| document.extend(of_finding(finding, linted, places)));
    let more = findings.len() - most;
    if more > 0 {
        document.push(Line::default().with(Style::Dim, format!("  and {more} more (--full shows all)")));
    }
    for (at, line) in paragraph(rule.mend, WIDTH - 8).into_iter().enumerate() {
        let lead = if at == 0 { "  help: " } else { "        " };
        document.push(Line::default().with(Style::Dim, lead).with(Style::Plain, line));
    }
    document
}

fn of_finding(
    Finding { objects, message, cures, effect: _ }: &Finding,
    linted: &Linted<'_>,
    places: &mut Places<'_>,
) -> Document {
    const FEW: usize = 3;
    let mut document = Document::default();
    let told = Line::plain(format!("  {}", visible(message)));
    document.push(match place(objects, linted.desired) {
        Some(span) => {
            let [Position { line, column: _ }, _] = places.range(span);
            told.with(Style::Dim, format!(" ({}:{line})", visible(places.file(span))))
        }
        None => told,
    });
    let remedy = remedy(cures, linted.side);
    let shown = if remedy.len() > FEW + 1 { FEW } else { remedy.len() };
    remedy.iter().take(shown).for_each(|line| document.push(Line::plain(format!("      {line}"))));
    let more = remedy.len() - shown;
    if more > 0 {
        let more = format!("      and {} (--format json shows all)", count(more, "more line"));
        document.push(Line::default().with(Style::Dim, more));
    }
    document
}

/// What was found and is not shown, and what could not be looked for.
fn unheard(Report { checked: _, allowed, blind }: &Report) -> Document {
    let mut document = Document::default();
    if !allowed.is_empty() {
        let allowed: Vec<String> = allowed.iter().map(|(rule, number)| format!("{number} of {}", rule.name)).collect();
        document.push(Line::plain(format!("Allowed, and not shown: {}.", listed(&allowed))));
    }
    if !blind.is_empty() {
        let names: Vec<&str> = blind.iter().map(|(rule, _)| rule.name).collect();
        let kinds: BTreeSet<Blind> = blind.iter().flat_map(|(_, kinds)| kinds).copied().collect();
        let told = format!("Not checked, because not all {} can be seen: {}.", hidden_kinds(&kinds), names.join(", "));
        paragraph(&told, WIDTH).into_iter().for_each(|line| document.push(Line::plain(line)));
    }
    document
}

fn counts(report: &Report) -> Line {
    let counted: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| report.count(*severity) > 0)
        .map(|severity| count(report.count(severity), severity.as_str()))
        .collect();
    match report.worst() {
        None if report.blind.is_empty() => Line::default().with(Style::Good, "Nothing found."),
        None => Line::plain("Nothing found by the other rules."),
        Some(worst) => Line::default().with(style(worst), listed(&counted)).with(Style::Plain, "."),
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::Bad,
        Severity::Warning => Style::Change,
        Severity::Note => Style::Strong,
    }
}

/// `text` in lines that are at most so wide where its words allow it; without the emphasis of Markdown.
pub(super) fn paragraph(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.replace('*', "").split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
