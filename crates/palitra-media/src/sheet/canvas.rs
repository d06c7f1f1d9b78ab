//! What a sheet is painted with: a picture with round corners and a soft shadow, a number on it, words in a rectangle.

use crate::resize::Size;
use crate::text::{Align, Colour, Error, Margin, Outline, Plate, Position, Shadow, Style, Typesetter};
use image::{DynamicImage, Rgb, RgbImage, Rgba, imageops};

/// Whole pixels of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// How far a shadow reaches, how far it falls below its picture, and its deepest share.
const SHADOW_REACH: f32 = 18.;
const SHADOW_FALL: f32 = 5.;
const SHADOW_SHARE: f32 = 0.2;

/// From a picture's corner to its number.
const BADGE_INSET: u32 = 8;

/// How words are written.
pub(super) struct Words {
    pub(super) px: u16,
    pub(super) ink: [u8; 3],
    pub(super) bold: bool,
    pub(super) align: Align,
    pub(super) position: Position,
    pub(super) has_shadow: bool,
}

pub(super) struct Canvas<'a> {
    pub(super) pixels: RgbImage,
    typesetter: &'a Typesetter,
}

impl Rect {
    pub(super) fn size(&self) -> Size {
        (self.width, self.height)
    }
}

impl Words {
    /// Of this height, to the left, in the middle of the rectangle's height.
    pub(super) fn new(px: u16) -> Words {
        Words {
            px,
            ink: [0; 3],
            bold: false,
            align: Align::Left,
            position: Position::Left,
            has_shadow: false,
        }
    }
}

impl<'a> Canvas<'a> {
    pub(super) fn new(typesetter: &'a Typesetter, (width, height): Size, paper: Rgb<u8>) -> Canvas<'a> {
        Canvas { pixels: RgbImage::from_pixel(width, height, paper), typesetter }
    }

    /// A picture of exactly the rectangle's size, with its shadow.
    pub(super) fn hang(&mut self, picture: &DynamicImage, place: Rect, radius: u32) {
        let shape = Rounded::new(place, radius);
        let fallen = Rounded { middle: (shape.middle.0, shape.middle.1 + SHADOW_FALL), ..shape };
        let picture = picture.to_rgba8();
        for y in around(place.y, place.height, self.pixels.height()) {
            for x in around(place.x, place.width, self.pixels.width()) {
                let at = (real(x) + 0.5, real(y) + 0.5);
                let inside = (0.5 - shape.distance(at)).clamp(0., 1.);
                let pixel = self.pixels.get_pixel_mut(x, y);
                if inside < 1. {
                    let near = (1. - fallen.distance(at).max(0.) / SHADOW_REACH).max(0.);
                    mix(pixel, [0x2a, 0x24, 0x1c], SHADOW_SHARE * near * near);
                }
                let own = x.checked_sub(place.x).zip(y.checked_sub(place.y));
                let own = own.and_then(|(x, y)| picture.get_pixel_checked(x, y));
                if let (true, Some(Rgba([red, green, blue, alpha]))) = (inside > 0., own) {
                    // What is transparent stands on white, as in a JPEG.
                    mix(pixel, [0xff; 3], inside);
                    mix(pixel, [*red, *green, *blue], inside * f32::from(*alpha) / 255.);
                }
            }
        }
    }

    /// A number in the upper left corner of a picture.
    pub(super) fn badge(&mut self, number: usize, place: Rect, px: u16) {
        let height = u32::from(px) * 2;
        let area = Rect { x: place.x + BADGE_INSET, y: place.y + BADGE_INSET, width: height * 3, height };
        let plate = Plate {
            on: true,
            colour: Some(Colour([0x16, 0x15, 0x14])),
            opacity_percent: 72,
            radius_px: Some(px * 3 / 4),
            blur_px: 0,
        };
        let style = Style { plate, ..style(px, [0xff; 3], Position::TopLeft, Align::Left) };
        // A figure can always be drawn; were it not so, the picture would do without.
        drop(self.draw(area, &number.to_string(), &style));
    }

    /// Words in a rectangle, smaller or shortened where there is too little room; nothing where no font has a character of them.
    ///
    /// # Errors
    /// Only for words that are too long to be looked at.
    pub(super) fn write(&mut self, area: Rect, text: &str, words: &Words) -> Result<(), Error> {
        let shadow = Shadow { on: Some(words.has_shadow), ..Shadow::default() };
        let style =
            Style { bold: words.bold, shadow, ..style(words.px, words.ink, words.position, words.align) };
        match self.draw(area, text, &style) {
            Err(error @ Error::TooLong { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    fn draw(&mut self, area: Rect, text: &str, style: &Style) -> Result<(), Error> {
        let mut part = imageops::crop_imm(&self.pixels, area.x, area.y, area.width, area.height).to_image();
        self.typesetter.draw(&mut part, text, style)?;
        imageops::replace(&mut self.pixels, &part, area.x.into(), area.y.into());
        Ok(())
    }
}

/// Words and nothing around them.
fn style(px: u16, ink: [u8; 3], position: Position, align: Align) -> Style {
    Style {
        size: crate::text::Size::Px(px),
        position,
        align: Some(align),
        margin: Margin { top: 0, right: 0, bottom: 0, left: 0 },
        ink: Some(Colour(ink)),
        plate: Plate { on: false, ..Plate::default() },
        outline: Outline { on: Some(false), ..Outline::default() },
        shadow: Shadow { on: Some(false), ..Shadow::default() },
        ..Style::default()
    }
}

/// A rectangle with round corners.
#[derive(Clone, Copy)]
struct Rounded {
    middle: (f32, f32),
    half: (f32, f32),
    radius: f32,
}

impl Rounded {
    fn new(place: Rect, radius: u32) -> Rounded {
        let half = (real(place.width) / 2., real(place.height) / 2.);
        let middle = (real(place.x) + half.0, real(place.y) + half.1);
        Rounded { middle, half, radius: real(radius).min(half.0).min(half.1) }
    }

    /// Pixels to its edge; negative inside.
    fn distance(&self, (x, y): (f32, f32)) -> f32 {
        let x = (x - self.middle.0).abs() - self.half.0 + self.radius;
        let y = (y - self.middle.1).abs() - self.half.1 + self.radius;
        x.max(0.).hypot(y.max(0.)) + x.max(y).min(0.) - self.radius
    }
}

/// The columns or rows that a picture and its shadow touch.
fn around(from: u32, length: u32, within: u32) -> std::ops::Range<u32> {
    const REACH: u32 = 24;
    from.saturating_sub(REACH)..(from + length + REACH).min(within)
}

/// So much of a colour over a pixel.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
pub(super) fn mix(pixel: &mut Rgb<u8>, colour: [u8; 3], share: f32) {
    for (channel, value) in pixel.0.iter_mut().zip(colour) {
        *channel = (f32::from(*channel) * (1. - share) + f32::from(value) * share).round() as u8;
    }
}

#[expect(clippy::cast_precision_loss, reason = "sheets are smaller than 16 million pixels a side")]
pub(super) fn real(pixels: u32) -> f32 {
    pixels as f32
}
