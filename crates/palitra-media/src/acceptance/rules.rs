//! Every number the gate's rules stand on, each with its reason. Set on the tuning half of the labelled set (`tests/acceptance`).

/// Proportions may be off by three per cent: markets round sides to whole steps.
pub const PROPORTIONS_OFF_MAX: f64 = 0.03;
/// Sides may be a tenth shorter than was asked for; longer ones are a gift.
pub const SIDE_SHARE_MIN: f64 = 0.9;
/// Markets round sides to multiples of 8, 16 or 64: less than this is rounding …
pub const SIDE_STEP: u32 = 64;
/// … of a side that is a multiple of this.
pub const SIDE_MULTIPLE: u32 = 8;

/// No cell of the coarse grid differs from the middle one by more than this in a blank picture: noise of ten levels is three in a cell of a
/// 256-pixel picture, a gradient over twice as many levels is hardly seen.
pub const BLANK_SHAPE_MAX: u8 = 14;
/// Nor does a cell of the fine grid: a line of one pixel on white is 30 in a picture of 1024 pixels, noise of ten levels stays under 24.
pub const BLANK_MARK_MAX: u8 = 24;
/// Or, in a noisy picture, six times the noise: noise alone reaches four.
pub const BLANK_MARK_NOISES: f64 = 6.0;

/// Two copies of a picture differ by this much on average: JPEG of quality 40 by two, a change of light that is seen by five.
pub const SAME_DIFFERENCE_MAX: f64 = 3.0;
/// A cell of the compared grid, a thirty-second of the sides, counts as retouched from here: encoding a small picture again moves one by 14,
/// a disc of a twentieth of the sides in another colour by 100.
pub const RETOUCHED_FROM: u8 = 24;
/// A picture this many times larger was scaled up, which is a change.
pub const SCALED_UP_FROM: f64 = 1.2;

/// A trailing part of a JPEG in one exact colour, this share of its height at least, with a grey of [`FILL_GREY`]: what decoders
/// leave where the data ended.
pub const FILL_SHARE_MIN: f64 = 0.08;
/// The grey of pixels that never came, and how far rounding moves it.
pub const FILL_GREY: u8 = 128;
pub const FILL_GREY_OFF: u8 = 2;

/// In narrower JPEGs a flat row of blocks can be shorter than the eight bytes that the decoder looks ahead.
pub const CUT_JPEG_WIDTH_MIN: u32 = 256;

/// Sound is measured in windows of this length.
pub const WINDOW_MS: usize = 20;
/// A window is heard from here: −50 dB of full scale; recorded rooms are at −60, quiet speech at −35.
pub const HEARD_FROM: f32 = 0.003_16;
/// Less than this is heard of silence with a click in it; the shortest word takes 150 ms.
pub const HEARD_MS_MIN: u64 = 80;
/// Clipping cuts waves off at one height: a run of this many equal peaks is a cut; a clean wave touches its height for two.
pub const CUT_RUN_MIN: usize = 4;
/// What is as high as the highest, up to the rounding of sixteen bits.
pub const CUT_SHARE: f32 = 0.9999;
/// Below this height it is no clipping: quiet sounds have few levels.
pub const CUT_HEIGHT_MIN: f32 = 0.25;
/// Share of the heard samples that are cut, from which speech crackles.
pub const CUT_SAMPLES_MAX: f64 = 0.005;

/// Letters a second that nobody exceeds: speech has 15, twice as fast 30.
pub const LETTERS_A_SECOND_MAX: u64 = 35;
/// Signs of Chinese, Japanese and Korean, and digits, which are words of their own: speech has 5.
pub const SIGNS_A_SECOND_MAX: u64 = 14;

/// A film may be off by half a second or a tenth, whichever is more: markets make whole numbers of frames and seconds.
pub const FILM_OFF_MS_MAX: u64 = 500;
pub const FILM_OFF_PER_CENT_MAX: u64 = 10;
