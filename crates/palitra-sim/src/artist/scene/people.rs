//! People: rows of overlapping busts in flat colours, each with its own hair and clothes, no faces.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, Point, count, len, point, rounded};

const SKINS: [Rgb; 6] = [
    Rgb::hex(0xF7D3B4),
    Rgb::hex(0xE8B48C),
    Rgb::hex(0xCE9066),
    Rgb::hex(0xA86C48),
    Rgb::hex(0x7C4B33),
    Rgb::hex(0xF3C3A0),
];

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let ground = palette.paper.mix(palette.ramp[0], if palette.dark { 50 } else { 60 });
    stage.canvas.rect(area, ground);
    let halo = area.at(stage.dice.range(0.4, 0.6), 0.46);
    stage.canvas.disc(halo, area.short() * 0.47, ground.mix(palette.ramp[1], 45));
    stage.canvas.disc(
        halo,
        area.short() * 0.33,
        if palette.dark { ground.mix(palette.ramp[2], 60) } else { ground.mix(palette.accent, 42) },
    );
    let rows = count(area.h / (unit * 0.3), 2, 5);
    for row in 0..rows {
        let near = len(row) / len(rows - 1);
        let size = unit * (0.1 + near * 0.06);
        let feet = area.y + area.h * (0.62 + near * 0.42);
        let step = size * 2.05;
        let people = count(area.w / step, 2, 30);
        let shift = if row % 2 == 0 { 0.0 } else { -0.5 };
        let mut order: Vec<usize> = (0..=people).collect();
        // Every second one stands in front of both neighbours.
        order.sort_by_key(|place| place % 2);
        for place in order {
            let x = area.x
                + area.w * (len(place) + 0.5 + shift) / len(people)
                + size * stage.dice.range(-0.14, 0.14);
            let lift = size * stage.dice.range(-0.25, 0.35) + if place % 2 == 0 { size * 0.3 } else { 0.0 };
            let far = u32::try_from(rows - 1 - row).unwrap_or(0) * 13;
            person(stage, point(x, feet - lift), size, |color| color.mix(ground, far));
        }
    }
}

/// A bust: `at` is the middle of the lower edge of the chest, `size` half the width of the shoulders.
fn person(stage: &mut Stage, at: Point, size: f32, fade: impl Fn(Rgb) -> Rgb) {
    let palette = stage.palette;
    let skin = fade(stage.dice.pick(&SKINS));
    let cloth = fade(stage.dice.pick(&[
        palette.accent,
        palette.ramp[2],
        palette.ramp[3],
        palette.ramp[4],
        palette.ramp[1],
        palette.light(),
    ]));
    let hair = fade(stage.dice.pick(&[
        palette.deep(),
        palette.ramp[4].mix(palette.deep(), 55),
        Rgb::hex(0x5A3825),
        Rgb::hex(0xB9772F),
        Rgb::hex(0xD9D4CB),
        Rgb::hex(0x2B2326),
    ]));
    let head = at.shifted(0.0, -size * 1.92);
    let radius = size * 0.42;
    let style = stage.dice.below(6);
    behind(stage, head, radius, hair, style);
    let shoulders = Area::new(at.x - size * 0.93, at.y - size * 1.2, size * 1.86, size * 3.4);
    stage.canvas.shape(cloth, |path| rounded(path, shoulders, [size * 0.72, size * 0.72, 0.0, 0.0]));
    clothes(stage, at, size, cloth, skin, &fade);
    // Neck, its shade, head.
    let neck = Area::new(at.x - size * 0.17, head.y, size * 0.34, size * 0.84);
    stage.canvas.rounded(neck, size * 0.17, skin.mix(palette.deep(), 14));
    oval(stage, head, radius, radius * 1.18, skin);
    stage.canvas.disc(head.shifted(-radius * 0.98, radius * 0.1), radius * 0.2, skin);
    stage.canvas.disc(head.shifted(radius * 0.98, radius * 0.1), radius * 0.2, skin);
    above(stage, head, radius, hair, style);
}

fn oval(stage: &mut Stage, at: Point, half_width: f32, half_height: f32, color: Rgb) {
    if let Some(rect) =
        tiny_skia::Rect::from_xywh(at.x - half_width, at.y - half_height, half_width * 2.0, half_height * 2.0)
    {
        stage.canvas.shape(color, |path| path.push_oval(rect));
    }
}

/// Hair that falls behind the shoulders, a bun or curls.
fn behind(stage: &mut Stage, head: Point, radius: f32, hair: Rgb, style: usize) {
    match style {
        0 => {
            let fall = Area::new(head.x - radius * 1.28, head.y - radius * 1.2, radius * 2.56, radius * 3.5);
            stage.canvas.shape(hair, |path| {
                rounded(path, fall, [radius * 1.28, radius * 1.28, radius * 0.5, radius * 0.5])
            });
        }
        1 => {
            let bob = Area::new(head.x - radius * 1.3, head.y - radius * 1.24, radius * 2.6, radius * 2.35);
            stage.canvas.shape(hair, |path| {
                rounded(path, bob, [radius * 1.25, radius * 1.25, radius * 0.35, radius * 0.35])
            });
        }
        2 => stage.canvas.disc(head.shifted(0.0, -radius * 1.5), radius * 0.52, hair),
        3 => {
            for i in 0..9_usize {
                let at = head.shifted(0.0, -radius * 0.25).polar(radius * 0.98, 0.46 + len(i) / 8.0 * 0.58);
                stage.canvas.disc(at, radius * 0.46, hair);
            }
        }
        _ => {}
    }
}

