//! One row of a convolution, in whatever vector registers this processor has. No picture, no memory of its own.
//!
//! `pulp` compiles the same text for AVX-512, AVX2 and plain registers; which one runs is found at run time.

use super::{
    weights::Layer,
    winograd::{GROUP, TAPS},
};
use pulp::Simd;

/// Groups of outputs that are held in registers at once. Rows are padded to whole multiples of it.
///
/// Each takes two registers of sums; two more hold weights and one a pixel.
pub(super) const fn groups<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 12 } else { 6 }
}

/// Convolves three rows of tap pixels (see [`super::winograd::tap_pixels`]) into one row `[x][output]`.
#[inline(always)]
pub(super) fn convolve<S: Simd>(simd: S, layer: &Layer, rows: [&[f32]; 3], out: &mut [f32]) {
    match (groups::<S>(), layer.block / S::F32_LANES) {
        (12, 1) => blocks::<S, 12, 1>(simd, layer, rows, out),
        (12, _) => blocks::<S, 12, 2>(simd, layer, rows, out),
        (_, 1) => blocks::<S, 6, 1>(simd, layer, rows, out),
        (_, _) => blocks::<S, 6, 2>(simd, layer, rows, out),
    }
}

#[inline(always)]
fn blocks<S: Simd, const P: usize, const Z: usize>(
    simd: S,
    layer: &Layer,
    rows: [&[f32]; 3],
    out: &mut [f32],
) {
    let groups = rows[0].len() / (TAPS * layer.inputs);
    let weights = layer.weights.chunks_exact(TAPS * 3 * layer.inputs * layer.block);
    for (block, (weights, bias)) in weights.zip(layer.bias.chunks_exact(layer.block)).enumerate() {
        for group in (0..groups).step_by(P) {
            let products = products::<S, P, Z>(simd, layer.inputs, rows, groups, group, weights);
            let out = &mut out[group * GROUP * layer.outputs + block * layer.block..];
            outputs(simd, layer, &products, bias, out);
        }
    }
}

/// The sums of products of `P` groups: `[tap][group][register]`.
#[inline(always)]
fn products<S: Simd, const P: usize, const Z: usize>(
    simd: S,
    inputs: usize,
    rows: [&[f32]; 3],
    groups: usize,
    group: usize,
    weights: &[f32],
) -> [[[S::f32s; Z]; P]; TAPS] {
    let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<Z>();
    let mut products = [[[simd.splat_f32s(0.0); Z]; P]; TAPS];
    for (tap, product) in products.iter_mut().enumerate() {
        let mut sums = [[simd.splat_f32s(0.0); Z]; P];
        for (y, row) in rows.into_iter().enumerate() {
            let row = &row[(tap * groups + group) * inputs..][..P * inputs];
            let pixels: [&[f32]; P] = std::array::from_fn(|p| &row[p * inputs..][..inputs]);
            let weights = &weights[(tap * 3 + y) * inputs..][..inputs];
            for (input, weights) in weights.iter().enumerate() {
                for p in 0..P {
                    let pixel = simd.splat_f32s(pixels[p][input]);
                    for z in 0..Z {
                        sums[p][z] = multiply_add(simd, pixel, weights[z], sums[p][z]);
                    }
                }
            }
        }
        *product = sums;
    }
    products
}

/// `Aᵀ · products`, bias and activation, written to four pixels per group.
#[inline(always)]
fn outputs<S: Simd, const P: usize, const Z: usize>(
    simd: S,
    layer: &Layer,
    products: &[[[S::f32s; Z]; P]; TAPS],
    bias: &[f32],
    out: &mut [f32],
) {
    let (bias, _) = S::as_simd_f32s(bias);
    let (out, _) = S::as_mut_simd_f32s(out);
    let registers = layer.outputs / S::F32_LANES;
    let slope = simd.splat_f32s(if layer.leaky { 0.1 } else { 1.0 });
    let [two, four, eight] = [simd.splat_f32s(2.0), simd.splat_f32s(4.0), simd.splat_f32s(8.0)];
    let [m0, m1, m2, m3, m4, m5] = products;
    for p in 0..P {
        for z in 0..Z {
            let sum = simd.add_f32s(m1[p][z], m2[p][z]);
            let difference = simd.sub_f32s(m1[p][z], m2[p][z]);
            let far_sum = simd.add_f32s(m3[p][z], m4[p][z]);
            let far_difference = simd.sub_f32s(m3[p][z], m4[p][z]);
            let row: [S::f32s; GROUP] = [
                simd.add_f32s(m0[p][z], simd.add_f32s(sum, far_sum)),
                multiply_add(simd, two, far_difference, difference),
                multiply_add(simd, four, far_sum, sum),
                simd.add_f32s(m5[p][z], multiply_add(simd, eight, far_difference, difference)),
            ];
            for (x, value) in row.into_iter().enumerate() {
                let value = simd.add_f32s(value, bias[z]);
                out[(p * GROUP + x) * registers + z] = simd.max_f32s(value, simd.mul_f32s(value, slope));
            }
        }
    }
}

/// Fused where the processor can, else a product and a sum: a fused one without hardware is a call per lane.
#[inline(always)]
fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if S::F32_LANES > 4 { simd.mul_add_e_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}
