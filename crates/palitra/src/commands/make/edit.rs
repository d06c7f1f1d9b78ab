//! Commands on pictures that are there: `edit`, `retouch`, `swap-face`, `upscale`.

use super::{Job, format, make, put_format, random_seed};
use crate::{
    args::{Edit, Retouch, RetouchMode, SwapFace, Upscale},
    commands::{Session, Stop, models::stocked},
};
use palitra_domain::{
    catalogue::{Catalogue, input::Word},
    format::Format,
    prompt::retouch as prompts,
};
use serde_json::{Map, json};

/// S2-035: what an edit is unless something else is asked for.
const EDITED: Format = Format { width: 1024, height: 1024 };

/// The alias of models that strengthen features.
const ENHANCE: &str = "enhance";

pub(in crate::commands) async fn edit(session: &Session, args: Edit) -> Result<(), Stop> {
    let Edit { images, wish, format: asked, making } = args;
    let mut input =
        Map::from_iter([("prompt".to_owned(), json!(wish)), ("seed".to_owned(), json!(random_seed()))]);
    put_format(&mut input, format(asked.as_deref())?.unwrap_or(EDITED));
    make(
        session,
        Job { mode: "edit", model: "sandbox/artist", input, files: vec![("images", images)], making },
    )
    .await
}

pub(in crate::commands) async fn retouch(session: &Session, args: Retouch) -> Result<(), Stop> {
    let Retouch { image, mode, wish, mut making } = args;
    let wish = wish.as_deref().unwrap_or_default();
    let (prompt, word) = match mode {
        RetouchMode::Soft => (prompts::soft(wish), "soft"),
        RetouchMode::Enhance => (prompts::enhance(wish), "enhance"),
    };
    let mut input = Map::from_iter([("prompt".to_owned(), json!(prompt))]);
    input.insert("retouch_mode".to_owned(), json!(word));
    let mut by = "retouch";
    if let (RetouchMode::Enhance, Some(asked)) = (mode, making.model.as_deref()) {
        let (mode, model) = enhanced_by(&*stocked(session).await?, asked);
        if model != asked {
            let args = [("model", asked.into()), ("value", model.into())];
            session.console.note(&session.console.text("notice-enhanced-by", &args));
        }
        (by, making.model) = (mode, Some(model.to_owned()));
    }
    make(
        session,
        Job { mode: by, model: "sandbox/artist", input, files: vec![("images", vec![image])], making },
    )
    .await
}

/// S2-043: the mode and the model that strengthen features. A model that is told how to retouch does it itself; one that edits is told so in
/// words; for one that does neither, such as a retoucher without words, there is the alias [`ENHANCE`].
fn enhanced_by<'a>(catalogue: &Catalogue, asked: &'a str) -> (&'static str, &'a str) {
    let mode = |name| catalogue.resolve(asked, name, |_| true).map(|(_, mode)| mode);
    let is_told = |mode: &palitra_domain::catalogue::Mode| {
        mode.input.fields.iter().any(|field| field.from == Some(Word::RetouchMode))
    };
    match (mode("retouch"), mode("edit")) {
        (Some(retouch), _) if is_told(retouch) => ("retouch", asked),
        (_, Some(_)) => ("edit", asked),
        (Some(_), None) => ("edit", ENHANCE),
        (None, None) => ("retouch", asked),
    }
}

pub(in crate::commands) async fn swap_face(session: &Session, args: SwapFace) -> Result<(), Stop> {
    let SwapFace { face, target, making } = args;
    let files = vec![("images", vec![target]), ("face_image", vec![face])];
    make(session, Job { mode: "swap_face", model: "sandbox/artist", input: Map::new(), files, making }).await
}

pub(in crate::commands) async fn upscale(session: &Session, args: Upscale) -> Result<(), Stop> {
    let Upscale { image, factor, making } = args;
    let input = Map::from_iter(factor.map(|factor| ("factor".to_owned(), json!(factor))));
    let model = session.config().upscale.model.as_str();
    make(session, Job { mode: "upscale", model, input, files: vec![("images", vec![image])], making }).await
}
