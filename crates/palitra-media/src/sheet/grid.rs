//! Where everything on a contact sheet stands, by how many pictures there are and what shape most of them have.

use super::canvas::Rect;
use crate::resize::Size;

const COLUMNS_MAX: u32 = 12;
/// What the columns share; sheets of many narrow ones are wider.
const WIDTH: u32 = 2000;
const CELL_WIDTHS: std::ops::RangeInclusive<u32> = 200..=720;
const MARGIN: u32 = 64;
const GAP: u32 = 32;
/// Of the whole sheet: width by height.
const PROPORTION: f64 = 1.4;
/// Of a cell: the shape of most pictures, within these.
const SHAPES: (f64, f64) = (0.6, 1.9);

/// A sheet in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub(super) size: Size,
    columns: u32,
    /// The most a picture takes.
    cell: Size,
    rows: Vec<Row>,
    /// Of a caption with the room above it; 0 without captions.
    caption_height: u32,
    pub(super) title: Option<Rect>,
    pub(super) title_px: u16,
    pub(super) caption_px: u16,
    pub(super) badge_px: u16,
    pub(super) radius: u32,
}

/// As high as its highest picture, without the captions.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    y: u32,
    height: u32,
}

impl Grid {
    /// For pictures of these sizes, captions of at most so many characters, with or without a title. At least one picture.
    pub(super) fn of(sizes: &[Size], caption_chars: usize, has_title: bool) -> Grid {
        let count = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        let made =
            (2..=count.min(COLUMNS_MAX)).map(|columns| Grid::with(columns, sizes, caption_chars, has_title));
        // Of those that are as good the first has fewer columns and larger pictures.
        made.fold(Grid::with(1, sizes, caption_chars, has_title), |best, other| {
            if other.awkwardness(count) < best.awkwardness(count) { other } else { best }
        })
    }

    fn with(columns: u32, sizes: &[Size], caption_chars: usize, has_title: bool) -> Grid {
        let width = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns;
        let width = width.clamp(*CELL_WIDTHS.start(), *CELL_WIDTHS.end());
        let cell = (width, pixels(f64::from(width) / shape(sizes)));
        let sheet_width = 2 * MARGIN + columns * width + (columns - 1) * GAP;
        let caption_px = (width / 18).clamp(14, 24);
        // Letters are about half as wide as the type is high; what does not fit on one line gets two.
        let chars_a_line = usize::try_from(width * 2 / caption_px).unwrap_or(usize::MAX);
        let caption_height = match caption_chars {
            0 => 0,
            chars if chars < chars_a_line * 4 / 5 => caption_px * 2,
            _ => caption_px * 13 / 4,
        };
        let title_px = (sheet_width / 34).clamp(24, 60);
        let title =
            Rect { x: MARGIN, y: MARGIN - 12, width: sheet_width - 2 * MARGIN, height: title_px * 7 / 5 };
        let title = has_title.then_some(title);
        let mut y = MARGIN + title.map_or(0, |title| title.height + 16);
        let in_row = usize::try_from(columns).unwrap_or(usize::MAX);
        let rows = sizes.chunks(in_row).map(|sizes| {
            let height = sizes.iter().map(|size| held(cell, *size).1).max().unwrap_or(1);
            let row = Row { y, height };
            y += height + caption_height + GAP;
            row
        });
        let rows: Vec<Row> = rows.collect();
        Grid {
            size: (sheet_width, y - GAP + MARGIN),
            columns,
            cell,
            rows,
            caption_height,
            title,
            title_px: small(title_px),
            caption_px: small(caption_px),
            badge_px: small((width / 22).clamp(13, 22)),
            radius: (width / 36).clamp(6, 14),
        }
    }

    /// How far it is from its best proportion, and how much of the last row is empty.
    fn awkwardness(&self, count: u32) -> f64 {
        let proportion = f64::from(self.size.0) / f64::from(self.size.1);
        let cells = self.columns * count.div_ceil(self.columns);
        (proportion / PROPORTION).ln().abs() + 1.2 * f64::from(cells - count) / f64::from(cells)
    }

    /// The left edge of a picture's cell, counted from 0, and its row.
    fn place(&self, index: usize) -> (u32, Row) {
        let index = u32::try_from(index).unwrap_or(0);
        let row = usize::try_from(index / self.columns).ok().and_then(|row| self.rows.get(row));
        (MARGIN + index % self.columns * (self.cell.0 + GAP), row.copied().unwrap_or(Row { y: 0, height: 0 }))
    }

    /// A picture of this size, as large as its cell holds: in the middle of it, on the foot of its row.
    pub(super) fn picture(&self, index: usize, size: Size) -> Rect {
        let ((x, row), (width, height)) = (self.place(index), held(self.cell, size));
        Rect {
            x: x + (self.cell.0 - width) / 2,
            y: (row.y + row.height).saturating_sub(height),
            width,
            height,
        }
    }

    /// Where its caption stands, when there are any.
    pub(super) fn caption(&self, index: usize) -> Option<Rect> {
        let above = u32::from(self.caption_px) / 2;
        let (x, row) = self.place(index);
        let height = self.caption_height.checked_sub(above)?;
        Some(Rect { x, y: row.y + row.height + above, width: self.cell.0, height })
    }
}

/// The size with these proportions that a cell just holds.
fn held(cell: Size, (width, height): Size) -> Size {
    let ratio = |side: u32, of: u32| f64::from(side) / f64::from(of.max(1));
    let scale = ratio(cell.0, width).min(ratio(cell.1, height));
    let side = |of: u32, most: u32| pixels(f64::from(of) * scale).clamp(1, most);
    (side(width, cell.0), side(height, cell.1))
}

/// Width by height of the picture in the middle, when they are sorted by it.
fn shape(sizes: &[Size]) -> f64 {
    let mut shapes: Vec<f64> =
        sizes.iter().map(|(width, height)| f64::from(*width) / f64::from((*height).max(1))).collect();
    shapes.sort_by(f64::total_cmp);
    shapes.get(shapes.len() / 2).copied().unwrap_or(1.).clamp(SHAPES.0, SHAPES.1)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a side within a sheet, saturating"
)]
fn pixels(side: f64) -> u32 {
    side.round() as u32
}

fn small(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}
