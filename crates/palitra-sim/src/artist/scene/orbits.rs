//! Concentric orbits: a sun, tinted rings to the edges, shaded planets and stars.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Point, QUARTER, count, len};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let space = if palette.dark { palette.paper } else { palette.ramp[4].mix(palette.ink, 35) };
    stage.canvas.rect(area, space);
    let center = area.at(stage.dice.range(0.36, 0.64), stage.dice.range(0.42, 0.58));
    let corners = [area.at(0.0, 0.0), area.at(1.0, 0.0), area.at(0.0, 1.0), area.at(1.0, 1.0)];
    let reach = corners.iter().map(|corner| corner.distance(center)).fold(0.0, f32::max);
    let sun = unit * stage.dice.range(0.1, 0.14);
    let gap = unit * stage.dice.range(0.085, 0.105);
    let rings = count((reach - sun) / gap, 4, 26);
    let tints: Vec<Rgb> = (0..rings)
        .map(|ring| {
            let share = u32::try_from(ring * 100 / rings).unwrap_or(100);
            if palette.dark {
                palette.depth(86_u32.saturating_sub(share)).mix(space, 30 + share * 7 / 10)
            } else {
                palette.depth(12 + share).mix(space, share * 9 / 10)
            }
        })
        .collect();
    for (ring, tint) in tints.iter().enumerate().rev() {
        stage.canvas.disc(center, sun + gap * (len(ring) + 1.0), *tint);
    }
    stars(stage, center, sun * 2.2);
    let line = palette.light().cover(70);
    for ring in 0..rings {
        let radius = sun + gap * (len(ring) + 0.5);
        stage.canvas.ring(center, radius, unit * 0.0026, line);
    }
    planets(stage, center, sun, gap, &tints);
    stage.canvas.disc(center, sun * 1.28, palette.accent.cover(60));
    stage.canvas.disc(center, sun, palette.accent);
    stage.canvas.disc(
        center.shifted(-sun * 0.12, -sun * 0.12),
        sun * 0.72,
        palette.accent.mix(Rgb::WHITE, 16),
    );
}

fn stars(stage: &mut Stage, center: Point, clear: f32) {
    let (area, unit) = (stage.area, stage.area.unit());
    let light = stage.palette.light();
    let mut dots = Vec::new();
    for _ in 0..count(area.w * area.h / (unit * unit) * 70.0, 30, 220) {
        let at = area.at(stage.dice.unit(), stage.dice.unit());
        if at.distance(center) > clear {
            dots.push((at, unit * stage.dice.pick(&[0.0016, 0.0022, 0.0034])));
        }
    }
    stage.canvas.dots(&dots, light.cover(190));
    for _ in 0..6 {
        let at = area.at(stage.dice.range(0.05, 0.95), stage.dice.range(0.05, 0.95));
        let size = unit * stage.dice.range(0.012, 0.024);
        stage.canvas.shape(light, |path| {
            path.move_to(at.x, at.y - size);
            for (dx, dy) in [(size, 0.0), (0.0, size), (-size, 0.0), (0.0, -size)] {
                path.quad_to(at.x, at.y, at.x + dx, at.y + dy);
            }
            path.close();
        });
    }
}

/// Planets on their orbits, kept inside the area; each with a shaded side, some with rings, bands or a moon.
fn planets(stage: &mut Stage, center: Point, sun: f32, gap: f32, tints: &[Rgb]) {
    let (area, palette) = (stage.area, stage.palette);
    let mut turn = stage.dice.unit();
    for (ring, tint) in tints.iter().enumerate().skip(1) {
        let orbit = sun + gap * (len(ring) + 0.5);
        let mut left = 24;
        let radius = gap * stage.dice.pick(&[0.2, 0.3, 0.42, 0.56, 0.7]);
        let room = area.inset(radius * 1.6);
        // Each planet about a golden turn after the last, moved on until it is inside.
        turn += 0.382;
        let at = loop {
            let at = center.polar(orbit, turn);
            let inside = at.x > room.x && at.x < room.right() && at.y > room.y && at.y < room.bottom();
            if inside || left == 0 {
                break inside.then_some(at);
            }
            left -= 1;
            turn += 0.043;
        };
        let Some(at) = at else { continue };
        let colors = [palette.accent, palette.ramp[1], palette.ramp[2], palette.ramp[3], palette.light()];
        let first = stage.dice.below(colors.len());
        // The first of them, in turn, that is seen against the ring's tint.
        let seen = |color: &&Rgb| color.gap(*tint) > 44;
        let color =
            colors[first..].iter().chain(&colors[..first]).find(seen).copied().unwrap_or(palette.light());
        planet(stage, at, radius, color, center);
    }
}

fn planet(stage: &mut Stage, at: Point, radius: f32, color: Rgb, sun: Point) {
    let shade = color.mix(stage.palette.deep(), 38);
    let ringed = stage.dice.chance(0.28).then(|| stage.dice.range(-0.35, 0.35));
    if let Some(tilt) = ringed {
        belt(stage, at, radius, tilt, true);
    }
    stage.canvas.disc(at, radius, color);
    // The side away from the sun: half a disc bounded by a flatter curve.
    let away = sun.distance(at).max(1.0);
    let (dx, dy) = ((at.x - sun.x) / away, (at.y - sun.y) / away);
    let turned = |along: f32, aside: f32| {
        at.shifted((dx * along - dy * aside) * radius, (dy * along + dx * aside) * radius)
    };
    let [top, far, low] = [turned(0.0, -1.0), turned(1.0, 0.0), turned(0.0, 1.0)];
    let [a, b, c, d] =
        [turned(QUARTER, -1.0), turned(1.0, -QUARTER), turned(1.0, QUARTER), turned(QUARTER, 1.0)];
    let [e, f] = [turned(0.36, 0.5), turned(0.36, -0.5)];
    stage.canvas.shape(shade, |path| {
        path.move_to(top.x, top.y);
        path.cubic_to(a.x, a.y, b.x, b.y, far.x, far.y);
        path.cubic_to(c.x, c.y, d.x, d.y, low.x, low.y);
        path.cubic_to(e.x, e.y, f.x, f.y, top.x, top.y);
        path.close();
    });
    match ringed {
        Some(tilt) => belt(stage, at, radius, tilt, false),
        None if stage.dice.chance(0.35) => {
            let moon = at.polar(radius * 1.6, stage.dice.unit());
            stage.canvas.disc(moon, radius * 0.22, stage.palette.light());
        }
        None => {}
    }
}

/// A planet's ring: the half behind it or the half in front.
fn belt(stage: &mut Stage, at: Point, radius: f32, tilt: f32, behind: bool) {
    let (half, flat) = (radius * 1.75, if behind { -radius * 0.5 } else { radius * 0.5 });
    let turned = |x: f32, y: f32| at.shifted(x + y * tilt, y - x * tilt);
    let [left, middle, right] = [turned(-half, 0.0), turned(0.0, flat), turned(half, 0.0)];
    let [a, b] = [turned(-half, flat * QUARTER), turned(-half * QUARTER, flat)];
    let [c, d] = [turned(half * QUARTER, flat), turned(half, flat * QUARTER)];
    stage.canvas.stroke(radius * 0.15, stage.palette.light(), |path| {
        path.move_to(left.x, left.y);
        path.cubic_to(a.x, a.y, b.x, b.y, middle.x, middle.y);
        path.cubic_to(c.x, c.y, d.x, d.y, right.x, right.y);
    });
}
