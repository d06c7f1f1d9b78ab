//! A face put on another picture: the soft oval at the top middle of a portrait, laid on the same place of the target.
//!
//! No face is looked for: where portraits have one, in the middle and above it, is where it is taken from and put. The light of the
//! target is kept by moving the oval's mean colour toward that of what it covers.

use super::resample::{Crop, resampled};
use super::{Photo, byte, index};

/// Full cover.
const FULL: i64 = 1 << 10;
/// The mean colour moves this part of the way, in percent, and at most so far.
const TONE_PERCENT: i64 = 70;
const TONE_MAX: i64 = 64;

/// Where a face is taken to be.
#[derive(Debug, Clone, Copy)]
struct Oval {
    x: u32,
    y: u32,
    /// Half the sides.
    across: u32,
    down: u32,
}

impl Oval {
    /// The middle of the width, the upper third; as large as a portrait's face.
    fn of(photo: &Photo) -> Oval {
        let short = photo.width.min(photo.height);
        let part =
            |of: u32, percent: u32| u32::try_from(u64::from(of) * u64::from(percent) / 100).unwrap_or(0);
        let (across, down) = (part(short, 17).max(1), part(short, 23).max(1));
        let y = part(photo.height, 33).max(down).min(photo.height.saturating_sub(down));
        Oval { x: photo.width / 2, y, across, down }
    }

    fn crop(self, photo: &Photo) -> Crop {
        let (x, y) = (self.x.saturating_sub(self.across), self.y.saturating_sub(self.down));
        Crop {
            x,
            y,
            width: (self.across * 2).min(photo.width - x).max(1),
            height: (self.down * 2).min(photo.height - y).max(1),
        }
    }
}

/// How much a pixel of a box is covered by the soft oval in it.
fn cover(x: u32, y: u32, width: u32, height: u32) -> i64 {
    // Distances from the middle in 1024ths of half the side, by the middles of the pixels.
    let off = |at: u32, side: u32| ((2 * i64::from(at) + 1) * FULL / i64::from(side.max(1))) - FULL;
    let (dx, dy) = (off(x, width), off(y, height));
    let square = (dx * dx + dy * dy) / FULL;
    let edge = ((FULL - square) * 100 / 46).clamp(0, FULL);
    edge * edge / FULL * (3 * FULL - 2 * edge) / FULL
}

/// The target with the portrait's face on it.
pub(crate) fn with_face(mut target: Photo, portrait: &Photo) -> Photo {
    let crop = Oval::of(&target).crop(&target);
    let face = resampled(portrait, Oval::of(portrait).crop(portrait), crop.width, crop.height);
    let places: Vec<(usize, usize, i64)> = (0..crop.height)
        .flat_map(|y| (0..crop.width).map(move |x| (x, y)))
        .map(|(x, y)| {
            let from = (index(y) * index(crop.width) + index(x)) * 4;
            let to = (index(crop.y + y) * index(target.width) + index(crop.x + x)) * 4;
            // What shines through in the portrait shines through on the target.
            let alpha = i64::from(face.rgba[from + 3]);
            (from, to, cover(x, y, crop.width, crop.height) * alpha / 255)
        })
        .filter(|(_, _, cover)| *cover > 0)
        .collect();
    let weight = places.iter().map(|(_, _, cover)| cover).sum::<i64>().max(1);
    for channel in 0..3 {
        let sum = |rgba: &[u8], place: &dyn Fn(&(usize, usize, i64)) -> usize| -> i64 {
            places.iter().map(|at| i64::from(rgba[place(at) + channel]) * at.2).sum()
        };
        let (of_face, of_target) = (sum(&face.rgba, &|at| at.0), sum(&target.rgba, &|at| at.1));
        let tone = ((of_target - of_face) / weight).clamp(-TONE_MAX, TONE_MAX) * TONE_PERCENT / 100;
        for (from, to, cover) in &places {
            let new = (i64::from(face.rgba[from + channel]) + tone).clamp(0, 255);
            let old = i64::from(target.rgba[to + channel]);
            let mixed = (old * (FULL - cover) + new * cover + FULL / 2) / FULL;
            target.rgba[to + channel] = byte(i32::try_from(mixed).unwrap_or(0));
        }
    }
    target
}
