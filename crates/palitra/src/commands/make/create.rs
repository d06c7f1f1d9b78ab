//! `palitra create PROMPT`: a picture.

use super::{Job, format, make, put_format, random_seed, words};
use crate::{
    args::Create,
    commands::{Session, Stop, models::stocked},
    failure::Failure,
};
use palitra_domain::{
    ErrorCode,
    format::Format,
    prompt::extended::{self, BadOption},
};
use serde_json::{Map, json};

pub(in crate::commands) async fn create(session: &Session, args: Create) -> Result<(), Stop> {
    let Create { prompt, format: asked, seed, negative, quality, mut making } = args;
    let said = extended::parse(&words(prompt).await?).map_err(refused)?;
    let format = match (format(asked.as_deref())?, said.format) {
        (Some(flag), _) => flag,
        // S2-015: what is written beside the prompt wins over what was chosen before.
        (None, Some(written)) => written,
        (None, None) => square(session, making.model.as_deref().or(said.model.as_deref())).await?,
    };
    let mut input = Map::new();
    input.insert("prompt".to_owned(), json!(said.prompt));
    put_format(&mut input, format);
    input.insert("seed".to_owned(), json!(seed.unwrap_or_else(random_seed)));
    for (word, text) in [("negative", negative.or(said.negative)), ("quality", quality)] {
        input.extend(text.map(|text| (word.to_owned(), json!(text))));
    }
    making.model = making.model.or(said.model);
    make(session, Job { mode: "create", model: "sandbox/artist", input, files: Vec::new(), making }).await
}

/// A square as large as ours or, where the model has less, as it makes.
async fn square(session: &Session, model: Option<&str>) -> Result<Format, Failure> {
    let Some(model) = model else { return Ok(Format::SQUARE) };
    let catalogue = stocked(session).await?;
    let markets = &session.config().markets;
    let found = catalogue.resolve(model, "create", |model| markets.has_key(&model.market));
    let side_max = found.and_then(|(_, mode)| mode.input.side_max()).unwrap_or(Format::SQUARE.width);
    let side = side_max.min(Format::SQUARE.width);
    Ok(Format { width: side, height: side })
}

fn refused(bad: BadOption) -> Failure {
    match bad {
        BadOption::Format(text) => Failure::new(ErrorCode::BadFormat).with("value", format!("`{text}`")),
        BadOption::Unknown(name) => Failure::new(ErrorCode::InvalidInput)
            .with("value", format!("`{name}`"))
            .with("hint", extended::OPTIONS.join(", ")),
        BadOption::NoPrompt => {
            Failure::new(ErrorCode::InvalidInput).with("value", "`prompt`").with("limit", 20_000i64)
        }
    }
}
