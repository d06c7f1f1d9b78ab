//! Isometric blocks: a field of towers, slabs and cylinders on a grid, joined by glowing routes.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Point, count, len, point};

/// The lattice: half the width and half the height of a tile (two to one), and where tile (0, 0) has its middle.
#[derive(Clone, Copy)]
struct Lattice {
    half: f32,
    origin: Point,
}

impl Lattice {
    fn at(self, i: f32, j: f32) -> Point {
        point(self.origin.x + (i - j) * self.half, self.origin.y + (i + j) * self.half * 0.5)
    }
}

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette) = (stage.area, stage.palette);
    let ground = if palette.dark {
        palette.paper.mix(palette.ramp[0], 60)
    } else {
        palette.paper.mix(palette.ramp[0], 62)
    };
    stage.canvas.rect(area, ground);
    let half = area.unit() * stage.dice.range(0.068, 0.084);
    let middle = area.at(0.5, 0.53);
    let lattice = Lattice { half, origin: middle };
    let reach = count((area.w / half + area.h * 2.0 / half) / 2.0 + 4.0, 6, 90);
    grid(stage, lattice, reach, ground);
    routes(stage, lattice, reach);
    let span = len(reach);
    for diagonal in 0..=reach * 2 {
        for step in 0..=reach * 2 {
            // Tiles from the far corner to the near one: i + j grows, so nearer blocks cover farther ones.
            let (sum, difference) = (len(diagonal) - span, len(step) - span);
            let (i, j) = ((sum + difference) / 2.0, (sum - difference) / 2.0);
            if i.floor() != i {
                continue;
            }
            let at = lattice.at(i, j);
            let out = half * 5.0;
            if at.x < area.x - half * 2.0
                || at.x > area.right() + half * 2.0
                || at.y < area.y - out
                || at.y > area.bottom() + out
            {
                continue;
            }
            let (across, down) = ((at.x - middle.x) / (area.w * 0.56), (at.y - middle.y) / (area.h * 0.56));
            let distance = (across * across + down * down).sqrt();
            if stage.dice.chance(0.84 - distance * 0.78) {
                let height = half * (0.35 + (1.15 - distance).max(0.0) * stage.dice.range(0.2, 3.1));
                building(stage, at, half, height);
            }
        }
    }
}

fn grid(stage: &mut Stage, lattice: Lattice, reach: usize, ground: Rgb) {
    let span = len(reach);
    let ink = ground.mix(stage.palette.on(ground), 9);
    stage.canvas.stroke_flat(lattice.half * 0.028, ink, |path| {
        for line in 0..=reach * 2 {
            let at = len(line) - span + 0.5;
            for (from, to) in
                [(lattice.at(at, -span), lattice.at(at, span)), (lattice.at(-span, at), lattice.at(span, at))]
            {
                path.move_to(from.x, from.y);
                path.line_to(to.x, to.y);
            }
        }
    });
}

/// Lines along the lattice with a bright dot where they turn.
fn routes(stage: &mut Stage, lattice: Lattice, reach: usize) {
    let palette = stage.palette;
    for lane in 0..5 {
        let color = if lane % 2 == 0 { palette.accent } else { palette.ramp[3] };
        let turn = len(2 + lane) * stage.dice.sign();
        let (cross, far) = (stage.dice.range(-4.0, 4.0).floor() + 0.5, len(reach));
        let start = lattice.at(-far, turn + 0.5);
        let corner = lattice.at(cross, turn + 0.5);
        let end = lattice.at(cross, far * stage.dice.sign());
        stage.canvas.line(&[start, corner, end], lattice.half * 0.075, color);
        stage.canvas.disc(corner, lattice.half * 0.2, color);
        stage.canvas.disc(corner, lattice.half * 0.1, palette.paper);
    }
}

fn building(stage: &mut Stage, at: Point, half: f32, height: f32) {
    let palette = stage.palette;
    let color = if stage.dice.chance(0.13) { palette.accent } else { stage.dice.pick(&palette.ramp[1..]) };
    let kind = stage.dice.below(10);
    match kind {
        0 => cylinder(stage, at, half * 0.72, height * 0.8, color),
        1..=3 => {
            let low = height * 0.42;
            let tower = if stage.dice.chance(0.3) { palette.accent } else { stage.dice.pick(&palette.ramp) };
            prism(stage, at, half * 0.88, low, color);
            prism(stage, at.shifted(0.0, -low), half * 0.52, height * 0.75, tower);
        }
        _ => prism(stage, at, half * 0.88, height, color),
    }
}

fn tones(stage: &Stage, color: Rgb) -> (Rgb, Rgb, Rgb) {
    let palette = stage.palette;
    (color.mix(Rgb::WHITE, 38), color, color.mix(palette.deep(), 34))
}

