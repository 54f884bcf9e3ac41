//! What a program prints, without the secret that it was given.

use std::io;

/// The end of what a program has printed, as it came.
#[derive(Default)]
pub(super) struct Said(Vec<u8>);

impl Said {
    /// As much as is kept; faults are told at the end.
    const KEPT: usize = 16 * 1024;
    /// As many lines as are shown.
    const LINES: usize = 20;
    /// What is shown of a line.
    const WIDTH: usize = 400;

    /// Takes in what `read` gives without waiting. Gives whether more may come.
    pub(super) fn hear(&mut self, mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> bool {
        // Somebody who never falls silent shall not keep us here.
        for _ in 0..64 {
            let mut piece = [0; 4096];
            match read(&mut piece) {
                Ok(0) => return false,
                Ok(length) => self.0.extend_from_slice(&piece[..length]),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            if self.0.len() > 2 * Said::KEPT {
                self.0.drain(..self.0.len() - Said::KEPT);
            }
        }
        true
    }

    /// Its last lines, in which nothing of `secret` is left that would help to guess it.
    pub(super) fn lines(&self, secret: &str) -> Vec<String> {
        let text = masked(&String::from_utf8_lossy(&self.0), secret);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let shown = lines.iter().skip(lines.len().saturating_sub(Said::LINES));
        shown.map(|line| line.chars().take(Said::WIDTH).collect()).collect()
    }
}

/// `text` with every part of `secret` that is long enough to tell something of it blotted out.
fn masked(text: &str, secret: &str) -> String {
    const TELLING: usize = 8;
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let (bytes, least) = (lower.as_bytes(), secret.len().min(TELLING));
    if least == 0 {
        return text.to_owned();
    }
    let parts: Vec<&[u8]> = secret.as_bytes().windows(least).collect();
    let mut hidden = vec![false; bytes.len()];
    for (at, window) in bytes.windows(least).enumerate() {
        if parts.contains(&window) {
            hidden[at..at + least].fill(true);
        }
    }
    let blot = |(at, c): (usize, char)| if hidden[at] { '*' } else { c };
    text.char_indices().map(blot).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";

    #[test]
    fn no_part_of_the_secret_is_left() {
        assert_eq!(masked(&format!("got {SECRET}!"), SECRET), format!("got {}!", "*".repeat(36)));
        assert_eq!(masked("0B6A2F0E-3C2C", SECRET), "*".repeat(13));
        assert_eq!(
            masked("0b6a2f0e-3c2c\n-4d0b-9d52-0a6c1b1f8a11", SECRET),
            format!("{}\n{}", "*".repeat(13), "*".repeat(23))
        );
        assert_eq!(masked("ü 3c2c is not telling", SECRET), "ü 3c2c is not telling");
        assert_eq!(masked("short", "ort"), "sh***");
        assert_eq!(masked("any", ""), "any");
    }

    #[test]
    fn the_end_is_kept_and_long_lines_are_cut() {
        let mut said = Said(vec![b'x'; 1000]);
        said.0.extend((0..30).flat_map(|line| format!("\n{line} {SECRET}").into_bytes()));
        let lines = said.lines(SECRET);
        assert_eq!(
            (lines.len(), lines.last().map(String::as_str)),
            (Said::LINES, Some(&*format!("29 {}", "*".repeat(36))))
        );
        assert_eq!(Said(vec![b'x'; 1000]).lines(SECRET)[0].len(), Said::WIDTH);
        assert_eq!(Said(b"\n \n\xff\n".to_vec()).lines(SECRET), ["\u{fffd}"]);
    }

    proptest! {
        /// Whatever is printed around it, in it, and of it.
        #[test]
        fn what_is_left_tells_nothing(before in ".{0,20}", from in 0..30_usize, length in 8..36_usize, after in ".{0,20}") {
            let part = &SECRET[from..(from + length).min(SECRET.len())];
            let shown = masked(&format!("{before}{part}{after}"), SECRET);
            prop_assert!(part.len() < 8 || !shown.contains(part));
            for window in SECRET.as_bytes().windows(8) {
                prop_assert!(!shown.as_bytes().windows(8).any(|seen| seen == window));
            }
        }
    }
}
