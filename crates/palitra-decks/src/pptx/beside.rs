//! Making room on a slide whose text stands across all of it: the text moves together, the picture stands beside it, or below it on an upright
//! page.
//!
//! Only text is moved, only in one direction, and only where it still fits by its number of letters, at worst with letters of seven tenths,
//! as PowerPoint's own autofit does it. A slide with two columns, or with something else where the picture would be, is left alone.

use super::backdrop::Backdrop;
use super::frame::{Frame, Pixels};
use super::shape::{Kind, Shape};
use super::words::{placeholder_kind, text_of};
use super::xml;
use roxmltree::Node;

/// A shape that gives way: which one, where it is now, and its letters in percent of what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Narrowed {
    pub(super) at: usize,
    pub(super) frame: Frame,
    pub(super) scale: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) narrowed: Vec<Narrowed>,
    pub(super) picture: Frame,
}

/// How much of the text's width the picture takes, in percent: the first with which the text fits. As large as the text where it can be, and
/// never so small that it is decoration.
const SHARES: [i64; 4] = [50, 45, 40, 35];

/// Sizes of letters in percent.
const SCALES: [i64; 4] = [100, 90, 80, 70];

/// A column of text is not narrower than this part of the page.
const TEXT_WIDTH_MIN_PERCENT: i64 = 25;

pub(super) struct Room<'s, 'a, 'i> {
    pub(super) page: Frame,
    /// Free space between things.
    pub(super) gap: i64,
    pub(super) shapes: &'s [Shape<'a, 'i>],
    pub(super) backdrop: &'s Backdrop,
    /// What does not give way and must not be covered, without the shapes of the slide.
    pub(super) behind: &'s [Frame],
    /// The least area of the picture.
    pub(super) area_min: i64,
}

impl Room<'_, '_, '_> {
    pub(super) fn beside(&self, picture: Pixels) -> Option<Beside> {
        let title_page = self.is_title_page();
        let texts: Vec<usize> = (0..self.shapes.len()).filter(|at| self.gives_way(*at, title_page)).collect();
        let frames = texts.iter().filter_map(|at| self.shapes[*at].frame);
        let text = frames.reduce(Frame::union)?;
        // Nothing stands above or below the words of a title page: the picture is as high as the page.
        let (from, height) = (self.page.y + 2 * self.gap, self.page.height - 4 * self.gap);
        let tall = Frame { y: from, height, ..text };
        let regions = title_page.then_some(tall).into_iter().chain([text]);
        regions
            .flat_map(|region| SCALES.map(|scale| (region, scale)))
            .flat_map(|(region, scale)| SHARES.map(|share| (region, scale, share)))
            .find_map(|(region, scale, share)| self.tried(&texts, region, scale, share, picture))
    }

    /// A title page, or one that begins a section: its title stands in the middle and not above the rest.
    fn is_title_page(&self) -> bool {
        self.shapes.iter().any(|shape| match placeholder_kind(shape.node) {
            Some("ctrTitle" | "subTitle") => true,
            Some("title") => {
                shape.frame.is_some_and(|frame| 2 * frame.y + frame.height > self.page.height * 2 / 3)
            }
            _ => false,
        })
    }

    /// Text boxes, and placeholders for text; the title of an ordinary slide stays above both. Turned ones stay too.
    fn gives_way(&self, at: usize, title_page: bool) -> bool {
        let shape = self.shapes[at];
        let text_box =
            || xml::path(shape.node, &["nvSpPr", "cNvSpPr"]).and_then(|node| node.attribute("txBox"));
        let may = match placeholder_kind(shape.node) {
            Some("title") => title_page,
            Some(kind) => matches!(kind, "ctrTitle" | "subTitle" | "body" | "obj"),
            None => text_box() == Some("1"),
        };
        let turned = super::backdrop::xfrm(shape.node).is_some_and(|xfrm| xfrm.has_attribute("rot"));
        let editable = xml::child(shape.node, "spPr").is_some();
        shape.kind == Kind::Text && may && !turned && editable && shape.frame.is_some()
    }

    fn tried(
        &self,
        texts: &[usize],
        region: Frame,
        scale: i64,
        share: i64,
        picture: Pixels,
    ) -> Option<Beside> {
        let upright = self.page.height > self.page.width;
        let picture = if upright {
            let part = Frame { height: region.height * share / 100, ..region };
            let fitted = part.fitted(picture);
            Frame { y: region.bottom() - fitted.height, ..fitted }
        } else {
            let part = Frame { width: region.width * share / 100, ..region };
            let fitted = part.fitted(picture);
            Frame { x: region.right() - fitted.width, ..fitted }
        };
        if picture.area() < self.area_min || self.is_taken(texts, picture.grown(self.gap / 2)) {
            return None;
        }
        let mut narrowed = Vec::new();
        for at in texts {
            let shape = &self.shapes[*at];
            let frame = shape.frame?;
            let less = if upright {
                Frame { height: frame.height.min(picture.y - self.gap - frame.y), ..frame }
            } else {
                Frame { width: frame.width.min(picture.x - self.gap - frame.x), ..frame }
            };
            if less == frame {
                continue;
            }
            let wide = less.width * 100 >= self.page.width * TEXT_WIDTH_MIN_PERCENT;
            if !wide
                || text_height(shape.node, self.backdrop.size(shape.node), less.width, scale) > less.height
            {
                return None;
            }
            narrowed.push(Narrowed { at: *at, frame: less, scale });
        }
        Some(Beside { narrowed, picture })
    }

    /// Whether something that does not give way is there. What has no known place may be anywhere.
    fn is_taken(&self, texts: &[usize], there: Frame) -> bool {
        let others = self.shapes.iter().enumerate().filter(|(at, _)| !texts.contains(at));
        let mut others = others.filter(|(_, shape)| shape.kind != Kind::Empty);
        others.any(|(_, shape)| shape.frame.is_none_or(|frame| frame.meets(there)))
            || self.behind.iter().any(|frame| frame.meets(there))
    }
}

/// About how high a text is: letters are half as wide as high (a little more, for Cyrillic), lines a fifth higher than letters, and a paragraph
/// has a bullet and some space before it. EMU; `size` is hundredths of a point, `scale` percent.
fn text_height(shape: Node<'_, '_>, size: i64, width: i64, scale: i64) -> i64 {
    const EMU_PER_HUNDREDTH: i64 = 127;
    const INSETS: i64 = 2 * 91_440;
    const BULLET: i64 = 342_900;
    let own = shape.descendants().filter(|node| matches!(node.tag_name().name(), "rPr" | "defRPr"));
    let own = own.filter_map(|node| xml::number(node, "sz")).max();
    let letters = own.unwrap_or(size).clamp(100, 40_000) * scale / 100 * EMU_PER_HUNDREDTH;
    let room = (width - INSETS - BULLET).max(letters);
    let height = |line: &str| {
        let count = i64::try_from(line.chars().count()).unwrap_or(i64::MAX).min(1_000_000);
        let lines = (count * letters * 55 / 100 + room - 1) / room;
        (lines.max(1) * 120 + 20) * letters / 100
    };
    text_of(shape).lines().map(height).sum::<i64>() + INSETS / 2
}
