//! The frame of a text: the room within the margins, and what stands around the lines in it.

use super::faces::Stack;
use super::style::Style;

/// A rectangle in pixels of the full picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// From the first line's capitals up to the text's edge (accents, emoji) and from the last baseline down to it (descenders).
pub(super) const ABOVE_CAPITALS: f32 = 0.23;
pub(super) const BELOW_BASELINE: f32 = 0.27;

/// From the text's edge to the plate's.
const PADDING: (f32, f32) = (0.55, 0.26);

/// No glyph is wider; a share of the size.
const WIDEST: f32 = 1.6;

/// Distance of baselines as a share of the size.
pub(super) fn leading(style: &Style) -> f32 {
    f32::from(style.line_spacing_percent) / 100.0
}

/// The room in the picture and what surrounds the lines in it.
pub(super) struct Frame {
    pub(super) picture: (f32, f32),
    pub(super) room: Area,
    pub(super) anchor: (f32, f32),
    pub(super) padding: (f32, f32),
    pub(super) leading: f32,
    pub(super) capitals: f32,
    /// What one line and everything around it takes; shares of the size.
    pub(super) around: (f32, f32),
}

impl Frame {
    #[expect(clippy::cast_precision_loss, reason = "pictures are smaller than 16 million pixels a side")]
    pub(super) fn new(style: &Style, picture: (u32, u32)) -> Self {
        let picture = (picture.0 as f32, picture.1 as f32);
        let anchor = style.position.anchor();
        let (left, width) = room(style.margin.left, style.margin.right, anchor.0, picture.0);
        let (top, height) = room(style.margin.top, style.margin.bottom, anchor.1, picture.1);
        let padding = if style.plate.on { PADDING } else { (0.0, 0.0) };
        let capitals = Stack::of(style).first().capitals();
        let line = ABOVE_CAPITALS + capitals + BELOW_BASELINE;
        Self {
            picture,
            room: Area { x: left, y: top, width, height },
            anchor,
            padding,
            leading: leading(style),
            capitals,
            around: (2.0 * padding.0 + WIDEST, 2.0 * padding.1 + line),
        }
    }

    /// Lines of a size that fit one above the other.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating, and few")]
    pub(super) fn rows(&self, size: f32) -> usize {
        let more = (self.room.height - self.around.1 * size) / (self.leading * size);
        // A hair for what rounding takes.
        if more < -0.001 { 0 } else { (more + 0.001) as usize + 1 }
    }

    pub(super) fn column(&self, size: f32) -> f32 {
        (self.room.width - 2.0 * self.padding.0 * size).max(0.0)
    }
}

/// Where the room between two margins begins and how long it is.
fn room(before: u8, after: u8, anchor: f32, length: f32) -> (f32, f32) {
    let (mut before, mut after) = (f32::from(before) / 100.0, f32::from(after) / 100.0);
    let over = (before + after - 0.95).max(0.0);
    before -= over * anchor;
    after -= over * (1.0 - anchor);
    (before.max(0.0) * length, (1.0 - before.max(0.0) - after.max(0.0)) * length)
}

impl Area {
    pub(super) fn scaled(self, scale: f32) -> Self {
        Self { x: self.x * scale, y: self.y * scale, width: self.width * scale, height: self.height * scale }
    }
}
