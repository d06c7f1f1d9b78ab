//! The macroblocks of a picture that holds nothing but motion (H.264, 7.3.5 and 8.4.1.3).
//!
//! A macroblock is four quarters, each one cell or four. A cell's motion is written as the difference to what its neighbours suggest, which
//! for a smooth camera move is nearly always nothing; a macroblock that moves as suggested is skipped.

use super::bits::Bits;
use super::h264::Stream;

type Motion = (i32, i32);

/// The motions of cells as far as they have been written: what is not there yet suggests nothing.
struct Field {
    across: usize,
    cells: Vec<Option<Motion>>,
}

impl Field {
    fn at(&self, x: Option<usize>, y: Option<usize>) -> Option<Motion> {
        let (x, y) = (x.filter(|x| *x < self.across)?, y?);
        *self.cells.get(y * self.across + x)?
    }

    fn set(&mut self, x: usize, y: usize, motion: Motion) {
        self.cells[y * self.across + x] = Some(motion);
    }

    /// The neighbours of a square of cells: left, above, and above to the right or else to the left.
    fn neighbours(&self, x: usize, y: usize, side: usize) -> [Option<Motion>; 3] {
        let (left, above) = (x.checked_sub(1), y.checked_sub(1));
        let corner = self.at(Some(x + side), above).or_else(|| self.at(left, above));
        [self.at(left, Some(y)), self.at(Some(x), above), corner]
    }

    /// What the neighbours suggest: the middle of their motions, or the only one there is.
    fn suggested(&self, x: usize, y: usize, side: usize) -> Motion {
        match self.neighbours(x, y, side) {
            [Some(only), None, None] | [None, Some(only), None] | [None, None, Some(only)] => only,
            [a, b, c] => {
                let [a, b, c] = [a, b, c].map(Option::unwrap_or_default);
                (middle(a.0, b.0, c.0), middle(a.1, b.1, c.1))
            }
        }
    }

    /// How a skipped macroblock moves: not at all at the edge or beside what stands still.
    fn skipped(&self, x: usize, y: usize, side: usize) -> Motion {
        let [left, above, _] = self.neighbours(x, y, side);
        match (left, above) {
            (None, _) | (_, None) | (Some((0, 0)), _) | (_, Some((0, 0))) => (0, 0),
            _ => self.suggested(x, y, side),
        }
    }
}

fn middle(a: i32, b: i32, c: i32) -> i32 {
    a.max(b).min(a.min(b).max(c))
}

/// The quarters of a square, in the order they are written.
fn quarters(x: usize, y: usize, half: usize) -> [(usize, usize); 4] {
    [(x, y), (x + half, y), (x, y + half), (x + half, y + half)]
}

/// Writes all macroblocks; `motion` as in [`Stream::moved_picture`].
pub(super) fn blocks(bits: &mut Bits, stream: &Stream, motion: impl Fn((u32, u32), (u32, u32)) -> Motion) {
    let cell = stream.cell();
    let size = |count: u32| usize::try_from(count).unwrap_or(0);
    // Cells along a macroblock.
    let side = size(16 / cell);
    let (across, down) = (size(stream.across), size(stream.down));
    let mut field = Field { across: across * side, cells: vec![None; across * down * side * side] };
    let of_cell = |x: usize, y: usize| {
        let corner = |x: usize, y: usize| {
            let pixels = |at: usize| u32::try_from(at).unwrap_or(0) * cell;
            (pixels(x), pixels(y))
        };
        motion(corner(x, y), corner(x + 1, y + 1))
    };
    let mut skipped = 0;
    for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x * side, y * side))) {
        let cells: Vec<(usize, usize)> = quarters(x, y, side / 2)
            .into_iter()
            .flat_map(|(x, y)| if side == 4 { quarters(x, y, 1).to_vec() } else { vec![(x, y)] })
            .collect();
        let expected = field.skipped(x, y, side);
        if cells.iter().all(|(x, y)| of_cell(*x, *y) == expected) {
            skipped += 1;
            cells.iter().for_each(|(x, y)| field.set(*x, *y, expected));
            continue;
        }
        bits.unsigned(skipped);
        skipped = 0;
        // Four quarters; each whole, or in four.
        bits.unsigned(3);
        (0..4).for_each(|_| bits.unsigned(if side == 4 { 3 } else { 0 }));
        for (x, y) in cells {
            let (moved, suggested) = (of_cell(x, y), field.suggested(x, y, 1));
            bits.signed(moved.0 - suggested.0);
            bits.signed(moved.1 - suggested.1);
            field.set(x, y, moved);
        }
        // Nothing besides the motion.
        bits.unsigned(0);
    }
    if skipped > 0 {
        bits.unsigned(skipped);
    }
}
