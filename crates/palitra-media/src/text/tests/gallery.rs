//! Pictures somebody has looked at (`docs/gallery/text`): what is drawn today is what they show.
//!
//! `PALITRA_GALLERY=write cargo test -p palitra-media gallery` draws them anew; look at each before it is committed.

use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};

use super::scene::{evening, flat, stripes};
use crate::text::Typesetter;
use crate::text::wish::parse;

/// File, wish, text.
const SEEDS: &[(&str, &str, &str)] = &[
    ("default", "/skip", "Лето начинается здесь 🌅"),
    ("seed-1", "Крупный белый текст в центре, на чёрной плашке", "Крупно и ясно"),
    ("seed-2", "Огромный текст по центру, красный цвет, без плашки", "Огромно!"),
    ("seed-3", "Обычный текст снизу, белая плашка с прозрачностью 50%", "Обычный текст\nна белой плашке"),
    ("seed-4", "Текст размером 72px снизу, расстояние от низа 10%", "72 пикселя"),
    ("seed-5", "Белая плашка с размытием, радиус размытия 5", "Размытие 5 🍊"),
    ("plain", "без плашки, крупный", "Без плашки,\nно с тенью 🌊"),
    ("outline", "жёлтый текст с чёрной обводкой, по центру, крупно, без плашки", "Обводка"),
    ("corner", "маленький, в правом верхнем углу, синяя плашка 80%", "© Палитра, 2026\nтри строки\nвправо"),
    ("glass", "матовое стекло, по центру, очень крупно", "Қазақстан 🇰🇿"),
    ("caveat", "рукописным шрифтом, крупно, по центру, без плашки", "С днём рождения,\nдорогая Щука! 🎂"),
    ("lobster", "шрифт Lobster, очень крупно, сверху, без плашки", "Кофе & круассан"),
    ("playfair", "с засечками, крупно, слева", "Вечер\nу моря"),
    ("oswald", "узкий шрифт, снизу слева, крупный", "НОВОСТИ ДНЯ: скидка −50 %"),
];

/// File, text on flat grey.
const EMOJI: &[(&str, &str)] = &[
    ("emoji-simple", "Салют 🎉🔥🚀 и ⚡⭐❤️ всем"),
    ("emoji-joined", "👩‍💻 👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👁️‍🗨️"),
    ("emoji-skin", "👋👋🏻👋🏽👋🏿 👩🏽‍💻 ☝🏾 🤝🏼"),
    ("emoji-flags", "🇰🇿 🇺🇦 🇯🇵 🇪🇺 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴‍☠️"),
    ("emoji-keycaps", "1️⃣2️⃣3️⃣ #️⃣ *️⃣ но 1 2 3 # * © ™ →"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/gallery/text")
}

fn check(name: &str, drawn: &RgbImage, offences: &mut Vec<String>) {
    let path = folder().join(format!("{name}.webp"));
    if std::env::var_os("PALITRA_GALLERY").is_some_and(|wish| wish == "write") {
        std::fs::create_dir_all(folder()).unwrap();
        drawn.save_with_format(&path, ImageFormat::WebP).unwrap();
    }
    let known = match image::open(&path) {
        Ok(known) => known.into_rgb8(),
        Err(error) => return offences.push(format!("{name}: {error}")),
    };
    if known.dimensions() != drawn.dimensions() {
        return offences.push(format!("{name}: {:?} for {:?}", drawn.dimensions(), known.dimensions()));
    }
    let differences = known.iter().zip(drawn.iter()).map(|(known, drawn)| u64::from(known.abs_diff(*drawn)));
    let (sum, most) =
        differences.fold((0, 0), |(sum, most), difference| (sum + difference, difference.max(most)));
    let mean = sum * 1000 / u64::try_from(known.len()).unwrap();
    // A thousandth of a step on average, a tenth of the range at most: rounding may differ between machines, shapes not.
    if mean > 50 || most > 24 {
        offences.push(format!("{name}: differs by {mean} thousandths on average, {most} at most"));
    }
}

#[test]
fn s2_053_s2_054_s2_055_s2_061_pictures_are_as_in_the_gallery() {
    let typesetter = Typesetter::new();
    let mut offences = Vec::new();
    for (name, wish, text) in SEEDS {
        let parsed = parse(wish);
        assert_eq!(parsed.left_over, Vec::<String>::new(), "{wish}");
        // A blur of a few pixels shows over edges only.
        let squares = || stripes(640, 480, 24, [[30, 60, 110], [240, 190, 120]]);
        let mut picture = if *name == "seed-5" { squares() } else { evening(640, 480) };
        let drawn = typesetter.draw(&mut picture, text, &parsed.style).unwrap();
        assert!(drawn.missing.is_empty() && !drawn.cut, "{name}: {drawn:?}");
        check(name, &picture, &mut offences);
    }
    for (name, text) in EMOJI {
        let mut picture = flat(640, 120, [0x60, 0x70, 0x78]);
        let drawn = typesetter.draw(&mut picture, text, &parse("48px, по центру").style).unwrap();
        assert!(drawn.missing.is_empty() && !drawn.cut, "{name}: {drawn:?}");
        check(name, &picture, &mut offences);
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}
