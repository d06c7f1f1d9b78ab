//! Transparency around an upscale: the net knows colours only.

use image::{Rgba, RgbaImage};

/// How far the net sees: colours are needed that far into what is invisible.
const REACH: usize = 7;

pub(super) fn is_opaque(picture: &RgbaImage) -> bool {
    picture.pixels().all(|Rgba([.., alpha])| *alpha == u8::MAX)
}

/// The picture with invisible pixels in the colours of their visible neighbours, `REACH` pixels deep, so that what
/// an invisible pixel happens to hold (mostly black) does not show as a dark seam.
pub(super) fn bleed(picture: &RgbaImage) -> RgbaImage {
    let mut bled = picture.clone();
    let mut has_colour: Vec<bool> = picture.pixels().map(|Rgba([.., alpha])| *alpha > 0).collect();
    for _ in 0..REACH {
        let grown: Vec<(u32, u32, [u8; 3])> = bled
            .enumerate_pixels()
            .filter(|(x, y, _)| !has_colour[index(picture, *x, *y)])
            .filter_map(|(x, y, _)| Some((x, y, mean_around(&bled, &has_colour, x, y)?)))
            .collect();
        for (x, y, [red, green, blue]) in grown {
            bled.put_pixel(x, y, Rgba([red, green, blue, 0]));
            has_colour[index(picture, x, y)] = true;
        }
    }
    bled
}

fn mean_around(picture: &RgbaImage, has_colour: &[bool], x: u32, y: u32) -> Option<[u8; 3]> {
    let (mut sum, mut count) = ([0_u32; 3], 0);
    for y in y.saturating_sub(1)..=(y + 1).min(picture.height() - 1) {
        for x in x.saturating_sub(1)..=(x + 1).min(picture.width() - 1) {
            if has_colour[index(picture, x, y)] {
                let Rgba([red, green, blue, _]) = *picture.get_pixel(x, y);
                sum = [sum[0] + u32::from(red), sum[1] + u32::from(green), sum[2] + u32::from(blue)];
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum.map(|channel| u8::try_from(channel / count).unwrap_or(u8::MAX)))
}

fn index(picture: &RgbaImage, x: u32, y: u32) -> usize {
    y as usize * picture.width() as usize + x as usize
}
