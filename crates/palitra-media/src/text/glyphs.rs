//! Glyphs as masks, in quarters of a pixel, filled or as the line around them; kept up to a number of bytes.

use std::collections::HashMap;

use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::{Format, Join, Stroke, Vector};

use super::faces::Face;
use super::number::{length, round, steps};
use super::surface::Mask;

/// When the masks are larger, all are forgotten and painting begins anew, which costs some ten microseconds each.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// Which glyph, and how it is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    face: Face,
    id: u16,
    size_bits: u32,
    /// Width of the line around it; 0 is filled.
    stroke_bits: u32,
    quarter: u8,
}

/// A mask and where its upper left corner is from the pixel the glyph stands at.
#[derive(Debug, Default)]
pub(super) struct Painted {
    pub(super) mask: Mask,
    pub(super) corner: (i32, i32),
}

pub(super) struct Glyphs {
    scaler: ScaleContext,
    kept: HashMap<Key, Painted>,
    bytes: usize,
}

impl Glyphs {
    pub(super) fn new() -> Self {
        Self { scaler: ScaleContext::new(), kept: HashMap::new(), bytes: 0 }
    }

    /// A glyph `size` pixels large that stands a share of a pixel to the right; `stroke` is the width of the line around it,
    /// half of which is outside. An empty mask where there is nothing to see.
    pub(super) fn get(&mut self, face: Face, id: u16, size: f32, stroke: f32, share: f32) -> &Painted {
        let quarter = u8::try_from(round((share * 4.0).floor()).clamp(0, 3)).unwrap_or(0);
        let key = Key { face, id, size_bits: size.to_bits(), stroke_bits: stroke.to_bits(), quarter };
        if self.bytes > KEPT_BYTES_MAX {
            self.kept.clear();
            self.bytes = 0;
        }
        let (scaler, bytes) = (&mut self.scaler, &mut self.bytes);
        self.kept.entry(key).or_insert_with(|| {
            let painted = paint(scaler, face, id, size, stroke, f32::from(quarter) / 4.0);
            *bytes += painted.mask.coverage.len() + size_of::<Key>() + size_of::<Painted>();
            painted
        })
    }
}

fn paint(scaler: &mut ScaleContext, face: Face, id: u16, size: f32, stroke: f32, right: f32) -> Painted {
    let mut scaler = scaler.builder(face.font()).size(size).hint(false).build();
    let mut render = Render::new(&[Source::Outline]);
    render.format(Format::Alpha).offset(Vector::new(right, 0.0));
    let mut line = Stroke::new(stroke);
    line.join(Join::Round);
    if stroke > 0.0 {
        render.style(line);
    }
    let Some(image) = render.render(&mut scaler, id) else { return Painted::default() };
    let placement = image.placement;
    let width = usize::try_from(placement.width).unwrap_or(0);
    Painted { mask: Mask { width, coverage: image.data }, corner: (placement.left, -placement.top) }
}

/// The pixel something stands at and the share of a pixel it stands to the right of that.
pub(super) fn pixel(x: f32) -> (i32, f32) {
    let left = round(x.floor());
    (left, x - length(left))
}

/// At least one pixel.
pub(super) fn side(size: f32) -> u32 {
    u32::try_from(steps(round(size)).max(1)).unwrap_or(1)
}
