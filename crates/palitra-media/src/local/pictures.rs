//! Modes on one picture: a text on it, another format, size or look.

use super::{Work, input::Input, refused};
use crate::{
    adjust::{self, Step},
    clean, encode,
    export::on_white,
    fit, illustration, speech,
    text::{Style, Typesetter, wish},
};
use image::DynamicImage;
use palitra_domain::market::{ErrorClass, MarketError};
use std::sync::Arc;

/// The decoded picture, a copy of it while it is painted, and its file.
const TEXT_BYTES_PER_PIXEL: u64 = 12;
/// The same, and a second copy between two steps.
const CONVERT_BYTES_PER_PIXEL: u64 = 16;

/// `text` on the picture, by `style` (a whole [`Style`] as JSON) and then `wish` (free words; what is not understood in it has no
/// effect). PNG; nothing but the text's place changes.
pub(super) fn text(input: &Input<'_>, typesetter: &Arc<Typesetter>) -> Result<Work, MarketError> {
    let (given, words) = (input.picture()?, input.word("text").to_owned());
    let mib = given.mib(TEXT_BYTES_PER_PIXEL);
    let style: Style = input.form("style")?;
    let style = wish::parse_over(&style, input.word("wish")).style;
    style.check().map_err(|error| refused(error.to_string()))?;
    let typesetter = typesetter.clone();
    let run = move || {
        let mut picture = given.decode()?.pixels;
        let drawn = match &mut picture {
            DynamicImage::ImageRgba8(pixels) => typesetter.draw(pixels, &words, &style),
            DynamicImage::ImageRgb8(pixels) => typesetter.draw(pixels, &words, &style),
            _ => return Err(MarketError::new(ErrorClass::GenerationFailed, "a picture of another form")),
        };
        drawn.map_err(|error| refused(error.to_string()))?;
        encode::png(&picture).map_err(|error| unencoded(&error))
    };
    Ok(Work { mib, run: Box::new(run) })
}

/// The picture after `steps` ([`Step`]s as JSON, in order), cropped and scaled to exactly `width` × `height` where both are given, as
/// `output_format` (`png`, `jpeg`, `webp`) of `quality` 1 to 100; `small`: a PNG in the fewest bytes (S2-088), which takes seconds. No
/// metadata is kept. Transparency becomes white in a JPEG.
pub(super) fn convert(input: &Input<'_>) -> Result<Work, MarketError> {
    let given = input.picture()?;
    let mib = given.mib(CONVERT_BYTES_PER_PIXEL);
    let steps: Vec<Step> = input.form("steps")?;
    let size = input.number("width").zip(input.number("height"));
    let quality = input.number("quality").and_then(|quality| u8::try_from(quality).ok()).unwrap_or(90);
    let format = input.word("output_format").to_owned();
    let is_small = input.form::<Option<bool>>("small")?.unwrap_or(false);
    let run = move || {
        let picture = given.decode()?.pixels;
        let picture = adjust::adjust(picture, &steps).map_err(|error| refused(error.to_string()))?;
        let picture = match size {
            Some(size) => fit::exact(&picture, size),
            None => picture,
        };
        let file = match format.as_str() {
            "jpeg" => encode::jpeg(&on_white(&picture), quality),
            "webp" => encode::webp(&picture, quality),
            _ => encode::png(&picture),
        };
        let file = file.map_err(|error| unencoded(&error))?;
        if is_small && format == "png" {
            drop(picture);
            return encode::png_small(&file).map_err(|error| unencoded(&error));
        }
        Ok(file)
    };
    Ok(Work { mib, run: Box::new(run) })
}

/// The picture without what is hidden in its file: place, camera, comments, the prompt. Not a pixel changes where the container allows it.
pub(super) fn strip(input: &Input<'_>) -> Result<Work, MarketError> {
    let given = input.picture()?;
    let mib = given.mib(TEXT_BYTES_PER_PIXEL);
    let run = move || {
        let cleaned = clean::clean(&given.file);
        let cleaned = cleaned.map_err(|error| refused(format!("the picture cannot be read: {error}")))?;
        Ok(cleaned.bytes.into_owned())
    };
    Ok(Work { mib, run: Box::new(run) })
}

/// The word of `prompt` as an illustration: the emoji that means it, or a card with the word. PNG, 1024 × 1024 unless `width` and
/// `height` say otherwise.
pub(super) fn illustrate(input: &Input<'_>, typesetter: &Arc<Typesetter>) -> Result<Work, MarketError> {
    let word = input.word("prompt").to_owned();
    let size = (input.number("width").unwrap_or(1024), input.number("height").unwrap_or(1024));
    let language = speech::runs(&word).first().map_or(speech::Language::English, |run| run.language);
    let language = match language {
        speech::Language::Russian => illustration::Language::Russian,
        _ => illustration::Language::English,
    };
    let typesetter = typesetter.clone();
    let run = move || {
        let drawn = illustration::illustrate(&typesetter, &word, language, size);
        let picture = drawn.map_err(|error| refused(error.to_string()))?.picture;
        encode::png(&DynamicImage::ImageRgb8(picture)).map_err(|error| unencoded(&error))
    };
    Ok(Work { mib: 64, run: Box::new(run) })
}

pub(super) fn unencoded(error: &encode::Error) -> MarketError {
    refused(format!("the picture cannot be written: {error}"))
}