/// A block with a lit top, a plain left face and a shaded right one; the faces carry windows or slots.
fn prism(stage: &mut Stage, at: Point, half: f32, height: f32, color: Rgb) {
    let (top, left, right) = tones(stage, color);
    let quarter = half * 0.5;
    let roof = at.shifted(0.0, -height);
    let (north, east) = (roof.shifted(0.0, -quarter), roof.shifted(half, 0.0));
    let (south, west) = (roof.shifted(0.0, quarter), roof.shifted(-half, 0.0));
    let down = |from: Point| from.shifted(0.0, height);
    stage.canvas.polygon(&[west, south, down(south), down(west)], left);
    stage.canvas.polygon(&[south, east, down(east), down(south)], right);
    stage.canvas.polygon(&[north, east, south, west], top);
    let rows = count(height / (half * 0.34), 0, 9);
    if rows >= 2 {
        face(stage, (west, south), height, rows, left.mix(Rgb::WHITE, 34));
        face(stage, (south, east), height, rows, right.mix(stage.palette.accent, 62));
    }
    match stage.dice.below(6) {
        0 => oval(stage, roof, half * 0.46, left),
        1 | 2 => {
            let inner = 0.56;
            let corners = [north, east, south, west].map(|corner| roof.toward(corner, inner));
            stage.canvas.polygon(&corners, left);
        }
        3 => {
            let tip = roof.shifted(0.0, -half * 1.1);
            stage.canvas.line(&[roof, tip], half * 0.06, right);
            stage.canvas.disc(tip, half * 0.11, stage.palette.accent);
        }
        _ => {}
    }
}

/// Rows of windows, or slots, on a face from one top corner to the other.
fn face(stage: &mut Stage, (from, to): (Point, Point), height: f32, rows: usize, ink: Rgb) {
    let slots = stage.dice.chance(0.4);
    let columns = if slots { 1 } else { 3 };
    let lit = stage.dice.range(0.55, 1.0);
    let mut cells = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            if stage.dice.chance(lit) {
                let margin = if slots { 0.14 } else { 0.2 };
                let (a, b) =
                    ((len(column) + margin) / len(columns), (len(column) + 1.0 - margin) / len(columns));
                let (top, bottom) =
                    ((len(row) + 0.34) / len(rows) * height, (len(row) + 0.72) / len(rows) * height);
                cells.push((from.toward(to, a), from.toward(to, b), top, bottom));
            }
        }
    }
    stage.canvas.shape(ink, |path| {
        for (a, b, top, bottom) in cells {
            path.move_to(a.x, a.y + top);
            path.line_to(b.x, b.y + top);
            path.line_to(b.x, b.y + bottom);
            path.line_to(a.x, a.y + bottom);
            path.close();
        }
    });
}

fn oval(stage: &mut Stage, at: Point, half: f32, color: Rgb) {
    if let Some(rect) = tiny_skia::Rect::from_xywh(at.x - half, at.y - half * 0.5, half * 2.0, half) {
        stage.canvas.shape(color, |path| path.push_oval(rect));
    }
}

/// A drum, as storage is drawn: body, shade and stacked rims.
fn cylinder(stage: &mut Stage, at: Point, half: f32, height: f32, color: Rgb) {
    let (top, left, right) = tones(stage, color);
    let height = height.max(half * 0.8);
    let roof = at.shifted(0.0, -height);
    oval(stage, at, half, right);
    stage.canvas.rect(crate::artist::geometry::Area::new(roof.x - half, roof.y, half, height), left);
    stage.canvas.rect(crate::artist::geometry::Area::new(roof.x, roof.y, half, height), right);
    stage.canvas.shape(left, |path| {
        path.move_to(at.x - half, at.y);
        path.cubic_to(
            at.x - half,
            at.y + half * 0.276,
            at.x - half * 0.552,
            at.y + half * 0.5,
            at.x,
            at.y + half * 0.5,
        );
        path.line_to(at.x, at.y);
        path.close();
    });
    let rims = count(height / (half * 0.62), 1, 4);
    for rim in 1..rims {
        let level = roof.shifted(0.0, height * len(rim) / len(rims));
        stage.canvas.stroke(half * 0.07, top.mix(left, 40), |path| {
            path.move_to(level.x - half, level.y);
            path.cubic_to(
                level.x - half * 0.9,
                level.y + half * 0.62,
                level.x + half * 0.9,
                level.y + half * 0.62,
                level.x + half,
                level.y,
            );
        });
    }
    oval(stage, roof, half, top);
    oval(stage, roof, half * 0.62, left);
}
