//! Colours: mixing in whole numbers and how light one is.

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

/// A colour with how much of it covers what is below, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) rgb: Rgb,
    pub(super) cover: u8,
}

impl Rgb {
    pub(super) const WHITE: Self = Self(255, 255, 255);

    /// From `0xRRGGBB`.
    pub(super) const fn hex(value: u32) -> Self {
        let [_, r, g, b] = value.to_be_bytes();
        Self(r, g, b)
    }

    /// This colour moved toward another by a percentage.
    pub(super) fn mix(self, other: Self, percent: u32) -> Self {
        let percent = percent.min(100);
        let one = |from: u8, to: u8| {
            let sum = u32::from(from) * (100 - percent) + u32::from(to) * percent + 50;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(one(self.0, other.0), one(self.1, other.1), one(self.2, other.2))
    }

    /// How far apart two colours are in lightness, 0 to 255.
    pub(super) fn gap(self, other: Self) -> u32 {
        self.lightness().abs_diff(other.lightness())
    }

    pub(super) fn cover(self, cover: u8) -> Ink {
        Ink { rgb: self, cover }
    }

    /// How light the eye finds it, 0 to 255 (Rec. 709 weights on the encoded values: a choice, not a measurement).
    pub(super) fn lightness(self) -> u32 {
        (u32::from(self.0) * 54 + u32::from(self.1) * 183 + u32::from(self.2) * 19) / 256
    }
}

impl From<Rgb> for Ink {
    fn from(rgb: Rgb) -> Self {
        rgb.cover(255)
    }
}
