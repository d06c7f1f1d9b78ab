//! The seed-compatible door, `/api/media/…` (S1): pictures and sound for word decks in the background, in the words of its clients.
//!
//! A task is a batch of words; one word is a batch of one. Paths are taken with and without their last slash.

mod results;

use crate::{
    caller::{Maker, Reader, sees},
    door::Door,
    edge::{self, Shaped, Told},
    input::{Json, not_found},
    once,
    problem::Problem,
    v1,
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use palitra_domain::{BatchId, i18n::Lang};
use palitra_engine::{Caller, batches::ITEMS_MAX, failure::Failure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The longest word, translation or example, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// The longest that an answer is held back.
const WAIT_S_MAX: u64 = 60;

pub(crate) fn routes() -> Router<Door> {
    let both = |router: Router<Door>, path: &str, of: axum::routing::MethodRouter<Door>| {
        router.route(path, of.clone()).route(&format!("{path}/"), of)
    };
    let router = Router::new();
    let router = both(router, "/api/media/generate-image", post(generate_image));
    let router = both(router, "/api/media/generate-audio", post(generate_audio));
    let router = both(router, "/api/media/generate-batch", post(generate_batch));
    both(router, "/api/media/tasks/{task_id}", get(show).delete(cancel))
}

/// As the clients of this door read a failure: `detail`, with our code beside it.
pub(crate) fn shape(told: &Told<'_>) -> Shaped {
    let Told { failure, lang, request_id } = told;
    let mut body = json!({
        "detail": failure.message(*lang), "code": failure.code(), "hint": failure.hint_over_http(*lang), "request_id": request_id,
    });
    if !failure.violations().is_empty() {
        body["violations"] = json!(failure.violations());
    }
    Shaped::json(told, body)
}

/// One word. With neither flag it gets both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordRequest {
    word: String,
    generate_image: Option<bool>,
    generate_audio: Option<bool>,
    translation: Option<String>,
    example: Option<String>,
    language: Option<String>,
    /// Of its picture, instead of one made from the word.
    prompt: Option<String>,
}

/// What holds for all words; everything has a default in the settings (`[words]`).
#[derive(Debug, Default)]
struct Choices {
    image_model: Option<String>,
    audio_model: Option<String>,
    voice: Option<String>,
    language: Option<String>,
    speed: Option<u32>,
    format: Option<String>,
    seed: Option<u32>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    words: Vec<WordRequest>,
    image_model: Option<String>,
    audio_model: Option<String>,
    voice: Option<String>,
    language: Option<String>,
    speed: Option<u32>,
    format: Option<String>,
    seed: Option<u32>,
    title: Option<String>,
}

/// One word by itself, with its choices beside it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SingleRequest {
    word: String,
    translation: Option<String>,
    example: Option<String>,
    language: Option<String>,
    prompt: Option<String>,
    image_model: Option<String>,
    audio_model: Option<String>,
    voice: Option<String>,
    speed: Option<u32>,
    format: Option<String>,
    seed: Option<u32>,
}

async fn generate_image(
    state: State<Door>,
    maker: Maker,
    headers: HeaderMap,
    body: Json<SingleRequest>,
) -> Result<Response, Problem> {
    single(state, maker, headers, body, (true, false)).await
}

async fn generate_audio(
    state: State<Door>,
    maker: Maker,
    headers: HeaderMap,
    body: Json<SingleRequest>,
) -> Result<Response, Problem> {
    single(state, maker, headers, body, (false, true)).await
}

async fn single(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<SingleRequest>,
    (image, audio): (bool, bool),
) -> Result<Response, Problem> {
    let SingleRequest {
        word,
        translation,
        example,
        language,
        prompt,
        image_model,
        audio_model,
        voice,
        speed,
        format,
        seed,
    } = value;
    let asked = WordRequest {
        word,
        generate_image: Some(image),
        generate_audio: Some(audio),
        translation,
        example,
        language: language.clone(),
        prompt,
    };
    let choices = Choices { image_model, audio_model, voice, language, speed, format, seed, title: None };
    let route = if image { "POST /api/media/generate-image" } else { "POST /api/media/generate-audio" };
    let (id, is_new) = start(&door, &caller, &headers, (route, &sha256), (vec![asked], choices)).await?;
    let patience = Duration::from_secs(crate::v1::preferred(&headers).unwrap_or(0).min(WAIT_S_MAX));
    if !patience.is_zero() {
        door.wait_for_batch(&id, patience).await?;
    }
    let mut shown = results::task(&door, &id, lang(&headers)).await?;
    // Of one word, what is there of it stands at the top, too.
    let word = shown["results"][0].clone();
    for name in ["word", "image_url", "audio_url", "error", "price"] {
        shown[name] = word[name].clone();
    }
    Ok(answer(shown, is_new))
}

