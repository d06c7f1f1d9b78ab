//! The weights of waifu2x's `upconv_7` net, read from ncnn's `.bin` and laid out for [`super::kernel`].
//!
//! The file is, per layer: a tag (half floats follow), the kernel as `[out][in][y][x]` halves padded to four
//! bytes, the bias as floats. The last layer is a transposed 4×4 convolution with stride 2; as a 3×3 convolution
//! with twelve outputs it gives the same 2×2 block of pixels, so that all seven layers are one kind.

use super::{
    Error,
    winograd::{TAPS, tap_weights},
};

/// Tag of ncnn's half-float storage.
const HALF_FLOATS: u32 = 0x0130_6B47;

/// Channels in and out of the layers, and the side of their kernels.
const SHAPES: [(usize, usize, usize); LAYERS] =
    [(3, 16, 3), (16, 32, 3), (32, 64, 3), (64, 128, 3), (128, 128, 3), (128, 256, 3), (256, 3, 4)];

pub(super) const LAYERS: usize = 7;

/// One 3×3 convolution, Winograd-transformed along its rows.
pub(super) struct Layer {
    pub(super) inputs: usize,
    /// Outputs rounded up to whole blocks; the surplus stays zero.
    pub(super) outputs: usize,
    /// Outputs that are computed side by side.
    pub(super) block: usize,
    /// `[block][tap][kernel row][input][output in block]`
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    /// Leaky ReLU with slope 0.1 follows.
    pub(super) leaky: bool,
}

/// Reads all layers for registers of `lanes` floats.
pub(super) fn read(file: &[u8], lanes: usize) -> Result<Vec<Layer>, Error> {
    let mut rest = file;
    let mut take = |bytes: usize| rest.split_off(..bytes).ok_or(Error::Weights);
    let mut layers = Vec::with_capacity(LAYERS);
    for (inputs, outputs, side) in SHAPES {
        let tag: [u8; 4] = take(4)?.try_into().map_err(|_| Error::Weights)?;
        if u32::from_le_bytes(tag) != HALF_FLOATS {
            return Err(Error::Weights);
        }
        let count = inputs * outputs * side * side;
        let kernel: Vec<f32> = take((2 * count).next_multiple_of(4))?
            .as_chunks()
            .0
            .iter()
            .map(|half| float(u16::from_le_bytes(*half)))
            .collect();
        let bias: Vec<f32> =
            take(4 * outputs)?.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        layers.push(if side == 3 {
            let weight = |output: usize, input: usize, y: usize, x: usize| {
                kernel[((output * inputs + input) * 3 + y) * 3 + x]
            };
            layer(lanes, inputs, &bias, true, weight)
        } else {
            let bias: Vec<f32> = (0..4 * outputs).map(|output| bias[output % outputs]).collect();
            let weight = |output: usize, input: usize, y: usize, x: usize| {
                let (place, channel) = (output / outputs, output % outputs);
                match (transposed(place / 2, y), transposed(place % 2, x)) {
                    (Some(y), Some(x)) => kernel[((channel * inputs + input) * 4 + y) * 4 + x],
                    _ => 0.0,
                }
            };
            layer(lanes, inputs, &bias, false, weight)
        });
    }
    if rest.is_empty() { Ok(layers) } else { Err(Error::Weights) }
}

/// Which row (or column) of the 4×4 transposed kernel the 3×3 one has at `at` for the output pixel in row
/// (or column) `place` of the 2×2 block.
fn transposed(place: usize, at: usize) -> Option<usize> {
    match (place, at) {
        (0, 0) => Some(3),
        (0, 1) => Some(1),
        (1, 1) => Some(2),
        (1, 2) => Some(0),
        _ => None,
    }
}

fn layer(
    lanes: usize,
    inputs: usize,
    bias: &[f32],
    leaky: bool,
    weight: impl Fn(usize, usize, usize, usize) -> f32,
) -> Layer {
    let block = if bias.len() <= lanes { lanes } else { 2 * lanes };
    let outputs = bias.len().next_multiple_of(block);
    let mut weights = vec![0.0; outputs * TAPS * 3 * inputs];
    for output in 0..bias.len() {
        let (of_block, in_block) = (output / block * TAPS, output % block);
        for y in 0..3 {
            for input in 0..inputs {
                let row = [0, 1, 2].map(|x| weight(output, input, y, x));
                for (tap, value) in tap_weights(row).into_iter().enumerate() {
                    weights[(((of_block + tap) * 3 + y) * inputs + input) * block + in_block] = value;
                }
            }
        }
    }
    let mut padded = bias.to_vec();
    padded.resize(outputs, 0.0);
    Layer { inputs, outputs, block, weights, bias: padded, leaky }
}

/// A half-precision float (IEEE 754 binary16); the files hold no infinity.
fn float(half: u16) -> f32 {
    let sign = if half >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (u32::from(half >> 10 & 31), u32::from(half & 1023));
    if exponent == 0 {
        let fraction = f32::from(half & 1023);
        return sign * fraction / 16_777_216.0;
    }
    sign * f32::from_bits((exponent + 112) << 23 | fraction << 13)
}
