//! Where the picture and the words stand on a page: five arrangements for pages of any proportions.
//!
//! The words are set first, the picture takes what is left.

use super::caption::{Caption, Room, fitted};
use super::color::Rgb;
use super::dice::Dice;
use super::geometry::{Area, Point, point};
use super::lettering::{Face, Lettering, Lines};
use super::page::Page;
use super::palette::Palette;

/// Below this many pixels on the shorter side no text is legible and none is drawn.
const TEXT_SIDE_MIN: f32 = 200.0;
/// Below this many pixels on the shorter side there is less text.
const SMALL_SIDE: f32 = 320.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrangement {
    /// A framed print with the words below it.
    Plate,
    /// The same with an arched window.
    Arch,
    /// The picture to three edges, the words in a band below.
    Band,
    /// The words above, the picture below.
    Crown,
    /// The words in a column on the left, for wide pages.
    Side,
}

/// The footer as set: its upper edge, the middle of the first dot and the dots' radius.
struct Foot {
    top: f32,
    dots: (Point, f32),
}

/// What the mark says besides its name.
pub(super) struct Mark {
    pub(super) seed: u64,
    pub(super) index: u32,
}

struct Planner<'a> {
    lettering: &'a mut Lettering,
    page: Area,
    palette: &'a Palette,
    mark: Mark,
    caption: Option<Caption>,
    face: Face,
    margin: f32,
    ground: Rgb,
    texts: Vec<(Lines, Point, Rgb)>,
}

pub(super) fn plan(
    lettering: &mut Lettering,
    page: Area,
    palette: &Palette,
    prompt: &str,
    mark: Mark,
    dice: &mut Dice,
) -> Page {
    let face = dice.pick(&[Face::Grotesk, Face::Grotesk, Face::Condensed, Face::Serif, Face::Serif]);
    let arrangement = arrangement(page, dice);
    let ground = ground(arrangement, palette, dice);
    let margin = (page.short() * 0.055).floor();
    if page.short() < TEXT_SIDE_MIN {
        return bare(page, palette);
    }
    let caption = Caption::new(prompt, face);
    let planner =
        Planner { lettering, page, palette, mark, caption, face, margin, ground, texts: Vec::new() };
    match arrangement {
        _ if planner.caption.is_none() => planner.framed(false),
        Arrangement::Plate => planner.framed(false),
        Arrangement::Arch => planner.framed(true),
        Arrangement::Band => planner.band(),
        Arrangement::Crown => planner.crown(),
        Arrangement::Side => planner.side(),
    }
}

/// The picture to three edges, and below it a narrow strip with a few words in small letters.
pub(super) fn strip(
    lettering: &mut Lettering,
    page: Area,
    palette: &Palette,
    prompt: &str,
    mark: Mark,
    dice: &mut Dice,
) -> Page {
    if page.short() < TEXT_SIDE_MIN {
        return bare(page, palette);
    }
    let face = dice.pick(&[Face::Grotesk, Face::Condensed, Face::Serif]);
    let margin = (page.short() * 0.042).floor();
    let (caption, ground) = (Caption::new(prompt, face), palette.paper);
    Planner { lettering, page, palette, mark, caption, face, margin, ground, texts: Vec::new() }.strip()
}

/// A thumbnail: the picture in a thin frame, the mark as three dots on it.
fn bare(page: Area, palette: &Palette) -> Page {
    let frame = (page.short() * 0.04).floor().max(1.0);
    let radius = (page.short() * 0.022).max(1.2);
    let dots = (point(frame + radius * 3.0, page.bottom() - frame - radius * 3.0), radius);
    Page { art: page.inset(frame), arch: false, ground: palette.paper, texts: Vec::new(), bar: None, dots }
}

fn arrangement(page: Area, dice: &mut Dice) -> Arrangement {
    use Arrangement::{Arch, Band, Crown, Plate, Side};
    let shape = page.w / page.h;
    let from: &[Arrangement] = if shape > 1.75 {
        &[Side]
    } else if shape > 1.2 {
        &[Side, Side, Band, Plate, Crown]
    } else if shape > 0.85 {
        &[Plate, Band, Band, Crown]
    } else if shape > 0.62 {
        &[Plate, Band, Band, Crown, Arch]
    } else {
        &[Band, Crown]
    };
    dice.pick(from)
}

