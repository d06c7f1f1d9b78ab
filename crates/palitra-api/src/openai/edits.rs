//! `POST /openai/v1/images/edits`: pictures as a form (`image`, `image[]`, `mask`), or named in JSON.

use super::{
    images::{Answer, Form, count},
    streamed,
    waiting::{self, Call},
};
use crate::{
    caller::Maker,
    door::Door,
    input::{self, JSON_BYTES_MAX},
    once,
    problem::Problem,
};
use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, State, multipart::Field},
    http::HeaderMap,
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use palitra_domain::ErrorCode;
use palitra_engine::{Caller, failure::Failure};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, digest::Output};
use std::io;
use tokio::sync::mpsc;

/// Pictures of one call.
const PICTURES_MAX: usize = 16;

/// The largest picture, the whole form, and all that is said in it.
const PICTURE_BYTES_MAX: usize = 50 * 1024 * 1024;
const FORM_BYTES_MAX: usize = 200 * 1024 * 1024;
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// What was asked for, whatever it came as.
#[derive(Default)]
struct Asked {
    fields: Map<String, Value>,
    images: Vec<String>,
    mask: Option<String>,
    /// Of everything, in its order.
    fingerprint: Vec<u8>,
}

pub(super) async fn edit(
    State(door): State<Door>,
    Maker(caller): Maker,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let is_json = input::need_json(&headers).is_ok();
    let asked =
        if is_json { of_json(&caller, request).await? } else { of_form(&door, &caller, request).await? };
    make(door, caller, &headers, asked).await
}

async fn make(door: Door, caller: Caller, headers: &HeaderMap, asked: Asked) -> Result<Response, Problem> {
    let Asked { mut fields, images, mask, fingerprint } = asked;
    let mut take = |name: &str| fields.remove(name);
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let prompt = text(take("prompt")).ok_or_else(|| input::wrong("prompt", "missing"))?;
    let model = text(take("model")).unwrap_or_else(|| door.settings.words.image_model.clone());
    let (size, format) = (text(take("size")), text(take("response_format")));
    let n = take("n").as_ref().and_then(number);
    // What is no number is too much.
    let partial_images = take("partial_images").filter(|asked| !asked.is_null());
    let partial_images = partial_images.map(|asked| number(&asked).unwrap_or(usize::MAX));
    let is_streamed = take("stream").is_some_and(|stream| stream == true || stream == "true");
    for name in ["user", "moderation", "input_fidelity"] {
        take(name);
    }
    if images.is_empty() || images.len() > PICTURES_MAX {
        return Err(input::wrong("image", "1 to 16 pictures").into());
    }
    let form = Form::of(format.as_deref(), &model)?;
    fields.insert("prompt".to_owned(), Value::from(prompt));
    fields.insert("images".to_owned(), json!(images));
    fields.extend(mask.map(|mask| ("mask".to_owned(), Value::from(mask))));
    waiting::sized(&mut fields, size.as_deref())?;
    streamed::ask_early(&mut fields, partial_images, is_streamed)?;
    let once = once::repeated(&door, &caller, headers, "/openai/v1/images/edits", &fingerprint)?;
    let call = Call { model, mode: "edit", input: fields, count: count(n)?, once: once.clone() };
    let ids = waiting::create(&door, &caller, call).await?;
    Answer { door, caller, ids, form, event: "image_edit" }.give(is_streamed, &once).await
}

