//! Lanczos resampling to a multiple of the size, by `fast_image_resize`.
//!
//! Its typed calls: the untyped ones would compile every pixel type it knows into this crate, two minutes of a build.

use fast_image_resize::{
    FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x4},
};
use image::RgbaImage;

/// The picture `times` as wide and high; colours count by their alpha.
pub(super) fn enlarge(picture: &RgbaImage, times: u32) -> RgbaImage {
    let mut enlarged = RgbaImage::new(times * picture.width(), times * picture.height());
    let size = enlarged.dimensions();
    convolve::<U8x4>(picture.as_raw(), picture.dimensions(), &mut enlarged, size);
    enlarged
}

/// The alpha channel alone, `times` as wide and high.
pub(super) fn enlarge_alpha(picture: &RgbaImage, times: u32) -> Vec<u8> {
    let alpha: Vec<u8> = picture.pixels().map(|pixel| pixel.0[3]).collect();
    let size = (times * picture.width(), times * picture.height());
    let mut enlarged = vec![0; size.0 as usize * size.1 as usize];
    convolve::<U8>(&alpha, picture.dimensions(), &mut enlarged, size);
    enlarged
}

/// Leaves `target` as it is only where a buffer is not of its size, which the two callers rule out.
fn convolve<P: PixelTrait>(source: &[u8], from: (u32, u32), target: &mut [u8], to: (u32, u32)) {
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, source);
    let target = TypedImage::<P>::from_buffer(to.0, to.1, target);
    if let (Ok(source), Ok(mut target)) = (source, target) {
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        let resized = Resizer::new().resize_typed(&source, &mut target, &options);
        debug_assert!(resized.is_ok(), "{resized:?}");
    }
}
