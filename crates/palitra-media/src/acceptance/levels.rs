//! How loud a sound is, window by window, and how much of it is cut off in height; in constant memory but for a number a window.

#![expect(clippy::float_arithmetic, reason = "levels of sound")]

use super::rules;

/// Measures one channel, sample by sample.
pub(super) struct Levels {
    window: usize,
    squares: f64,
    in_window: usize,
    heard: usize,
    /// The highest sample, and how many stand in runs at its height.
    height: f32,
    run: usize,
    run_sign: bool,
    cut: usize,
}

impl Levels {
    /// For a sound of this many samples a second.
    pub(super) fn new(rate: u32) -> Levels {
        let window = usize::try_from(rate).unwrap_or(0) * rules::WINDOW_MS / 1000;
        Levels {
            window: window.max(1),
            squares: 0.0,
            in_window: 0,
            heard: 0,
            height: rules::CUT_HEIGHT_MIN,
            run: 0,
            run_sign: false,
            cut: 0,
        }
    }

    /// One sample of −1 to 1; what is higher was cut by whoever plays it.
    pub(super) fn push(&mut self, sample: f32) {
        let sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        self.squares += f64::from(sample * sample);
        self.in_window += 1;
        if self.in_window == self.window {
            let mean = self.squares / f64::from(u32::try_from(self.window).unwrap_or(u32::MAX));
            self.heard += usize::from(mean >= f64::from(rules::HEARD_FROM * rules::HEARD_FROM));
            (self.squares, self.in_window) = (0.0, 0);
        }
        self.measure_cut(sample);
    }

    fn measure_cut(&mut self, sample: f32) {
        let (height, sign) = (sample.abs(), sample > 0.0);
        if height * rules::CUT_SHARE > self.height {
            (self.height, self.run, self.cut) = (height, 0, 0);
        }
        if height < self.height * rules::CUT_SHARE {
            self.run = 0;
            return;
        }
        self.run = if sign == self.run_sign { self.run + 1 } else { 1 };
        self.run_sign = sign;
        match self.run {
            run if run == rules::CUT_RUN_MIN => self.cut += run,
            run if run > rules::CUT_RUN_MIN => self.cut += 1,
            _ => {}
        }
    }

    /// How long something is heard in all.
    pub(super) fn heard_ms(&self) -> u64 {
        u64::try_from(self.heard * rules::WINDOW_MS).unwrap_or(u64::MAX)
    }

    /// Cut samples as a share of those in windows that are heard.
    pub(super) fn cut_share(&self) -> f64 {
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        count(self.cut) / count((self.heard * self.window).max(1))
    }
}
