//! Woven bands, over and under, straight or on the diagonal.

use tiny_skia::Transform;

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, count, len};

/// The look of one band.
#[derive(Clone, Copy)]
struct Band {
    body: Rgb,
    trim: Rgb,
    kind: usize,
}

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette) = (stage.area, stage.palette);
    let ground = palette.deep().mix(palette.ramp[4], if palette.dark { 12 } else { 30 });
    stage.canvas.rect(area, ground);
    let cell = area.short() / stage.dice.pick(&[4.0, 5.0, 5.5]);
    let diagonal = stage.dice.chance(0.6);
    let center = area.at(0.5, 0.5);
    if diagonal {
        // An eighth of a turn, about the middle.
        let s = 0.707_106_77;
        let turn = Transform::from_row(
            s,
            s,
            -s,
            s,
            center.x - s * center.x + s * center.y,
            center.y - s * center.x - s * center.y,
        );
        stage.canvas.transform = turn;
    }
    let reach = if diagonal { (area.w + area.h) * 0.71 } else { area.long() };
    let bands = count(reach / cell + 1.0, 3, 60);
    let half = cell * len(bands) / 2.0;
    let looks = |stage: &mut Stage| -> Vec<Band> {
        (0..bands)
            .map(|i| {
                let body = if i % 3 == 1 {
                    stage.dice.pick(&[
                        palette.accent,
                        palette.ramp[0],
                        palette.ramp[0].mix(palette.light(), 50),
                    ])
                } else {
                    stage.dice.pick(&palette.ramp[..4])
                };
                let trim = if body.lightness() > 150 {
                    stage.dice.pick(&[palette.ramp[4], palette.accent, palette.deep()])
                } else {
                    stage.dice.pick(&[palette.light(), palette.ramp[0]])
                };
                Band {
                    body,
                    trim: if trim == body { palette.on(body) } else { trim },
                    kind: stage.dice.below(5),
                }
            })
            .collect()
    };
    let (down, across) = (looks(stage), looks(stage));
    let width = cell * 0.8;
    let inset = (cell - width) / 2.0;
    let (left, top) = (center.x - half, center.y - half);
    for (i, look) in down.iter().enumerate() {
        let band = Area::new(left + cell * len(i) + inset, top, width, half * 2.0);
        strip(stage, band, *look, true);
    }
    for (j, look) in across.iter().enumerate() {
        let y = top + cell * len(j) + inset;
        shadows(stage, Area::new(left, y, half * 2.0, width), false);
        strip(stage, Area::new(left, y, half * 2.0, width), *look, false);
        for (i, over) in down.iter().enumerate().filter(|(i, _)| (i + j) % 2 == 0) {
            let patch = Area::new(left + cell * len(i) + inset, y - inset * 1.04, width, cell * 1.02);
            // Most of a turned grid lies outside the picture.
            let (dx, dy) = (patch.x + width / 2.0 - center.x, y + width / 2.0 - center.y);
            let at = if diagonal {
                center.shifted((dx - dy) * 0.707, (dx + dy) * 0.707)
            } else {
                center.shifted(dx, dy)
            };
            if (at.x - center.x).abs() > area.w / 2.0 + cell || (at.y - center.y).abs() > area.h / 2.0 + cell
            {
                continue;
            }
            shadows(stage, Area::new(patch.x, y, width, width), true);
            strip(stage, patch, *over, true);
        }
    }
    stage.canvas.transform = Transform::identity();
}

/// Soft edges beside a band that lies on top.
fn shadows(stage: &mut Stage, band: Area, upright: bool) {
    let deep = stage.palette.deep();
    for (reach, cover) in [(0.11, 34), (0.05, 52)] {
        let by = band.short() * reach;
        let wide = if upright {
            Area::new(band.x - by, band.y, band.w + by * 2.0, band.h)
        } else {
            Area::new(band.x, band.y - by, band.w, band.h + by * 2.0)
        };
        stage.canvas.rect(wide, deep.cover(cover));
    }
}

fn strip(stage: &mut Stage, band: Area, look: Band, upright: bool) {
    stage.canvas.rect(band, look.body);
    let lanes: &[(f32, f32)] = match look.kind {
        0 => &[(0.1, 0.06), (0.84, 0.06)],
        1 => &[(0.42, 0.16)],
        2 => &[(0.08, 0.05), (0.3, 0.4), (0.87, 0.05)],
        3 => &[(0.16, 0.1), (0.36, 0.06), (0.58, 0.06), (0.74, 0.1)],
        _ => &[(0.0, 0.12), (0.88, 0.12)],
    };
    for (from, share) in lanes {
        let lane = if upright {
            Area::new(band.x + band.w * from, band.y, band.w * share, band.h)
        } else {
            Area::new(band.x, band.y + band.h * from, band.w, band.h * share)
        };
        stage.canvas.rect(lane, look.trim);
    }
}
