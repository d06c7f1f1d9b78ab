//! Which voices are there and which package brings more: what `palitra doctor` tells.

use super::{Engine, Language, Speakers, process::Program, rhvoice};
use std::time::Duration;

/// A voice that this machine has or could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub engine: Engine,
    pub name: String,
    pub languages: Vec<Language>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Installed,
    /// The Debian packages, and the part of the archive that they are in.
    Package {
        names: &'static [&'static str],
        archive: &'static str,
    },
}

const ESPEAK: &[Language] = &[
    Language::Russian,
    Language::Ukrainian,
    Language::Kazakh,
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
];

const ESPEAK_PACKAGE: Place = Place::Package { names: &["espeak-ng"], archive: "main" };
const RUSSIAN: Place = Place::Package { names: &["rhvoice", "rhvoice-russian"], archive: "non-free" };
const ENGLISH: Place = Place::Package { names: &["rhvoice", "rhvoice-english"], archive: "non-free" };

/// RHVoice's free voices by language, and what brings them.
const RHVOICES: &[(&str, Language, Place)] = &[
    ("anna", Language::Russian, RUSSIAN),
    ("aleksandr", Language::Russian, RUSSIAN),
    ("irina", Language::Russian, RUSSIAN),
    ("elena", Language::Russian, RUSSIAN),
    ("bdl", Language::English, ENGLISH),
    ("clb", Language::English, ENGLISH),
    ("slt", Language::English, ENGLISH),
];

/// Every voice that may be used by default, installed ones and others.
pub fn voices(speakers: &Speakers) -> Vec<Found> {
    let espeak = Program {
        path: &speakers.espeak_ng,
        arguments: &["--version"],
        limit: Duration::from_secs(5),
        bytes_max: 4_096,
    };
    let mut found = vec![Found {
        engine: Engine::EspeakNg,
        name: "espeak-ng".into(),
        languages: ESPEAK.to_vec(),
        place: if espeak.filter(Vec::new()).is_ok() { Place::Installed } else { ESPEAK_PACKAGE },
    }];
    let loaded = speakers.rhvoice.as_ref().filter(|paths| rhvoice::RhVoice::load(paths).is_ok());
    for (name, language, package) in RHVOICES {
        let is_there = loaded.is_some_and(|paths| paths.data.join("voices").join(name).is_dir());
        found.push(Found {
            engine: Engine::RhVoice,
            name: (*name).into(),
            languages: vec![*language],
            place: if is_there { Place::Installed } else { *package },
        });
    }
    found
}
