//! What a finished step means for the steps that wait for it.

use crate::generations::PROMPT_CHARS_MAX;
use palitra_domain::{AssetId, ErrorCode, prompt, recipe};
use palitra_store::generations::{Child, Fill, Told};
use serde_json::{Value, json};

/// What a step has made.
pub(crate) struct Made<'a> {
    pub(crate) text: Option<&'a str>,
    /// Its files: id and type.
    pub(crate) files: Vec<(&'a AssetId, &'a str)>,
}

/// The word of the next step's input that it becomes: a text is a prompt, cleaned (S0-08), pictures are pictures. An empty prompt is the
/// item's error, never an empty call. `input` is that of the step that is told.
pub(crate) fn word(made: &Made<'_>, input: &Value) -> Result<Option<(&'static str, Value)>, ErrorCode> {
    if let Some(text) = made.text {
        let prompt = prompt::clean_prompt(text);
        if prompt.trim().is_empty() {
            return Err(ErrorCode::EmptyPrompt);
        }
        let prompt = styled(prompt, input[STYLE_WORDS].as_str().unwrap_or_default());
        if prompt.chars().count() > PROMPT_CHARS_MAX {
            return Err(ErrorCode::InvalidInput);
        }
        return Ok(Some(("prompt", Value::from(prompt))));
    }
    let of = |kind: &str| {
        made.files.iter().filter(|(_, mime)| mime.starts_with(kind)).map(|(id, _)| *id).collect::<Vec<_>>()
    };
    let (pictures, films, sounds) = (of("image/"), of("video/"), of("audio/"));
    Ok(match (pictures.is_empty(), films.first(), sounds.first()) {
        (false, ..) => Some(("images", json!(pictures))),
        (true, Some(film), _) => Some(("video", json!(film))),
        (true, None, Some(sound)) => Some(("audio", json!(sound))),
        (true, None, None) => None,
    })
}

/// The field of an input that holds what all prompts of a batch end with. No market is sent it.
pub(super) const STYLE_WORDS: &str = "style_words";

/// A prompt with the style of its set behind it.
pub(super) fn styled(prompt: String, style: &str) -> String {
    match (style.trim(), prompt.trim_end()) {
        ("", _) => prompt,
        (style, prompt) if prompt.ends_with(['.', '!', '?']) => format!("{prompt} {style}"),
        (style, prompt) => format!("{prompt}. {style}"),
    }
}

/// What a child that waits in the queue is told.
pub(crate) fn fill(child: &Child, made: &Made<'_>) -> Fill {
    Fill { child: child.id.clone(), to: told(child, made) }
}

fn told(child: &Child, made: &Made<'_>) -> Result<Told, ErrorCode> {
    let input: Value = serde_json::from_str(&child.input).map_err(|_| ErrorCode::Internal)?;
    let Some((word, value)) = word(made, &input)? else { return Ok(Told::Nothing) };
    let value = value.to_string();
    if child.parents_left > 1 {
        return Ok(Told::Word { word, value });
    }
    let whole = recipe::with_word(&child.model, &child.mode, &child.input, (word, &value));
    let (input, recipe) = whole.ok_or(ErrorCode::Internal)?;
    Ok(Told::Whole { input, recipe })
}
