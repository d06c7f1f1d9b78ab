//! A network: layers of nodes joined by curves, one bright route with arrows through it.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, Point, count, len, point};

struct Node {
    at: Point,
    radius: f32,
    color: Rgb,
}

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette) = (stage.area, stage.palette);
    let inverted = stage.dice.chance(0.4) && palette.paper != Rgb::WHITE;
    let ground = match (palette.dark, inverted) {
        (false, true) => palette.ramp[4].mix(palette.ink, 25),
        (false, false) if palette.paper == Rgb::WHITE => palette.paper.mix(palette.ramp[0], 35),
        (false, false) => palette.ramp[0].mix(palette.paper, 25),
        (true, _) => palette.paper.mix(palette.ramp[0], 55),
    };
    stage.canvas.rect(area, ground);
    backdrop(stage, ground);
    let seen: Vec<Rgb> = palette.ramp.into_iter().filter(|color| color.gap(ground) > 38).collect();
    let layers = nodes(stage, &seen);
    let route: Vec<usize> = layers.iter().map(|layer| stage.dice.below(layer.len())).collect();
    links(stage, &layers, ground);
    for (step, pair) in layers.windows(2).enumerate() {
        arrow(stage, &pair[0][route[step]], &pair[1][route[step + 1]]);
    }
    for (layer, bright) in layers.iter().zip(&route) {
        for (i, node) in layer.iter().enumerate() {
            face(stage, node, i == *bright, ground);
        }
    }
}

/// Quiet discs and a grid of dots: paper to draw a scheme on.
fn backdrop(stage: &mut Stage, ground: Rgb) {
    let (area, unit) = (stage.area, stage.area.unit());
    let discs = count(area.long() / unit * 2.0, 2, 6);
    for i in 0..discs {
        let share = (len(i) + 0.5) / len(discs);
        let at = if area.w >= area.h {
            area.at(share, stage.dice.range(0.15, 0.85))
        } else {
            area.at(stage.dice.range(0.1, 0.9), share)
        };
        let color = stage.palette.depth(u32::try_from(i).unwrap_or(0) * 24 + 8);
        stage.canvas.disc(at, unit * stage.dice.range(0.2, 0.36), ground.mix(color, 26));
    }
    let step = unit / 21.0;
    let (columns, rows) = (count(area.w / step, 2, 200), count(area.h / step, 2, 200));
    let mut dots = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let at = area.at((len(column) + 0.5) / len(columns), (len(row) + 0.5) / len(rows));
            dots.push((at, unit * 0.0024));
        }
    }
    stage.canvas.dots(&dots, ground.mix(stage.palette.on(ground), 22));
}

/// Layers across the longer side, with a few nodes each, swaying off the straight line.
fn nodes(stage: &mut Stage, colors: &[Rgb]) -> Vec<Vec<Node>> {
    let (area, unit) = (stage.area, stage.area.unit());
    let wide = area.w >= area.h * 0.8;
    let inner = Area::new(area.x + area.w * 0.09, area.y + area.h * 0.09, area.w * 0.82, area.h * 0.82);
    let (along, beside) = if wide { (inner.w, inner.h) } else { (inner.h, inner.w) };
    let layers = count(along / (unit * 0.2), 4, 11);
    let most = count(beside / (unit * 0.16), 3, 8);
    (0..layers)
        .map(|layer| {
            let edge = layer == 0 || layer + 1 == layers;
            let nodes = if edge {
                1 + stage.dice.below(most - 1)
            } else {
                most.saturating_sub(stage.dice.below(3)).max(2)
            };
            (0..nodes)
                .map(|node| {
                    let share = (len(layer) + 0.5) / len(layers) + stage.dice.range(-0.012, 0.012);
                    let side = (len(node) + 0.5) / len(nodes) + stage.dice.range(-0.035, 0.035);
                    let at = if wide { inner.at(share, side) } else { inner.at(side, share) };
                    let radius = unit * stage.dice.pick(&[0.03, 0.036, 0.044, 0.054]);
                    Node { at, radius, color: stage.dice.pick(colors) }
                })
                .collect()
        })
        .collect()
}

fn links(stage: &mut Stage, layers: &[Vec<Node>], ground: Rgb) {
    let unit = stage.area.unit();
    for pair in layers.windows(2) {
        for from in &pair[0] {
            let ink = from.color.mix(ground, 42);
            for to in &pair[1] {
                if stage.dice.chance(0.66) {
                    curve(stage, from.at, to.at, unit * 0.0036, ink);
                }
            }
        }
    }
}

/// A curve that leaves and arrives along the main direction.
fn curve(stage: &mut Stage, from: Point, to: Point, width: f32, ink: Rgb) {
    let wide = stage.area.w >= stage.area.h * 0.8;
    let middle = from.toward(to, 0.5);
    let (a, b) = if wide {
        (point(middle.x, from.y), point(middle.x, to.y))
    } else {
        (point(from.x, middle.y), point(to.x, middle.y))
    };
    stage.canvas.stroke(width, ink, |path| {
        path.move_to(from.x, from.y);
        path.cubic_to(a.x, a.y, b.x, b.y, to.x, to.y);
    });
}

/// The bright route: a thick curve and an arrow head before the next node.
fn arrow(stage: &mut Stage, from: &Node, to: &Node) {
    let unit = stage.area.unit();
    let wide = stage.area.w >= stage.area.h * 0.8;
    let (dx, dy) = if wide { (1.0, 0.0) } else { (0.0, 1.0) };
    let gap = to.radius * 1.55 + unit * 0.008;
    let tip = to.at.shifted(-dx * gap, -dy * gap);
    let size = unit * 0.024;
    let base = tip.shifted(-dx * size, -dy * size);
    let accent = stage.palette.accent;
    curve(stage, from.at, base, unit * 0.011, accent);
    let half = size * 0.62;
    stage
        .canvas
        .polygon(&[tip, base.shifted(-dy * half, dx * half), base.shifted(dy * half, -dx * half)], accent);
}

fn face(stage: &mut Stage, node: &Node, bright: bool, ground: Rgb) {
    let (at, radius) = (node.at, node.radius);
    let color = if bright { stage.palette.accent } else { node.color };
    let canvas = &mut *stage.canvas;
    canvas.disc(at, radius * 1.5, ground);
    match stage.dice.below(4) {
        0 => {
            canvas.disc(at, radius * 1.2, color);
            canvas.disc(at, radius * 0.5, ground);
        }
        1 => {
            canvas.ring(at, radius * 1.12, radius * 0.22, color);
            canvas.disc(at, radius * 0.66, color);
        }
        2 => {
            canvas.disc(at, radius * 1.2, color);
            canvas.shape(color.mix(stage.palette.deep(), 30), |path| {
                path.move_to(at.x, at.y - radius * 1.2);
                path.cubic_to(
                    at.x + radius * 1.6,
                    at.y - radius * 1.2,
                    at.x + radius * 1.6,
                    at.y + radius * 1.2,
                    at.x,
                    at.y + radius * 1.2,
                );
                path.close();
            });
        }
        _ => canvas.disc(at, radius * 1.2, color),
    }
}
