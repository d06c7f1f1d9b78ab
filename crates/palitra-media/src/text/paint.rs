//! Painting a plan at a scale: plate, the light over it, shadow, outline, letters, emoji, in this order.

use super::contrast;
use super::drawn::{Drawn, Rect};
use super::emoji::Paintings;
use super::frame::Area;
use super::glyphs::{Glyphs, pixel, side};
use super::number::{opacity, round, steps};
use super::plate::{self, Look};
use super::setting::Plan;
use super::shadow::Shadow;
use super::style::Style;
use super::surface::Surface;

/// A corner's radius and an outline's width where the style names none; shares of the size of the type.
const RADIUS: f32 = 0.38;
const OUTLINE: f32 = 0.05;

/// Paints a plan; one pixel of it is `scale` pixels of the surface.
pub(super) fn paint(
    surface: &mut Surface<'_>,
    plan: &Plan,
    style: &Style,
    scale: f32,
    glyphs: &mut Glyphs,
    paintings: &Paintings,
) -> Drawn {
    let size = plan.size * scale;
    let text = corners(plan.text.scaled(scale));
    let block = corners(plan.block.scaled(scale));
    let plate = style.plate.on.then(|| {
        let radius = style.plate.radius_px.map_or(RADIUS * plan.size, f32::from) * scale;
        let blur = f32::from(style.plate.blur_px) * scale;
        let colour = contrast::plate(style);
        plate::lay(
            surface,
            block.0,
            block.1,
            Look { colour, opacity: opacity(style.plate.opacity_percent), radius, blur },
        );
        rect(block, surface)
    });
    let inks = contrast::light(surface, text.0, contrast::extent(text.0, text.1)).inks(style);
    if style.shadow.on.unwrap_or(!style.plate.on) && style.shadow.opacity_percent > 0 {
        let mut shadow = Shadow::new(surface, text.0, text.1, size);
        each_glyph(plan, scale, 0.0, glyphs, |at, mask| shadow.stamp(at, mask));
        each_emoji(plan, scale, paintings, |at, sprite| shadow.sprite(at, sprite));
        let colour = style.shadow.colour.unwrap_or(inks.ink.opposite());
        shadow.lay(surface, colour, opacity(style.shadow.opacity_percent));
    }
    if let Some(outline) = inks.outline {
        let width = style.outline.width_px.map_or((OUTLINE * plan.size).max(1.0 / scale), f32::from) * scale;
        each_glyph(plan, scale, 2.0 * width, glyphs, |at, mask| surface.stamp(at, mask, outline));
    }
    each_glyph(plan, scale, 0.0, glyphs, |at, mask| surface.stamp(at, mask, inks.ink));
    each_emoji(plan, scale, paintings, |at, sprite| surface.sprite(at, sprite));
    Drawn {
        text: rect(text, surface),
        plate,
        size_px: size,
        shrunk: plan.shrunk,
        cut: plan.cut,
        lines: plan.lines,
        ink: inks.ink,
        outline: inks.outline,
        outline_added: inks.outline_added,
        contrast: inks.contrast,
        missing: Vec::new(),
    }
}

fn each_glyph(
    plan: &Plan,
    scale: f32,
    stroke: f32,
    glyphs: &mut Glyphs,
    mut each: impl FnMut((i32, i32), &super::surface::Mask),
) {
    for glyph in &plan.glyphs {
        let (x, share) = pixel(glyph.at.0 * scale);
        let y = round(glyph.at.1 * scale);
        let painted = glyphs.get(glyph.face, glyph.id, plan.size * scale, stroke, share);
        each((x + painted.corner.0, y + painted.corner.1), &painted.mask);
    }
}

fn each_emoji(
    plan: &Plan,
    scale: f32,
    paintings: &Paintings,
    mut each: impl FnMut((i32, i32), &super::surface::Sprite),
) {
    for emoji in &plan.emoji {
        let at = (round(emoji.at.0 * scale), round(emoji.at.1 * scale));
        each(at, &paintings.get(emoji.picture, side(emoji.side * scale)));
    }
}

/// The nearest pixels of the upper left and the lower right corner.
fn corners(area: Area) -> ((i32, i32), (i32, i32)) {
    ((round(area.x), round(area.y)), (round(area.x + area.width), round(area.y + area.height)))
}

/// What of it is within the picture.
fn rect(((left, top), (right, bottom)): ((i32, i32), (i32, i32)), surface: &Surface<'_>) -> Rect {
    let (width, height) = surface.size();
    let pixels = |value: i32| u32::try_from(steps(value)).unwrap_or(0);
    let (x, y) = (left.clamp(0, width), top.clamp(0, height));
    Rect {
        x: pixels(x),
        y: pixels(y),
        width: pixels(right.min(width) - x),
        height: pixels(bottom.min(height) - y),
    }
}
