//! H.264 (ITU-T Rec. H.264), as little of it as a film of one picture needs: Constrained Baseline, CAVLC, one slice a picture.
//!
//! The first picture is coded as it is (`I_PCM`), so nothing is lost and no transform is needed. All others refer to it alone, hold nothing
//! but motion, and are referred to by none: each can be shown without the one before. The loop filter is off, or it would soften seams
//! that are none.

use super::bits::Bits;
use super::moved;
use super::yuv::Planes;

/// A macroblock's side in pixels.
const BLOCK: u32 = 16;
/// Largest picture of level 3, in macroblocks, and the most it decodes in a second.
const LEVEL_3: (u32, u32) = (1620, 40_500);

/// NAL units' first bytes: how much others depend on it, and what it is.
const SPS: u8 = 0x67;
const PPS: u8 = 0x68;
const KEY_SLICE: u8 = 0x65;
const PLAIN_SLICE: u8 = 0x01;

/// A stream of pictures of one size.
pub(super) struct Stream {
    width: u32,
    height: u32,
    pub(super) across: u32,
    pub(super) down: u32,
}

impl Stream {
    pub(super) fn new(width: u32, height: u32) -> Stream {
        Stream { width, height, across: width.div_ceil(BLOCK), down: height.div_ceil(BLOCK) }
    }

    /// The size that is coded: whole macroblocks.
    pub(super) fn coded(&self) -> (u32, u32) {
        (self.across * BLOCK, self.down * BLOCK)
    }

    /// The level, times ten.
    fn level(&self) -> u8 {
        let blocks = self.across * self.down;
        if blocks <= LEVEL_3.0 && blocks * super::RATE <= LEVEL_3.1 {
            30
        } else if blocks <= 3600 {
            31
        } else {
            32
        }
    }

    /// The side of the parts that move on their own: above level 3 a macroblock may have eight motions, not sixteen.
    pub(super) fn cell(&self) -> u32 {
        if self.level() == 30 { 4 } else { 8 }
    }

    /// The sequence and the picture parameter set.
    pub(super) fn parameter_sets(&self) -> [Vec<u8>; 2] {
        [self.sequence(), picture_parameters()]
    }

    fn sequence(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        // Baseline, and what makes it Constrained Baseline.
        for byte in [66, 0xc0, self.level()] {
            bits.put(u32::from(byte), 8);
        }
        bits.unsigned(0);
        // Frame numbers have 4 bits; the order of showing is written out, with 16.
        bits.unsigned(0);
        bits.unsigned(0);
        bits.unsigned(12);
        // One picture is referred to.
        bits.unsigned(1);
        bits.flag(false);
        bits.unsigned(self.across - 1);
        bits.unsigned(self.down - 1);
        // Frames, not fields.
        bits.flag(true);
        bits.flag(true);
        let (coded_width, coded_height) = self.coded();
        let (right, below) = (coded_width - self.width, coded_height - self.height);
        bits.flag(right + below > 0);
        if right + below > 0 {
            // Colour has half the size, and so has what is cut off.
            for cut in [0, right / 2, 0, below / 2] {
                bits.unsigned(cut);
            }
        }
        bits.flag(true);
        usability(&mut bits);
        bits.into_nal(SPS)
    }

    /// The first picture.
    pub(super) fn key_picture(&self, planes: &Planes) -> Vec<u8> {
        let mut bits = Bits::default();
        // From macroblock 0, all I, picture parameters 0, frame 0.
        bits.unsigned(0);
        bits.unsigned(7);
        bits.unsigned(0);
        bits.put(0, 4);
        // The first of its kind, shown first.
        bits.unsigned(0);
        bits.put(0, 16);
        // Nothing was before, and it is no long-term reference.
        bits.put(0, 2);
        end_of_header(&mut bits);
        for row in 0..self.down {
            for column in 0..self.across {
                bits.unsigned(25);
                bits.align();
                let place = |side: u32| {
                    let size = |pixels: u32| usize::try_from(pixels).unwrap_or(0);
                    (size(column * side), size(row * side))
                };
                samples(&mut bits, &planes.light, planes.width, place(16), 16);
                samples(&mut bits, &planes.blue, planes.width / 2, place(8), 8);
                samples(&mut bits, &planes.red, planes.width / 2, place(8), 8);
            }
        }
        length_first(&bits.into_nal(KEY_SLICE))
    }

    /// A later picture. `motion` says for a part between two corners where in the first picture its content is, from where it stands, in
    /// quarters of a pixel.
    pub(super) fn moved_picture(
        &self,
        number: u32,
        motion: impl Fn((u32, u32), (u32, u32)) -> (i32, i32),
    ) -> Vec<u8> {
        let mut bits = Bits::default();
        // From macroblock 0, all P, picture parameters 0; the frame after the only reference.
        bits.unsigned(0);
        bits.unsigned(5);
        bits.unsigned(0);
        bits.put(1, 4);
        // Two fields a picture, so it counts by two.
        bits.put(number * 2, 16);
        // As many references as the parameters say, in their order.
        bits.put(0, 2);
        end_of_header(&mut bits);
        moved::blocks(&mut bits, self, motion);
        length_first(&bits.into_nal(PLAIN_SLICE))
    }
}

/// How the numbers are to be shown: square pixels, Rec. 709, 16 to 235, a steady rate, nothing to put in order.
fn usability(bits: &mut Bits) {
    // Square pixels; nothing about overscan.
    bits.flag(true);
    bits.put(1, 8);
    bits.flag(false);
    // Any video format, not the full range, and the three colour tables of Rec. 709.
    bits.flag(true);
    bits.put(5, 3);
    bits.flag(false);
    bits.flag(true);
    for _ in 0..3 {
        bits.put(1, 8);
    }
    bits.flag(false);
    // Two ticks, those of fields, a picture.
    bits.flag(true);
    bits.put(1, 32);
    bits.put(super::RATE * 2, 32);
    bits.flag(true);
    // No buffer models.
    bits.put(0, 3);
    // Motion may look beyond the edges; no bound for sizes; none is shown later than it comes; one is kept.
    bits.flag(true);
    bits.flag(true);
    for value in [0, 0, 12, 10, 0, 1] {
        bits.unsigned(value);
    }
}

fn picture_parameters() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.unsigned(0);
    bits.unsigned(0);
    // CAVLC; no order of fields; one slice group; one reference each way.
    bits.put(0, 2);
    for _ in 0..3 {
        bits.unsigned(0);
    }
    // No weights; quantisers as they are.
    bits.put(0, 3);
    for _ in 0..3 {
        bits.signed(0);
    }
    // Slices say how the loop filter works; prediction is not constrained; no picture comes twice.
    bits.put(0b100, 3);
    bits.into_nal(PPS)
}

/// The quantiser as it is, the loop filter off.
fn end_of_header(bits: &mut Bits) {
    bits.signed(0);
    bits.unsigned(1);
}

/// A macroblock's part of a plane.
fn samples(bits: &mut Bits, plane: &[u8], width: usize, (x, y): (usize, usize), side: usize) {
    for row in y..y + side {
        let start = row * width + x;
        bits.bytes(&plane[start..start + side]);
    }
}

/// A NAL unit as MP4 holds it: with its length in front.
fn length_first(nal: &[u8]) -> Vec<u8> {
    let length = u32::try_from(nal.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), nal].concat()
}
