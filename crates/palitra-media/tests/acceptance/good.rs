//! Good results, of which none may be refused. Seeds 1000 to 1299.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "test data"
)]

use crate::made::{Seed, disc, film, flat, jpeg, noisy, png, scene, speech, wav, webp};
use crate::{Case, expected, fixture};
use bytes::Bytes;
use image::{Rgb, imageops};
use palitra_domain::acceptance::Expected;
use palitra_domain::catalogue::Lane;

type Make = fn(&mut Seed, usize) -> (Expected, Vec<Bytes>);

const FAMILIES: [(&str, usize, Make); 14] = [
    ("scenes, PNG", 30, |seed, _| picture(png(&scene(seed, 320, 256)))),
    ("scenes, JPEG of quality 30 to 95", 30, |seed, n| {
        picture(jpeg(&scene(seed, 320, 256), 30 + (n * 2) as u8))
    }),
    ("scenes, WebP of quality 30 to 95", 30, |seed, n| {
        picture(webp(&scene(seed, 256, 320), 30 + (n * 2) as u8))
    }),
    ("a tiny icon on white", 25, |seed, n| {
        let mut page = flat(512, 512, [255; 3]);
        let colour = Rgb([seed.within(0, 120) as u8, seed.within(0, 180) as u8, 90]);
        disc(&mut page, (seed.within(20, 490), seed.within(20, 490)), 4 + n as i64 / 3, colour);
        picture(png(&page))
    }),
    ("a line drawing of one pixel on paper", 20, |seed, _| {
        let mut page = flat(512, 400, [250, 249, 245]);
        let (x, y, r) = (seed.within(150, 350), seed.within(120, 280), seed.within(40, 110));
        let paper = Rgb([250, 249, 245]);
        disc(&mut page, (x, y), r, Rgb([40; 3]));
        disc(&mut page, (x, y), r - 1, paper);
        picture(jpeg(&page, 85))
    }),
    ("night with a few lights", 20, |seed, _| {
        let mut night = flat(384, 256, [6, 7, 12]);
        for _ in 0..seed.within(2, 7) {
            let warm = Rgb([seed.within(120, 255) as u8, 110, 60]);
            disc(&mut night, (seed.within(0, 384), seed.within(0, 256)), seed.within(2, 6), warm);
        }
        picture(jpeg(&noisy(night, seed, 4), 80))
    }),
    ("fog: forty levels in all", 20, |seed, _| {
        let mut fog = scene(seed, 320, 240);
        for channel in fog.iter_mut() {
            *channel = 180 + *channel / 6;
        }
        picture(webp(&fog, 80))
    }),
    ("an edit with a small retouch", 30, |seed, n| {
        let before = scene(seed, 320, 320);
        let mut after = before.clone();
        let (x, y) = (seed.within(20, 300), seed.within(20, 300));
        let was = after.get_pixel(x as u32, y as u32).0;
        disc(&mut after, (x, y), 9 + n as i64 % 10, Rgb(was.map(|channel| channel.wrapping_add(110))));
        (Expected { given: vec![jpeg(&before, 90)], ..expected(Lane::Image) }, vec![jpeg(&after, 85)])
    }),
    ("an edit of the light", 15, |seed, n| {
        let before = scene(seed, 320, 320);
        let after = imageops::brighten(&before, if n % 2 == 0 { 18 } else { -18 });
        (Expected { given: vec![png(&before)], ..expected(Lane::Image) }, vec![webp(&after, 85)])
    }),
    ("sets of four", 15, |seed, _| {
        (expected(Lane::Image), (0..4).map(|_| jpeg(&scene(seed, 256, 256), 80)).collect())
    }),
    ("sides rounded to 8, 16 and 64", 15, |seed, n| {
        const SIZES: [((u32, u32), (u32, u32)); 5] = [
            ((1000, 560), (1024, 576)),
            ((1000, 1000), (960, 960)),
            ((500, 281), (504, 280)),
            ((640, 360), (640, 368)),
            ((300, 200), (600, 400)),
        ];
        let (asked, size) = SIZES[n % SIZES.len()];
        (
            Expected { size: Some(asked), ..expected(Lane::Image) },
            vec![jpeg(&scene(seed, size.0, size.1), 70)],
        )
    }),
    ("speech, WAV of 16, 24 and 32 bits, quiet and loud", 30, |seed, n| {
        let height = [0.05, 0.3, 0.99][n % 3];
        let samples = speech(seed, 1500 + 100 * n as u32, height);
        let text = "сегодня хорошая погода".to_owned();
        (Expected { text: Some(text), ..expected(Lane::Audio) }, vec![wav(&samples, [16, 24, 32][n % 3])])
    }),
    ("MP3 and Ogg", 4, |_, n| {
        (expected(Lane::Audio), vec![fixture(["tone.mp3", "bare.mp3", "opus.ogg", "vorbis.ogg"][n]).into()])
    }),
    ("films of four to ten seconds, off by little", 16, |_, n| {
        let seconds = 4 + n as u32 % 7;
        let off = [0, 400, 0, 480][n % 4];
        (Expected { seconds: Some(seconds), ..expected(Lane::Video) }, vec![film(seconds * 1000 + 40 - off)])
    }),
];

fn picture(file: Bytes) -> (Expected, Vec<Bytes>) {
    (expected(Lane::Image), vec![file])
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (family, count, make) in FAMILIES {
        for n in 0..count {
            let mut seed = Seed(1000 + cases.len() as u64);
            let (expected, files) = make(&mut seed, n);
            cases.push(Case { family, expected, files, defect: None });
        }
    }
    cases
}
