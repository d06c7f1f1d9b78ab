//! How text on a picture looks: plain data with defaults that need no thought, and the bounds of every number.
//!
//! `None` means automatic everywhere: the drawing decides when it has seen the picture.

use serde::{Deserialize, Serialize};

use super::Error;
use super::colour::Colour;

/// How text looks. JSON: what is not named takes its default, what is not known is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    pub font: Font,
    /// Golos and Inter have two weights; the others one.
    pub bold: bool,
    pub size: Size,
    pub position: Position,
    pub margin: Margin,
    /// Automatic: towards the side the text stands on.
    pub align: Option<Align>,
    /// Distance of baselines in per cent of the size, 80 … 300.
    pub line_spacing_percent: u16,
    /// The letters' colour. Automatic: black or white, what reads better over the plate (S2-062).
    pub ink: Option<Colour>,
    pub plate: Plate,
    pub outline: Outline,
    pub shadow: Shadow,
}

/// The families in the binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Font {
    #[default]
    Golos,
    Inter,
    /// Narrow, for headlines.
    Oswald,
    /// Handwriting.
    Caveat,
    /// A brush script.
    Lobster,
    /// With serifs.
    Playfair,
}

/// Height of the type. A name is a share of the picture's height (S2-056), a number is pixels (S2-057).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    Small,
    Medium,
    #[default]
    Normal,
    Large,
    Huge,
    /// 4 … 2000.
    Px(u16),
}

impl Size {
    /// Pixels on a picture of this height; a name is 8 at least.
    #[must_use]
    pub fn px(self, height: f32) -> f32 {
        let share = match self {
            Self::Px(pixels) => return f32::from(pixels),
            Self::Small => 0.026,
            Self::Medium => 0.036,
            Self::Normal => 0.048,
            Self::Large => 0.07,
            Self::Huge => 0.11,
        };
        (share * height).clamp(NAMED_PX_MIN, f32::from(SIZE_PX_MAX))
    }
}

/// Where the text stands (S2-058).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    TopLeft,
    Top,
    TopRight,
    Left,
    Centre,
    Right,
    BottomLeft,
    #[default]
    Bottom,
    BottomRight,
}

impl Position {
    /// 0 is left and top, ½ the middle, 1 right and bottom.
    pub(super) const fn anchor(self) -> (f32, f32) {
        match self {
            Self::TopLeft => (0.0, 0.0),
            Self::Top => (0.5, 0.0),
            Self::TopRight => (1.0, 0.0),
            Self::Left => (0.0, 0.5),
            Self::Centre => (0.5, 0.5),
            Self::Right => (1.0, 0.5),
            Self::BottomLeft => (0.0, 1.0),
            Self::Bottom => (0.5, 1.0),
            Self::BottomRight => (1.0, 1.0),
        }
    }
}

/// Distance from the picture's edges to the plate, or to the text where there is none, in per cent of the picture's width
/// (left, right) and height (top, bottom); each 0 … 90. Where two opposite ones leave less than a twentieth, the one the
/// text does not stand at gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Margin {
    pub top: u8,
    pub right: u8,
    pub bottom: u8,
    pub left: u8,
}

/// How lines stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// The rounded rectangle behind the text (S2-060, S2-061).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plate {
    pub on: bool,
    /// Automatic: black, under dark ink white.
    pub colour: Option<Colour>,
    /// 0 … 100.
    pub opacity_percent: u8,
    /// Of the corners, 0 … 500. Automatic: a little over a third of the size.
    pub radius_px: Option<u16>,
    /// The standard deviation of the blur of what is behind the plate, 0 … 100; 0 is sharp.
    pub blur_px: u16,
}

/// A line around the letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outline {
    /// Automatic: where the ink cannot be read without it.
    pub on: Option<bool>,
    /// Automatic: black or white, what stands out from the ink.
    pub colour: Option<Colour>,
    /// 1 … 50. Automatic: a twentieth of the size.
    pub width_px: Option<u16>,
}

/// A soft shadow below letters and emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shadow {
    /// Automatic: where there is no plate.
    pub on: Option<bool>,
    /// Automatic: black, under dark ink white.
    pub colour: Option<Colour>,
    /// 0 … 100.
    pub opacity_percent: u8,
}

/// Smaller is not read, however small the picture.
const NAMED_PX_MIN: f32 = 8.0;

const SIZE_PX_MAX: u16 = 2000;

impl Default for Style {
    fn default() -> Self {
        Self {
            font: Font::default(),
            bold: true,
            size: Size::default(),
            position: Position::default(),
            margin: Margin::default(),
            align: None,
            line_spacing_percent: 125,
            ink: None,
            plate: Plate::default(),
            outline: Outline::default(),
            shadow: Shadow::default(),
        }
    }
}

impl Default for Margin {
    fn default() -> Self {
        Self { top: 5, right: 5, bottom: 5, left: 5 }
    }
}

impl Default for Plate {
    /// White ink keeps a contrast of 4.5 on a black plate of 60 % whatever lies below.
    fn default() -> Self {
        Self { on: true, colour: None, opacity_percent: 60, radius_px: None, blur_px: 0 }
    }
}

impl Default for Shadow {
    fn default() -> Self {
        Self { on: None, colour: None, opacity_percent: 60 }
    }
}

impl Style {
    /// The bounds of every number.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] with the first number that is outside.
    pub fn check(&self) -> Result<(), Error> {
        let within = |field, value: u16, min, max| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(Error::OutOfBounds { field, value, min, max })
            }
        };
        if let Size::Px(pixels) = self.size {
            within("size.px", pixels, 4, SIZE_PX_MAX)?;
        }
        within("margin.top", self.margin.top.into(), 0, 90)?;
        within("margin.right", self.margin.right.into(), 0, 90)?;
        within("margin.bottom", self.margin.bottom.into(), 0, 90)?;
        within("margin.left", self.margin.left.into(), 0, 90)?;
        within("line_spacing_percent", self.line_spacing_percent, 80, 300)?;
        within("plate.opacity_percent", self.plate.opacity_percent.into(), 0, 100)?;
        within("plate.radius_px", self.plate.radius_px.unwrap_or(0), 0, 500)?;
        within("plate.blur_px", self.plate.blur_px, 0, 100)?;
        within("outline.width_px", self.outline.width_px.unwrap_or(1), 1, 50)?;
        within("shadow.opacity_percent", self.shadow.opacity_percent.into(), 0, 100)
    }
}
