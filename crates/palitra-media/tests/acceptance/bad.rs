//! Bad results. The numbers in `rules` were set on [`TUNED_ON`] (seeds 2000 to 2124) alone; recall is measured on [`MEASURED`] (seeds 3000
//! to 3299).

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "test data"
)]

use crate::made::{RATE, Seed, film, flat, jpeg, noisy, png, scene, speech, wav, webp};
use crate::{Case, expected, fixture, photographs, pixels};
use bytes::Bytes;
use image::{Rgb, RgbImage, imageops};
use palitra_domain::acceptance::{Defect, Expected};
use palitra_domain::catalogue::Lane;

type Make = fn(&mut Seed, usize) -> (Expected, Vec<Bytes>);
type Family = (&'static str, Defect, usize, Make);

const TUNED_ON: [Family; 6] = [
    ("one colour with noise", Defect::Blank, 20, |seed, n| {
        let colour = [seed.next() as u8, seed.next() as u8, seed.next() as u8];
        picture(png(&noisy(flat(256, 256, colour), seed, n as i64 / 2)))
    }),
    ("a PNG cut off", Defect::Broken, 20, |seed, n| picture(cut(&png(&scene(seed, 256, 256)), n))),
    ("an edit that is the picture as JPEG of 50 to 88", Defect::Unchanged, 20, |seed, n| {
        let before = scene(seed, 320, 256);
        unchanged(png(&before), jpeg(&before, 50 + 2 * n as u8))
    }),
    ("a JPEG cut off and closed", Defect::Broken, 25, |seed, n| {
        let mut file = cut(&jpeg(&scene(seed, 320, 320), 80), n).to_vec();
        file.extend([0xff, 0xd9]);
        picture(file.into())
    }),
    ("zeros", Defect::Silent, 20, |_, n| sound(wav(&vec![0.0; 8000 * (n + 1)], 16))),
    ("speech four times too loud", Defect::Clipped, 20, |seed, _| sound(wav(&speech(seed, 2000, 4.0), 16))),
];

const MEASURED: [Family; 19] = [
    ("a gradient that is hardly seen", Defect::Blank, 15, |seed, n| {
        let base = seed.within(20, 220);
        let span = 4 + n as i64;
        picture(jpeg(
            &RgbImage::from_fn(400, 300, |x, _| Rgb([(base + i64::from(x) * span / 400) as u8; 3])),
            85,
        ))
    }),
    ("black of a content filter", Defect::Blank, 15, |seed, n| {
        let mut black = flat(512, 512, [n as u8 / 4; 3]);
        black.put_pixel(seed.within(0, 512) as u32, seed.within(0, 512) as u32, Rgb([30; 3]));
        picture(jpeg(&black, 60 + n as u8))
    }),
    ("one colour, darker towards the corners, WebP", Defect::Blank, 15, |seed, _| {
        let base = seed.within(60, 240);
        let vignette = RgbImage::from_fn(300, 300, |x, y| {
            let (dx, dy) = (i64::from(x) - 150, i64::from(y) - 150);
            Rgb([(base - (dx * dx + dy * dy) * 8 / 45_000) as u8; 3])
        });
        picture(webp(&noisy(vignette, seed, 5), 75))
    }),
    ("a PNG cut off and closed", Defect::Broken, 25, |seed, n| {
        let whole = png(&scene(seed, 200, 200));
        let data = whole.windows(4).position(|four| four == b"IDAT").unwrap();
        let kept = (whole.len() - data - 16) * (n + 1) / 30;
        let mut chunk = b"IDAT".to_vec();
        chunk.extend(&whole[data + 4..data + 4 + kept]);
        let sum = chunk.iter().fold(!0_u32, |sum, byte| {
            (0..8)
                .fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
        });
        let mut file = whole[..data - 4].to_vec();
        file.extend((kept as u32).to_be_bytes());
        file.extend(chunk);
        file.extend((!sum).to_be_bytes());
        file.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
        picture(file.into())
    }),
    ("a JPEG with a grey lower half", Defect::Broken, 15, |seed, n| {
        let mut half = scene(seed, 320, 320);
        let from = 140 + 8 * n as u32;
        half.enumerate_pixels_mut().filter(|(_, y, _)| *y >= from).for_each(|(.., pixel)| pixel.0 = [128; 3]);
        picture(jpeg(&half, 90))
    }),
    ("a WebP cut off", Defect::Broken, 15, |seed, n| picture(cut(&webp(&scene(seed, 320, 256), 80), n))),
    ("a PNG with a spoilt byte", Defect::Broken, 15, |seed, _| {
        let mut file = png(&scene(seed, 200, 200)).to_vec();
        let at = seed.within(200, file.len() as i64 - 200) as usize;
        file[at] ^= 0x55;
        picture(file.into())
    }),
    ("another kind", Defect::WrongKind, 15, |seed, n| match n % 4 {
        0 => picture(Bytes::from_static(b"<html><body>502 Bad Gateway</body></html>")),
        1 => picture(fixture("tone.mp3").into()),
        2 => sound(png(&scene(seed, 64, 64))),
        _ => (expected(Lane::Video), vec![jpeg(&scene(seed, 64, 64), 80)]),
    }),
    ("another size", Defect::WrongSize, 25, |seed, n| {
        const SIZES: [((u32, u32), (u32, u32)); 5] = [
            ((640, 360), (360, 640)),
            ((640, 360), (512, 512)),
            ((1024, 1024), (512, 512)),
            ((512, 640), (512, 576)),
            ((300, 200), (256, 256)),
        ];
        let (asked, size) = SIZES[n % SIZES.len()];
        (
            Expected { size: Some(asked), ..expected(Lane::Image) },
            vec![jpeg(&scene(seed, size.0, size.1), 80)],
        )
    }),
    ("an edit that is the photograph, smaller, as WebP", Defect::Unchanged, 25, |_, n| {
        let (_, file) = photographs().swap_remove(2 * n);
        let before = pixels(&file);
        let (width, height) = (before.width() * 3 / 4, before.height() * 3 / 4);
        let after = imageops::resize(&before, width, height, imageops::FilterType::Triangle);
        unchanged(file.into(), webp(&after, 60 + n as u8))
    }),
    ("a set with the same photograph twice", Defect::Duplicate, 20, |seed, n| {
        let (_, file) = photographs().swap_remove(2 * n + 1);
        let again = jpeg(&imageops::brighten(&pixels(&file), 1), 70 + n as u8);
        (expected(Lane::Image), vec![file.into(), png(&scene(seed, 200, 200)), again])
    }),
    ("hiss with a click", Defect::Silent, 15, |seed, n| {
        let mut samples: Vec<f32> = (0..RATE * 2).map(|_| seed.noise() * 0.0015).collect();
        samples[1000 * (n + 1)..][..60].fill(0.8);
        sound(wav(&samples, 24))
    }),
    ("speech cut off and then made quieter", Defect::Clipped, 15, |seed, n| {
        let samples = speech(seed, 1800, 3.0).into_iter().map(|sample| sample * (0.5 + n as f32 / 40.0));
        sound(wav(&samples.collect::<Vec<_>>(), [16, 32][n % 2]))
    }),
    ("the first word of a sentence", Defect::TooShort, 15, |seed, n| {
        let text = Some("Съешь ещё этих мягких французских булок, да выпей чаю".to_owned());
        let (expected, files) = sound(wav(&speech(seed, 300 + 40 * n as u32, 0.5), 16));
        (Expected { text, ..expected }, files)
    }),
    ("a word, then silence where a sentence was asked for", Defect::TooShort, 10, |seed, _| {
        let mut samples = speech(seed, 500, 0.5);
        samples.resize(60_000, 0.0);
        let text = Some("The quick brown fox jumps over the lazy dog".to_owned());
        let (expected, files) = sound(wav(&samples, 16));
        (Expected { text, ..expected }, files)
    }),
    ("films of another length", Defect::WrongLength, 15, |_, n| {
        let asked = 5 + n as u32 % 6;
        let off = [-1100_i64, 1200, -2500, 4000][n % 4];
        let ms = (i64::from(asked) * 1000 + off) as u32;
        (Expected { seconds: Some(asked), ..expected(Lane::Video) }, vec![film(ms)])
    }),
    ("a film cut off", Defect::Broken, 10, |_, n| (expected(Lane::Video), vec![cut(&film(5000), n)])),
    ("a WAV cut off", Defect::Broken, 10, |seed, n| sound(cut(&wav(&speech(seed, 1500, 0.5), 16), n))),
    ("an MP3 or Ogg cut off", Defect::Broken, 10, |_, n| {
        sound(cut(&fixture(["tone.mp3", "bare.mp3", "opus.ogg", "vorbis.ogg"][n % 4]), n))
    }),
];

fn picture(file: Bytes) -> (Expected, Vec<Bytes>) {
    (expected(Lane::Image), vec![file])
}

fn sound(file: Bytes) -> (Expected, Vec<Bytes>) {
    (expected(Lane::Audio), vec![file])
}

fn unchanged(before: Bytes, after: Bytes) -> (Expected, Vec<Bytes>) {
    (Expected { given: vec![before], ..expected(Lane::Image) }, vec![after])
}

/// Without its end: from a third of it to nine tenths are left.
fn cut(file: &[u8], n: usize) -> Bytes {
    Bytes::copy_from_slice(&file[..file.len() * (33 + n * 57 / 25) / 100])
}

pub(crate) fn tuned_on() -> Vec<Case> {
    made(&TUNED_ON, 2000)
}

pub(crate) fn measured() -> Vec<Case> {
    made(&MEASURED, 3000)
}

fn made(families: &[Family], first_seed: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (family, defect, count, make) in families {
        for n in 0..*count {
            let mut seed = Seed(first_seed + cases.len() as u64);
            let (expected, files) = make(&mut seed, n);
            cases.push(Case { family, expected, files, defect: Some(*defect) });
        }
    }
    cases
}
