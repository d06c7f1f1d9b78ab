//! Local edits of a picture (S4-72): crop, rotate, flip, and the usual filters.

#![expect(clippy::float_arithmetic, reason = "colours and angles")]

use image::{DynamicImage, Rgba, RgbaImage, imageops};

/// The most steps of one edit.
pub const STEPS_MAX: usize = 32;
/// Of sliders, both ways from zero.
pub const AMOUNT_MAX: i32 = 100;
/// Of blur and sharpen: the radius in thousandths of the long side.
pub const RADIUS_MAX: u32 = 50;

/// One step of an edit. `amount` of sliders goes from −100 to 100, of effects from 0 to 100; 0 changes nothing.
/// As JSON: `"mirror"`, `{"crop": {"left": 0, "top": 0, "width": 10, "height": 10}}`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// In pixels from the left upper corner; inside of the picture, no side of zero.
    Crop {
        left: u32,
        top: u32,
        width: u32,
        height: u32,
    },
    /// Quarter turns to the right, 0 to 3.
    Turn {
        quarters: u32,
    },
    /// To the right by −45 to 45 degrees; cropped to the largest part without empty corners.
    Straighten {
        degrees: f32,
    },
    /// Left and right change places.
    Mirror,
    /// Top and bottom change places.
    Flip,
    Brightness {
        amount: i32,
    },
    Contrast {
        amount: i32,
    },
    Saturation {
        amount: i32,
    },
    /// Above zero warmer, below colder.
    Warmth {
        amount: i32,
    },
    Grayscale {
        amount: i32,
    },
    Sepia {
        amount: i32,
    },
    /// Darkens towards the corners.
    Vignette {
        amount: i32,
    },
    /// In thousandths of the long side, up to [`RADIUS_MAX`].
    Blur {
        radius: u32,
    },
    Sharpen {
        amount: i32,
    },
}

/// A step outside of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{steps} steps are more than {STEPS_MAX}")]
    TooManySteps { steps: usize },
    #[error("{step:?} is out of its bounds")]
    OutOfBounds { step: Step },
}

/// Applies steps in order.
pub fn adjust(picture: DynamicImage, steps: &[Step]) -> Result<DynamicImage, Error> {
    if steps.len() > STEPS_MAX {
        return Err(Error::TooManySteps { steps: steps.len() });
    }
    steps.iter().try_fold(picture, |picture, step| apply(picture, *step))
}

fn apply(picture: DynamicImage, step: Step) -> Result<DynamicImage, Error> {
    let (width, height) = (picture.width(), picture.height());
    if !is_bounded(step, width, height) {
        return Err(Error::OutOfBounds { step });
    }
    Ok(match step {
        Step::Crop { left, top, width, height } => picture.crop_imm(left, top, width, height),
        Step::Turn { quarters: 1 } => picture.rotate90(),
        Step::Turn { quarters: 2 } => picture.rotate180(),
        Step::Turn { quarters: 3 } => picture.rotate270(),
        Step::Turn { .. } => picture,
        Step::Straighten { degrees } => straightened(&picture, degrees),
        Step::Mirror => picture.fliph(),
        Step::Flip => picture.flipv(),
        Step::Brightness { amount } => toned(picture, |value| value + share(amount) * 128.),
        Step::Contrast { amount } => {
            let slope =
                (share(amount) * std::f32::consts::FRAC_PI_4 + std::f32::consts::FRAC_PI_4).tan().min(64.);
            toned(picture, |value| (value - 127.5) * slope + 127.5)
        }
        Step::Saturation { amount } => mixed(picture, blend(GREY, 1. + share(amount))),
        Step::Warmth { amount } => {
            let gain = 0.2 * share(amount);
            mixed(picture, [[1. + gain, 0., 0.], [0., 1., 0.], [0., 0., 1. - gain]])
        }
        Step::Grayscale { amount } => mixed(picture, blend(GREY, 1. - share(amount))),
        Step::Sepia { amount } => mixed(picture, blend(SEPIA, 1. - share(amount))),
        Step::Vignette { amount } => vignette(picture, share(amount)),
        Step::Blur { radius } => blurred(&picture, radius),
        Step::Sharpen { amount } => {
            let soft = blurred(&picture, 2);
            let by = 2. * share(amount);
            // Away from its blurred self.
            combined(picture, &soft, |sharp, soft| sharp + (sharp - soft) * by)
        }
    })
}

