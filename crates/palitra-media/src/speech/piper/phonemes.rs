//! From a text to the ids that a voice's net reads, as piper-phonemize does it: clauses, the phonemes of each (IPA from
//! espeak-ng), the stop after it, all decomposed to single code points (NFD), and the voice's own map.

use super::{
    super::Error,
    description::{BEGIN, Description, END, PAD, PhonemeType},
};
use icu_normalizer::DecomposingNormalizerBorrowed;

/// A stretch of text that is spoken in one breath.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// With its stop, which decides how an abbreviation is read.
    pub(super) text: String,
    /// The phoneme for the stop: one of `. ? ! , : ;`; none at the end of a text without one.
    pub(super) stop: Option<char>,
}

/// Phonemes that are said at once at most: what a net takes of the memory grows with them.
pub(super) const PHONEMES_MAX: usize = 150;

/// The phonemes of each sentence, longer ones in pieces. `ipa` gives those of one clause, in the form of `espeak-ng --ipa`.
pub(super) fn sentences(
    text: &str,
    description: &Description,
    ipa: &mut dyn FnMut(&str) -> Result<String, Error>,
) -> Result<Vec<Vec<String>>, Error> {
    if description.phoneme_type == PhonemeType::Text {
        return Ok(pieces(split(&text.to_lowercase(), &[])));
    }
    let mut sentences = Vec::new();
    let mut sentence = String::new();
    for Clause { text, stop } in clauses(text) {
        let phonemes = without_switches(&ipa(&text)?);
        if phonemes.is_empty() {
            continue;
        }
        sentence.push_str(&phonemes);
        sentence.extend(stop);
        if matches!(stop, Some(',' | ':' | ';')) {
            sentence.push(' ');
        } else {
            sentences.extend(pieces(split(&std::mem::take(&mut sentence), &description.vowel_clusters)));
        }
    }
    if !sentence.is_empty() {
        sentences.extend(pieces(split(&sentence, &description.vowel_clusters)));
    }
    Ok(sentences)
}

/// Cut after a stop, else between words, else anywhere.
fn pieces(mut phonemes: Vec<String>) -> Vec<Vec<String>> {
    let mut pieces = Vec::new();
    while phonemes.len() > PHONEMES_MAX {
        let last = |marks: &str| {
            let mut head = phonemes[..PHONEMES_MAX].iter();
            head.rposition(|phoneme| marks.contains(phoneme.as_str())).map(|at| at + 1)
        };
        let at = last(".?!,:;").or_else(|| last(" ")).unwrap_or(PHONEMES_MAX);
        let rest = phonemes.split_off(at);
        pieces.push(std::mem::replace(&mut phonemes, rest));
    }
    pieces.push(phonemes);
    pieces
}

/// Begin, then each phoneme with a pad before the next, then the end. What the voice does not know is left out.
pub(super) fn ids(phonemes: &[String], description: &Description) -> Vec<i32> {
    let map = &description.phoneme_id_map;
    let ids = |phoneme: &str| map.get(phoneme).map(Vec::as_slice).unwrap_or_default();
    let mut all = [ids(BEGIN), ids(PAD)].concat();
    for known in phonemes.iter().map(|phoneme| ids(phoneme)).filter(|ids| !ids.is_empty()) {
        all.extend([known, ids(PAD)].concat());
    }
    all.extend(ids(END));
    all
}

/// The text cut after its stops, which espeak-ng's own output does not show. A stop counts before white space and at the
/// end, with quotes and brackets closed in between; a full stop before a small letter is an abbreviation's.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let is_stop = |c: char| ".?!,:;…—。、，？！：；".contains(c);
    let mut clauses = Vec::new();
    let (mut start, mut rest) = (0, 0);
    while let Some(found) = text[rest..].find(is_stop) {
        let at = rest + found;
        let run = text[at..].find(|c| !is_stop(c)).map_or(text.len(), |length| at + length);
        let end = text[run..].find(|c| !"\"'»”’)]".contains(c)).map_or(text.len(), |length| run + length);
        rest = end;
        let after = &text[end..];
        let is_small = after.trim_start().starts_with(char::is_lowercase);
        let stop = match &text[at..run] {
            "." if is_small => None,
            // Piper joins what stands before and after dots; a pause is better.
            dots if dots.starts_with(['.', '…']) && dots.len() > 1 && is_small => Some(','),
            stops => stops.chars().next().map(plain),
        };
        if stop.is_some() && (after.is_empty() || after.starts_with(char::is_whitespace)) {
            clauses.push(Clause { text: text[start..end].trim().to_owned(), stop });
            start = end;
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        clauses.push(Clause { text: last.to_owned(), stop: None });
    }
    clauses
}

/// The phoneme of a stop.
fn plain(stop: char) -> char {
    match stop {
        '…' | '。' => '.',
        '、' | '，' => ',',
        '—' | '；' => ';',
        '？' => '?',
        '！' => '!',
        '：' => ':',
        stop => stop,
    }
}

/// One line, without the `(en)` … `(ru)` that tell where another language begins and ends.
fn without_switches(ipa: &str) -> String {
    let mut plain = String::new();
    let mut rest = ipa;
    while let Some((before, switch)) = rest.split_once('(') {
        plain.push_str(before);
        rest = switch.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    // A line for each clause that espeak-ng itself has found.
    plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Code points after NFD; those of a cluster (the first that fits) stay together.
fn split(phonemes: &str, clusters: &[Vec<String>]) -> Vec<String> {
    let nfd = DecomposingNormalizerBorrowed::new_nfd();
    let points: Vec<String> = nfd.normalize(phonemes).chars().map(String::from).collect();
    let mut joined = Vec::with_capacity(points.len());
    let mut rest = &points[..];
    while !rest.is_empty() {
        let cluster = clusters.iter().filter(|cluster| rest.starts_with(cluster)).map(Vec::len).max();
        let (phoneme, after) = rest.split_at(cluster.unwrap_or(1).max(1));
        joined.push(phoneme.concat());
        rest = after;
    }
    joined
}
