//! Typesetting: pieces become glyphs and emoji at places, in pixels of the full picture, within its margins.
//!
//! Text is shaped once, in the size asked for. Where that is too large it is not shaped again: lines `k` times narrower in a
//! type `k` times smaller are the same lines in a column `1/k` times as wide, so fitting only breaks lines anew (S2-063).

use parley::{
    InlineBox, InlineBoxKind, Layout, LayoutContext, LineHeight, OverflowWrap, PositionedLayoutItem,
    StyleProperty, VerticalAlign,
};

use super::Error;
use super::clean::{ELLIPSIS, Piece};
use super::faces::{Face, Shelf, Stack};
use super::frame::{ABOVE_CAPITALS, Area, BELOW_BASELINE, Frame, leading};
use super::number::count;
use super::style::{Align, Style};

/// Where everything is, before it is painted.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) size: f32,
    pub(super) shrunk: bool,
    pub(super) cut: bool,
    pub(super) lines: usize,
    pub(super) glyphs: Vec<Glyph>,
    pub(super) emoji: Vec<Emoji>,
    pub(super) text: Area,
    /// The text and its padding where there is a plate, else the text.
    pub(super) block: Area,
}

/// A glyph and the left end of its baseline.
#[derive(Debug)]
pub(super) struct Glyph {
    pub(super) face: Face,
    pub(super) id: u16,
    pub(super) at: (f32, f32),
}

/// An emoji and its upper left corner.
#[derive(Debug)]
pub(super) struct Emoji {
    pub(super) picture: &'static str,
    pub(super) at: (f32, f32),
    pub(super) side: f32,
}

/// An emoji's height, what of it stands above the baseline, and the room to its sides; shares of the size of the type.
const EMOJI: f32 = 1.12;
const EMOJI_ABOVE: f32 = 0.94;
const EMOJI_SIDES: f32 = 0.07;

/// The least size text is shrunk to: a share of the picture's height, and pixels.
const LEAST: f32 = 0.018;
const LEAST_PX: f32 = 12.0;

/// No type is smaller than this, not even in a picture that has no room for more.
const TINIEST_PX: f32 = 4.0;

/// Halvings of the span of sizes in which the largest that fits is sought, and of that of widths in which the narrowest is
/// that breaks no line more: what remains is less than a hundredth.
const HALVINGS: usize = 7;

/// Sets text; kept and used again, as its scratch space is expensive to make.
pub(super) struct Setting {
    pub(super) shelf: Shelf,
    layouts: LayoutContext<()>,
}

impl Setting {
    pub(super) fn new() -> Self {
        Self { shelf: Shelf::new(), layouts: LayoutContext::new() }
    }

    /// Sets text for a picture of this size.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub(super) fn set(
        &mut self,
        pieces: &[Piece],
        style: &Style,
        picture: (u32, u32),
    ) -> Result<Plan, Error> {
        let frame = Frame::new(style, picture);
        let no_room = Error::NoRoom { width: picture.0, height: picture.1 };
        let asked = style.size.px(frame.picture.1);
        // What leaves room for a line of a letter or two.
        let most = (frame.room.height / frame.around.1).min(frame.room.width / frame.around.0);
        if most < TINIEST_PX {
            return Err(no_room);
        }
        let least = (LEAST * frame.picture.1).max(LEAST_PX).min(asked).min(most) / asked;
        let mut set = self.shape(pieces, style, asked);
        let mut cut = false;
        let scale = if set.fits(&frame, 1.0) {
            1.0
        } else if set.fits(&frame, least) {
            largest(least, |scale| set.fits(&frame, scale))
        } else {
            cut = true;
            set = self.shortened(&set, pieces, style, &frame, least).ok_or(no_room)?;
            least
        };
        set.balance(&frame, scale);
        Ok(set.place(&frame, scale, style, self).with(scale < 1.0, cut))
    }

    fn shape(&mut self, pieces: &[Piece], style: &Style, size: f32) -> Set {
        let stack = Stack::of(style);
        let mut text = String::new();
        let mut starts = Vec::with_capacity(pieces.len());
        let mut pictures = Vec::new();
        for piece in pieces {
            starts.push(text.len());
            match piece {
                Piece::Text(grapheme) => text.push_str(grapheme),
                Piece::Emoji(picture) => pictures.push((text.len(), *picture)),
            }
        }
        let mut builder = self.layouts.ranged_builder(&mut self.shelf.context, &text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(stack.families()));
        builder.push_default(StyleProperty::FontWeight(stack.weight()));
        builder.push_default(StyleProperty::FontSize(size));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(leading(style))));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        for (id, (index, _)) in (0..).zip(&pictures) {
            builder.push_inline_box(InlineBox {
                id,
                kind: InlineBoxKind::InFlow,
                index: *index,
                width: (EMOJI + 2.0 * EMOJI_SIDES) * size,
                // No taller than the type, so that lines with emoji are no further apart.
                height: 0.9 * size,
                baseline: Some(0.75 * size),
                vertical_align: VerticalAlign::BASELINE,
            });
        }
        let layout = builder.build(&text);
        Set {
            layout,
            starts,
            pictures: pictures.into_iter().map(|(_, picture)| picture).collect(),
            size,
            stack,
        }
    }

    /// The longest beginning that fits with an ellipsis.
    fn shortened(
        &mut self,
        whole: &Set,
        pieces: &[Piece],
        style: &Style,
        frame: &Frame,
        scale: f32,
    ) -> Option<Set> {
        let rows = frame.rows(scale * whole.size).min(whole.layout.len());
        let end = whole.layout.get(rows.checked_sub(1)?)?.text_range().end;
        let mut kept = whole.starts.partition_point(|start| *start < end);
        for attempt in 0.. {
            let mut short = pieces[..kept].to_vec();
            while short.last().is_some_and(Piece::is_space) {
                short.pop();
            }
            short.push(Piece::Text(ELLIPSIS.to_owned()));
            let mut set = self.shape(&short, style, whole.size);
            if set.fits(frame, scale) {
                return Some(set);
            }
            // One after another for a line's end, then in strides: text of tiny wide glyphs ends too.
            kept = kept.checked_sub(if attempt < 24 { 1 } else { kept / 8 + 1 })?;
        }
        None
    }
}