/// A form holds texts.
fn number(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// `{images: [{image_url}], mask: {image_url}, …}`.
async fn of_json(caller: &Caller, request: Request) -> Result<Asked, Problem> {
    let bytes = input::read(request.into_body(), JSON_BYTES_MAX, Some(caller.account.clone())).await?;
    let mut fields: Map<String, Value> = input::parse(&bytes)?;
    let link = |value: &Value| {
        let link = value["image_url"].as_str().or(value.as_str()).map(str::to_owned);
        link.ok_or_else(|| input::wrong("image", "`{\"image_url\": …}`"))
    };
    let images = fields.remove("images").or_else(|| fields.remove("image")).unwrap_or_default();
    let images = images.as_array().map_or(std::slice::from_ref(&images), Vec::as_slice);
    let images = images.iter().filter(|image| !image.is_null()).map(link).collect::<Result<_, _>>()?;
    let mask = fields.remove("mask").filter(|mask| !mask.is_null()).as_ref().map(link).transpose()?;
    Ok(Asked { fields, images, mask, fingerprint: Sha256::digest(&bytes).to_vec() })
}

/// A form; its files go to storage as they come, and are uploads of the caller's then, whatever becomes of the call.
async fn of_form(door: &Door, caller: &Caller, request: Request) -> Result<Asked, Problem> {
    let (head, body) = request.into_parts();
    let (body, why) = input::stream(body, FORM_BYTES_MAX, Some(caller.account.clone()))?;
    let request = Request::from_parts(head, Body::from_stream(body));
    let form =
        Multipart::from_request(request, door).await.map_err(|error| unreadable(&error.body_text()))?;
    Ok(why.or(fields(door, caller, form).await)?)
}

fn unreadable(why: &str) -> Failure {
    Failure::new(ErrorCode::Malformed).with("why", why)
}

async fn fields(door: &Door, caller: &Caller, mut form: Multipart) -> Result<Asked, Failure> {
    let (mut asked, mut all, mut texts) = (Asked::default(), Sha256::new(), 0);
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let hash = if matches!(name.as_str(), "image" | "image[]" | "mask") {
            if name == "mask" && asked.mask.is_some() {
                return Err(input::wrong("mask", "one picture"));
            }
            if name != "mask" && asked.images.len() >= PICTURES_MAX {
                return Err(input::wrong("image", "1 to 16 pictures"));
            }
            let called = field.file_name().unwrap_or(&name).to_owned();
            let (id, hash) = picture(door, caller, &called, field).await?;
            if name == "mask" {
                asked.mask = Some(id)
            } else {
                asked.images.push(id)
            }
            hash
        } else {
            let mut text = Vec::new();
            while let Some(part) = chunk(&mut field).await? {
                texts += part.len();
                if texts > TEXT_BYTES_MAX {
                    return Err(input::too_large(TEXT_BYTES_MAX));
                }
                text.extend_from_slice(&part);
            }
            let hash = Sha256::digest(&text);
            let text = String::from_utf8(text).map_err(|_| input::wrong(&name, "text"))?;
            asked.fields.insert(name.clone(), Value::from(text));
            hash
        };
        all.update(&name);
        all.update(hash);
    }
    asked.fingerprint = all.finalize().to_vec();
    Ok(asked)
}

async fn chunk(field: &mut Field<'_>) -> Result<Option<Bytes>, Failure> {
    field.chunk().await.map_err(|error| unreadable(&error.body_text()))
}

/// One file, with the hash of what came.
async fn picture(
    door: &Door,
    caller: &Caller,
    name: &str,
    mut field: Field<'_>,
) -> Result<(String, Output<Sha256>), Failure> {
    let (to, from) = mpsc::channel::<io::Result<Bytes>>(1);
    let parts = stream::unfold(from, |mut from| async { Some((from.recv().await?, from)) }).fuse();
    let hand_on = async move {
        let (mut hash, mut left) = (Sha256::new(), PICTURE_BYTES_MAX);
        let came = async {
            while let Some(part) = chunk(&mut field).await? {
                left = left.checked_sub(part.len()).ok_or_else(|| input::too_large(PICTURE_BYTES_MAX))?;
                hash.update(&part);
                if to.send(Ok(part)).await.is_err() {
                    break;
                }
            }
            Ok::<(), Failure>(())
        };
        let came = came.await;
        if came.is_err() {
            // What is not whole is not kept.
            drop(to.send(Err(io::ErrorKind::ConnectionAborted.into())).await);
        }
        came.map(|()| hash.finalize())
    };
    let owner = (&caller.account, caller.livemode);
    let (came, kept) = tokio::join!(hand_on, door.engine.upload_stream(owner, name, Box::pin(parts)));
    let hash = came?;
    Ok((kept?.id.as_str().to_owned(), hash))
}
