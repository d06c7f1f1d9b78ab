//! A Bauhaus sheet: a grid of tiles with quarter circles, discs, stripes and triangles.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, Point, QUARTER, count, len, point, rounded};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette) = (stage.area, stage.palette);
    let across = stage.dice.pick(&[4.0, 5.0, 5.0, 6.0]);
    let side = area.short() / across;
    let (columns, rows) = (count(area.w / side, 1, 24), count(area.h / side, 1, 24));
    let cell =
        |index: usize, all: usize, start: f32, length: f32| (start + length * len(index) / len(all)).floor();
    // Without the paper, which would eat into the sheet's outline.
    let grounds =
        [palette.ramp[0], palette.ramp[1], palette.ramp[2], palette.ramp[3], palette.ramp[4], palette.accent];
    let inks = [
        palette.paper,
        palette.ramp[0],
        palette.ramp[1],
        palette.ramp[2],
        palette.ramp[3],
        palette.ramp[4],
        palette.accent,
    ];
    let mut above: Vec<usize> = vec![usize::MAX; columns];
    for row in 0..rows {
        let mut before = usize::MAX;
        for (column, above) in above.iter_mut().enumerate() {
            let (x, y) = (cell(column, columns, area.x, area.w), cell(row, rows, area.y, area.h));
            let (right, bottom) =
                (cell(column + 1, columns, area.x, area.w), cell(row + 1, rows, area.y, area.h));
            let tile = Area::new(x, y, right - x, bottom - y);
            // Neighbours never share a ground.
            let mut ground = stage.dice.below(grounds.len());
            while ground == before || ground == *above {
                ground = (ground + 1) % grounds.len();
            }
            (before, *above) = (ground, ground);
            let ink = contrast(stage, &inks, grounds[ground]);
            let second = contrast(stage, &inks, grounds[ground]);
            stage.canvas.rect(tile, grounds[ground]);
            motif(stage, tile, ink, second);
        }
    }
}

/// A colour far enough from a ground to be seen on it.
fn contrast(stage: &mut Stage, colors: &[Rgb], ground: Rgb) -> Rgb {
    let start = stage.dice.below(colors.len());
    let turned = colors[start..].iter().chain(&colors[..start]);
    let far = |color: &&Rgb| {
        let apart = u32::from(color.0.abs_diff(ground.0))
            + u32::from(color.1.abs_diff(ground.1))
            + u32::from(color.2.abs_diff(ground.2));
        color.gap(ground) > 42 && apart > 120
    };
    turned.copied().find(|color| far(&color)).unwrap_or_else(|| stage.palette.on(ground))
}

