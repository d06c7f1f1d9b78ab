//! Times text on a picture of 2048 × 2048: three lines, four emoji, a plate of 50 %, without and with backdrop blur, and a
//! whole request from PNG to PNG. Prints one line of JSON a figure, in CPU milliseconds; `benches/peers/media/overlay.py` measures the same with
//! Pillow and pilmoji. With a path: `overlay PICTURE.png WISHES TEXT OUT.png` draws once.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a program that measures"
)]

use std::io::Cursor;
use std::time::Duration;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageFormat, RgbImage};
use palitra_media::text::{Colour, Font, Plate, Size, Style, Typesetter};
use rustix::time::{ClockId, clock_gettime};

const TEXT: &str =
    "Привет, мир! Hello, World 🎉🔥\nСкидка −50% только до конца недели 🚀\nКофе & круассан — ёлки, Київ 👩‍💻";
const ROUNDS: usize = 41;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [picture, wishes, text, out] = arguments.as_slice() {
        let mut image = image::open(picture).unwrap().into_rgb8();
        let parsed = palitra_media::text::wish::parse(wishes);
        let drawn = Typesetter::new().draw(&mut image, text, &parsed.style).unwrap();
        image.save(out).unwrap();
        println!("{drawn:?}\nnot understood: {:?}", parsed.left_over);
        return;
    }
    let typesetter = Typesetter::new();
    let base = photo(2048);
    let mut canvas = base.clone();
    for (name, blur_px) in [("draw", 0), ("draw, blur 12", 12)] {
        let style = style(blur_px);
        let mut first = 0.0;
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            canvas.copy_from_slice(&base);
            let time = timed(|| drop(typesetter.draw(&mut canvas, TEXT, &style).unwrap()));
            if round == 0 { first = time } else { times.push(time) }
        }
        say(name, &mut times, &format!(",\"first_ms\":{first:.2}"));
    }
    let mut copies: Vec<f64> = (0..ROUNDS).map(|_| timed(|| canvas.copy_from_slice(&base))).collect();
    say("copy of the picture", &mut copies, "");
    let mut png = Vec::new();
    base.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let style = style(0);
    let mut out = Vec::new();
    let mut times: Vec<f64> =
        (0..7).map(|_| timed(|| request(&typesetter, &png, &style, &mut out))).collect();
    say("png to png", &mut times, &format!(",\"bytes\":{}", out.len()));
}

fn style(blur_px: u16) -> Style {
    let plate = Plate {
        colour: Some(Colour::BLACK),
        opacity_percent: 50,
        radius_px: Some(32),
        blur_px,
        ..Plate::default()
    };
    Style { font: Font::Inter, size: Size::Px(96), plate, ..Style::default() }
}

fn request(typesetter: &Typesetter, png: &[u8], style: &Style, out: &mut Vec<u8>) {
    let mut image = image::load_from_memory_with_format(png, ImageFormat::Png).unwrap().into_rgb8();
    typesetter.draw(&mut image, TEXT, style).unwrap();
    out.clear();
    image
        .write_with_encoder(PngEncoder::new_with_quality(out, CompressionType::Fast, FilterType::Adaptive))
        .unwrap();
}

/// Milliseconds of this thread's CPU: on a machine with other work, too, a figure of ours.
fn timed(work: impl FnOnce()) -> f64 {
    let cpu = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(time).unwrap().as_secs_f64() * 1e3
    };
    let start = cpu();
    work();
    cpu() - start
}

fn say(name: &str, times: &mut [f64], more: &str) {
    times.sort_unstable_by(f64::total_cmp);
    let (least, median) = (times[0], times[times.len() / 2]);
    println!("{{\"name\":\"{name}\",\"median_ms\":{median:.2},\"least_ms\":{least:.2}{more}}}");
}

/// Light and dark, with grain, as a camera sees it; the same every time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "colours")]
fn photo(side: u32) -> RgbImage {
    let mut seed = 1u32;
    RgbImage::from_fn(side, side, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = f64::from(seed >> 24) / 16.0;
        let wave = ((f64::from(x) / 190.0).sin() + (f64::from(y) / 140.0).cos()) * 45.0 + 110.0;
        image::Rgb([wave + grain, wave * 0.8 + grain, wave * 0.5 + grain + 40.0].map(|value| value as u8))
    })
}
