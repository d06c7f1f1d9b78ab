//! The camera's move: slowly nearer, toward a place that differs from film to film, starting and ending gently.

use super::Wish;

/// One, as shares count.
const ONE: i64 = 1 << 16;
/// How much nearer the camera comes at once, in a second and at most, in tenths of a percent of the picture. Within a part that moves as one
/// the size stays, so the larger the parts, the sooner their seams would show.
const NEARER: [i64; 2] = [30, 15];
const NEARER_MAX: [i64; 2] = [100, 70];

pub(super) struct Camera {
    /// What moves: left, top, right and bottom in pixels.
    moving: [i64; 4],
    /// The place that stays where it is.
    toward: (i64, i64),
    pictures: i64,
    /// How much nearer it is at the end, as a share of [`ONE`].
    nearer: i64,
}

impl Camera {
    /// A move over so many pictures inside a part of the page; what reaches the page's edge moves beyond it too.
    pub(super) fn new(moving: [u32; 4], pictures: u32, wish: &Wish, cell: u32) -> Camera {
        let [left, top, right, bottom] = moving.map(i64::from);
        let hash = wish
            .prompt
            .bytes()
            .chain(wish.seed.to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let part = |side: i64, shift: u32| {
            let percent = 30 + i64::try_from((hash >> shift) % 41).unwrap_or(20);
            side * percent / 100
        };
        let toward = (left + part(right - left, 20), top + part(bottom - top, 40));
        let edge = |edge: i64, page: u32| if edge >= i64::from(page) { i64::MAX } else { edge };
        let most = NEARER_MAX[usize::from(cell > 4)];
        let seconds = i64::from(pictures / super::RATE);
        Camera {
            moving: [left, top, edge(right, wish.width), edge(bottom, wish.height)],
            toward,
            pictures: i64::from(pictures),
            nearer: (NEARER[0] + NEARER[1] * seconds).min(most) * ONE / 1000,
        }
    }

    /// Where the middle of a part of picture `number` is found in the first one, from where it stands, in quarters of a pixel. `from` and
    /// `to` are the part's corners.
    pub(super) fn motion(&self, number: u32, from: (u32, u32), to: (u32, u32)) -> (i32, i32) {
        let [left, top, right, bottom] = self.moving;
        let (x0, y0, x1, y1) = (i64::from(from.0), i64::from(from.1), i64::from(to.0), i64::from(to.1));
        if x0 < left || y0 < top || x1 > right || y1 > bottom {
            return (0, 0);
        }
        // Smoothly from nothing to all: 3t² − 2t³.
        let t = i64::from(number) * ONE / (self.pictures - 1).max(1);
        let eased = t * t / ONE * (3 * ONE - 2 * t) / ONE;
        let share = self.nearer * eased / ONE;
        // The middle is half of the corners' sum; four quarters are a pixel.
        let quarters = |toward: i64, sum: i64| {
            let moved = (2 * toward - sum) * 2 * share;
            i32::try_from((moved + ONE / 2).div_euclid(ONE)).unwrap_or(0)
        };
        (quarters(self.toward.0, x0 + x1), quarters(self.toward.1, y0 + y1))
    }
}
