//! What is wrong with a call, if anything is.

use super::{
    models::{self, Family},
    pictures,
};
use crate::in_call::{
    Asked, File, Refusal,
    fields::{self, Field, Wrong},
};
use palitra_domain::media_type::sniff;
use serde_json::Value;

/// Pictures of one edit, and the bytes of each.
const IMAGES_MAX: usize = 16;
const IMAGE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Of a mask, and of DALL·E 2's one picture.
const SMALL_BYTES_MAX: usize = 4 * 1024 * 1024;

pub(super) fn check(asked: &Asked) -> Result<(), Refusal> {
    let path = format!("{} /v1/{}", asked.method, asked.path);
    let fields_of: fn(Family) -> &'static [Field] = match path.as_str() {
        "POST /v1/images/generations" => models::creation,
        "POST /v1/images/edits" => models::edit,
        "POST /v1/audio/speech" => models::speech,
        "POST /v1/chat/completions" => models::chat,
        _ => return Err(Refusal::UnknownPath(path)),
    };
    if asked.is_form != (asked.path == "images/edits") {
        return Err(Refusal::Request("Unsupported content type."));
    }
    let Value::Object(given) = &asked.input else {
        return Err(Refusal::Request("We could not parse the body of your request."));
    };
    if asked.text("model").is_empty() {
        return Err(Refusal::Request("you must provide a model parameter"));
    }
    let unknown = || Refusal::UnknownModel(asked.text("model").to_owned());
    let family = models::find(asked.text("model")).ok_or_else(unknown)?;
    let fields = fields_of(family);
    if fields.is_empty() {
        return Err(Refusal::Input(Wrong::is("model", "one that this call takes")));
    }
    fields::check(fields, given, asked.is_form).map_err(Refusal::Input)?;
    let rest = match asked.path.as_str() {
        "images/edits" => images(asked, family).and_then(|()| background(asked)),
        "images/generations" => background(asked),
        "chat/completions" => messages(&asked.input["messages"]),
        _ => Ok(()),
    };
    rest.map_err(Refusal::Input)
}

/// JPEG has no transparency.
fn background(asked: &Asked) -> Result<(), Wrong> {
    if asked.text("background") == "transparent" && asked.text("output_format") == "jpeg" {
        return Err(Wrong::is("background", "opaque when the format is jpeg"));
    }
    Ok(())
}

/// `image`, or `image[]` and then any number of them; a `mask` of the first one's size.
fn images(asked: &Asked, family: Family) -> Result<(), Wrong> {
    let names = ["image", "image[]", "mask"];
    if let Some(extra) = asked.files.iter().find(|file| !names.contains(&file.name.as_str())) {
        return Err(Wrong::unknown(&extra.name));
    }
    let images: Vec<&File> = asked.files.iter().filter(|file| file.name != "mask").collect();
    let first = *images.first().ok_or_else(|| Wrong::missing("image"))?;
    let is_one = images.len() == 1;
    let (count_max, bytes_max, types): (_, _, &[&str]) = match family {
        Family::DallE2 => (1, SMALL_BYTES_MAX, &["image/png"]),
        _ => (IMAGES_MAX, IMAGE_BYTES_MAX, &["image/png", "image/jpeg", "image/webp"]),
    };
    if images.len() > count_max || (!is_one && images.iter().any(|image| image.name != "image[]")) {
        return Err(Wrong::is("image", format!("at most {count_max} files named image[]")));
    }
    for image in &images {
        let real = sniff(&image.bytes).map(|media| media.mime);
        let good = real.is_some_and(|mime| types.contains(&mime) && mime == image.content_type);
        if !good || image.bytes.len() > bytes_max {
            return Err(Wrong::is("image", "a picture of the type that is named, and not too large"));
        }
    }
    if let Some(mask) = asked.files.iter().find(|file| file.name == "mask") {
        let size = pictures::size_of_png(&mask.bytes);
        if size.is_none() || size != pictures::size_of_png(&first.bytes) || mask.bytes.len() > SMALL_BYTES_MAX
        {
            return Err(Wrong::is("mask", "a PNG of the first image's size"));
        }
    }
    Ok(())
}

fn messages(messages: &Value) -> Result<(), Wrong> {
    let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
    if messages.is_empty() {
        return Err(Wrong::is("messages", "a list with a message"));
    }
    for message in messages {
        let role = message["role"].as_str().unwrap_or_default();
        if !["system", "developer", "user", "assistant"].contains(&role) {
            return Err(Wrong::is("messages[].role", "one of 'system', 'developer', 'user', 'assistant'"));
        }
        if crate::in_call::text_of(&message["content"]).is_empty() {
            return Err(Wrong::is("messages[].content", "a text or parts"));
        }
        let extra = message.as_object().and_then(|message| {
            message.keys().find(|name| !["role", "content", "name"].contains(&name.as_str()))
        });
        if let Some(extra) = extra {
            return Err(Wrong::unknown(&format!("messages[].{extra}")));
        }
    }
    Ok(())
}
