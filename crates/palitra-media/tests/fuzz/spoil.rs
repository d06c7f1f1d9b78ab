//! Files that are nearly right, out of right ones: the same seed makes the same ones.

/// A generator of numbers (xorshift, Marsaglia 2003); not for secrets.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 to `most`, without it; 0 when it is 0.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        let number = usize::try_from(self.next() >> 16).unwrap_or(0);
        number.checked_rem(most).unwrap_or(0)
    }
}

/// Values at which readers break.
const EDGES: [&[u8]; 8] =
    [&[0], &[0xff], &[0x7f], &[0x80], &[0xff; 4], &[0; 4], &[0x7f, 0xff, 0xff, 0xff], &[0, 0, 0, 1]];

/// One of the seeds with one to eight changes: bytes, values at the edge, parts that are gone, doubled, or of another seed.
pub(crate) fn spoilt(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut file = seeds.get(dice.below(seeds.len())).cloned().unwrap_or_default();
    for _ in 0..=dice.below(8) {
        // Headers stand in front: half of the changes are made there.
        let within = if dice.below(2) == 0 { file.len().min(256) } else { file.len() };
        let at = dice.below(within);
        let end = (at + 1 + dice.below(64)).min(file.len());
        match dice.below(6) {
            0 | 1 => {
                let byte = u8::try_from(dice.below(256)).unwrap_or(0);
                file.splice(at..(at + 1).min(file.len()), [byte]);
            }
            2 => {
                let edge = EDGES[dice.below(EDGES.len())];
                file.splice(at..(at + edge.len()).min(file.len()), edge.iter().copied());
            }
            3 => drop(file.drain(at..end)),
            4 => {
                let part = file[at..end].to_vec();
                file.splice(at..at, part);
            }
            _ => {
                let other = seeds.get(dice.below(seeds.len())).map(Vec::as_slice).unwrap_or_default();
                let from = dice.below(other.len());
                let part = &other[from..(from + 64).min(other.len())];
                file.splice(at..end, part.iter().copied());
            }
        }
    }
    if dice.below(8) == 0 {
        file.truncate(dice.below(file.len()));
    }
    file
}
