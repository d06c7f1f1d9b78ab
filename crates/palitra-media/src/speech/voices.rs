//! Which voices are there, what their licences allow, and which package brings more: what `palitra doctor` tells.

use super::{Engine, Error, Language, Speakers, process::Program, rhvoice};
use std::{fs, time::Duration};

/// A voice that this machine has or could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub engine: Engine,
    pub name: String,
    /// Empty for a language that no text is found to be in.
    pub languages: Vec<Language>,
    pub licence: Licence,
    pub place: Place,
}

/// What a voice's licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Licence {
    /// Every use; its SPDX name.
    Free(&'static str),
    /// Not every use, or nobody knows: it speaks only where the operator allows such voices.
    Unfree,
    /// The operator brought the voice and knows.
    Own,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Installed,
    /// It is there and cannot be used.
    Broken {
        why: String,
    },
    /// The Debian packages, and the part of the archive that they are in.
    Package {
        names: &'static [&'static str],
        archive: &'static str,
    },
}

impl Found {
    /// Whether it speaks without anything else being installed or allowed.
    pub fn is_ready(&self) -> bool {
        self.place == Place::Installed && self.licence != Licence::Unfree
    }
}

const ESPEAK_PACKAGE: Place = Place::Package { names: &["espeak-ng"], archive: "main" };
const RUSSIAN: Place = Place::Package { names: &["rhvoice", "rhvoice-russian"], archive: "non-free" };
const ENGLISH: Place = Place::Package { names: &["rhvoice", "rhvoice-english"], archive: "non-free" };

/// Every voice that is installed, and those that could be and are free.
pub fn voices(speakers: &Speakers) -> Vec<Found> {
    let espeak = espeak(speakers);
    let piper = speakers.piper.all().into_iter().map(|voice| {
        let (languages, place) = match voice.about {
            Ok(about) if about.needs_espeak => (about.language.into_iter().collect(), espeak.place.clone()),
            Ok(about) => (about.language.into_iter().collect(), Place::Installed),
            Err(Error::BadVoice { why, .. }) => (Vec::new(), Place::Broken { why }),
            Err(error) => (Vec::new(), Place::Broken { why: error.to_string() }),
        };
        Found { engine: Engine::Piper, name: voice.name, languages, licence: Licence::Own, place }
    });
    let piper: Vec<Found> = piper.collect();
    [vec![espeak], rhvoices(speakers), piper].concat()
}

fn espeak(speakers: &Speakers) -> Found {
    let program = Program {
        path: &speakers.espeak_ng,
        arguments: &["--version"],
        limit: Duration::from_secs(5),
        bytes_max: 4_096,
    };
    Found {
        engine: Engine::EspeakNg,
        name: "espeak-ng".into(),
        languages: Language::ALL.to_vec(),
        licence: Licence::Free("GPL-3.0-or-later"),
        place: if program.filter(Vec::new()).is_ok() { Place::Installed } else { ESPEAK_PACKAGE },
    }
}

/// The free ones, and the others of this machine after them.
fn rhvoices(speakers: &Speakers) -> Vec<Found> {
    let paths = speakers.rhvoice.as_ref().filter(|paths| rhvoice::RhVoice::load(paths).is_ok());
    let folder = paths.map(|paths| paths.data.join("voices"));
    let free = rhvoice::FREE.iter().map(|(name, language, licence)| {
        let is_there = folder.as_ref().is_some_and(|folder| folder.join(name).is_dir());
        let package = if *language == Language::Russian { RUSSIAN } else { ENGLISH };
        Found {
            engine: Engine::RhVoice,
            name: (*name).into(),
            languages: vec![*language],
            licence: Licence::Free(licence),
            place: if is_there { Place::Installed } else { package },
        }
    });
    let there = folder.as_ref().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut others: Vec<String> = there
        .filter(|voice| voice.path().is_dir())
        .filter_map(|voice| voice.file_name().into_string().ok())
        .filter(|name| !rhvoice::is_free(name))
        .collect();
    others.sort_unstable();
    let others = others.into_iter().map(|name| Found {
        engine: Engine::RhVoice,
        name,
        languages: Vec::new(),
        licence: Licence::Unfree,
        place: Place::Installed,
    });
    free.chain(others).collect()
}
