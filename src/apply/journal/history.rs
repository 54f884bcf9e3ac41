//! A journal, read again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::record::{Beginning, Came, Ending, Event, Intended, Record, SCHEMA, Sent};

/// What a journal tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The runs, in the order in which they began.
    pub runs: Vec<Run>,
    /// The lines that tell nothing.
    pub damage: Vec<Damage>,
}

/// What one run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it is called.
    pub id: String,
    /// When its first line was written.
    pub began: String,
    /// When its last line was.
    pub last: String,
    /// Who carried out what, and where; none if that line is damaged.
    pub beginning: Option<Beginning>,
    /// The other plan that was carried out in the end.
    pub replanned: Option<Intended>,
    /// What it sent, in order.
    pub steps: Vec<StepTaken>,
    /// How it ended; none if it did not, or is still at it.
    pub ending: Option<Ending>,
}

/// A request that a run sent, or was about to.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTaken {
    /// When.
    pub time: String,
    /// Its place in the plan and how many there are; none for a request besides.
    pub place: Option<(usize, usize)>,
    /// The request.
    pub request: Sent,
    /// What came of it, if that is known.
    pub came: Option<Came>,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course<'a> {
    /// To its end.
    Ended(&'a Ending),
    /// Nobody wrote down that it ended: it was killed, or is still at it. Of this request, nobody wrote down what came of
    /// it.
    Open(Option<&'a StepTaken>),
}

/// A line that tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Which, counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no journal.
    #[error("there is no journal `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("the journal `{}` cannot be read", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl History {
    /// Reads the journal at `path`; what cannot be understood in it is counted, and the rest is told.
    pub fn read(path: &Path) -> Result<History, HistoryError> {
        let unreadable = |source| HistoryError::Unreadable { path: path.to_owned(), source };
        let there = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => HistoryError::Missing { path: path.to_owned() },
            _ => unreadable(source),
        })?;
        // A FIFO is not even opened: that could wait for ever.
        if !there.is_file() {
            return Err(unreadable(io::Error::other("it is not a regular file")));
        }
        let mut history = History::default();
        let mut places = BTreeMap::new();
        for (at, line) in BufReader::new(File::open(path).map_err(unreadable)?).split(b'\n').enumerate() {
            match understand(&line.map_err(unreadable)?) {
                Ok(Some(record)) => history.add(record, &mut places),
                Ok(None) => {}
                Err(reason) => history.damage.push(Damage { line: at + 1, reason }),
            }
        }
        Ok(history)
    }

    fn add(&mut self, Record { schema: _, run, time, event }: Record, places: &mut BTreeMap<String, usize>) {
        let at = *places.entry(run.clone()).or_insert_with(|| {
            self.runs.push(Run {
                id: run,
                began: time.clone(),
                last: time.clone(),
                beginning: None,
                replanned: None,
                steps: Vec::new(),
                ending: None,
            });
            self.runs.len() - 1
        });
        let run = &mut self.runs[at];
        run.last.clone_from(&time);
        match event {
            Event::Begins(beginning) => run.beginning = Some(beginning),
            Event::Replans(intended) => run.replanned = Some(intended),
            Event::Sends { step, of, request, along: _ } => {
                run.steps.push(StepTaken { time, place: Some((step, of)), request, came: None });
            }
            Event::Besides(request) => run.steps.push(StepTaken { time, place: None, request, came: None }),
            // What was sent last has not come to an end yet; what is sent besides comes to its own within a step.
            Event::Came(came) => {
                if let Some(step) = run.steps.iter_mut().rev().find(|step| step.came.is_none()) {
                    step.came = Some(came);
                }
            }
            Event::ReadsBack => {}
            Event::Ends(ending) => run.ending = Some(ending),
        }
    }
}

impl Run {
    /// What it carried out in the end.
    #[must_use]
    pub fn intended(&self) -> Option<&Intended> {
        self.replanned.as_ref().or_else(|| self.beginning.as_ref().map(|beginning| &beginning.intended))
    }

    /// How far it came.
    #[must_use]
    pub fn course(&self) -> Course<'_> {
        match &self.ending {
            Some(ending) => Course::Ended(ending),
            None => Course::Open(self.steps.iter().rev().find(|step| step.came.is_none())),
        }
    }

    /// How many steps of its plan were done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.place.is_some() && matches!(step.came, Some(Came::Done | Came::Mended { .. })))
            .count()
    }
}

