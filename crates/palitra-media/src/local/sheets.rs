//! The mode on many pictures: a contact sheet.

use super::{Work, input::Input, pictures::unencoded, refused};
use crate::{
    encode,
    sheet::{self, Layout, Shot, Source},
    text::Typesetter,
};
use image::DynamicImage;
use palitra_domain::market::MarketError;
use std::sync::Arc;

/// The decoded picture and its copy while it is made smaller.
const BYTES_PER_PIXEL: u64 = 8;
/// The sheet itself, and its file while it is written.
const SHEET_MIB: u32 = 96;

/// `images` on one sheet, `captions` under them (as many as there are; the rest has none), `title` above them, a number on each unless
/// `numbers` is false. PNG.
pub(super) fn contact_sheet(input: &Input<'_>, typesetter: &Arc<Typesetter>) -> Result<Work, MarketError> {
    let (given, captions) = (input.pictures()?, input.words("captions"));
    if given.is_empty() || given.len() > sheet::SHOTS_MAX {
        return Err(sheet_refused(&sheet::Error::Count { count: given.len() }));
    }
    // One is decoded at a time; the files are there all along.
    let largest = given.iter().map(|given| given.mib(BYTES_PER_PIXEL)).max().unwrap_or(0);
    let files = given.iter().fold(0, |sum: u32, given| sum.saturating_add(given.mib(0)));
    let layout = Layout {
        title: input.word("title").to_owned(),
        has_numbers: input.form::<Option<bool>>("numbers")?.unwrap_or(true),
    };
    let typesetter = typesetter.clone();
    let run = move || {
        let caption = |index| captions.get(index).map_or("", String::as_str);
        let shots: Vec<_> = (0..)
            .zip(&given)
            .map(|(index, given)| Shot { source: Source::File(&given.file), caption: caption(index) })
            .collect();
        let made =
            sheet::contact_sheet(&typesetter, &shots, &layout).map_err(|error| sheet_refused(&error))?;
        encode::png(&DynamicImage::ImageRgb8(made)).map_err(|error| unencoded(&error))
    };
    let mib = largest.saturating_add(files).saturating_add(SHEET_MIB);
    Ok(Work { mib, run: Box::new(run) })
}

/// The picture as the card of a style: `name` and, where there is more to say, `about` on its darkened foot. PNG of 800 × 1000.
pub(super) fn style_card(input: &Input<'_>, typesetter: &Arc<Typesetter>) -> Result<Work, MarketError> {
    let given = input.picture()?;
    let mib = given.mib(BYTES_PER_PIXEL).saturating_add(SHEET_MIB);
    let (name, about) = (input.word("name").to_owned(), input.word("about").to_owned());
    let typesetter = typesetter.clone();
    let run = move || {
        let sample = given.decode()?.pixels;
        let card = sheet::style_card(&typesetter, &sample, &name, &about);
        let card = card.map_err(|error| refused(error.to_string()))?;
        encode::png(&DynamicImage::ImageRgb8(card)).map_err(|error| unencoded(&error))
    };
    Ok(Work { mib, run: Box::new(run) })
}

fn sheet_refused(error: &sheet::Error) -> MarketError {
    refused(error.to_string())
}
