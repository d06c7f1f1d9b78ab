//! The artist's promises: exact sizes, the same bytes, words inside the page, colours that can be read.

use proptest::prelude::*;

use super::arrange::{self, Mark};
use super::canvas::Canvas;
use super::color::Rgb;
use super::dice::Dice;
use super::geometry::{Area, len, sin_turns};
use super::lettering::{Face, Lettering};
use super::palette::{self, PALETTES, Palette};
use super::scene::Scene;
use super::{DrawError, Recipe, SIDE_MAX, draw, hints};
use crate::stems;

fn recipe(prompt: &str, width: u32, height: u32, seed: u64) -> Recipe<'_> {
    Recipe { prompt, width, height, seed, index: 0 }
}

struct Decoded {
    width: u32,
    height: u32,
    color: png::ColorType,
    software: Option<String>,
    rgb: Vec<u8>,
}

fn decode(bytes: &[u8]) -> Decoded {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut rgb).unwrap();
    let texts = &reader.info().uncompressed_latin1_text;
    let software = texts.iter().find(|text| text.keyword == "Software").map(|text| text.text.clone());
    Decoded { width: frame.width, height: frame.height, color: frame.color_type, software, rgb }
}

fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_recipe_gives_the_same_bytes_on_every_thread() {
    let first = draw(&recipe("Нейросеть и данные", 320, 240, 7)).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| draw(&recipe("Нейросеть и данные", 320, 240, 7)).unwrap()))
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), first);
    }
}

/// Pixels fixed once: another machine, profile or instruction set must draw the same. A change of the art changes
/// these numbers on purpose.
#[test]
fn pixels_are_the_same_on_every_machine() {
    let prompts = [
        "network",
        "isometric servers",
        "горы",
        "космос",
        "ткань",
        "город",
        "море",
        "растения",
        "рост продаж",
        "люди",
        "bauhaus",
        "сказка",
    ];
    let pixels =
        prompts.map(|prompt| fingerprint(&decode(&draw(&recipe(prompt, 300, 220, 11)).unwrap()).rgb));
    assert_eq!(fingerprint(&pixels.map(u64::to_le_bytes).concat()), 2_475_569_760_935_377_761);
}

#[test]
fn seeds_indexes_and_prompts_differ() {
    let base = draw(&recipe("a lake", 256, 256, 1)).unwrap();
    assert_ne!(draw(&recipe("a lake", 256, 256, 2)).unwrap(), base);
    assert_ne!(draw(&Recipe { index: 1, ..recipe("a lake", 256, 256, 1) }).unwrap(), base);
    assert_ne!(draw(&recipe("a lakes", 256, 256, 1)).unwrap(), base);
}

#[test]
fn s2_009_to_012_sizes_are_exact_rgb_png() {
    let sizes = [
        (1472, 2048),
        (1792, 1792),
        (2048, 1472),
        (1024, 1024),
        (64, 64),
        (1, 1),
        (3, 2),
        (1, 4096),
        (2520, 1080),
        (199, 200),
        (200, 200),
        (333, 777),
    ];
    for (width, height) in sizes {
        let bytes = draw(&recipe("Harbour at dawn", width, height, 3)).unwrap();
        let picture = decode(&bytes);
        assert_eq!((picture.width, picture.height), (width, height));
        assert_eq!(picture.color, png::ColorType::Rgb);
        assert_eq!(picture.software.as_deref(), Some("palitra sandbox"));
    }
}

#[test]
fn sizes_beyond_the_limit_are_refused() {
    for (width, height) in [(0, 10), (10, 0), (SIDE_MAX + 1, 10), (10, SIDE_MAX + 1), (u32::MAX, u32::MAX)] {
        assert_eq!(draw(&recipe("x", width, height, 0)), Err(DrawError::Size { width, height }));
    }
}

#[test]
fn strange_prompts_are_drawn() {
    let long = "слово ".repeat(1700) + &"w".repeat(10_000);
    for prompt in [
        "",
        "   \n\t ",
        "🎉🔥👩‍💻",
        "مرحبا بالعالم",
        "שלום עולם",
        "漢字の森",
        "\u{202e}abc\u{0}",
        &long,
        "…!?.,;:—",
    ] {
        let bytes = draw(&recipe(prompt, 420, 300, 5)).unwrap();
        assert_eq!(decode(&bytes).width, 420);
        assert!(bytes.len() < 420 * 300 * 4);
    }
}

