//! Colour profiles: is a picture in sRGB already, and if not, its pixels in sRGB.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};
use std::sync::Arc;

/// Colours whose place in sRGB differs by more than this much from their numbers need a conversion.
const SAME_MAX: u8 = 2;

/// What a picture's ICC profile asks for.
pub(crate) enum Profile {
    /// None, sRGB under any name, or one that does not fit the pixels: the numbers stand as they are.
    Srgb,
    Rgb(Arc<dyn TransformExecutor<u8> + Send + Sync>),
    /// From one grey channel to three.
    Grey(Arc<dyn TransformExecutor<u8> + Send + Sync>),
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(if self.is_srgb() { "sRGB" } else { "foreign" })
    }
}

impl Profile {
    pub(crate) fn is_srgb(&self) -> bool {
        matches!(self, Profile::Srgb)
    }

    /// Judges a profile by what it does to colours all over the cube, not by its name.
    pub(crate) fn of(icc: Option<&[u8]>, has_color: bool) -> Profile {
        let Some(profile) = icc.and_then(|icc| ColorProfile::new_from_slice(icc).ok()) else {
            return Profile::Srgb;
        };
        let layout = match (profile.color_space, has_color) {
            (DataColorSpace::Rgb, _) => Layout::Rgb,
            (DataColorSpace::Gray, false) => Layout::Gray,
            _ => return Profile::Srgb,
        };
        let srgb = ColorProfile::new_srgb();
        let transform =
            profile.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default());
        let Ok(transform) = transform else { return Profile::Srgb };
        let levels = [0, 32, 64, 96, 128, 160, 192, 224, 255];
        let colors: Vec<[u8; 3]> = match layout {
            Layout::Gray => levels.map(|grey| [grey; 3]).to_vec(),
            _ => {
                let pairs = levels.iter().flat_map(|r| levels.map(|g| (*r, g)));
                pairs.flat_map(|(r, g)| levels.map(|b| [r, g, b])).collect()
            }
        };
        let asked = if layout == Layout::Gray { levels.to_vec() } else { colors.concat() };
        let mut answered = vec![0; colors.len() * 3];
        if transform.transform(&asked, &mut answered).is_err() {
            return Profile::Srgb;
        }
        match layout {
            _ if colors.concat().iter().zip(&answered).all(|(a, b)| a.abs_diff(*b) <= SAME_MAX) => {
                Profile::Srgb
            }
            Layout::Gray => Profile::Grey(transform),
            _ => Profile::Rgb(transform),
        }
    }

    /// The pixels in sRGB: untouched, or eight bits a channel.
    pub(crate) fn to_srgb(&self, pixels: DynamicImage) -> DynamicImage {
        let has_alpha = pixels.color().has_alpha();
        match self {
            Profile::Srgb => pixels,
            Profile::Grey(transform) => {
                let width = pixels.width();
                let alpha = has_alpha.then(|| pixels.to_luma_alpha8());
                let grey = pixels.into_luma8();
                let mut rgb = image::RgbImage::new(width, grey.height());
                let row = usize::try_from(width).unwrap_or(usize::MAX);
                for (from, to) in grey.chunks_exact(row).zip(rgb.chunks_exact_mut(row * 3)) {
                    convert(&**transform, from, to);
                }
                let rgb = DynamicImage::ImageRgb8(rgb);
                let Some(alpha) = alpha else { return rgb };
                let mut rgba = rgb.into_rgba8();
                rgba.pixels_mut().zip(alpha.pixels()).for_each(|(to, from)| to[3] = from[1]);
                DynamicImage::ImageRgba8(rgba)
            }
            Profile::Rgb(transform) if has_alpha => {
                let mut rgba = pixels.into_rgba8();
                let (mut from, mut to) = ([0; 3 * 256], [0; 3 * 256]);
                for row in rgba.chunks_mut(4 * 256) {
                    let bytes = row.len() / 4 * 3;
                    for (from, pixel) in from.chunks_exact_mut(3).zip(row.chunks_exact(4)) {
                        from.copy_from_slice(&pixel[..3]);
                    }
                    convert(&**transform, &from[..bytes], &mut to[..bytes]);
                    for (to, pixel) in to.chunks_exact(3).zip(row.chunks_exact_mut(4)) {
                        pixel[..3].copy_from_slice(to);
                    }
                }
                DynamicImage::ImageRgba8(rgba)
            }
            Profile::Rgb(transform) => {
                let mut rgb = pixels.into_rgb8();
                let mut from = [0; 3 * 1024];
                for row in rgb.chunks_mut(3 * 1024) {
                    let from = &mut from[..row.len()];
                    from.copy_from_slice(row);
                    convert(&**transform, from, row);
                }
                DynamicImage::ImageRgb8(rgb)
            }
        }
    }
}

/// Whole pixels into as many; a transform that judged its first colours refuses none of the same shape, and if it did, the numbers
/// would stand as they are.
fn convert(transform: &(dyn TransformExecutor<u8> + Send + Sync), from: &[u8], to: &mut [u8]) {
    if transform.transform(from, to).is_err() && from.len() == to.len() {
        to.copy_from_slice(from);
    }
}
