//! Lanczos resampling to a multiple of the size, by `fast_image_resize`.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::RgbaImage;

/// The picture `times` as wide and high; colours count by their alpha.
pub(super) fn enlarge(picture: &RgbaImage, times: u32) -> RgbaImage {
    let (width, height) = (times * picture.width(), times * picture.height());
    let pixels = convolve(picture.as_raw(), picture.dimensions(), PixelType::U8x4, (width, height));
    pixels.and_then(|pixels| RgbaImage::from_raw(width, height, pixels)).unwrap_or_default()
}

/// The alpha channel alone, `times` as wide and high.
pub(super) fn enlarge_alpha(picture: &RgbaImage, times: u32) -> Vec<u8> {
    let alpha: Vec<u8> = picture.pixels().map(|pixel| pixel.0[3]).collect();
    let size = (times * picture.width(), times * picture.height());
    convolve(&alpha, picture.dimensions(), PixelType::U8, size).unwrap_or_default()
}

/// None only where `pixels` are not of that size and type.
fn convolve(pixels: &[u8], from: (u32, u32), pixel: PixelType, to: (u32, u32)) -> Option<Vec<u8>> {
    let source = ImageRef::new(from.0, from.1, pixels, pixel).ok()?;
    let mut target = Image::new(to.0, to.1, pixel);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    Some(target.into_vec())
}