/// The hair on the head: a cap with a parting, a fringe, a hat or short hair.
fn above(stage: &mut Stage, head: Point, radius: f32, hair: Rgb, style: usize) {
    let (r, x, y) = (radius, head.x, head.y);
    let side = stage.dice.sign();
    if style == 5 {
        let hat = stage.palette.accent.mix(hair, 20);
        let dome = Area::new(x - r * 1.06, y - r * 1.34, r * 2.12, r * 1.02);
        stage.canvas.shape(hat, |path| rounded(path, dome, [r * 0.95, r * 0.95, 0.0, 0.0]));
        stage.canvas.rounded(
            Area::new(x - r * 1.16, y - r * 0.62, r * 2.32, r * 0.36),
            r * 0.16,
            hat.mix(stage.palette.deep(), 25),
        );
        stage.canvas.disc(point(x, y - r * 1.42), r * 0.22, hat.mix(stage.palette.light(), 40));
        return;
    }
    stage.canvas.shape(hair, |path| {
        path.move_to(x - r * 1.06 * side, y + r * 0.02);
        path.cubic_to(
            x - r * 1.2 * side,
            y - r * 1.75,
            x + r * 1.2 * side,
            y - r * 1.75,
            x + r * 1.06 * side,
            y + r * 0.02,
        );
        path.cubic_to(
            x + r * 0.95 * side,
            y - r * 0.5,
            x + r * 0.5 * side,
            y - r * 0.62,
            x + r * 0.2 * side,
            y - r * 0.74,
        );
        path.cubic_to(
            x - r * 0.3 * side,
            y - r * 0.52,
            x - r * 0.95 * side,
            y - r * 0.5,
            x - r * 1.06 * side,
            y + r * 0.02,
        );
        path.close();
    });
}

fn clothes(stage: &mut Stage, at: Point, size: f32, cloth: Rgb, skin: Rgb, fade: &impl Fn(Rgb) -> Rgb) {
    let palette = stage.palette;
    let trim = fade(palette.on(cloth)).mix(cloth, 18);
    let top = at.y - size * 1.2;
    let p = |dx: f32, dy: f32| point(at.x + size * dx, top + size * dy);
    match stage.dice.below(5) {
        // A round neck.
        0 => {
            let (left, low, right) = (p(-0.34, -0.005), p(0.0, 0.42), p(0.34, -0.005));
            stage.canvas.shape(skin.mix(palette.deep(), 14), |path| {
                path.move_to(left.x, left.y);
                path.cubic_to(left.x, low.y, right.x, low.y, right.x, right.y);
                path.close();
            });
        }
        // Stripes.
        1 => {
            for row in 0..9_usize {
                let down = 0.46 + 0.26 * len(row);
                // Where the shoulder is still round, a stripe is as much shorter.
                let round = (0.72_f32 - down).max(0.0);
                let inset =
                    0.72 - (0.72 * 0.72 - round * round).sqrt() + if round > 0.0 { 0.015 } else { 0.0 };
                let half = size * (0.93 - inset);
                stage.canvas.rect(Area::new(at.x - half, top + size * down, half * 2.0, size * 0.1), trim);
            }
        }
        // A jacket over a shirt.
        2 => {
            stage.canvas.polygon(&[p(-0.32, 0.0), p(0.32, 0.0), p(0.0, 1.25)], fade(palette.light()));
            stage.canvas.polygon(
                &[p(-0.07, 0.2), p(0.07, 0.2), p(0.1, 1.0), p(0.0, 1.2), p(-0.1, 1.0)],
                fade(palette.accent),
            );
            stage.canvas.polygon(
                &[p(-0.34, -0.02), p(-0.62, 0.5), p(0.0, 1.35), p(-0.02, 1.1)],
                cloth.mix(palette.deep(), 24),
            );
            stage.canvas.polygon(
                &[p(0.34, -0.02), p(0.62, 0.5), p(0.0, 1.35), p(0.02, 1.1)],
                cloth.mix(palette.deep(), 24),
            );
        }
        // A scarf.
        3 => {
            stage.canvas.rounded(
                Area::new(at.x - size * 0.42, top - size * 0.12, size * 0.84, size * 0.36),
                size * 0.17,
                trim,
            );
            stage.canvas.rounded(
                Area::new(at.x + size * 0.08, top + size * 0.1, size * 0.26, size * 0.85),
                size * 0.06,
                trim,
            );
        }
        // A plain collar.
        _ => {
            stage.canvas.polygon(&[p(-0.3, -0.03), p(0.0, 0.3), p(-0.26, 0.46), p(-0.46, 0.1)], trim);
            stage.canvas.polygon(&[p(0.3, -0.03), p(0.0, 0.3), p(0.26, 0.46), p(0.46, 0.1)], trim);
        }
    }
}
