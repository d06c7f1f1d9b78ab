//! The sandbox market's film: a picture with a slow camera move, as an MP4 that every player and browser plays (H.264 Constrained
//! Baseline, 24 pictures a second, no sound).
//!
//! The first picture is kept as it is; the others only say how its parts move. So seconds of film cost no more than drawing one picture,
//! nothing is lost to compression, and there is no encoder to search for motion: the motion is what is written. All arithmetic is on whole
//! numbers: the same wish is the same film, to the byte, on every machine.

mod bits;
mod camera;
mod h264;
mod moved;
mod mp4;
#[cfg(test)]
mod tests;
mod yuv;

use crate::artist::{self, DrawError, Recipe};
use crate::darkroom::{Crop, Photo, resampled};
use camera::Camera;
use h264::Stream;

/// Pictures a second.
pub(crate) const RATE: u32 = 24;
/// The longest film, in seconds.
pub(crate) const SECONDS_MAX: u32 = 10;
/// The shortest and the longest side, in pixels; both sides are even.
pub(crate) const SIDE_MIN: u32 = 64;
pub(crate) const SIDE_MAX: u32 = 1280;
/// The most pixels of a picture: 1280 × 720, lying or upright.
pub(crate) const PIXELS_MAX: u32 = 1280 * 720;

/// What to film. `seconds` is 1 to [`SECONDS_MAX`].
pub(crate) struct Wish<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) seconds: u32,
    pub(crate) seed: u64,
}

/// Films a wish: from its first picture, cut to the film's proportions in the middle, or from one the artist draws, whose words stand
/// still. The sides must be in their bounds.
pub(crate) fn film(wish: &Wish, first: Option<&Photo>) -> Result<Vec<u8>, DrawError> {
    let Wish { prompt, width, height, seed, .. } = *wish;
    let stream = Stream::new(width, height);
    let (photo, moving) = match first {
        Some(photo) => {
            let first = resampled(photo, Crop::cover(photo, width, height), width, height);
            (first.on([255; 3]), [0, 0, width, height])
        }
        None => {
            let still = artist::still(&Recipe { prompt, width, height, seed, index: 0 }, stream.cell())?;
            (still.photo, still.art)
        }
    };
    let pictures = RATE * wish.seconds.clamp(1, SECONDS_MAX);
    let camera = Camera::new(moving, pictures, wish, stream.cell());
    let mut samples = vec![stream.key_picture(&yuv::planes(&photo, stream.coded()))];
    samples
        .extend((1..pictures).map(|number| stream.moved_picture(number, |x, y| camera.motion(number, x, y))));
    let track = mp4::Track { width, height, rate: RATE, sets: stream.parameter_sets(), samples };
    Ok(mp4::file(&track))
}
