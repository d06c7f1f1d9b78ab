//! What `palitra doctor` says of the voices of this machine: who speaks which language, under which licence, and what brings more.

use super::{Session, doctor::Verdict};
use crate::failure::Phrase;
use palitra_media::{
    local::speakers,
    speech::{self, Engine, Found, Licence, Place},
};

pub(super) fn findings(session: &Session) -> Vec<(Verdict, Phrase)> {
    let speakers = speakers(session.config().markets.local.voices_folder(&session.cli.data));
    let found = speech::voices(&speakers);
    let mut findings = Vec::new();
    for (engine, name) in
        [(Engine::EspeakNg, "espeak-ng"), (Engine::RhVoice, "RHVoice"), (Engine::Piper, "Piper")]
    {
        let all: Vec<&Found> = found.iter().filter(|voice| voice.engine == engine).collect();
        let listed =
            |voices: &[&Found]| voices.iter().map(|voice| words(voice)).collect::<Vec<_>>().join(", ");
        let ready: Vec<&Found> = all.iter().copied().filter(|voice| voice.is_ready()).collect();
        if !ready.is_empty() {
            let phrase = Phrase::new("doctor-voices").with("engine", name).with("voices", listed(&ready));
            findings.push((Verdict::Ok, phrase));
        }
        let held = |voice: &&Found| voice.place == Place::Installed && voice.licence == Licence::Unfree;
        let held: Vec<&Found> = all.iter().copied().filter(held).collect();
        if !held.is_empty() {
            let phrase =
                Phrase::new("doctor-voices-unfree").with("engine", name).with("voices", listed(&held));
            findings.push((Verdict::Ok, phrase));
        }
        for voice in &all {
            if let Place::Broken { why } = &voice.place {
                let phrase = Phrase::new("doctor-voice-broken").with("name", voice.name.as_str());
                findings.push((Verdict::Warning, phrase.with("why", why.as_str())));
            }
        }
        findings.extend(packages(&all));
    }
    if found.iter().all(|voice| voice.engine != Engine::Piper) {
        let folder = speakers.piper.folder().display().to_string();
        findings.push((Verdict::Ok, Phrase::new("doctor-voices-piper").with("folder", folder)));
    }
    findings
}

/// A line for each set of packages that brings voices which are not there. Without espeak-ng this machine speaks badly or not at all.
fn packages(voices: &[&Found]) -> Vec<(Verdict, Phrase)> {
    let mut missing: Vec<(&Place, Vec<String>)> = Vec::new();
    for voice in voices.iter().filter(|voice| matches!(voice.place, Place::Package { .. })) {
        match missing.iter_mut().find(|(place, _)| *place == &voice.place) {
            Some((_, names)) => names.push(words(voice)),
            None => missing.push((&voice.place, vec![words(voice)])),
        }
    }
    let line = |(place, voices): (&Place, Vec<String>)| {
        let Place::Package { names, archive } = place else { return None };
        let verdict = if names.contains(&"espeak-ng") { Verdict::Warning } else { Verdict::Ok };
        let phrase = Phrase::new("doctor-voices-more")
            .with("voices", voices.join(", "))
            .with("packages", names.join(" "))
            .with("archive", *archive);
        Some((verdict, phrase))
    };
    missing.into_iter().filter_map(line).collect()
}

/// `anna (ru, LGPL-2.1-or-later)`; of espeak-ng, which is one voice, without the name.
fn words(voice: &Found) -> String {
    let mut about: Vec<&str> = voice.languages.iter().map(|language| language.code()).collect();
    if let Licence::Free(licence) = voice.licence {
        about.push(licence);
    }
    if voice.engine == Engine::EspeakNg {
        return about.join(", ");
    }
    if about.is_empty() { voice.name.clone() } else { format!("{} ({})", voice.name, about.join(", ")) }
}
