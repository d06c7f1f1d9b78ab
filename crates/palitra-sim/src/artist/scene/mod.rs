//! The compositions. Each fills its area whatever its proportions, in the palette it is given.

mod blocks;
mod botanic;
mod chart;
mod city;
mod hills;
mod network;
mod orbits;
mod papercut;
mod people;
mod tiles;
mod waves;
mod weave;

use super::canvas::Canvas;
use super::color::Rgb;
use super::dice::Dice;
use super::geometry::{Area, Point, count, len, point, polygon, rounded, sin_turns};
use super::palette::Palette;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Blocks,
    Botanic,
    Chart,
    City,
    Hills,
    Network,
    Orbits,
    Papercut,
    People,
    Tiles,
    Waves,
    Weave,
}

impl Scene {
    /// Draws the composition over an area; it may paint past the edges.
    pub(super) fn draw(self, canvas: &mut Canvas, area: Area, palette: &Palette, dice: &mut Dice) {
        let stage = &mut Stage { canvas, area, palette, dice };
        match self {
            Self::Blocks => blocks::draw(stage),
            Self::Botanic => botanic::draw(stage),
            Self::Chart => chart::draw(stage),
            Self::City => city::draw(stage),
            Self::Hills => hills::draw(stage),
            Self::Network => network::draw(stage),
            Self::Orbits => orbits::draw(stage),
            Self::Papercut => papercut::draw(stage),
            Self::People => people::draw(stage),
            Self::Tiles => tiles::draw(stage),
            Self::Waves => waves::draw(stage),
            Self::Weave => weave::draw(stage),
        }
    }
}

/// What a composition works with.
struct Stage<'a> {
    canvas: &'a mut Canvas,
    area: Area,
    palette: &'a Palette,
    dice: &'a mut Dice,
}

impl Stage<'_> {
    /// A sky over the whole area: quiet above, lighter toward the horizon; with a sun or a moon.
    fn sky(&mut self) -> (Rgb, Rgb) {
        let palette = self.palette;
        let (top, bottom) = if palette.dark {
            (palette.paper.mix(palette.ramp[0], 35), palette.ramp[1].mix(palette.ramp[3], 30))
        } else {
            (palette.ramp[0].mix(palette.ramp[1], 35), palette.paper.mix(palette.ramp[0], 40))
        };
        let steps = if self.dice.chance(0.5) { 9 } else { 48 };
        self.canvas.bands(self.area, top, bottom, steps);
        (top, bottom)
    }

    /// A sun: with quiet rings around it, with thin ones, or cut into slats toward its foot.
    fn sun(&mut self, center: Point, radius: f32) {
        let accent = self.palette.accent;
        match self.dice.below(5) {
            0 => {
                for ring in 1..=4_u8 {
                    let reach = radius * (1.0 + 0.2 * f32::from(ring));
                    self.canvas.ring(center, reach, self.area.unit() * 0.004, accent.cover(150 - ring * 28));
                }
                self.canvas.disc(center, radius, accent);
            }
            1 => {
                self.canvas.disc(center, radius * 1.5, accent.cover(34));
                self.slats(center, radius, accent);
            }
            _ => {
                self.canvas.disc(center, radius * 1.75, accent.cover(26));
                self.canvas.disc(center, radius * 1.36, accent.cover(44));
                self.canvas.disc(center, radius, accent);
            }
        }
    }

    /// A disc whose lower half is cut by gaps that widen downward.
    fn slats(&mut self, center: Point, radius: f32, color: Rgb) {
        let edge = |y: f32| (radius * radius - y * y).max(0.0).sqrt();
        let cuts = [(-1.0, 0.0), (0.06, 0.24), (0.32, 0.47), (0.57, 0.7), (0.82, 0.92)];
        self.canvas.shape(color, |path| {
            for (top, bottom) in cuts {
                let rows: Vec<f32> =
                    (0..=24_u8).map(|row| radius * (top + (bottom - top) * f32::from(row) / 24.0)).collect();
                let right = rows.iter().map(|y| center.shifted(edge(*y), *y));
                let left = rows.iter().rev().map(|y| center.shifted(-edge(*y), *y));
                polygon(path, &right.chain(left).collect::<Vec<Point>>());
            }
        });
    }

    /// A few flat clouds, one to each part of the band's width.
    fn clouds(&mut self, band: Area, clouds: usize) {
        let unit = self.area.unit();
        let color = self.palette.light().cover(if self.palette.dark { 46 } else { 205 });
        for cloud in 0..clouds {
            let slot = (len(cloud) + self.dice.range(0.15, 0.85)) / len(clouds);
            let at = band.at(slot, self.dice.unit());
            let (w, h) = (unit * self.dice.range(0.14, 0.24), unit * self.dice.range(0.026, 0.036));
            let (small, large) = (self.dice.range(0.26, 0.36), self.dice.range(0.54, 0.66));
            self.canvas.shape(color, |path| {
                rounded(path, Area::new(at.x - w / 2.0, at.y - h, w, h), [h / 2.0; 4]);
                path.push_circle(at.x - w / 2.0 + w * small, at.y - h * 0.9, h * 0.72);
                path.push_circle(at.x - w / 2.0 + w * large, at.y - h * 1.1, h * 1.05);
            });
        }
    }

    /// A wavy line across the area as points, a little wider than the area: a base height and swings in pixels.
    fn ridge(&mut self, base: f32, swing: f32, waves: f32) -> Vec<Point> {
        let (a, b, c) = (self.dice.unit(), self.dice.unit(), self.dice.unit());
        let steps = count(waves * 10.0, 18, 120);
        let area = self.area;
        (0..=steps)
            .map(|step| {
                let share = len(step) / len(steps) * 1.08 - 0.04;
                let wave = sin_turns(share * waves + a) * 0.58
                    + sin_turns(share * waves * 1.9 + b) * 0.3
                    + sin_turns(share * waves * 3.7 + c) * 0.12;
                point(area.x + area.w * share, base - swing * wave)
            })
            .collect()
    }

    /// Fills from a line of points down past the bottom of the area.
    fn ground(&mut self, line: &[Point], color: Rgb) {
        let floor = self.area.bottom() + self.area.unit() * 0.1;
        let [first, .., last] = line else { return };
        self.canvas.shape(color, |path| {
            path.move_to(first.x, floor);
            super::geometry::smooth_to(path, line);
            path.line_to(last.x, floor);
            path.close();
        });
    }
}

/// The height of a line of points at `x`.
fn height_at(line: &[Point], x: f32) -> f32 {
    let pair = line.windows(2).find(|pair| pair[1].x >= x).or(line.windows(2).last());
    pair.map_or(0.0, |pair| {
        let share = (x - pair[0].x) / (pair[1].x - pair[0].x).max(0.001);
        pair[0].toward(pair[1], share.clamp(0.0, 1.0)).y
    })
}
