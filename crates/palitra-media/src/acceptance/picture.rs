//! Pictures: decoded once to their end, then size, blankness and likeness, and what is kept of them.

#![expect(clippy::float_arithmetic, reason = "proportions and means of pictures")]

use super::grid::{Grid, median};
use super::{Look, rules};
use crate::container::jpeg;
use crate::decode::{self, Error, Picture};
use crate::fingerprint::{self, blurhash, dhash};
use crate::thumbnail::{LARGE_SIDE, SMALL_SIDE, thumbnail, webp};
use image::DynamicImage;
use palitra_domain::acceptance::{Defect, Expected, Facts};
use palitra_domain::media_type::FileFormat;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::{bytestream::ZCursor, options::DecoderOptions};

pub(super) fn look(look: &mut Look, expected: &Expected, file: &[u8]) {
    let picture = match decode_whole(file) {
        Ok(picture) => picture,
        Err(why) => {
            match &why {
                // Valid, and more than is decoded here, or in a format that is not.
                Error::TooManyPixels { width, height } => check_size(look, expected, (*width, *height)),
                Error::Unsupported { .. } | Error::TooMuchMemory { .. } => {}
                Error::NotAPicture | Error::TooManyScans { .. } | Error::Damaged(_) => look.broken(&why),
            }
            return;
        }
    };
    let pixels = &picture.pixels;
    check_size(look, expected, (pixels.width(), pixels.height()));
    if picture.format == FileFormat::Jpeg && ends_in_fill(pixels) {
        look.broken(&"its lower part is the grey of data that never came");
    }
    let grid = Grid::of(pixels);
    if is_blank(&grid) {
        look.defects.push((Defect::Blank, "one colour, or nearly".to_owned()));
    }
    let small = thumbnail(pixels, SMALL_SIDE);
    let hash = dhash(&small);
    look.facts.dhash = Some(hash);
    keep(&mut look.facts, pixels, &small);
    look.likeness = Some(Likeness::of(pixels, &grid, hash));
}

/// Like [`decode::decode`], but a JPEG may not end before its last block.
fn decode_whole(file: &[u8]) -> Result<Picture, Error> {
    let picture = decode::decode(file)?;
    let is_wide = picture.pixels.width() >= rules::CUT_JPEG_WIDTH_MIN;
    if picture.format == FileFormat::Jpeg && is_wide && is_cut_jpeg(file)? {
        return Err(Error::Damaged("the JPEG has fewer blocks than its size needs".into()));
    }
    Ok(picture)
}

/// Decoders fill what is missing with grey or with a pattern, and say nothing where an end follows. So the end is taken away: then the
/// strict decoder says whether it wanted more than there is. What it looks ahead is less than a row of blocks.
fn is_cut_jpeg(file: &[u8]) -> Result<bool, Error> {
    const MISSING: [DecodeErrors; 2] =
        [DecodeErrors::FormatStatic("Premature end of buffer"), DecodeErrors::ExhaustedData];
    let segments = jpeg::segments(file)?;
    let end = segments.last().map_or(file.len(), |segment| segment.at + segment.whole.len());
    let options = DecoderOptions::default().set_strict_mode(true);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let open = file.get(..end).unwrap_or(file);
    let decoded = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(open), options).decode();
    let why = decoded.err().map(|why| format!("{why:?}"));
    Ok(why.is_some_and(|why| MISSING.iter().any(|missing| format!("{missing:?}") == why)))
}

/// What is kept of the first picture of a film.
pub(super) fn keep_copies(facts: &mut Facts, poster: &DynamicImage) {
    // Films are not told apart by how they begin: they have no hash.
    keep(facts, poster, &thumbnail(poster, SMALL_SIDE));
}

fn keep(facts: &mut Facts, pixels: &DynamicImage, small: &DynamicImage) {
    facts.blurhash = blurhash(small);
    let long_side = pixels.width().max(pixels.height());
    // A small picture is its own copy, and a copy that WebP cannot hold is not missed: clients show the picture itself.
    let mut add = |side, copy: &DynamicImage| {
        facts.thumbnails.extend(webp(copy).ok().map(|file| (side, file.into())));
    };
    if SMALL_SIDE < long_side {
        add(SMALL_SIDE, small);
    }
    if LARGE_SIDE < long_side {
        add(LARGE_SIDE, &thumbnail(pixels, LARGE_SIDE));
    }
}

