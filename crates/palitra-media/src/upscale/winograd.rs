//! Winograd's F(4, 3) along a row: four neighbouring outputs of a three-tap filter from six products instead of
//! twelve (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, §4.3; their matrices).

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
/// `pixels` are `[x][channel]`; `taps` become `[tap][group][channel]`. Group `g` reads the pixels 4·g … 4·g+5.
#[inline(always)]
pub(super) fn tap_pixels(pixels: &[f32], channels: usize, taps: &mut [f32]) {
    let of_tap = taps.len() / TAPS;
    let mut taps: [&mut [f32]; TAPS] = {
        let mut parts = taps.chunks_exact_mut(of_tap);
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    };
    for group in 0..of_tap / channels {
        let [p0, p1, p2, p3, p4, p5] =
            std::array::from_fn(|x| &pixels[(GROUP * group + x) * channels..][..channels]);
        let [t0, t1, t2, t3, t4, t5] = taps.each_mut().map(|tap| &mut tap[group * channels..][..channels]);
        for c in 0..channels {
            let (outer, inner) = (p4[c] - 4.0 * p2[c], p3[c] - 4.0 * p1[c]);
            let (far, near) = (p4[c] - p2[c], 2.0 * (p3[c] - p1[c]));
            t0[c] = 4.0 * p0[c] - 5.0 * p2[c] + p4[c];
            t1[c] = outer + inner;
            t2[c] = outer - inner;
            t3[c] = far + near;
            t4[c] = far - near;
            t5[c] = 4.0 * p1[c] - 5.0 * p3[c] + p5[c];
        }
    }
}