#[test]
fn faces_drop_what_they_cannot_draw() {
    for face in [Face::Text, Face::Grotesk, Face::Condensed, Face::Serif] {
        assert_eq!(face.drawable("Привет 🎉 GPU №1 漢").as_deref(), Some("Привет GPU №1"));
        assert_eq!(face.drawable("a\u{202e}b\u{200d}\u{ad}c\u{0}d").as_deref(), Some("abc d"));
        assert_eq!(face.drawable("🎉🔥 …"), None);
        assert_eq!(face.drawable("Ёж, їжак, ұғқ").as_deref(), Some("Ёж, їжак, ұғқ"));
    }
}

fn planned(prompt: &str, width: u32, height: u32, seed: u64) -> (super::page::Page, Area) {
    let page = Canvas::new(width, height, Rgb::WHITE).unwrap().area();
    let mark = Mark { seed, index: u32::MAX };
    let plan = |lettering: &mut Lettering| {
        arrange::plan(lettering, page, &PALETTES[0], prompt, mark, &mut Dice::new(prompt, &[seed]))
    };
    (Lettering::with(plan), page)
}

/// Every line inside the page and beside the picture; the picture at least a third of the page.
fn check_page(prompt: &str, width: u32, height: u32, seed: u64) {
    let (plan, page) = planned(prompt, width, height, seed);
    for (lines, at, _) in &plan.texts {
        let (right, bottom) = (at.x + lines.width(), at.y + lines.height());
        assert!(at.x >= 0.0 && at.y >= 0.0, "{prompt:?} {width}×{height}: starts at {at:?}");
        assert!(
            right <= page.w + 0.5 && bottom <= page.h + 0.5,
            "{prompt:?} {width}×{height}: ends at {right} {bottom}"
        );
        let over =
            at.x < plan.art.right() && right > plan.art.x && at.y < plan.art.bottom() && bottom > plan.art.y;
        assert!(!over, "{prompt:?} {width}×{height}: text on the picture");
    }
    for (i, (a, from, _)) in plan.texts.iter().enumerate() {
        for (b, to, _) in &plan.texts[..i] {
            let apart = from.x >= to.x + b.width()
                || to.x >= from.x + a.width()
                || from.y >= to.y + b.height()
                || to.y >= from.y + a.height();
            assert!(apart, "{prompt:?} {width}×{height}: text on text");
        }
    }
    let share = plan.art.w * plan.art.h / (page.w * page.h);
    assert!(share > 0.33, "{prompt:?} {width}×{height} seed {seed}: the picture has {share} of the page");
}

#[test]
fn words_stay_inside_pages_of_all_proportions() {
    let long = "Isometric illustration of a data platform: ingestion, storage, processing and serving layers, connected with \
        arrows, labelled with short captions, soft shadows, blue and gray color scheme, white background, no people";
    let prompts = [
        "apple",
        "Море",
        long,
        "Слово за слово без единого знака препинания и так далее до самого конца строки и ещё дальше \
        пока место не закончится совсем",
        "Донаудампфшиффартсэлектрицитэтенхауптбетрибсверк",
        "",
    ];
    let sizes = [
        (200, 200),
        (256, 256),
        (1024, 1024),
        (2048, 1472),
        (1472, 2048),
        (2520, 1080),
        (1080, 2520),
        (400, 210),
        (210, 400),
        (4096, 256),
        (256, 4096),
        (4096, 4096),
    ];
    for prompt in prompts {
        for (width, height) in sizes {
            for seed in 0..6 {
                check_page(prompt, width, height, u64::MAX / 5 * seed);
            }
        }
    }
}

#[test]
fn the_prompt_and_the_mark_are_on_the_page() {
    let (plan, _) = planned("Harbour: boats at dawn", 1024, 1024, 1);
    assert_eq!(plan.texts.len(), 4, "headline, rest, name and seed");
    let (plan, _) = planned("🎉", 1024, 1024, 1);
    assert_eq!(plan.texts.len(), 2, "name and seed");
    let (plan, _) = planned("Harbour", 128, 128, 1);
    assert_eq!(plan.texts.len(), 0, "a thumbnail has dots only");
}

#[test]
fn letters_reach_the_pixels() {
    let ground = Rgb::WHITE;
    let mut canvas = Canvas::new(300, 80, ground).unwrap();
    Lettering::with(|lettering| {
        let lines = lettering.set("Палитра", Face::Serif, 40.0, 300.0);
        lettering.ink(&mut canvas, &lines, super::geometry::point(10.0, 10.0), Rgb::hex(0));
    });
    let dark = canvas.pixels().chunks_exact(4).filter(|pixel| pixel[0] < 80).count();
    assert!((800..8000).contains(&dark), "{dark} dark pixels");
}