fn check_size(look: &mut Look, expected: &Expected, size: (u32, u32)) {
    (look.facts.width, look.facts.height) = (Some(size.0), Some(size.1));
    if let Some(detail) = expected.size.and_then(|asked| wrong_size(asked, size)) {
        look.defects.push((Defect::WrongSize, detail));
    }
}

/// What is wrong with a size: other proportions or much smaller, and no rounding of sides explains it.
pub(super) fn wrong_size(asked: (u32, u32), size: (u32, u32)) -> Option<String> {
    let (wide, high) =
        (f64::from(size.0) / f64::from(asked.0.max(1)), f64::from(size.1) / f64::from(asked.1.max(1)));
    let is_small = wide.min(high) < rules::SIDE_SHARE_MIN;
    let is_off = (wide / high.max(f64::EPSILON)).ln().abs() > rules::PROPORTIONS_OFF_MAX;
    let rounded = |asked: u32, side: u32| {
        side.is_multiple_of(rules::SIDE_MULTIPLE)
            && asked.abs_diff(side) < rules::SIDE_STEP
            && f64::from(asked.abs_diff(side)) <= f64::from(asked) * (1.0 - rules::SIDE_SHARE_MIN)
    };
    let is_rounded = rounded(asked.0, size.0) && rounded(asked.1, size.1);
    (is_small || (is_off && !is_rounded))
        .then(|| format!("{}×{} instead of {}×{}", size.0, size.1, asked.0, asked.1))
}

/// Neither shapes nor fine marks that stand out of the noise.
fn is_blank(grid: &Grid) -> bool {
    let shapes = grid.coarser(4).distances();
    if shapes.iter().any(|shape| *shape > rules::BLANK_SHAPE_MAX) {
        return false;
    }
    let marks = grid.distances();
    // The median of distances is 0.67 of what noise has as its standard deviation.
    let noise = f64::from(median(marks.clone())) * 1.48;
    let mark_max = f64::from(rules::BLANK_MARK_MAX).max(noise * rules::BLANK_MARK_NOISES);
    marks.iter().all(|mark| f64::from(*mark) <= mark_max)
}

/// Its last rows have one grey, and not all of it has.
fn ends_in_fill(pixels: &DynamicImage) -> bool {
    let DynamicImage::ImageRgb8(rgb) = pixels else { return false };
    let is_fill =
        |pixel: &image::Rgb<u8>| pixel.0.iter().all(|c| c.abs_diff(rules::FILL_GREY) <= rules::FILL_GREY_OFF);
    let filled = rgb.rows().rev().take_while(|row| row.clone().all(is_fill)).count();
    let height = usize::try_from(rgb.height()).unwrap_or(usize::MAX);
    let least = (f64::from(rgb.height()) * rules::FILL_SHARE_MIN).max(1.0);
    filled < height && f64::from(u32::try_from(filled).unwrap_or(u32::MAX)) >= least
}

/// What two pictures are compared by: a few kilobytes.
pub(super) struct Likeness {
    size: (u32, u32),
    dhash: i64,
    grid: Grid,
}

impl Likeness {
    fn of(pixels: &DynamicImage, fine: &Grid, dhash: i64) -> Likeness {
        Likeness { size: (pixels.width(), pixels.height()), dhash, grid: fine.coarser(4) }
    }

    /// `None` for what is no picture that is decoded.
    pub(super) fn of_file(file: &[u8]) -> Option<Likeness> {
        let pixels = decode::decode(file).ok()?.pixels;
        Some(Likeness::of(&pixels, &Grid::of(&pixels), dhash(&thumbnail(&pixels, SMALL_SIDE))))
    }

    /// The same picture, encoded again or smaller; not a cut of it, one scaled up, or one with a retouch.
    pub(super) fn is_same(&self, before: &Likeness) -> bool {
        let ratio = |now: u32, before: u32| f64::from(now.max(1)) / f64::from(before.max(1));
        let (wide, high) = (ratio(self.size.0, before.size.0), ratio(self.size.1, before.size.1));
        if (wide / high).ln().abs() > rules::PROPORTIONS_OFF_MAX || wide > rules::SCALED_UP_FROM {
            return false;
        }
        if fingerprint::distance(self.dhash, before.dhash) > fingerprint::SAME_MAX {
            return false;
        }
        if self.grid.distances_from(&before.grid).iter().any(|distance| *distance >= rules::RETOUCHED_FROM) {
            return false;
        }
        let (sum, count) = self.grid.difference(&before.grid);
        let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
        f64::from(sum) / f64::from(count) <= rules::SAME_DIFFERENCE_MAX
    }
}
