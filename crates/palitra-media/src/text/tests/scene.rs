//! Backgrounds to draw on: an evening by the sea, flat colours, stripes and grain; the same every time.

use image::{Rgb, RgbImage};

/// Sky, sun, sea and hills, smooth enough to be stored in little room.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "colours")]
pub(super) fn evening(width: u32, height: u32) -> RgbImage {
    let mix = |from: [f64; 3], to: [f64; 3], share: f64| {
        [0, 1, 2].map(|at| from[at] + (to[at] - from[at]) * share.clamp(0.0, 1.0))
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let mut colour = mix([38.0, 58.0, 120.0], [255.0, 176.0, 110.0], y / 0.62);
        let sun = ((x - 0.7) * 4.0 / 3.0).hypot(y - 0.46);
        colour = mix(colour, [255.0, 244.0, 210.0], (0.09 - sun) * 60.0);
        colour = mix(colour, [255.0, 220.0, 160.0], 0.5 - sun * 2.0);
        if y > 0.62 {
            colour = mix([200.0, 130.0, 110.0], [24.0, 50.0, 84.0], (y - 0.62) / 0.3);
        }
        let hill = 0.56 + 0.05 * (x * 9.0).sin() + 0.03 * (x * 23.0).cos();
        if x < 0.55 && y > hill && y < 0.63 {
            colour = [44.0, 42.0, 70.0];
        }
        Rgb(colour.map(|channel| channel as u8))
    })
}

pub(super) fn flat(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

/// Two colours in turn, each so many pixels wide.
pub(super) fn stripes(width: u32, height: u32, pixels: u32, colours: [[u8; 3]; 2]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb(colours[usize::from((x / pixels + y / pixels) % 2 == 1)]))
}

/// Grey grain between two values.
pub(super) fn grain(width: u32, height: u32, from: u8, to: u8) -> RgbImage {
    let mut seed = 7u32;
    RgbImage::from_fn(width, height, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let span = u32::from(to - from) + 1;
        let value = from + u8::try_from((seed >> 16) % span).unwrap();
        Rgb([value; 3])
    })
}
