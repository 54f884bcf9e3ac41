//! The texts that findings point into.

/// Which text, of those in one [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// A piece of one text, in bytes, `end` not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// One text and what to call it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's path as the user gave it.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The texts that were read, in the order of reading.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Takes a text in and says how to point into it.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(self.0.len() - 1)
    }

    /// The text that `id` stands for.
    ///
    /// # Panics
    /// If `id` comes from another `Sources`.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0]
    }

    /// Overwrites what stands at `span`, so that it can no longer be shown; lines and columns stay.
    pub fn blot_out(&mut self, span: Span) {
        let Some(source) = self.0.get_mut(span.source.0) else { return };
        let (start, end) = (source.text.floor_char_boundary(span.start), source.text.floor_char_boundary(span.end));
        let blotted: String = source.text[start..end.max(start)]
            .chars()
            .flat_map(|c| if c.is_whitespace() { vec![c] } else { vec!['*'; c.len_utf8()] })
            .collect();
        source.text.replace_range(start..end.max(start), &blotted);
    }

    /// Every text with its id.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.0.iter().enumerate().map(|(at, source)| (SourceId(at), source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blotted_out_keeps_its_length_and_lines() {
        let mut sources = Sources::default();
        let source = sources.add(Source { name: String::new(), text: "a: pässwort\n  two\nb: c\n".to_owned() });
        sources.blot_out(Span { source, start: 3, end: 18 });
        assert_eq!(sources.get(source).text, "a: *********\n  ***\nb: c\n");
        for (start, end) in [(4, 2), (100, 200), (0, 0)] {
            sources.blot_out(Span { source, start, end });
        }
        assert_eq!(sources.get(source).text, "a: *********\n  ***\nb: c\n");
    }
}
