//! Larger pictures: `fast` resamples, `crisp` redraws (S2-072).

use super::{Work, input::Input, refused};
use crate::{
    encode,
    upscale::{self, Factor, Run, Source},
};
use image::DynamicImage;
use palitra_domain::{market::MarketError, media_type::FileFormat};
use std::num::NonZero;

/// The way of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Fast,
    Crisp,
}

/// The picture `factor` (2 or 4) times as wide and as high, as PNG.
pub(super) fn upscale(input: &Input<'_>, way: Way) -> Result<Work, MarketError> {
    let given = input.picture()?;
    let factor = match input.number("factor") {
        None | Some(2) => Factor::X2,
        Some(4) => Factor::X4,
        Some(_) => return Err(refused("`factor` must be 2 or 4")),
    };
    // The picture, what the first pass makes of it, and the result with its file.
    let times = u64::from(factor.times());
    let mib = given.mib(4 * (1 + 4 + 2 * times * times));
    let source = match given.header.format {
        FileFormat::Jpeg | FileFormat::WebP => Source::Lossy,
        _ => Source::Clean,
    };
    let run = move || {
        let picture = given.decode()?.pixels;
        let is_opaque = !picture.color().has_alpha();
        let picture = picture.into_rgba8();
        let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let large = match way {
            Way::Fast => upscale::fast(&picture, factor),
            Way::Crisp => {
                let run = Run { threads, cancelled: &|| false, progress: &|_| {} };
                upscale::crisp(&picture, factor, source, &run)
            }
        };
        drop(picture);
        let large = DynamicImage::ImageRgba8(large.map_err(|error| refused(error.to_string()))?);
        let large = if is_opaque { DynamicImage::ImageRgb8(large.into_rgb8()) } else { large };
        encode::png(&large).map_err(|error| refused(format!("the picture cannot be written: {error}")))
    };
    Ok(Work { mib, run: Box::new(run) })
}
