//! The acceptance gate (anchors D7): holds the files of a result against what was asked for, and finds out what is to be kept about them.
//!
//! [`examine`] is the whole of it as a plain function that blocks; [`Gate`] gives it threads and a budget of memory. It decides nothing:
//! what a defect leads to is the caller's policy. Every number a rule stands on is in [`rules`].

mod film;
mod gate;
mod grid;
mod levels;
mod picture;

pub mod rules;
mod samples;
mod sound;
mod speech;

pub use self::gate::Gate;

use crate::decode;
use bytes::Bytes;
use palitra_domain::acceptance::{Defect, Examination, Expected, Facts, Finding};
use palitra_domain::catalogue::Lane;
use palitra_domain::media_type::{FileFormat, Kind};
use picture::Likeness;

/// Looks at each file in turn, so that the memory of one is needed at a time. Only `expected.defects` are among the findings; the facts are
/// complete either way, as far as a file can be read. Never fails: a file nothing can be said of has no facts and is [`Defect::Broken`].
#[must_use]
pub fn examine(expected: &Expected, files: &[Bytes]) -> Examination {
    let mut examination = Examination::default();
    let wants = |defect| expected.defects.contains(&defect);
    let given: Vec<Likeness> = match wants(Defect::Unchanged) {
        true => expected.given.iter().filter_map(|file| Likeness::of_file(file)).collect(),
        false => Vec::new(),
    };
    let mut before: Vec<Likeness> = Vec::new();
    for (n, file) in files.iter().enumerate() {
        let mut look = look(expected, file);
        if let Some(likeness) = look.likeness {
            if given.iter().any(|given| likeness.is_same(given)) {
                look.defects.push((Defect::Unchanged, "it looks like the picture that was given".to_owned()));
            }
            if let Some(other) = before.iter().position(|other| likeness.is_same(other)) {
                let detail = format!("it looks like picture {} of the set", other + 1);
                look.defects.push((Defect::Duplicate, detail));
            }
            before.push(likeness);
        }
        let found = look.defects.into_iter().filter(|(defect, _)| wants(*defect));
        examination.findings.extend(found.map(|(defect, detail)| Finding { n, defect, detail }));
        examination.facts.push(look.facts);
    }
    examination
}

/// What one file is.
#[derive(Default)]
struct Look {
    facts: Facts,
    defects: Vec<(Defect, String)>,
    /// Of a picture that was decoded.
    likeness: Option<Likeness>,
}

impl Look {
    fn broken(&mut self, why: &dyn std::fmt::Display) {
        self.defects.push((Defect::Broken, why.to_string()));
    }
}

fn look(expected: &Expected, file: &[u8]) -> Look {
    let mut look = Look::default();
    let wanted = expected.lane.and_then(kind);
    let Some(format) = FileFormat::of(file) else {
        match wanted {
            Some(wanted) if !file.is_empty() => {
                let detail = format!("neither picture, sound nor film, instead of {}", wanted.as_str());
                look.defects.push((Defect::WrongKind, detail));
            }
            _ => look.broken(&"neither picture, sound nor film"),
        }
        return look;
    };
    let kind = format.media_type().kind;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != kind) {
        look.defects.push((Defect::WrongKind, format!("{} instead of {}", kind.as_str(), wanted.as_str())));
    }
    match kind {
        Kind::Image => picture::look(&mut look, expected, file),
        Kind::Audio => sound::look(&mut look, expected, file, format),
        Kind::Video => film::look(&mut look, expected, file),
    }
    look
}

/// What a lane makes; words are not looked at here.
fn kind(lane: Lane) -> Option<Kind> {
    match lane {
        Lane::Image => Some(Kind::Image),
        Lane::Video => Some(Kind::Video),
        Lane::Audio => Some(Kind::Audio),
        Lane::Text => None,
    }
}

/// What looking at a file needs at its peak, in bytes, by its header: of a picture that is never decoded, its file alone.
fn memory_bytes(file: &[u8]) -> u64 {
    let own = u64::try_from(file.len()).unwrap_or(u64::MAX);
    match FileFormat::of(file).map(|format| format.media_type().kind) {
        // A JPEG is decoded twice, one time after the other.
        Some(Kind::Image) => decode::header(file).map_or(own, |header| own + header.memory_bytes),
        // Levels are measured frame by frame.
        _ => own,
    }
}
