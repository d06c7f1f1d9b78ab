//! The canvas: anti-aliased flat shapes on one opaque RGBA raster (tiny-skia), nothing that looks at single pixels.
//!
//! Every fill is one solid colour with an optional cover, which keeps tiny-skia on its integer pipeline: fast, and the
//! same bytes with and without SIMD. Gradients are rows of rectangles. Shapes that cannot be built are left out.

use tiny_skia::{
    FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke,
    Transform,
};

use super::color::{Ink, Rgb};
use super::geometry::{Area, Point, len, polygon, round, rounded};

pub(super) struct Canvas {
    pixmap: Pixmap,
    /// Applied to everything drawn; scenes that rotate set it back afterwards.
    pub(super) transform: Transform,
}

impl Canvas {
    /// A canvas filled with one colour; `None` for sizes that cannot be (0, or beyond memory).
    pub(super) fn new(width: u32, height: u32, color: Rgb) -> Option<Self> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(tiny_skia::Color::from_rgba8(color.0, color.1, color.2, 255));
        Some(Self { pixmap, transform: Transform::identity() })
    }

    pub(super) fn area(&self) -> Area {
        let side = |pixels: u32| len(usize::try_from(pixels).unwrap_or(0));
        Area::new(0.0, 0.0, side(self.pixmap.width()), side(self.pixmap.height()))
    }

    /// The rows as RGBA bytes; every alpha is 255 because the first fill was opaque.
    pub(super) fn pixels(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// Lays rows of RGBA, `width` pixels each, with their top left corner at a pixel; what is outside is left out.
    pub(super) fn lay(&mut self, at: (i32, i32), width: u32, rgba: &[u8]) {
        let (across, down) = (self.pixmap.width(), self.pixmap.height());
        let pixels = self.pixmap.pixels_mut();
        let length = usize::try_from(width).unwrap_or(1).max(1) * 4;
        for (y, row) in (at.1..).zip(rgba.chunks_exact(length)) {
            let Some(y) = u32::try_from(y).ok().filter(|y| *y < down) else { continue };
            for (x, pixel) in (at.0..).zip(row.chunks_exact(4)) {
                let Some(x) = u32::try_from(x).ok().filter(|x| *x < across) else { continue };
                let place = u64::from(y) * u64::from(across) + u64::from(x);
                if let Some(under) = usize::try_from(place).ok().and_then(|place| pixels.get_mut(place)) {
                    *under = laid(*under, pixel);
                }
            }
        }
    }

    /// Fills whatever outline the closure builds.
    pub(super) fn shape(&mut self, ink: impl Into<Ink>, build: impl FnOnce(&mut PathBuilder)) {
        let mut path = PathBuilder::new();
        build(&mut path);
        self.fill(path, FillRule::Winding, ink.into());
    }

    /// Fills the outer outline without the inner ones.
    pub(super) fn cutout(&mut self, ink: impl Into<Ink>, build: impl FnOnce(&mut PathBuilder)) {
        let mut path = PathBuilder::new();
        build(&mut path);
        self.fill(path, FillRule::EvenOdd, ink.into());
    }

    fn fill(&mut self, path: PathBuilder, rule: FillRule, ink: Ink) {
        if let Some(path) = path.finish() {
            self.pixmap.fill_path(&path, &paint(ink), rule, self.transform, None);
        }
    }

    /// Strokes whatever line the closure builds, with round ends.
    pub(super) fn stroke(&mut self, width: f32, ink: impl Into<Ink>, build: impl FnOnce(&mut PathBuilder)) {
        self.stroke_with(width, LineCap::Round, ink.into(), build);
    }

    /// The same with ends cut off square.
    pub(super) fn stroke_flat(
        &mut self,
        width: f32,
        ink: impl Into<Ink>,
        build: impl FnOnce(&mut PathBuilder),
    ) {
        self.stroke_with(width, LineCap::Butt, ink.into(), build);
    }

    fn stroke_with(&mut self, width: f32, line_cap: LineCap, ink: Ink, build: impl FnOnce(&mut PathBuilder)) {
        let mut path = PathBuilder::new();
        build(&mut path);
        // Wider than a hairline, for which tiny-skia has another rasteriser.
        let stroke =
            Stroke { width: width.max(1.01), line_cap, line_join: LineJoin::Round, ..Stroke::default() };
        let outline: Option<Path> = path.finish().and_then(|path| path.stroke(&stroke, 1.0));
        if let Some(outline) = outline {
            self.pixmap.fill_path(&outline, &paint(ink), FillRule::Winding, self.transform, None);
        }
    }

    pub(super) fn line(&mut self, points: &[Point], width: f32, ink: impl Into<Ink>) {
        self.stroke(width, ink, |path| {
            for (i, to) in points.iter().enumerate() {
                if i == 0 { path.move_to(to.x, to.y) } else { path.line_to(to.x, to.y) }
            }
        });
    }

    pub(super) fn rect(&mut self, area: Area, ink: impl Into<Ink>) {
        if let Some(rect) = Rect::from_xywh(area.x, area.y, area.w, area.h) {
            self.pixmap.fill_rect(rect, &paint(ink.into()), self.transform, None);
        }
    }

    pub(super) fn rounded(&mut self, area: Area, radius: f32, ink: impl Into<Ink>) {
        self.shape(ink, |path| rounded(path, area, [radius; 4]));
    }

    pub(super) fn polygon(&mut self, corners: &[Point], ink: impl Into<Ink>) {
        self.shape(ink, |path| polygon(path, corners));
    }

    pub(super) fn disc(&mut self, center: Point, radius: f32, ink: impl Into<Ink>) {
        self.shape(ink, |path| path.push_circle(center.x, center.y, radius));
    }

    pub(super) fn ring(&mut self, center: Point, radius: f32, width: f32, ink: impl Into<Ink>) {
        let width = width.max(1.0);
        self.cutout(ink, |path| {
            path.push_circle(center.x, center.y, radius + width / 2.0);
            path.push_circle(center.x, center.y, (radius - width / 2.0).max(0.0));
        });
    }

    /// Many discs as one shape.
    pub(super) fn dots(&mut self, dots: &[(Point, f32)], ink: impl Into<Ink>) {
        self.shape(ink, |path| {
            for (center, radius) in dots.iter().filter(|(_, radius)| *radius > 0.3) {
                path.push_circle(center.x, center.y, *radius);
            }
        });
    }

    /// A vertical change of colour in `steps` flat bands: a poster's gradient, and cheap to compress.
    pub(super) fn bands(&mut self, area: Area, from: Rgb, to: Rgb, steps: u32) {
        let edge = |step: u32| {
            let share = f32::from(u8::try_from(step).unwrap_or(u8::MAX))
                / f32::from(u8::try_from(steps).unwrap_or(1));
            area.y + area.h * share
        };
        for step in 0..steps {
            // Whole rows, so that two bands never share a blended row.
            let (top, bottom) = (len_of(edge(step)), len_of(edge(step + 1)));
            let color = from.mix(to, step * 100 / steps.saturating_sub(1).max(1));
            self.rect(Area::new(area.x, top, area.w, bottom - top), color);
        }
    }

    /// Lays a colour through a mask of covers (one byte each, rows of `width`), as rasterised glyphs come.
    pub(super) fn stamp(&mut self, at: (i32, i32), width: u32, mask: &[u8], color: Rgb) {
        let canvas_width = self.pixmap.width();
        let pixels = self.pixmap.pixels_mut();
        for (row, covers) in (at.1..).zip(mask.chunks_exact(usize::try_from(width).unwrap_or(1).max(1))) {
            let Ok(row) = u32::try_from(row) else { continue };
            for (column, cover) in (at.0..).zip(covers) {
                let inside = u32::try_from(column).ok().filter(|column| *cover > 0 && *column < canvas_width);
                let Some(column) = inside else { continue };
                let index = u64::from(row) * u64::from(canvas_width) + u64::from(column);
                let Some(pixel) = usize::try_from(index).ok().and_then(|index| pixels.get_mut(index)) else {
                    return;
                };
                let under = Rgb(pixel.red(), pixel.green(), pixel.blue());
                let mixed = under.mix(color, (u32::from(*cover) * 100 + 127) / 255);
                if let Some(opaque) = PremultipliedColorU8::from_rgba(mixed.0, mixed.1, mixed.2, 255) {
                    *pixel = opaque;
                }
            }
        }
    }
}

/// A straight RGBA pixel over an opaque one.
fn laid(under: PremultipliedColorU8, pixel: &[u8]) -> PremultipliedColorU8 {
    let alpha = u32::from(pixel[3]);
    let mixed = |over: u8, under: u8| {
        let sum = u32::from(over) * alpha + u32::from(under) * (255 - alpha) + 127;
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    let (red, green, blue) =
        (mixed(pixel[0], under.red()), mixed(pixel[1], under.green()), mixed(pixel[2], under.blue()));
    PremultipliedColorU8::from_rgba(red, green, blue, 255).unwrap_or(under)
}

fn len_of(value: f32) -> f32 {
    len(usize::try_from(round(value)).unwrap_or(0))
}

fn paint(ink: Ink) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(ink.rgb.0, ink.rgb.1, ink.rgb.2, ink.cover);
    paint.anti_alias = true;
    paint
}
