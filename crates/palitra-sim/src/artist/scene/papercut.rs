//! A paper-cut box: sheets with wavy openings one behind another, a small landscape in the deepest.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, Point, cos_turns, count, len, rounded, sin_turns, smooth_loop};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let sky = if palette.dark {
        palette.ramp[3].mix(palette.accent, 20)
    } else {
        palette.ramp[0].mix(palette.paper, 30)
    };
    stage.canvas.bands(area, sky, sky.mix(palette.accent, 34), 7);
    let center = area.at(stage.dice.range(0.44, 0.56), stage.dice.range(0.46, 0.54));
    let radius = unit * stage.dice.range(0.09, 0.12);
    let sun = center.shifted(unit * stage.dice.range(-0.12, 0.12), -unit * 0.08);
    stage.canvas.disc(sun, radius * 1.4, palette.light().cover(70));
    stage.canvas.disc(sun, radius, if palette.dark { palette.light() } else { palette.accent });
    for layer in 0..2_u32 {
        let base = center.y + area.h * 0.06 + unit * 0.09 * if layer == 0 { 0.0 } else { 1.0 };
        let line = stage.ridge(base, unit * 0.05, area.w / unit * 2.4);
        stage.ground(
            &line,
            if palette.dark {
                palette.ramp[2].mix(palette.paper, layer * 30)
            } else {
                palette.ramp[1 + usize::try_from(layer).unwrap_or(0)]
            },
        );
    }
    let sheets = 5;
    let start = stage.dice.unit();
    for sheet in 0..sheets {
        let near = len(sheet) / len(sheets - 1);
        let percent = u32::try_from(sheet).unwrap_or(0) * 25;
        let color = if palette.dark {
            palette.depth(100 - percent).mix(palette.paper, percent * 6 / 10)
        } else {
            palette.depth(percent.max(14))
        };
        let half = (area.w * (0.25 + near * 0.25), area.h * (0.235 + near * 0.25));
        let opening = opening(center, half, start, near);
        let sheet_area = Area::new(area.x - 1.0, area.y - 1.0, area.w + 2.0, area.h + 2.0);
        // The shadow of this sheet on the ones behind, in two soft steps; what lies under the sheet need not be shaded.
        let under: Vec<Point> = opening.iter().map(|at| center.toward(*at, 1.05)).collect();
        for (shift, cover) in [(0.024, 30), (0.012, 48)] {
            let shadow: Vec<Point> =
                opening.iter().map(|at| at.shifted(unit * shift * 0.4, unit * shift)).collect();
            stage.canvas.cutout(palette.deep().cover(cover), |path| {
                smooth_loop(path, &under);
                smooth_loop(path, &shadow);
            });
        }
        stage.canvas.cutout(color, |path| {
            rounded(path, sheet_area, [0.0; 4]);
            smooth_loop(path, &opening);
        });
        sprouts(stage, &opening, center, color);
    }
}

/// A wavy loop that keeps inside every larger one: they share their waves, only the ripples differ.
fn opening(center: Point, half: (f32, f32), start: f32, near: f32) -> Vec<Point> {
    let points: u8 = 72;
    (0..points)
        .map(|step| {
            let turn = f32::from(step) / f32::from(points);
            let (x, y) = (cos_turns(turn), sin_turns(turn));
            // Between an ellipse and a rectangle, to use the corners.
            let square = 1.0 / (x * x * x * x + y * y * y * y).sqrt().sqrt();
            let waves = sin_turns(turn * 3.0 + start) * 0.045 + sin_turns(turn * 7.0 + start * 5.0) * 0.028;
            let ripples = sin_turns(turn * 11.0 + near * 1.9) * 0.013;
            let swing = (0.35 + square * 0.65) * (0.92 + waves + ripples);
            center.shifted(x * half.0 * swing, y * half.1 * swing)
        })
        .collect()
}

/// Firs and leaves of a sheet's own paper, standing on the lower edge of its opening.
fn sprouts(stage: &mut Stage, opening: &[Point], center: Point, color: Rgb) {
    let unit = stage.area.unit();
    let lowest = opening.iter().map(|at| at.y).fold(center.y, f32::max);
    let floor: Vec<Point> =
        opening.iter().copied().filter(|at| at.y > center.y + (lowest - center.y) * 0.74).collect();
    for _ in 0..count(stage.area.w / unit * 7.0, 4, 18) {
        let foot = stage.dice.pick(&floor).shifted(0.0, unit * 0.012);
        let height = unit * stage.dice.range(0.045, 0.1);
        if stage.dice.chance(0.6) {
            for tier in 0..3_u8 {
                let (low, half) = (height * 0.26 * f32::from(tier), height * (0.27 - 0.06 * f32::from(tier)));
                let tip = foot.shifted(0.0, -low - height * 0.48);
                stage.canvas.polygon(&[tip, foot.shifted(half, -low), foot.shifted(-half, -low)], color);
            }
        } else {
            let (lean, half) = (height * stage.dice.range(-0.5, 0.5), height * 0.2);
            let tip = foot.shifted(lean, -height);
            stage.canvas.shape(color, |path| {
                path.move_to(foot.x, foot.y);
                path.quad_to(foot.x + half + lean * 0.2, foot.y - height * 0.6, tip.x, tip.y);
                path.quad_to(foot.x - half + lean * 0.2, foot.y - height * 0.5, foot.x, foot.y);
            });
        }
    }
}