/// WCAG 2 contrast.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let one = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let light = |color: Rgb| 0.2126 * one(color.0) + 0.7152 * one(color.1) + 0.0722 * one(color.2);
    let (a, b) = (light(a).max(light(b)), light(a).min(light(b)));
    (a + 0.05) / (b + 0.05)
}

#[test]
fn every_palette_can_be_read() {
    for palette in PALETTES {
        for seed in 0..40 {
            let page = Area::new(0.0, 0.0, 900.0, 1000.0);
            let mut dice = Dice::new("contrast", &[seed]);
            let plan = Lettering::with(|lettering| {
                arrange::plan(lettering, page, &palette, "Words: to read", Mark { seed, index: 0 }, &mut dice)
            });
            for (_, _, color) in &plan.texts {
                assert!(contrast(*color, plan.ground) >= 4.5, "{palette:?}: {color:?} on {:?}", plan.ground);
            }
        }
    }
}

fn chosen(prompt: &str, seed: u64) -> (Scene, Palette) {
    let words = stems::words(prompt);
    let mut dice = Dice::new(prompt, &[seed]);
    let palette = palette::choose(&words, &mut dice);
    (hints::scene(&words, &mut dice), palette)
}

#[test]
fn words_choose_the_scene() {
    let cases = [
        ("NEURAL NETWORK ARCHITECTURE DIAGRAM, connected components with arrows", Scene::Network),
        ("isometric server architecture", Scene::Blocks),
        ("Утро в горах", Scene::Hills),
        ("ночной город", Scene::City),
        ("Карта города", Scene::City),
        ("Sailing on the ocean", Scene::Waves),
        ("красивая девушка", Scene::People),
        ("растения", Scene::Botanic),
        ("Рост продаж", Scene::Chart),
        ("планеты и звёзды", Scene::Orbits),
        ("народный орнамент", Scene::Weave),
        ("сказка", Scene::Papercut),
        ("Bauhaus poster", Scene::Tiles),
    ];
    for (prompt, scene) in cases {
        for seed in 0..5 {
            assert_eq!(chosen(prompt, seed).0, scene, "{prompt}");
        }
    }
}

#[test]
fn written_prompts_choose_the_scene_of_their_slide() {
    let cases = [
        ("Нейронные сети", Scene::Network),
        ("Рост продаж", Scene::Chart),
        ("Город будущего", Scene::City),
        ("Солнечная система", Scene::Orbits),
        ("Наша команда", Scene::People),
        ("Серверы и облака", Scene::Blocks),
    ];
    for (title, scene) in cases {
        for seed in 0..8 {
            let prompt = crate::writer::write_prompt(title, "", seed);
            assert_eq!(chosen(&prompt, seed).0, scene, "{title}: {prompt}");
        }
    }
}

#[test]
fn colour_words_choose_the_palette() {
    for seed in 0..5 {
        let paper = chosen("WHITE BACKGROUND, blue and gray color scheme", seed).1;
        assert_eq!(paper.paper, Rgb::WHITE);
        assert!(paper.ramp[3].2 > paper.ramp[3].0 + 40, "blue");
        assert!(chosen("тёмный фон, ночь", seed).1.dark);
        let green = chosen("зелёный лес", seed).1;
        assert!(green.ramp[2].1 > green.ramp[2].0.max(green.ramp[2].2), "green");
    }
}

#[test]
fn without_hints_all_scenes_and_palettes_come_up() {
    let mut scenes = Vec::new();
    let mut papers = Vec::new();
    for seed in 0..400 {
        let (scene, palette) = chosen("zzz", seed);
        if !scenes.contains(&scene) {
            scenes.push(scene);
        }
        if !papers.contains(&palette.accent) {
            papers.push(palette.accent);
        }
    }
    assert_eq!((scenes.len(), papers.len()), (12, PALETTES.len()));
}

#[test]
fn the_sine_is_a_sine() {
    for step in 0..2000_usize {
        let turns = len(step) / 500.0 - 2.0;
        let exact = (turns * std::f32::consts::TAU).sin();
        assert!((sin_turns(turns) - exact).abs() < 0.001, "{turns}: {} against {exact}", sin_turns(turns));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_prompt_draws_at_any_small_size(prompt in ".{0,120}", width in 1_u32..260, height in 1_u32..260, seed: u64) {
        let picture = decode(&draw(&recipe(&prompt, width, height, seed)).unwrap());
        prop_assert_eq!((picture.width, picture.height), (width, height));
    }

    #[test]
    fn any_words_stay_inside_any_page(prompt in "[a-zA-Zа-яА-Я ,.:!?-]{0,300}", width in 200_u32..1200, height in 200_u32..1200, seed: u64) {
        check_page(&prompt, width, height, seed);
    }
}