/// The largest scale between one that fits and 1, which does not.
fn largest(least: f32, mut fits: impl FnMut(f32) -> bool) -> f32 {
    let (mut good, mut bad) = (least, 1.0);
    for _ in 0..HALVINGS {
        let middle = (good + bad) / 2.0;
        if fits(middle) { good = middle } else { bad = middle }
    }
    good
}

/// Shaped text.
struct Set {
    layout: Layout<()>,
    /// Where each piece starts in the shaped text.
    starts: Vec<usize>,
    pictures: Vec<&'static str>,
    /// Of the type it is shaped in.
    size: f32,
    stack: Stack,
}

impl Set {
    /// Breaks lines for a scale and says whether they have room.
    fn fits(&mut self, frame: &Frame, scale: f32) -> bool {
        let size = scale * self.size;
        let column = frame.column(size) / scale;
        self.layout.break_all_lines(Some(column));
        self.layout.len() <= frame.rows(size) && self.width() <= column + 0.01
    }

    /// The longest line without the spaces at its end.
    fn width(&self) -> f32 {
        let widths = self.layout.lines().map(|line| line.metrics().advance - line.metrics().hanging_advance);
        widths.fold(0.0, f32::max)
    }

    /// Makes the column as narrow as the number of lines allows, so that no word is left alone.
    fn balance(&mut self, frame: &Frame, scale: f32) {
        let lines = self.layout.len();
        let (mut narrow, mut wide) = (0.0, frame.column(scale * self.size) / scale);
        for _ in 0..HALVINGS {
            let middle = (narrow + wide) / 2.0;
            self.layout.break_all_lines(Some(middle));
            let broken =
                self.layout.lines().any(|line| line.break_reason() == parley::BreakReason::Emergency);
            let same = self.layout.len() == lines && self.width() <= middle + 0.01 && !broken;
            if same { wide = middle } else { narrow = middle }
        }
        self.layout.break_all_lines(Some(wide));
    }

    fn place(&self, frame: &Frame, scale: f32, style: &Style, setting: &Setting) -> Plan {
        let size = scale * self.size;
        let last = count(self.layout.len().saturating_sub(1));
        let width = self.width() * scale;
        let height = (ABOVE_CAPITALS + frame.capitals + last * frame.leading + BELOW_BASELINE) * size;
        let padding = (frame.padding.0 * size, frame.padding.1 * size);
        let block = (width + 2.0 * padding.0, height + 2.0 * padding.1);
        let x = frame.room.x + (frame.room.width - block.0) * frame.anchor.0;
        let y = frame.room.y + (frame.room.height - block.1) * frame.anchor.1;
        let text = Area { x: x + padding.0, y: y + padding.1, width, height };
        let mut plan = Plan {
            size,
            shrunk: false,
            cut: false,
            lines: self.layout.len(),
            glyphs: Vec::new(),
            emoji: Vec::new(),
            text,
            block: Area { x, y, width: block.0, height: block.1 },
        };
        let share = match style.align {
            Some(Align::Left) => 0.0,
            Some(Align::Centre) => 0.5,
            Some(Align::Right) => 1.0,
            None => frame.anchor.0,
        };
        for (row, line) in self.layout.lines().enumerate() {
            let taken = (line.metrics().advance - line.metrics().hanging_advance) * scale;
            let left = text.x + (width - taken) * share;
            let baseline = text.y + (ABOVE_CAPITALS + frame.capitals + count(row) * frame.leading) * size;
            for item in line.items() {
                match item {
                    PositionedLayoutItem::InlineBox(placed) => {
                        let picture = usize::try_from(placed.id).ok().and_then(|id| self.pictures.get(id));
                        plan.emoji.extend(picture.map(|picture| Emoji {
                            picture,
                            at: (left + placed.x * scale + EMOJI_SIDES * size, baseline - EMOJI_ABOVE * size),
                            side: EMOJI * size,
                        }));
                    }
                    PositionedLayoutItem::GlyphRun(run) => {
                        let number = run.run().font().data.id();
                        let face = setting.shelf.face(number).unwrap_or(self.stack.first());
                        let rise = line.metrics().baseline;
                        plan.glyphs.extend(run.positioned_glyphs().filter_map(|glyph| {
                            let at = (left + glyph.x * scale, baseline + (glyph.y - rise) * scale);
                            Some(Glyph { face, id: u16::try_from(glyph.id).ok()?, at })
                        }));
                    }
                }
            }
        }
        plan
    }
}

impl Plan {
    fn with(self, shrunk: bool, cut: bool) -> Self {
        Self { shrunk, cut, ..self }
    }
}