fn is_bounded(step: Step, picture_width: u32, picture_height: u32) -> bool {
    let inside = |from: u32, length: u32, side: u32| {
        length > 0 && from.checked_add(length).is_some_and(|end| end <= side)
    };
    match step {
        Step::Crop { left, top, width, height } => {
            inside(left, width, picture_width) && inside(top, height, picture_height)
        }
        Step::Turn { quarters } => quarters < 4,
        Step::Straighten { degrees } => degrees.abs() <= 45.,
        Step::Mirror | Step::Flip => true,
        Step::Brightness { amount }
        | Step::Contrast { amount }
        | Step::Saturation { amount }
        | Step::Warmth { amount } => (-AMOUNT_MAX..=AMOUNT_MAX).contains(&amount),
        Step::Grayscale { amount }
        | Step::Sepia { amount }
        | Step::Vignette { amount }
        | Step::Sharpen { amount } => (0..=AMOUNT_MAX).contains(&amount),
        Step::Blur { radius } => radius <= RADIUS_MAX,
    }
}

/// How much of red, green and blue goes into each of them.
type Mix = [[f32; 3]; 3];

/// Luminance of Rec. 709.
const GREY: Mix = [[0.2126, 0.7152, 0.0722]; 3];
/// The usual weights (W3C Filter Effects, `sepia()`).
const SEPIA: Mix = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];

/// `kept` of the picture as it is, the rest of it mixed; above one, away from the mix.
fn blend(mix: Mix, kept: f32) -> Mix {
    let own = |to: usize, from: usize| if to == from { kept } else { 0. };
    std::array::from_fn(|to| std::array::from_fn(|from| own(to, from) + mix[to][from] * (1. - kept)))
}

fn share(amount: i32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most a hundred")]
    let amount = amount as f32;
    amount / 100.
}

fn channel(value: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a channel")]
    let channel = value.round().clamp(0., 255.) as u8;
    channel
}

/// Every colour by the same table.
fn toned(picture: DynamicImage, tone: impl Fn(f32) -> f32) -> DynamicImage {
    let table: [u8; 256] =
        std::array::from_fn(|value| channel(tone(f32::from(u8::try_from(value).unwrap_or(0)))));
    colors(picture, |color| *color = color.map(|value| table[usize::from(value)]))
}

fn mixed(picture: DynamicImage, mix: Mix) -> DynamicImage {
    colors(picture, |color| {
        let [r, g, b] = color.map(f32::from);
        *color = mix.map(|[of_r, of_g, of_b]| channel(of_r * r + of_g * g + of_b * b));
    })
}

/// Changes red, green and blue of every pixel; transparency stays.
fn colors(picture: DynamicImage, change: impl Fn(&mut [u8; 3])) -> DynamicImage {
    let mut picture = eight_bits(picture);
    let (pixels, length) = raw(&mut picture);
    for pixel in pixels.chunks_exact_mut(length) {
        if let Some(color) = pixel.first_chunk_mut() {
            change(color);
        }
    }
    picture
}

fn combined(picture: DynamicImage, other: &DynamicImage, combine: impl Fn(f32, f32) -> f32) -> DynamicImage {
    let mut picture = eight_bits(picture);
    let (pixels, length) = raw(&mut picture);
    for (pixel, other) in pixels.chunks_exact_mut(length).zip(other.as_bytes().chunks_exact(length)) {
        for (value, other) in pixel.iter_mut().zip(other).take(3) {
            *value = channel(combine(f32::from(*value), f32::from(*other)));
        }
    }
    picture
}

/// Bytes of the pixels and how many each has.
fn raw(picture: &mut DynamicImage) -> (&mut [u8], usize) {
    match picture {
        DynamicImage::ImageRgb8(rgb) => (rgb, 3),
        DynamicImage::ImageRgba8(rgba) => (rgba, 4),
        _ => (&mut [], 4),
    }
}

fn eight_bits(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => picture,
        other if other.color().has_alpha() => DynamicImage::ImageRgba8(other.into_rgba8()),
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    }
}

