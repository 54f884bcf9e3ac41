//! The file that lines are added to, by several processes at once.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::super::sink::{folder, make};

/// How long others are waited for, each of which holds the file for the time of one line.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every form of a journal begins with; a line that was never finished may be shorter.
const START: &str = r#"{"schema":"pve-access.journal.v"#;

/// Lines, each of which is there as a whole or not at all.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    file: File,
}

impl Lines {
    /// The file at `path`, which is made if it is not there, with its folder, for their owner alone.
    pub(super) fn open(path: &Path) -> io::Result<Lines> {
        match fs::symlink_metadata(path) {
            Ok(there) if there.is_symlink() => {
                // It leads where somebody else may decide.
                return Err(io::Error::other("it is a link: name the file that it leads to"));
            }
            Ok(there) if there.is_dir() => return Err(io::Error::other("it is a folder: name a file in it")),
            Ok(there) if !there.is_file() => return Err(io::Error::other("it is not a regular file")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(folder(path))?;
            }
            Err(error) => return Err(error),
        }
        // By now it may be something else: a link is not followed, a FIFO not waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut file =
            File::options().create(true).read(true).append(true).mode(0o600).custom_flags(flags).open(path)?;
        let mut start = Vec::new();
        (&mut file).take(START.len() as u64).read_to_end(&mut start)?;
        if !START.as_bytes().starts_with(&start) {
            return Err(io::Error::other("there is something else in it: name another file"));
        }
        File::open(folder(path))?.sync_all()?;
        Ok(Lines { path: path.to_owned(), file })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds `line`, and comes back once it will outlast a loss of power.
    pub(super) fn add(&mut self, line: &str) -> io::Result<()> {
        if self.file.metadata()?.nlink() == 0 {
            return Err(io::Error::other("it was deleted after it was opened"));
        }
        self.lock()?;
        let added = self.add_alone(line);
        let unlocked = self.file.unlock();
        added.and(unlocked)
    }

    fn add_alone(&mut self, line: &str) -> io::Result<()> {
        let end = self.file.seek(SeekFrom::End(0))?;
        // Somebody was killed in the middle of a line: it stays alone on it.
        let lead = if self.ends_within_a_line(end)? { "\n" } else { "" };
        let added = self.file.write_all(format!("{lead}{line}\n").as_bytes());
        if added.is_err() {
            // Half a line, where a disk is full.
            self.file.set_len(end)?;
        }
        added?;
        self.file.sync_data()
    }

    fn ends_within_a_line(&mut self, end: u64) -> io::Result<bool> {
        let Some(last) = end.checked_sub(1) else { return Ok(false) };
        self.file.seek(SeekFrom::Start(last))?;
        let mut byte = [0];
        self.file.read_exact(&mut byte)?;
        Ok(byte != *b"\n")
    }

    fn lock(&self) -> io::Result<()> {
        let started = Instant::now();
        loop {
            match self.file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => return Err(io::Error::other("another process holds it")),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn it_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/pve-access/journal.jsonl");
        Lines::open(&path).unwrap().add(START).unwrap();
        Lines::open(&path).unwrap().add("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{START}\ntwo\n"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn a_torn_line_stays_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        for torn in [&START[..5], &format!("{START}1\nto")] {
            fs::write(&path, torn).unwrap();
            Lines::open(&path).unwrap().add("next").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{torn}\nnext\n"));
        }
    }

    /// What goes into a file that nobody can open any more is no record.
    #[test]
    fn a_journal_that_was_deleted_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut journal = Lines::open(&path).unwrap();
        journal.add(START).unwrap();
        fs::rename(&path, dir.path().join("journal.1")).unwrap();
        journal.add("moved, and still there").unwrap();
        fs::remove_file(dir.path().join("journal.1")).unwrap();
        assert!(journal.add("lost").unwrap_err().to_string().contains("deleted"));
    }

    #[test]
    fn several_write_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let (writers, lines) = (8, 20);
        thread::scope(|scope| {
            for writer in 0..writers {
                let path = &path;
                scope.spawn(move || {
                    let mut journal = Lines::open(path).unwrap();
                    (0..lines).for_each(|line| {
                        journal.add(&format!("{START} {writer} {line} {}", "x".repeat(9000))).unwrap()
                    });
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), writers * lines);
        for writer in 0..writers {
            let mine = text.lines().filter(|line| line.starts_with(&format!("{START} {writer} ")));
            let numbers: Vec<usize> = mine.map(|line| line.split(' ').nth(2).unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, (0..lines).collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_a_file_is_a_journal() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("there"), "").unwrap();
        symlink(dir.path().join("there"), dir.path().join("link")).unwrap();
        let refused = |path: &Path| Lines::open(path).unwrap_err().to_string();
        assert!(refused(&dir.path().join("link")).contains("a link"));
        assert!(refused(dir.path()).contains("a folder"));
        assert!(refused(Path::new("/dev/null")).contains("not a regular file"));
        assert!(Lines::open(&dir.path().join("there/below")).is_err());
        fs::write(dir.path().join("there"), "version: 1\n").unwrap();
        assert!(refused(&dir.path().join("there")).contains("something else"));
        assert_eq!(fs::read_to_string(dir.path().join("there")).unwrap(), "version: 1\n");
    }
}