/// The record on a line; none on an empty one.
fn understand(line: &[u8]) -> Result<Option<Record>, String> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| if error.is_eof() { "it ends in its midst".to_owned() } else { "it is no JSON".to_owned() })?;
    match value.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(schema) if schema.starts_with("pve-access.journal.") => {
            return Err(format!("it has the form `{schema}`, and this version of pve-access reads {SCHEMA}"));
        }
        Some(_) | None => return Err("it is no line of a journal".to_owned()),
    }
    serde_json::from_value(value).map(Some).map_err(|error| format!("it cannot be understood: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::api::{ApiError, Method, Request};
    use crate::apply::journal::{Journal, Observer};
    use crate::plan::Op;

    fn beginning(steps: usize) -> Beginning {
        Beginning {
            command: "apply".to_owned(),
            program: "1".to_owned(),
            who: "ann@laptop".to_owned(),
            pid: 1,
            cluster: "test".to_owned(),
            endpoint: "https://test:8006".to_owned(),
            principal: "ops@pve!ci".to_owned(),
            intended: Intended { plan: "abc".to_owned(), steps, waived: Vec::new() },
        }
    }

    fn op() -> Op {
        Op::DeleteGroup { group: "ops".parse().unwrap() }
    }

    fn in_words(_: &Op) -> String {
        "delete group ops".to_owned()
    }

    #[test]
    fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut one = Journal::open(&path, "one".to_owned(), in_words).unwrap();
        let mut two = Journal::open(&path, "two".to_owned(), in_words).unwrap();
        one.run_begins(beginning(3)).unwrap();
        two.run_begins(beginning(5)).unwrap();
        one.besides(&op()).unwrap();
        two.besides(&op()).unwrap();
        let request = Request { method: Method::Delete, path: "/access/groups/ops".to_owned() };
        two.besides_ended(&op(), Err(&ApiError::Unanswered { request, reason: "nothing came".to_owned() }));
        two.run_ends(None).unwrap();

        let History { runs, damage } = History::read(&path).unwrap();
        assert!(damage.is_empty());
        let [one, two] = runs.try_into().unwrap();
        assert_eq!((one.id.as_str(), one.beginning.clone()), ("one", Some(beginning(3))));
        let under_way = one.steps.first();
        assert_eq!(one.course(), Course::Open(under_way));
        assert_eq!(under_way.unwrap().request.what, "delete group ops");
        assert!(matches!(two.course(), Course::Ended(_)));
        assert!(matches!(&two.steps[0].came, Some(Came::Undecided { why }) if why.contains("nothing came")));
    }

    #[test]
    fn damage_is_counted_and_the_rest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        Journal::open(&path, "one".to_owned(), in_words).unwrap().run_begins(beginning(1)).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(&whole.as_bytes()[..whole.len() / 2]).unwrap();
        Journal::open(&path, "two".to_owned(), in_words).unwrap().run_begins(beginning(1)).unwrap();
        let newer = whole.replace("journal.v1", "journal.v2");
        let unknown = whole.replace("begins", "dreams");
        file.write_all(format!("\n\u{1b}[31m\n[1]\n{newer}{unknown}").as_bytes()).unwrap();

        let History { runs, damage } = History::read(&path).unwrap();
        assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        let lines: Vec<usize> = damage.iter().map(|damage| damage.line).collect();
        assert_eq!(lines, [2, 5, 6, 7, 8], "{damage:?}");
        assert_eq!(damage[0].reason, "it ends in its midst");
        assert!(damage[3].reason.contains("journal.v2"));
    }

    #[test]
    fn what_is_no_journal_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(History::read(&dir.path().join("none")), Err(HistoryError::Missing { .. })));
        assert!(matches!(History::read(dir.path()), Err(HistoryError::Unreadable { .. })));
    }

    /// Nothing is sent after what could not be written down.
    #[test]
    fn a_journal_that_fails_is_told_of_before_the_next_request() {
        let mut journal = Journal::none("one".to_owned(), in_words);
        journal.failed = Some(crate::apply::NotRecorded { path: "full".into(), source: io::Error::other("full") });
        assert!(journal.besides(&op()).is_err());
    }
}
