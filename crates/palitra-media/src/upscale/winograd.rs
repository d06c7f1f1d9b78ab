//! Winograd's F(4, 3) along a row: four neighbouring outputs of a three-tap filter from six products instead of
//! twelve (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, §4.3; their matrices).

use pulp::{Scalar, Simd};

/// Products per group of outputs; also the pixels that a group reads.
pub(super) const TAPS: usize = 6;

/// Outputs that share the products.
pub(super) const GROUP: usize = 4;

/// `G · row`: what a row of three weights becomes.
pub(super) fn tap_weights([a, b, c]: [f32; 3]) -> [f32; TAPS] {
    let (sixth, even, odd) = (-(a + c) / 6.0, a / 24.0 + c / 6.0, b / 12.0);
    [a / 4.0, sixth - b / 6.0, sixth + b / 6.0, even + odd, even - odd, c]
}

/// `Bᵀ · pixels` for one row of pixels.
///
/// `pixels` are `[x][channel]`; `taps` become `[tap][group][channel]`. Group `g` reads the pixels 4·g … 4·g+5. With
/// explicit registers, because a compiler will not prove that these twelve rows are apart.
#[inline(always)]
pub(super) fn tap_pixels<S: Simd>(simd: S, pixels: &[f32], channels: usize, taps: &mut [f32]) {
    if channels.is_multiple_of(S::F32_LANES) {
        let (pixels, _) = S::as_simd_f32s(pixels);
        let (taps, _) = S::as_mut_simd_f32s(taps);
        tap_registers(simd, pixels, channels / S::F32_LANES, taps);
    } else {
        tap_registers(Scalar::new(), pixels, channels, taps);
    }
}

#[inline(always)]
fn tap_registers<S: Simd>(simd: S, pixels: &[S::f32s], channels: usize, taps: &mut [S::f32s]) {
    let [two, minus_four, minus_five] = [simd.splat_f32s(2.0), simd.splat_f32s(-4.0), simd.splat_f32s(-5.0)];
    let of_tap = taps.len() / TAPS;
    for at in 0..of_tap {
        let first = at / channels * GROUP * channels + at % channels;
        let mut p = [two; TAPS];
        for (x, pixel) in p.iter_mut().enumerate() {
            *pixel = pixels[first + x * channels];
        }
        let outer = simd.mul_add_e_f32s(minus_four, p[2], p[4]);
        let inner = simd.mul_add_e_f32s(minus_four, p[1], p[3]);
        let far = simd.sub_f32s(p[4], p[2]);
        let near = simd.mul_f32s(two, simd.sub_f32s(p[3], p[1]));
        taps[at] =
            simd.sub_f32s(simd.mul_add_e_f32s(minus_five, p[2], p[4]), simd.mul_f32s(minus_four, p[0]));
        taps[of_tap + at] = simd.add_f32s(outer, inner);
        taps[2 * of_tap + at] = simd.sub_f32s(outer, inner);
        taps[3 * of_tap + at] = simd.add_f32s(far, near);
        taps[4 * of_tap + at] = simd.sub_f32s(far, near);
        taps[5 * of_tap + at] =
            simd.sub_f32s(simd.mul_add_e_f32s(minus_five, p[3], p[5]), simd.mul_f32s(minus_four, p[1]));
    }
}
