//! What stands in the body of a success: pictures, a sound, a text, or why there is none.
//!
//! A pure function of the request and the body, so that a body which was kept says the same after a crash.

use super::{order::Makes, streamed, wire};
use crate::{
    http::{Reply, Unreadable, decode_base64, decode_data_uri},
    in_call::Shape,
};
use palitra_domain::{
    market::{ErrorClass, OutputFile, Outputs, Request},
    money::Millionths,
};
use reqwest::Url;
use serde_json::Value;

pub(super) fn read(request: &Request, reply: &Reply, base: &Url) -> Result<Outputs, Shape> {
    match Makes::of(&request.mode) {
        Some(Makes::Pictures) => pictures(request, reply, base),
        Some(Makes::Speech) => speech(reply),
        Some(Makes::Text) => text(reply),
        None => Err(Shape::other("nothing is known of the mode")),
    }
}

fn pictures(request: &Request, reply: &Reply, base: &Url) -> Result<Outputs, Shape> {
    let answer = match &reply.body {
        Ok(body) if streamed::is_stream(request, body) => streamed::read(body)?,
        _ => reply.parse::<wire::Pictures>()?,
    };
    if !answer.error.is_null() {
        return Err(Shape::Error);
    }
    let data = answer.data.as_deref().unwrap_or_default();
    let shown = data.iter().filter_map(|picture| file(picture, base));
    let files: Vec<OutputFile> = shown.collect::<Result<_, Shape>>()?;
    if files.is_empty() {
        return Err(no_picture(reply, answer.data.is_some()));
    }
    Ok(Outputs { files, kilo_tokens: units(&answer.usage), ..Outputs::default() })
}

/// `None` when the entry shows nothing.
fn file(picture: &wire::Picture, base: &Url) -> Option<Result<OutputFile, Shape>> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    if let Some(base64) = given(&picture.b64_json) {
        let bytes =
            if base64.starts_with("data:") { decode_data_uri(&base64) } else { decode_base64(&base64) };
        let bytes = bytes.filter(|bytes| !bytes.is_empty());
        return Some(bytes.map(OutputFile::Bytes).ok_or_else(|| Shape::other("a picture is not base64")));
    }
    let link = given(&picture.url)?;
    if link.starts_with("data:") {
        let bytes = decode_data_uri(&link).map(OutputFile::Bytes);
        return Some(bytes.ok_or_else(|| Shape::other("a picture is not base64")));
    }
    // Compatible servers give paths of their own; whether a link may be opened is decided when it is.
    let url = base.join(link.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    Some(
        url.map(|url| OutputFile::Link(url.into()))
            .ok_or_else(|| Shape::other("a picture's link is no address")),
    )
}

/// GPT image models end so when they will not draw (`providers.md` §4.6, Wei-Shaw/sub2api pull request 3429): a list without a picture,
/// or words instead of one.
fn no_picture(reply: &Reply, has_list: bool) -> Shape {
    let body: Value = reply.parse().unwrap_or_default();
    let message = &body["choices"][0]["message"];
    let words = [
        &body["refusal"],
        &body["message"],
        &body["output_text"],
        &body["data"][0]["refusal"],
        &message["refusal"],
        &message["content"],
    ];
    match words.into_iter().find_map(|words| words.as_str().filter(|words| !words.trim().is_empty())) {
        Some(words) => rejected(&format!("no picture was made: {words}")),
        None if has_list => rejected("no picture was made, and no reason given"),
        None => Shape::other("there is no `data`"),
    }
}

/// The body is the sound. A page or JSON under 200 is something else that speaks.
fn speech(reply: &Reply) -> Result<Outputs, Shape> {
    let bytes = reply.body.clone().unwrap_or_default();
    let head = bytes.trim_ascii_start();
    if head.is_empty() {
        return Err(Shape::Unreadable(Unreadable::NotJson("it is empty".into())));
    }
    if head.starts_with(b"{")
        && let Ok(body) = reply.parse::<Value>()
    {
        return Err(if body["error"].is_null() { Shape::other("it is no sound") } else { Shape::Error });
    }
    let is_page = [b"<!doctype".as_slice(), b"<html"]
        .into_iter()
        .any(|start| head.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
    if is_page {
        return Err(Shape::other("it is a page"));
    }
    Ok(Outputs { files: vec![OutputFile::Bytes(bytes)], ..Outputs::default() })
}

fn text(reply: &Reply) -> Result<Outputs, Shape> {
    let answer: wire::Chat = reply.parse()?;
    if !answer.error.is_null() {
        return Err(Shape::Error);
    }
    let choice = answer.choices.first().ok_or_else(|| Shape::other("there are no `choices`"))?;
    if let Some(words) = choice.message.refusal.as_deref().filter(|words| !words.trim().is_empty()) {
        return Err(rejected(&format!("the model refused: {words}")));
    }
    let ending = choice.finish_reason.as_deref().unwrap_or_default();
    if ending == "content_filter" {
        return Err(rejected("the text was held back by a content filter"));
    }
    let text = choice.message.text();
    if text.trim().is_empty() {
        let message = format!("the model wrote nothing (`{ending}`)");
        return Err(Shape::Nothing(ErrorClass::GenerationFailed, message));
    }
    Ok(Outputs { text: Some(text), kilo_tokens: units(&answer.usage), ..Outputs::default() })
}

fn rejected(message: &str) -> Shape {
    Shape::Nothing(ErrorClass::ContentRejected, message.to_owned())
}

/// Thousands of tokens, in millionths.
fn units(usage: &Value) -> Option<Millionths> {
    let tokens = usage["total_tokens"].as_i64().filter(|tokens| *tokens >= 0)?;
    tokens.checked_mul(1000).map(Millionths)
}