async fn generate_batch(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<BatchRequest>,
) -> Result<Response, Problem> {
    let BatchRequest { words, image_model, audio_model, voice, language, speed, format, seed, title } = value;
    let choices = Choices { image_model, audio_model, voice, language, speed, format, seed, title };
    let route = ("POST /api/media/generate-batch", &sha256[..]);
    let (id, is_new) = start(&door, &caller, &headers, route, (words, choices)).await?;
    Ok(answer(results::task(&door, &id, lang(&headers)).await?, is_new))
}

fn answer(shown: Value, is_new: bool) -> Response {
    let is_over = !matches!(shown["status"].as_str(), Some("pending" | "processing"));
    let status = if is_over { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, axum::Json(shown)).into_response();
    if !is_new {
        response.headers_mut().insert(once::REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Starts it as a batch of words.
async fn start(
    door: &Door,
    caller: &Caller,
    headers: &HeaderMap,
    (route, body): (&str, &[u8]),
    (words, choices): (Vec<WordRequest>, Choices),
) -> Result<(BatchId, bool), Problem> {
    let once = once::of(headers, route, body)?;
    if words.is_empty() || words.len() > ITEMS_MAX {
        return Err(crate::input::wrong("words", "1 to 10000 words").into());
    }
    let of_all = choices.language.as_deref();
    let words: Vec<_> =
        words.into_iter().enumerate().map(|(n, word)| checked(n, word, of_all)).collect::<Result<_, _>>()?;
    let spoken =
        words.iter().filter_map(|word| word.language.clone()).chain(["ru", "en", "kk"].map(str::to_owned));
    let voices = match &choices.voice {
        Some(voice) => spoken.map(|language| (language, voice.clone())).collect(),
        None => BTreeMap::new(),
    };
    let request = v1::BatchRequest {
        kind: v1::Kind::Words,
        title: choices.title.unwrap_or_default().chars().take(200).collect(),
        words,
        image_model: choices.image_model,
        speech_model: choices.audio_model,
        voices,
        speed: choices.speed,
        format: choices.format,
        seed: choices.seed,
        ..v1::BatchRequest::default()
    };
    let (started, _) = request.start(door, caller, once).await?;
    Ok((started.id, started.is_new))
}

/// A word in the words of a batch.
fn checked(n: usize, asked: WordRequest, language: Option<&str>) -> Result<v1::WordRequest, Failure> {
    let place = |field: &str| format!("words[{n}].{field}");
    let texts = [
        ("word", Some(&asked.word)),
        ("translation", asked.translation.as_ref()),
        ("example", asked.example.as_ref()),
    ];
    if let Some((field, _)) =
        texts.iter().find(|(_, text)| text.is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX))
    {
        return Err(crate::input::wrong(&place(field), "2000 characters at most"));
    }
    if asked.generate_image.or(asked.generate_audio).is_some()
        && asked.generate_image != Some(true)
        && asked.generate_audio != Some(true)
    {
        return Err(crate::input::wrong(&place("generate_image"), "a picture, a sound, or both"));
    }
    Ok(v1::WordRequest {
        number: None,
        word: asked.word,
        translation: asked.translation,
        example: asked.example,
        language: asked.language.or_else(|| language.map(str::to_owned)),
        prompt: asked.prompt,
        image: asked.generate_image,
        audio: asked.generate_audio,
    })
}

/// Its clients speak Russian unless they say otherwise (S1-12).
fn lang(headers: &HeaderMap) -> Lang {
    if headers.contains_key("accept-language") { edge::language(headers) } else { Lang::Ru }
}

async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
    Path(task_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = found(&door, &caller, &task_id).await?;
    let shown = results::task(&door, &id, lang(&headers)).await?;
    let is_over = shown["progress"] == 100;
    let mut response = axum::Json(shown).into_response();
    if !is_over {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    Ok(response)
}

async fn cancel(
    State(door): State<Door>,
    Maker(caller): Maker,
    Path(task_id): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    let id = found(&door, &caller, &task_id).await?;
    door.engine.cancel_batch(&id).await?;
    Ok(axum::Json(results::task(&door, &id, lang(&headers)).await?))
}

/// A task of the caller's; everything else is not there.
async fn found(door: &Door, caller: &Caller, task_id: &str) -> Result<BatchId, Problem> {
    let id = BatchId::parse(task_id).map_err(|_| not_found(task_id))?;
    door.engine.batch_view(sees(caller).as_ref(), &id).await?;
    Ok(id)
}