fn motif(stage: &mut Stage, tile: Area, ink: Rgb, second: Rgb) {
    let (w, h) = (tile.w, tile.h);
    let corner = stage.dice.below(4);
    let upright = corner.is_multiple_of(2);
    let middle = tile.at(0.5, 0.5);
    match stage.dice.below(12) {
        0 | 1 => quarter(stage, tile, corner, 1.0, ink),
        2 => {
            for (share, color) in [(1.0, ink), (0.72, second), (0.44, ink)] {
                quarter(stage, tile, corner, share, color);
            }
        }
        3 => {
            quarter(stage, tile, corner, 1.0, ink);
            quarter(stage, tile, (corner + 2) % 4, 0.5, second);
        }
        4 => {
            stage.canvas.disc(middle, tile.short() * 0.5, ink);
            stage.canvas.disc(middle, tile.short() * 0.22, second);
        }
        5 => {
            leaf(stage, tile, upright, ink);
            stage.canvas.disc(middle, tile.short() * 0.13, second);
        }
        6 => {
            let corners = [tile.at(0.0, 0.0), tile.at(1.0, 0.0), tile.at(1.0, 1.0), tile.at(0.0, 1.0)];
            let three = [corners[corner], corners[(corner + 1) % 4], corners[(corner + 2) % 4]];
            stage.canvas.polygon(&three, ink);
        }
        7 => {
            for i in 0..4_usize {
                let share = (len(i) * 2.0 + 1.0) / 8.0 - 0.0625;
                let bar = if upright {
                    Area::new(tile.x, tile.y + h * share, w, h / 8.0)
                } else {
                    Area::new(tile.x + w * share, tile.y, w / 8.0, h)
                };
                stage.canvas.rect(bar, ink);
            }
        }
        8 => {
            for (row, color) in [(0.0, ink), (0.5, second)] {
                let half = Area::new(tile.x, tile.y + h * row, w, h / 2.0);
                half_disc(stage, half, upright, color);
            }
        }
        9 => {
            let mut dots = Vec::new();
            for row in 0..4_usize {
                for column in 0..4_usize {
                    dots.push((
                        tile.at((len(column) + 0.5) / 4.0, (len(row) + 0.5) / 4.0),
                        tile.short() * 0.07,
                    ));
                }
            }
            stage.canvas.dots(&dots, ink);
        }
        10 => {
            for share in [0.42, 0.28, 0.14] {
                stage.canvas.ring(
                    middle,
                    tile.short() * share,
                    tile.short() * 0.055,
                    if share == 0.28 { second } else { ink },
                );
            }
        }
        _ => {
            let inner = tile.inset(tile.short() * 0.2);
            let corners = [tile.at(0.5, 0.0), tile.at(1.0, 0.5), tile.at(0.5, 1.0), tile.at(0.0, 0.5)];
            stage.canvas.polygon(&corners, ink);
            stage.canvas.shape(second, |path| rounded(path, inner.inset(tile.short() * 0.12), [0.0; 4]));
        }
    }
}

/// A quarter of an ellipse in a corner; `share` of the tile's sides.
fn quarter(stage: &mut Stage, tile: Area, corner: usize, share: f32, color: Rgb) {
    let (w, h) = (tile.w * share, tile.h * share);
    let (at, sx, sy): (Point, f32, f32) = match corner {
        0 => (tile.at(0.0, 0.0), 1.0, 1.0),
        1 => (tile.at(1.0, 0.0), -1.0, 1.0),
        2 => (tile.at(1.0, 1.0), -1.0, -1.0),
        _ => (tile.at(0.0, 1.0), 1.0, -1.0),
    };
    stage.canvas.shape(color, |path| {
        path.move_to(at.x, at.y);
        path.line_to(at.x + w * sx, at.y);
        path.cubic_to(
            at.x + w * sx,
            at.y + h * QUARTER * sy,
            at.x + w * QUARTER * sx,
            at.y + h * sy,
            at.x,
            at.y + h * sy,
        );
        path.close();
    });
}

/// The overlap of two quarter circles from opposite corners.
fn leaf(stage: &mut Stage, tile: Area, falling: bool, color: Rgb) {
    let (w, h, k) = (tile.w, tile.h, QUARTER);
    let x = |share: f32| if falling { tile.x + w * share } else { tile.x + w * (1.0 - share) };
    let y = |share: f32| tile.y + h * share;
    stage.canvas.shape(color, |path| {
        path.move_to(x(0.0), y(0.0));
        path.cubic_to(x(k), y(0.0), x(1.0), y(1.0 - k), x(1.0), y(1.0));
        path.cubic_to(x(1.0 - k), y(1.0), x(0.0), y(k), x(0.0), y(0.0));
        path.close();
    });
}

/// Half an ellipse with its flat side down or up.
fn half_disc(stage: &mut Stage, tile: Area, up: bool, color: Rgb) {
    let (flat, round) = if up { (tile.bottom(), tile.y) } else { (tile.y, tile.bottom()) };
    let bend = flat + (round - flat) * QUARTER;
    let (left, right, middle) = (tile.x, tile.right(), tile.x + tile.w / 2.0);
    let reach = tile.w / 2.0 * QUARTER;
    let (a, b) = (point(left, bend), point(middle - reach, round));
    stage.canvas.shape(color, |path| {
        path.move_to(left, flat);
        path.cubic_to(a.x, a.y, b.x, b.y, middle, round);
        path.cubic_to(middle + reach, round, right, bend, right, flat);
        path.close();
    });
}
