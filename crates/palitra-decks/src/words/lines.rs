//! Lists in plain text: a word on a line, with its translation after a tab or a dash between spaces.

use super::{Candidate, Format, Gather, Place, WordList, WordsError};

/// Between word and translation; the first of them in the line counts.
const BETWEEN: [&str; 4] = [" — ", " – ", " - ", " = "];

pub(crate) fn read(text: &str) -> Result<WordList, WordsError> {
    let mut gather = Gather::new(Format::Text);
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        gather.add(candidate(line), Place::Line(at + 1))?;
    }
    Ok(gather.list())
}

fn candidate(line: &str) -> Candidate {
    if line.contains('\t') {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        return Candidate { word: next(), translation: next(), example: next(), ..Candidate::default() };
    }
    let line = line.trim();
    let between = BETWEEN.iter().filter_map(|mark| line.find(mark).map(|at| (at, mark.len()))).min();
    let (word, translation) = between.map_or((line, ""), |(at, length)| (&line[..at], &line[at + length..]));
    Candidate { word: word.to_owned(), translation: translation.to_owned(), ..Candidate::default() }
}
