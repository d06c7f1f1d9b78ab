//! Port: what a result is held against before it is charged for (anchors D7), and what is found out about its files on the way.
//! The checks live in `palitra-media`.

use crate::{BoxFuture, catalogue::Lane, state::words};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;

words! {
    /// Something that is wrong with a result.
    Defect {
        /// It does not decode to its end.
        Broken = "broken",
        /// Another kind of media than was asked for.
        WrongKind = "wrong_kind",
        /// Other proportions than were asked for, or much smaller.
        WrongSize = "wrong_size",
        /// One colour, or nearly.
        Blank = "blank",
        /// An edit that changed nothing.
        Unchanged = "unchanged",
        /// The same picture twice in one result.
        Duplicate = "duplicate",
        Silent = "silent",
        Clipped = "clipped",
        /// Too short for the words that are spoken.
        TooShort = "too_short",
        /// A film of another length than was asked for.
        WrongLength = "wrong_length",
    }
}

words! {
    /// What a defect leads to.
    Measure {
        Off = "off",
        /// It is told, and charged for.
        Warn = "warn",
        /// One more try at the house's cost, then no charge.
        Refuse = "refuse",
    }
}

/// Which defects lead to what: for all modes, and otherwise for some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Policy {
    pub all: BTreeMap<String, Measure>,
    pub modes: BTreeMap<String, BTreeMap<String, Measure>>,
}

impl Policy {
    /// What nobody has set is off.
    pub fn measure(&self, mode: &str, defect: Defect) -> Measure {
        let of_mode = self.modes.get(mode).and_then(|own| own.get(defect.as_str()));
        of_mode.or_else(|| self.all.get(defect.as_str())).copied().unwrap_or(Measure::Off)
    }
}

/// What was asked for, as far as a result can be held against it.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub mode: String,
    pub lane: Option<Lane>,
    /// Width and height, pixels.
    pub size: Option<(u32, u32)>,
    pub seconds: Option<u32>,
    /// What is to be spoken.
    pub text: Option<String>,
    /// Files that were given; an edit has to differ from them.
    pub given: Vec<Bytes>,
    /// What is looked for.
    pub defects: Vec<Defect>,
}

/// What is wrong with one file of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which file, from 0.
    pub n: usize,
    pub defect: Defect,
    /// For the operator: figures.
    pub detail: String,
}

/// What is known of a file after it was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    /// A few characters that a client paints until the picture is there.
    pub blurhash: Option<String>,
    /// 64 bits: pictures that look the same differ in at most 8.
    pub dhash: Option<i64>,
    /// Smaller copies (WebP) by the length of their long side; of a film, of its first picture.
    pub thumbnails: Vec<(u32, Bytes)>,
    /// The same tracks in a better order: to be kept instead of the file.
    pub better: Option<Bytes>,
}

/// What came of looking at a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// One for each file, in order.
    pub facts: Vec<Facts>,
    /// Of the defects that were looked for.
    pub findings: Vec<Finding>,
}

/// Looks at results, on threads of its own and within a budget of memory of its own.
pub trait Examiner: Send + Sync {
    fn examine(&self, expected: Expected, files: Vec<Bytes>) -> BoxFuture<'_, Examination>;
}
