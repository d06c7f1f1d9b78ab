//! Paper-cut statistics: bars across the width, a rising line, an area and a ring.

use super::Stage;
use crate::artist::geometry::{Area, Point, count, len, point, rounded};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let ground = palette.paper.mix(palette.ramp[0], if palette.dark { 42 } else { 34 });
    stage.canvas.rect(area, ground);
    let rule = ground.mix(palette.on(ground), 12);
    let rows = count(area.h / (unit * 0.1), 5, 16);
    for row in 1..rows {
        let y = (area.y + area.h * len(row) / len(rows)).floor();
        stage.canvas.rect(Area::new(area.x, y, area.w, (unit * 0.0022).max(1.0)), rule);
    }
    ring(stage);
    let floor = area.y + area.h * 0.9;
    mountain(stage, floor);
    let tops = bars(stage, floor);
    trend(stage, &tops);
    stage.canvas.rect(
        Area::new(area.x, floor, area.w, area.bottom() - floor + 1.0),
        palette.ramp[4].mix(palette.deep(), if palette.dark { 70 } else { 30 }),
    );
    let ticks = count(area.w / (unit * 0.05), 4, 80);
    for tick in 1..ticks {
        let x = (area.x + area.w * len(tick) / len(ticks)).floor();
        let tall = unit * if tick % 5 == 0 { 0.03 } else { 0.014 };
        stage.canvas.rect(Area::new(x, floor, (unit * 0.003).max(1.0), tall), palette.light().cover(120));
    }
}

/// A ring of shares, up where the bars are low.
fn ring(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let radius = unit * stage.dice.range(0.17, 0.21);
    let at = point(area.x + (area.w * 0.27).max(radius * 1.4), area.y + (area.h * 0.3).max(radius * 1.3));
    let mut turn = stage.dice.unit();
    let ground = palette.paper.mix(palette.ramp[0], if palette.dark { 42 } else { 34 });
    for (i, color) in
        [palette.accent, palette.ramp[3], palette.ramp[1], palette.ramp[2]].into_iter().enumerate()
    {
        let share = [0.38, 0.27, 0.2, 0.15][i];
        let out = if i == 0 { radius * 0.07 } else { 0.0 };
        let centre = at.polar(out, turn + share / 2.0);
        let steps = 24;
        stage.canvas.shape(color, |path| {
            path.move_to(centre.x, centre.y);
            for step in 0..=steps {
                let edge = centre.polar(radius, turn + share * len(step) / len(steps));
                path.line_to(edge.x, edge.y);
            }
            path.close();
        });
        turn += share;
    }
    stage.canvas.disc(at, radius * 0.56, ground);
    stage.canvas.ring(at, radius * 0.4, unit * 0.006, palette.accent);
}

/// A quiet area behind the bars.
fn mountain(stage: &mut Stage, floor: f32) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    for layer in 0..2_u32 {
        let base = floor - area.h * if layer == 0 { 0.34 } else { 0.2 };
        let line = stage.ridge(base, area.h.min(unit * 1.2) * 0.08, area.w / unit * 1.7 + 0.4);
        let line: Vec<Point> =
            line.iter().map(|at| at.shifted(0.0, -area.h * 0.16 * (at.x - area.x) / area.w)).collect();
        stage.ground(&line, palette.ramp[if layer == 0 { 0 } else { 1 }]);
    }
}

/// Bars rising to the right; gives the middles of their tops.
fn bars(stage: &mut Stage, floor: f32) -> Vec<Point> {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let bars = count(area.w / unit * 7.0, 5, 24);
    let step = area.w / (len(bars) + 0.6);
    let best = bars - 1 - stage.dice.below(2);
    let mut tops = Vec::new();
    for bar in 0..bars {
        let rise = len(bar) / len(bars - 1);
        let share = 0.14 + rise * rise * 0.44 + stage.dice.range(0.0, 0.16);
        let height = area.h * share;
        let x = area.x + step * (len(bar) + 0.42);
        let width = step * 0.68;
        let body = Area::new(x.floor(), floor - height, width.floor().max(1.0), height + 1.0);
        let color = if bar == best {
            palette.accent
        } else {
            palette.depth(44 + u32::try_from(bar % 3).unwrap_or(0) * 22)
        };
        let top = width * if stage.dice.chance(0.5) { 0.5 } else { 0.12 };
        stage.canvas.shape(color, |path| rounded(path, body, [top, top, 0.0, 0.0]));
        let split = stage.dice.range(0.2, 0.55);
        let lower = Area::new(body.x, floor - height * split, body.w, height * split + 1.0);
        stage.canvas.rect(lower, color.mix(palette.deep(), 22));
        if stage.dice.chance(0.35) {
            let rows = count(height * split / (unit * 0.02), 1, 30);
            for row in 0..rows {
                let y = floor - height * split + unit * 0.02 * (len(row) + 0.4);
                stage.canvas.rect(Area::new(body.x, y, body.w, unit * 0.006), color.mix(palette.light(), 18));
            }
        }
        tops.push(point(body.x + body.w / 2.0, body.y));
    }
    tops
}

/// The line over the bars, with dots on every second turn back from the last.
fn trend(stage: &mut Stage, tops: &[Point]) {
    let (palette, unit) = (stage.palette, stage.area.unit());
    let line: Vec<Point> = tops.iter().map(|top| top.shifted(0.0, -unit * 0.075)).collect();
    let color = palette.on(palette.paper);
    stage.canvas.line(&line, unit * 0.008, color);
    for at in line.iter().rev().step_by(2) {
        stage.canvas.disc(*at, unit * 0.017, color);
        stage.canvas.disc(*at, unit * 0.009, palette.accent);
    }
}
