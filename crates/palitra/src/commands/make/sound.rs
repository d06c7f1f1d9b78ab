//! `palitra speak TEXT` and `palitra video PROMPT`.

use super::{Job, format, make, put_format, random_seed, words};
use crate::{
    args::{Speak, Video},
    commands::{Session, Stop},
};
use palitra_media::{
    local::speakers,
    speech::{self, Found},
};
use serde_json::{Map, json};

pub(in crate::commands) async fn speak(session: &Session, args: Speak) -> Result<(), Stop> {
    let Speak { text, voice, making } = args;
    let mut input = Map::from_iter([("text".to_owned(), json!(words(text).await?))]);
    input.extend(voice.map(|voice| ("voice".to_owned(), json!(voice))));
    let model = if making.model.is_some() { "local/voices" } else { speech_model(session) };
    let format = making.out.as_deref().and_then(|out| out.extension()?.to_str());
    if let Some(format @ ("mp3" | "ogg")) = format
        && making.model.is_none()
        && model == "local/voices"
    {
        input.insert("output_format".to_owned(), json!(format));
    }
    make(session, Job { mode: "speak", model, input, files: Vec::new(), making }).await
}

/// The voices of this machine, else those of the sandbox, which are told.
pub(in crate::commands) fn speech_model(session: &Session) -> &'static str {
    let speakers = speakers(session.config().markets.local.voices_folder(&session.cli.data));
    if speech::voices(&speakers).iter().any(Found::is_ready) {
        return "local/voices";
    }
    session.console.note(&session.console.text("no-voices", &[]));
    "sandbox/voice"
}

pub(in crate::commands) async fn video(session: &Session, args: Video) -> Result<(), Stop> {
    let Video { prompt, image, seconds, format: asked, making } = args;
    let mut input = Map::from_iter([
        ("prompt".to_owned(), json!(words(prompt).await?)),
        ("seed".to_owned(), json!(random_seed())),
    ]);
    input.extend(seconds.map(|seconds| ("seconds".to_owned(), json!(seconds))));
    if let Some(format) = format(asked.as_deref())? {
        put_format(&mut input, format);
    }
    let files = image.map(|image| ("images", vec![image])).into_iter().collect();
    make(session, Job { mode: "video", model: "sandbox/film", input, files, making }).await
}
