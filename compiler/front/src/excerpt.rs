//! The text around a mistake as messages show it: very long lines in part, with the line and column numbers of the whole.

use codespan_reporting::files::{Error, Files, SimpleFile};
use std::ops::Range;

/// Lines of more bytes than this are shown in part.
const LONGEST: usize = 240;
/// Bytes that are kept before the place of interest, and from it on.
const BEFORE: usize = 80;
const AFTER: usize = 120;

/// What stands for what is left out.
const LEFT_OUT: &str = "...";

/// A text that is shown in a message.
pub struct Excerpt<'a> {
    file: SimpleFile<&'a str, String>,
    /// Of each line shown in part: its index, and by how much columns of the whole exceed those that are shown.
    shifted: Vec<(usize, isize)>,
}

impl<'a> Excerpt<'a> {
    /// `ranges`, in bytes of `text`, are moved to where they are in the excerpt; their lines are the ones of interest.
    pub fn new(name: &'a str, text: &str, ranges: &mut [Range<usize>]) -> Excerpt<'a> {
        let mut shown = String::with_capacity(text.len());
        let mut shifted = Vec::new();
        let mut moved: Vec<Range<usize>> = ranges.to_vec();
        let mut offset = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let (begin, end) = (offset, offset + line.len());
            offset = end;
            let here = |position: usize| (begin..end).contains(&position) || (position == end && end == text.len());
            // What is kept of the line, in bytes of it.
            let ends = ranges.iter().map(|range| range.start).chain(ranges.iter().map(|range| range.end));
            let kept = match ends.into_iter().find(|&end| here(end)) {
                Some(place) if line.len() > LONGEST => around(line, place - begin),
                _ => 0..line.len(),
            };
            let at = shown.len();
            let before = if kept.start > 0 { LEFT_OUT } else { "" };
            let ending = &line[line.trim_end_matches(['\n', '\r']).len()..];
            shown += before;
            shown += &line[kept.clone()];
            if kept.end < line.len() {
                shown += LEFT_OUT;
                shown += ending;
            }
            if kept.start > 0 {
                shifted.push((index, line[..kept.start].chars().count() as isize - before.len() as isize));
            }
            let position =
                |position: usize| at + before.len() + (position - begin).clamp(kept.start, kept.end) - kept.start;
            for (range, moved) in ranges.iter().zip(&mut moved) {
                if here(range.start) {
                    moved.start = position(range.start);
                }
                if here(range.end) {
                    moved.end = position(range.end);
                }
            }
        }
        for (range, moved) in ranges.iter_mut().zip(moved) {
            *range = moved.start..moved.end.max(moved.start);
        }
        Excerpt { file: SimpleFile::new(name, shown), shifted }
    }
}

/// The part of a line around `place`, between characters.
fn around(line: &str, place: usize) -> Range<usize> {
    let boundary = |mut position: usize| {
        while !line.is_char_boundary(position) {
            position -= 1;
        }
        position
    };
    let end = line.trim_end_matches(['\n', '\r']).len();
    let start = boundary(place.saturating_sub(BEFORE).min(end));
    let stop = if place + AFTER >= end { line.len() } else { boundary(place + AFTER) };
    start..stop
}

impl<'a> Files<'a> for Excerpt<'_> {
    type FileId = ();
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, (): ()) -> Result<String, Error> {
        Ok(self.file.name().to_string())
    }

    fn source(&'a self, (): ()) -> Result<&'a str, Error> {
        Ok(self.file.source())
    }

    fn line_index(&'a self, (): (), byte: usize) -> Result<usize, Error> {
        self.file.line_index((), byte)
    }

    fn line_range(&'a self, (): (), line: usize) -> Result<Range<usize>, Error> {
        self.file.line_range((), line)
    }

    fn column_number(&'a self, (): (), line: usize, byte: usize) -> Result<usize, Error> {
        let column = self.file.column_number((), line, byte)?;
        let shift = self.shifted.iter().find(|(index, _)| *index == line).map_or(0, |(_, shift)| *shift);
        Ok(column.saturating_add_signed(shift))
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{ErrorClass, Mistake};
    use crate::source::{Source, Span};

    fn message(text: &str, span: (usize, usize)) -> String {
        let source = Source::new("k.py", text);
        Mistake::new(ErrorClass::Name, &source, Span::new(span.0 as u32, span.1 as u32), "unknown name 'y'").to_string()
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let text = format!("a = 1\nb = {}y{}\nc = 3\n", "x + ".repeat(1000), " + ü".repeat(1000));
        let place = text.find('y').unwrap();
        let found = message(&text, (place, place + 1));
        assert!(found.contains("k.py:2:4005\n"), "{found}");
        let lines: Vec<&str> = found.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() < 250), "{found}");
        let shown = lines.iter().find(|line| line.contains('y') && line.contains("...")).unwrap();
        let caret = lines.iter().find(|line| line.contains('^')).unwrap();
        let column = |line: &str, what| line.chars().position(|c| c == what);
        assert_eq!(column(shown, 'y'), column(caret, '^'), "{found}");
        assert!(shown.contains("x + ...") || shown.contains("...x + ") || shown.contains("... + "), "{found}");
    }

    #[test]
    fn a_place_that_is_longer_than_its_excerpt() {
        let text = format!("b = {}\nc = 3", "x + ".repeat(1000));
        for end in [4004, text.len()] {
            let found = message(&text, (4, end));
            assert!(found.contains("k.py:1:5\n") && found.contains('^'), "{found}");
            assert!(found.lines().all(|line| line.chars().count() < 250), "{found}");
        }
        let found = message(&text, (text.len(), text.len()));
        assert!(found.contains("k.py:2:6\n"), "{found}");
        let found = message("", (0, 0));
        assert!(found.contains("k.py:1:1"), "{found}");
    }
}