fn ground(arrangement: Arrangement, palette: &Palette, dice: &mut Dice) -> Rgb {
    let strong = dice.chance(0.4);
    let far = palette.ramp[4];
    match arrangement {
        Arrangement::Plate | Arrangement::Arch => palette.paper,
        _ if !strong || palette.paper == Rgb::WHITE => palette.paper,
        _ if palette.on(far).gap(far) > 120 => far,
        _ => palette.ink,
    }
}

impl Planner<'_> {
    fn color(&self, fade: u32) -> Rgb {
        let strongest = self.palette.on(self.ground);
        // On grounds of middling depth small text keeps nearly all its contrast.
        let fade = if strongest.gap(self.ground) < 190 { fade / 3 } else { fade };
        strongest.mix(self.ground, fade)
    }

    fn small(&self) -> f32 {
        (self.page.short() * 0.0175).max(8.5)
    }

    fn text_size(&self) -> f32 {
        (self.page.short() * 0.026).max(10.5)
    }

    /// Sets headline and rest for a width: (headline, rest).
    fn words(
        &mut self,
        width: f32,
        largest: f32,
        lines: usize,
        rest_lines: usize,
    ) -> (Option<Lines>, Option<Lines>) {
        let Some(caption) = self.caption.take() else { return (None, None) };
        // Small pages give their room to the picture.
        let small = self.page.short() < SMALL_SIDE && self.page.long() < SMALL_SIDE * 1.6;
        let (lines, rest_lines) = if small { (lines.min(2), 1) } else { (lines, rest_lines) };
        let length = caption.headline.chars().count();
        let presence = match length {
            0..=9 => 1.75,
            10..=18 => 1.4,
            19..=32 => 1.15,
            _ => 1.0,
        };
        // A tall page can carry larger letters than its width suggests.
        let tall = 1.0 + (self.page.h / self.page.w - 1.0).clamp(0.0, 1.0) * 0.3;
        let largest = largest * self.face.scale() * presence * tall;
        // Few words do not need all the lines: somewhat smaller letters beat a word a line.
        let words = caption.headline.split(' ').count();
        let lines = (words.div_ceil(2).clamp(1, lines), lines);
        let smallest = (largest * 0.42 / presence).max(11.0);
        let headline = fitted(
            self.lettering,
            &caption.headline,
            self.face,
            &Room { width, lines, sizes: (largest, smallest) },
        );
        let size = self.text_size();
        let room =
            Room { width: width.min(size * 34.0), lines: (rest_lines, rest_lines), sizes: (size, size) };
        let rest = caption.rest.map(|rest| fitted(self.lettering, &rest, Face::Text, &room));
        (Some(headline), rest)
    }

    /// Places headline and rest from a top edge; gives the bottom edge.
    fn place(&mut self, (headline, rest): (Option<Lines>, Option<Lines>), at: Point) -> f32 {
        let mut y = at.y;
        for (lines, fade) in [(headline, 0), (rest, 18)] {
            let Some(lines) = lines else { continue };
            if y > at.y {
                y += self.text_size() * 0.9;
            }
            let color = self.color(fade);
            let (height, descent) = (lines.height(), lines.descent());
            self.texts.push((lines, point(at.x, y), color));
            y += height + descent;
        }
        y
    }

    fn words_height(&self, words: &(Option<Lines>, Option<Lines>)) -> f32 {
        let one = |lines: &Lines| lines.height() + lines.descent();
        words.0.as_ref().map_or(0.0, one)
            + words.1.as_ref().map_or(0.0, |lines| one(lines) + self.text_size() * 0.9)
    }

    /// The mark with its last baseline at `bottom`: dots and name on the left, the seed on the right or, where both do
    /// not fit, below.
    fn footer(&mut self, left: f32, right: f32, bottom: f32) -> Foot {
        let size = self.small();
        let (radius, color) = (size * 0.25, self.color(28));
        let indent = radius * 10.5;
        let room = |width: f32| Room { width, lines: (1, 1), sizes: (size, 5.0) };
        let name = fitted(self.lettering, "palitra · sandbox", Face::Text, &room(right - left - indent));
        let number = format!("seed {} · {}", self.mark.seed, u64::from(self.mark.index) + 1);
        let number = fitted(self.lettering, &number, Face::Text, &room(right - left));
        let cap = name.height();
        let beside = indent + name.width() + size * 2.0 + number.width() <= right - left;
        let name_top = bottom - cap - if beside { 0.0 } else { size * 1.5 };
        let number_left = if beside { right - number.width() } else { left };
        self.texts.push((name, point(left + indent, name_top), color));
        self.texts.push((number, point(number_left, bottom - cap), color));
        Foot { top: name_top, dots: (point(left + radius, name_top + cap / 2.0), radius) }
    }

    fn done(self, art: Area, arch: bool, bar: Option<Area>, foot: &Foot) -> Page {
        Page { art, arch, ground: self.ground, texts: self.texts, bar, dots: foot.dots }
    }

    fn framed(mut self, arch: bool) -> Page {
        let (page, margin) = (self.page, self.margin);
        let (left, right) = (margin, page.w - margin);
        let words = self.words(right - left, page.short() * 0.066, 3, 2);
        let foot = self.footer(left, right, page.h - margin);
        let words_top = foot.top - self.small() * 1.9 - self.words_height(&words);
        let art_bottom =
            if words.0.is_some() { words_top - margin * 0.75 } else { foot.top - self.small() * 1.6 };
        self.place(words, point(left, words_top));
        let art = Area::new(left, margin, right - left, (art_bottom - margin).floor());
        self.done(art, arch, None, &foot)
    }

    fn band(mut self) -> Page {
        let (page, margin) = (self.page, self.margin);
        let (left, right) = (margin, page.w - margin);
        let words = self.words(right - left, page.short() * 0.076, 3, 2);
        let foot = self.footer(left, right, page.h - margin * 0.9);
        let words_top = foot.top - self.small() * 2.2 - self.words_height(&words);
        self.place(words, point(left, words_top));
        let art = Area::new(0.0, 0.0, page.w, (words_top - margin * 0.95).floor());
        self.done(art, false, None, &foot)
    }

    fn strip(mut self) -> Page {
        let (page, margin) = (self.page, self.margin);
        let (left, right) = (margin, page.w - margin);
        let words = self.words(right - left, page.short() * 0.036, 2, 1);
        let foot = self.footer(left, right, page.h - margin * 0.85);
        let words_top = foot.top - self.small() * 1.5 - self.words_height(&words);
        self.place(words, point(left, words_top));
        let art = Area::new(0.0, 0.0, page.w, (words_top - margin * 0.8).floor());
        let bar =
            Area::new(left, art.h, (page.short() * 0.09).floor(), (page.short() * 0.006).floor().max(2.0));
        self.done(art, false, Some(bar), &foot)
    }

    fn crown(mut self) -> Page {
        let (page, margin) = (self.page, self.margin);
        let (left, right) = (margin, page.w - margin);
        let words = self.words(right - left, page.short() * 0.08, 3, 2);
        let bottom = self.place(words, point(left, margin * 1.1));
        let foot = self.footer(left, right, page.h - margin * 0.62);
        let top = (bottom + margin * 0.7).floor();
        let art_bottom = (foot.top - margin * 0.62).floor();
        self.done(Area::new(0.0, top, page.w, art_bottom - top), false, None, &foot)
    }

    fn side(mut self) -> Page {
        let (page, margin) = (self.page, self.margin * 1.15);
        let column = (page.w * 0.36).min(page.h * 0.78).floor();
        let (left, right) = (margin, column - margin);
        let words = self.words(right - left, page.h * 0.1, 5, 5);
        let bar =
            Area::new(left, margin, (page.short() * 0.07).floor(), (page.short() * 0.012).floor().max(2.0));
        self.place(words, point(left, margin + bar.h + margin * 0.8));
        let foot = self.footer(left, right, page.h - margin);
        let bar = (self.palette.accent.gap(self.ground) > 30).then_some(bar);
        self.done(Area::new(column, 0.0, page.w - column, page.h), false, bar, &foot)
    }
}
