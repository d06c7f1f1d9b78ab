//! The level of a recording: whether there is one, and bringing it to the loudness of all recordings.

use super::{Error, Spoken};
use ebur128::{EbuR128, Mode};

/// Integrated loudness of speech on the web and in podcasts, LUFS.
const TARGET: f64 = -16.0;
/// Peaks between the samples at most, dBTP, so that a lossy encoder does not clip (EBU R 128 s1).
const PEAK: f64 = -1.0;
/// Loudness is measured over blocks of this length, seconds; shorter recordings are repeated for it.
const BLOCK: f32 = 0.4;
/// No sample above this is silence: −46 dBFS.
const SILENCE: u16 = 164;
/// Milliseconds that a letter takes at least at the usual speed; the quickest real ones take about 45.
const LETTER_MS: u64 = 15;

/// Errors for a recording that is silent, clipped (a thousandth of its samples) or far too short for its text.
pub(super) fn check(spoken: &Spoken, letters: usize, speed: u16) -> Result<(), Error> {
    if spoken.samples.iter().all(|sample| sample.unsigned_abs() <= SILENCE) {
        return Err(Error::Silent);
    }
    let clipped = spoken.samples.iter().filter(|sample| sample.unsigned_abs() >= 32_767).count();
    if clipped * 1_000 > spoken.samples.len() {
        return Err(Error::Clipped);
    }
    let milliseconds = spoken.samples.len() as u64 * 1_000 / u64::from(spoken.rate.max(1));
    if milliseconds * u64::from(speed) < LETTER_MS * letters as u64 * 100 {
        return Err(Error::TooShort { milliseconds, letters });
    }
    Ok(())
}

/// One gain for the whole recording: to [`TARGET`], less where peaks would pass [`PEAK`].
pub(super) fn normalise(spoken: Spoken) -> Spoken {
    let Some((loudness, peak)) = measure(&spoken) else { return spoken };
    let gain = 10_f64.powf((TARGET - loudness).min(PEAK - peak) / 20.0);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the peak is bounded")]
    let samples = spoken.samples.iter().map(|sample| (f64::from(*sample) * gain).round() as i16).collect();
    Spoken { samples, ..spoken }
}

/// Integrated loudness in LUFS and true peak in dBTP; none for silence.
pub(super) fn measure(spoken: &Spoken) -> Option<(f64, f64)> {
    let mut meter = EbuR128::new(1, spoken.rate, Mode::I | Mode::TRUE_PEAK).ok()?;
    let mut measured = 0.0;
    while measured <= BLOCK && !spoken.samples.is_empty() {
        meter.add_frames_i16(&spoken.samples).ok()?;
        measured += spoken.seconds();
    }
    let (loudness, peak) = (meter.loudness_global().ok()?, 20.0 * meter.true_peak(0).ok()?.log10());
    (loudness.is_finite() && peak.is_finite()).then_some((loudness, peak))
}