/// Transparent pixels weigh nothing, so that what they hide does not shine out.
fn blurred(picture: &DynamicImage, radius: u32) -> DynamicImage {
    let long = picture.width().max(picture.height());
    #[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
    let sigma = radius as f32 / 1000. * long as f32;
    match picture {
        DynamicImage::ImageRgba8(rgba) => {
            let mut weighted = rgba.clone();
            let weigh = |value: u8, alpha: u8| channel(f32::from(value) * f32::from(alpha) / 255.);
            weighted.pixels_mut().for_each(|Rgba([r, g, b, a])| {
                [*r, *g, *b] = [*r, *g, *b].map(|value| weigh(value, *a));
            });
            let mut soft = imageops::fast_blur(&weighted, sigma.max(0.01));
            soft.pixels_mut().for_each(|Rgba([r, g, b, a])| {
                let alpha = f32::from((*a).max(1));
                [*r, *g, *b] = [*r, *g, *b].map(|value| channel(f32::from(value) * 255. / alpha));
            });
            DynamicImage::ImageRgba8(soft)
        }
        other => DynamicImage::ImageRgb8(imageops::fast_blur(&other.to_rgb8(), sigma.max(0.01))),
    }
}

/// By the square of the distance from the middle, none within a third of the way to the corners.
fn vignette(picture: DynamicImage, amount: f32) -> DynamicImage {
    let mut picture = eight_bits(picture);
    #[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let row = usize::try_from(picture.width()).unwrap_or(usize::MAX);
    let (pixels, length) = raw(&mut picture);
    let mut y = 0.5;
    for line in pixels.chunks_exact_mut(row * length) {
        let down = (y / height * 2. - 1.).powi(2);
        let mut x = 0.5;
        for pixel in line.chunks_exact_mut(length) {
            let distance = ((x / width * 2. - 1.).powi(2) + down) / 2.;
            let light = 1. - amount * ((distance - 0.11) / 0.89).max(0.);
            pixel.iter_mut().take(3).for_each(|value| *value = channel(f32::from(*value) * light));
            x += 1.;
        }
        y += 1.;
    }
    picture
}

/// Turned about its middle with bilinear sampling, then cropped to the largest upright rectangle of the picture's own proportions that
/// has no empty corner.
fn straightened(picture: &DynamicImage, degrees: f32) -> DynamicImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    #[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    // A rectangle of w×h turned inside of itself must shrink until its corners touch.
    let scale = (width / (width * cos + height * sin.abs())).min(height / (height * cos + width * sin.abs()));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a side")]
    let (new_width, new_height) =
        ((width * scale).floor().max(1.) as u32, (height * scale).floor().max(1.) as u32);
    let source = picture.to_rgba8();
    let (left, top) = ((f32_of(new_width) - 1.) / 2., (f32_of(new_height) - 1.) / 2.);
    let turned = RgbaImage::from_fn(new_width, new_height, |x, y| {
        let (x, y) = (f32_of(x) - left, f32_of(y) - top);
        bilinear(&source, x * cos + y * sin + (width - 1.) / 2., y * cos - x * sin + (height - 1.) / 2.)
    });
    match picture.color().has_alpha() {
        true => DynamicImage::ImageRgba8(turned),
        false => DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(turned).into_rgb8()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn f32_of(pixels: u32) -> f32 {
    pixels as f32
}

/// Weighted by transparency.
fn bilinear(source: &RgbaImage, x: f32, y: f32) -> Rgba<u8> {
    let (x, y) = (x.clamp(0., f32_of(source.width() - 1)), y.clamp(0., f32_of(source.height() - 1)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside of the picture")]
    let (left, top) = (x.floor() as u32, y.floor() as u32);
    let (right, bottom) = ((left + 1).min(source.width() - 1), (top + 1).min(source.height() - 1));
    let (across, down) = (x - f32_of(left), y - f32_of(top));
    let corners = [
        (source.get_pixel(left, top), (1. - across) * (1. - down)),
        (source.get_pixel(right, top), across * (1. - down)),
        (source.get_pixel(left, bottom), (1. - across) * down),
        (source.get_pixel(right, bottom), across * down),
    ];
    let alpha: f32 = corners.iter().map(|(pixel, weight)| f32::from(pixel[3]) * weight).sum();
    let color = |n: usize| {
        let sum: f32 =
            corners.iter().map(|(pixel, weight)| f32::from(pixel[n]) * f32::from(pixel[3]) * weight).sum();
        channel(sum / alpha.max(1.))
    };
    Rgba([color(0), color(1), color(2), channel(alpha)])
}
