//! Resizing pixels: one call of `fast_image_resize`, alpha-weighted where something is transparent.

#![expect(clippy::float_arithmetic, reason = "proportions of pictures")]

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

/// How much care a resize takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Lanczos over all pixels.
    Best,
    /// For thumbnails: picks every n-th pixel down to thrice the size first, then Catmull–Rom.
    Fast,
    /// The nearest pixel.
    None,
}

/// The part of a picture that is used, in pixels from its left upper corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Width and height in pixels.
pub type Size = (u32, u32);

/// The picture in exactly this size, whatever its proportions. Sides of zero become one.
pub fn resize(picture: &DynamicImage, size: Size, care: Care) -> DynamicImage {
    resize_window(picture, whole((picture.width(), picture.height())), size, care)
}

/// The largest size with this one's proportions whose long side is at most `long_side`; never larger than it is.
pub fn within(size: Size, long_side: u32) -> Size {
    let long = u64::from(size.0.max(size.1).max(1));
    let wanted = u64::from(long_side).min(long);
    let side =
        |side: u32| u32::try_from(((u64::from(side) * wanted + long / 2) / long).max(1)).unwrap_or(u32::MAX);
    (side(size.0), side(size.1))
}

/// The middle of the picture with the proportions of `size`, in exactly that size (S2-009…S2-011, R-13).
pub fn cover(picture: &DynamicImage, size: Size) -> DynamicImage {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let scale = (width / f64::from(size.0.max(1))).min(height / f64::from(size.1.max(1)));
    let (used_width, used_height) = (f64::from(size.0.max(1)) * scale, f64::from(size.1.max(1)) * scale);
    let window = Window {
        left: ((width - used_width) / 2.).max(0.),
        top: ((height - used_height) / 2.).max(0.),
        width: used_width.min(width),
        height: used_height.min(height),
    };
    resize_window(picture, window, size, Care::Best)
}

pub(crate) fn resize_window(picture: &DynamicImage, window: Window, size: Size, care: Care) -> DynamicImage {
    let (width, height) = (size.0.max(1), size.1.max(1));
    let is_whole = window == whole((picture.width(), picture.height()));
    if is_whole && (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    let (from, to) = ((picture.width(), picture.height()), (width, height));
    let resized = match picture {
        DynamicImage::ImageRgb8(rgb) => {
            RgbImage::from_raw(width, height, convolve::<U8x3>(rgb, from, window, to, care))
                .map(DynamicImage::ImageRgb8)
        }
        DynamicImage::ImageLuma8(grey) => {
            GrayImage::from_raw(width, height, convolve::<U8>(grey, from, window, to, care))
                .map(DynamicImage::ImageLuma8)
        }
        DynamicImage::ImageRgba8(rgba) => {
            RgbaImage::from_raw(width, height, convolve::<U8x4>(rgba, from, window, to, care))
                .map(DynamicImage::ImageRgba8)
        }
        other => {
            let pixels = convolve::<U8x4>(&other.to_rgba8(), from, window, to, care);
            RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8)
        }
    };
    resized.unwrap_or_default()
}

/// The same for opaque pixels that are only borrowed.
pub(crate) fn resize_rgb(picture: &RgbImage, size: Size) -> RgbImage {
    let (width, height) = (size.0.max(1), size.1.max(1));
    let window = whole(picture.dimensions());
    let pixels = convolve::<U8x3>(picture, picture.dimensions(), window, (width, height), Care::Best);
    RgbImage::from_raw(width, height, pixels).unwrap_or_default()
}

fn whole(size: Size) -> Window {
    Window { left: 0., top: 0., width: f64::from(size.0), height: f64::from(size.1) }
}

/// By the typed calls: the untyped one would compile every kind of pixel that there is into this crate.
fn convolve<P: PixelTrait>(pixels: &[u8], from: Size, window: Window, to: Size, care: Care) -> Vec<u8> {
    let algorithm = match care {
        Care::Best => ResizeAlg::Convolution(FilterType::Lanczos3),
        Care::Fast => ResizeAlg::SuperSampling(FilterType::CatmullRom, 3),
        Care::None => ResizeAlg::Nearest,
    };
    let options =
        ResizeOptions::new().resize_alg(algorithm).crop(window.left, window.top, window.width, window.height);
    let bytes = u64::from(to.0) * u64::from(to.1) * u64::try_from(size_of::<P>()).unwrap_or(u64::MAX);
    let mut resized = vec![0; usize::try_from(bytes).unwrap_or(0)];
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, pixels);
    let target = TypedImage::<P>::from_buffer(to.0, to.1, &mut resized);
    if let (Ok(source), Ok(mut target)) = (source, target) {
        let done = Resizer::new().resize_typed(&source, &mut target, &options);
        debug_assert!(done.is_ok(), "a window outside of its picture");
    }
    resized
}
