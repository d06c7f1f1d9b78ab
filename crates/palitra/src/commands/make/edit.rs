//! Commands on pictures that are there: `edit`, `retouch`, `swap-face`, `upscale`.

use super::{Job, format, make, put_format, random_seed};
use crate::{
    args::{Edit, Retouch, RetouchMode, SwapFace, Upscale},
    commands::{Session, Stop},
};
use palitra_domain::{format::Format, prompt::retouch as prompts};
use serde_json::{Map, json};

/// S2-035: what an edit is unless something else is asked for.
const EDITED: Format = Format { width: 1024, height: 1024 };

pub(in crate::commands) async fn edit(session: &Session, args: Edit) -> Result<(), Stop> {
    let Edit { images, wish, format: asked, making } = args;
    let mut input = Map::from_iter([("prompt".to_owned(), json!(wish)), ("seed".to_owned(), json!(random_seed()))]);
    put_format(&mut input, format(asked.as_deref())?.unwrap_or(EDITED));
    make(session, Job { mode: "edit", model: "sandbox/artist", input, files: vec![("images", images)], making }).await
}

pub(in crate::commands) async fn retouch(session: &Session, args: Retouch) -> Result<(), Stop> {
    let Retouch { image, mode, wish, making } = args;
    let wish = wish.as_deref().unwrap_or_default();
    let prompt = match mode {
        RetouchMode::Soft => prompts::soft(wish),
        RetouchMode::Enhance => prompts::enhance(wish),
    };
    let mut input = Map::from_iter([("prompt".to_owned(), json!(prompt))]);
    input.insert("retouch_mode".to_owned(), json!(if mode == RetouchMode::Soft { "soft" } else { "enhance" }));
    make(session, Job { mode: "retouch", model: "sandbox/artist", input, files: vec![("images", vec![image])], making }).await
}

pub(in crate::commands) async fn swap_face(session: &Session, args: SwapFace) -> Result<(), Stop> {
    let SwapFace { face, target, making } = args;
    let files = vec![("images", vec![target]), ("face_image", vec![face])];
    make(session, Job { mode: "swap_face", model: "sandbox/artist", input: Map::new(), files, making }).await
}

pub(in crate::commands) async fn upscale(session: &Session, args: Upscale) -> Result<(), Stop> {
    let Upscale { image, factor, making } = args;
    let input = Map::from_iter(factor.map(|factor| ("factor".to_owned(), json!(factor))));
    make(session, Job { mode: "upscale", model: "sandbox/artist", input, files: vec![("images", vec![image])], making }).await
}
