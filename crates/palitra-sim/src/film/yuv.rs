//! Colours as video has them: one plane of light and two of colour at half the size (4:2:0), Rec. 709, 16 to 235.

use crate::darkroom::Photo;

/// Planes of a picture, padded at the right and below with what stands at the edge.
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) light: Vec<u8>,
    pub(super) blue: Vec<u8>,
    pub(super) red: Vec<u8>,
}

/// The planes of an opaque picture at a size that is not smaller, both sides even.
pub(super) fn planes(photo: &Photo, (width, height): (u32, u32)) -> Planes {
    let size = |pixels: u32| usize::try_from(pixels).unwrap_or(0);
    let pixel = |x: u32, y: u32| -> [i32; 3] {
        let start = size(x.min(photo.width - 1)) * 4;
        let row = photo.row(y.min(photo.height - 1));
        [i32::from(row[start]), i32::from(row[start + 1]), i32::from(row[start + 2])]
    };
    let mut light = Vec::with_capacity(size(width) * size(height));
    for y in 0..height {
        light.extend((0..width).map(|x| weighed(pixel(x, y), [11_966, 40_254, 4064], 16)));
    }
    let (mut blue, mut red) = (Vec::new(), Vec::new());
    for y in (0..height).step_by(2) {
        for x in (0..width).step_by(2) {
            let four = [pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)];
            let mean = [0, 1, 2].map(|channel| four.iter().map(|pixel| pixel[channel]).sum::<i32>());
            let mean = mean.map(|sum| (sum + 2) / 4);
            blue.push(weighed(mean, [-6596, -22_189, 28_784], 128));
            red.push(weighed(mean, [28_784, -26_145, -2639], 128));
        }
    }
    Planes { width: size(width), light, blue, red }
}

/// A weighted sum in 65 536ths, on top of a base.
fn weighed(pixel: [i32; 3], weights: [i32; 3], base: i32) -> u8 {
    let sum: i32 = pixel.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    u8::try_from((((sum + (1 << 15)) >> 16) + base).clamp(1, 254)).unwrap_or(128)
}
