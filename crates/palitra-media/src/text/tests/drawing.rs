//! What drawing puts where: places, sizes, plates, channels, and the same from every thread.

use image::{Rgb, RgbaImage};

use super::scene::{evening, flat, stripes};
use crate::text::{Colour, Error, Font, Margin, Plate, Position, Rect, Shadow, Size, Style, Typesetter};

/// Letters and plate alone: nothing reaches beyond them.
pub(super) fn bare() -> Style {
    Style { shadow: Shadow { on: Some(false), ..Shadow::default() }, ..Style::default() }
}

#[test]
fn s2_050_s2_054_full_cyrillic_in_every_font() {
    let letters: String =
        ('\u{400}'..='\u{45f}').chain("әғқңөұүһіӘҒҚҢӨҰҮҺІєїґЄЇҐ«»—–…№€₽₸₴%&@".chars()).collect();
    let typesetter = Typesetter::new();
    for font in [Font::Golos, Font::Inter, Font::Oswald, Font::Caveat, Font::Lobster, Font::Playfair] {
        for bold in [false, true] {
            let mut picture = flat(900, 900, [30, 60, 90]);
            let before = picture.clone();
            let drawn =
                typesetter.draw(&mut picture, &letters, &Style { font, bold, ..Style::default() }).unwrap();
            assert_eq!(drawn.missing, Vec::<char>::new(), "{font:?}");
            assert_ne!(picture, before);
        }
    }
}

#[test]
fn s2_052_line_breaks_are_kept() {
    let lines =
        |text: &str| Typesetter::new().draw(&mut flat(1000, 1000, [0; 3]), text, &bare()).unwrap().lines;
    assert_eq!(lines("раз"), 1);
    assert_eq!(lines("раз\nдва\nтри"), 3);
    assert_eq!(lines("раз\r\nдва\rтри\u{2028}четыре"), 4);
    assert_eq!(lines("\n\n  раз\n\nтри\n \n"), 3, "empty lines inside stay, those around go");
}

#[test]
fn s2_056_five_sizes_relative_to_the_height() {
    let typesetter = Typesetter::new();
    for height in [256u32, 1024, 3000] {
        let sizes = [Size::Small, Size::Medium, Size::Normal, Size::Large, Size::Huge].map(|size| {
            let mut picture = flat(2 * height, height, [0; 3]);
            let drawn = typesetter.draw(&mut picture, "Текст", &Style { size, ..bare() }).unwrap();
            assert!(!drawn.shrunk);
            drawn.size_px
        });
        assert!(sizes.is_sorted_by(|small, large| small + 1.0 < *large), "{sizes:?}");
        let shares = sizes.map(|size| f64::from(size) / f64::from(height));
        assert!((shares[4] - 0.11).abs() < 1e-3, "{shares:?}");
    }
    let drawn =
        typesetter.draw(&mut flat(3000, 1000, [0; 3]), "Текст", &Style { size: Size::Px(72), ..bare() });
    assert_eq!(drawn.unwrap().size_px.to_bits(), 72f32.to_bits(), "a number is pixels on any picture");
}

/// Nine places, and the edge each axis is held at: 0 the near one, 1 the far one, ½ neither.
const PLACES: [(Position, f64, f64); 9] = [
    (Position::TopLeft, 0.0, 0.0),
    (Position::Top, 0.5, 0.0),
    (Position::TopRight, 1.0, 0.0),
    (Position::Left, 0.0, 0.5),
    (Position::Centre, 0.5, 0.5),
    (Position::Right, 1.0, 0.5),
    (Position::BottomLeft, 0.0, 1.0),
    (Position::Bottom, 0.5, 1.0),
    (Position::BottomRight, 1.0, 1.0),
];

#[test]
fn s2_058_places_within_a_pixel() {
    let typesetter = Typesetter::new();
    for (width, height) in [(1000, 700), (333, 801)] {
        for (position, across, down) in PLACES {
            for percent in [0, 5, 10, 33] {
                for on in [true, false] {
                    let margin = Margin { top: percent, right: percent, bottom: percent, left: percent };
                    let style = Style {
                        position,
                        margin,
                        size: Size::Px(24),
                        plate: Plate { on, ..Plate::default() },
                        ..bare()
                    };
                    let drawn = typesetter.draw(&mut flat(width, height, [0; 3]), "Текст", &style).unwrap();
                    let Rect { x, y, width: w, height: h } = drawn.plate.unwrap_or(drawn.text);
                    let (near, far) = (f64::from(percent) / 100.0, 1.0 - f64::from(percent) / 100.0);
                    let expected = |length: u32, part: u32, anchor: f64| {
                        let room = f64::from(length) * (far - near) - f64::from(part);
                        f64::from(length) * near + room * anchor
                    };
                    let off = (f64::from(x) - expected(width, w, across))
                        .abs()
                        .max((f64::from(y) - expected(height, h, down)).abs());
                    assert!(off <= 1.0, "{position:?} {percent} % {on}: {off}");
                }
            }
        }
    }
}

#[test]
fn s2_058_nothing_is_drawn_outside_the_block() {
    let typesetter = Typesetter::new();
    for (position, ..) in PLACES {
        for font in [Font::Golos, Font::Caveat, Font::Lobster, Font::Playfair] {
            let before = evening(600, 400);
            let mut picture = before.clone();
            let drawn = typesetter
                .draw(&mut picture, "Щёлк! Ђџ fjÅ\nЙогурт 🎉", &Style { position, font, ..bare() })
                .unwrap();
            let Rect { x, y, width, height } = drawn.plate.unwrap();
            for (column, row, pixel) in picture.enumerate_pixels() {
                let inside = (x..x + width).contains(&column) && (y..y + height).contains(&row);
                assert!(
                    inside || pixel == before.get_pixel(column, row),
                    "{position:?} {font:?} {column} {row}"
                );
            }
        }
    }
}

#[test]
fn s2_060_the_plate_has_its_opacity() {
    let typesetter = Typesetter::new();
    for (percent, under, plate) in [
        (50, [200, 100, 0], Colour::BLACK),
        (25, [10, 20, 30], Colour::WHITE),
        (100, [9; 3], Colour([1, 2, 3])),
        (0, [9; 3], Colour::WHITE),
    ] {
        let mut picture = flat(400, 300, under);
        let plate = Plate { colour: Some(plate), opacity_percent: percent, ..Plate::default() };
        let colour = plate.colour.unwrap();
        let drawn = typesetter.draw(&mut picture, "и", &Style { plate, ..bare() }).unwrap();
        let Rect { x, y, width, height } = drawn.plate.unwrap();
        // Between the plate's left edge and the letter.
        let seen = picture.get_pixel(x + 2, y + height / 2).0;
        for channel in 0..3 {
            let share = f64::from(percent) / 100.0;
            let expected = f64::from(under[channel]) * (1.0 - share) + f64::from(colour.0[channel]) * share;
            assert!((f64::from(seen[channel]) - expected).abs() <= 1.0, "{percent} %: {seen:?}");
        }
        assert_eq!(picture.get_pixel(x, y).0, under, "the corner is round");
        assert!(width > height / 2);
    }
    let before = flat(400, 300, [9; 3]);
    let mut picture = before.clone();
    let off = Plate { on: false, ..Plate::default() };
    let drawn = typesetter.draw(&mut picture, ".", &Style { plate: off, ..bare() }).unwrap();
    assert_eq!(drawn.plate, None);
    let changed = picture.pixels().zip(before.pixels()).filter(|(after, before)| after != before).count();
    assert!(changed < 60, "only the dot: {changed}");
}

#[test]
fn s2_061_the_blur_is_gaussian_and_keeps_to_the_plate() {
    let typesetter = Typesetter::new();
    for blur_px in [3, 5, 12, 24] {
        let mut picture = stripes(400, 300, 150, [[0; 3], [250; 3]]);
        let plate = Plate { opacity_percent: 0, blur_px, radius_px: Some(0), ..Plate::default() };
        let text = "и\n\n\n\n\n\n\nи";
        let drawn = typesetter
            .draw(
                &mut picture,
                text,
                &Style { plate, size: Size::Px(18), position: Position::Centre, ..bare() },
            )
            .unwrap();
        let Rect { y, height, .. } = drawn.plate.unwrap();
        assert!(y < 80 && y + height > 220);
        // Down through the edge between two squares, at a fifth of the plate's width from its side.
        let column = drawn.plate.unwrap().x + 2;
        for away in [-20i32, -6, -2, 1, 5, 19] {
            let row = u32::try_from(150 + away).unwrap();
            let top = f64::from(stripes(400, 300, 150, [[0; 3], [250; 3]]).get_pixel(column, 100).0[0]);
            let share = 0.5 * (1.0 + erf((f64::from(away) + 0.5) / (f64::from(blur_px) * 2f64.sqrt())));
            let expected = top + (250.0 - 2.0 * top) * share;
            let seen = f64::from(picture.get_pixel(column, row).0[0]);
            assert!((seen - expected).abs() < 14.0, "blur {blur_px}, {away}: {seen} for {expected}");
        }
        assert_eq!(picture.get_pixel(5, 149).0, [0; 3], "sharp beside the plate");
    }
}

/// Abramowitz and Stegun 7.1.26.
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let sum = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    (1.0 - sum * (-x * x).exp()).copysign(x)
}

#[test]
fn s2_053_emoji_of_every_class_are_pictures_and_digits_are_not() {
    let typesetter = Typesetter::new();
    let ink = |text: &str| {
        let mut picture = flat(300, 300, [255; 3]);
        let plate = Plate { on: false, ..Plate::default() };
        let drawn = typesetter.draw(
            &mut picture,
            text,
            &Style { ink: Some(Colour::BLACK), plate, size: Size::Px(90), ..bare() },
        );
        assert!(drawn.unwrap().missing.is_empty(), "{text}");
        picture.pixels().any(|Rgb([r, g, b])| r.abs_diff(*g) > 40 || g.abs_diff(*b) > 40)
    };
    for emoji in ["🎉", "👩‍💻", "👩🏽‍💻", "👋🏿", "☝🏽", "❤️", "❤️‍🔥", "👨‍👩‍👧‍👦", "🇰🇿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "7️⃣", "#️⃣", "🫠", "⚡"]
    {
        assert!(ink(emoji), "{emoji} has colour");
    }
    for text in ["7", "#*", "©", "№"] {
        assert!(!ink(text), "{text} is text");
    }
    // Nobody has drawn these together: each is shown.
    assert!(ink("🐙\u{200d}🚀"));
}

#[test]
fn pictures_with_alpha_are_drawn_on_as_those_without_and_keep_it() {
    let typesetter = Typesetter::new();
    let style = Style { plate: Plate { blur_px: 8, ..Plate::default() }, ..Style::default() };
    let mut plain = evening(500, 300);
    let mut with_alpha = image::DynamicImage::ImageRgb8(plain.clone()).into_rgba8();
    let drawn = typesetter.draw(&mut plain, "Привет 🎉", &style).unwrap();
    assert_eq!(typesetter.draw(&mut with_alpha, "Привет 🎉", &style).unwrap(), drawn);
    assert_eq!(image::DynamicImage::ImageRgba8(with_alpha).into_rgb8(), plain);
    let mut empty = RgbaImage::new(500, 300);
    let drawn = typesetter.draw(&mut empty, "и", &style).unwrap();
    let Rect { x, y, height, .. } = drawn.plate.unwrap();
    assert_eq!(empty.get_pixel(0, 0).0, [0; 4]);
    assert_eq!(empty.get_pixel(x + 3, y + height / 2).0, [0, 0, 0, 153], "the plate alone, 60 % of black");
}

#[test]
fn threads_share_a_typesetter_and_draw_the_same() {
    let typesetter = Typesetter::new();
    let draw = || {
        let mut picture = evening(400, 300);
        typesetter.draw(&mut picture, "Потоки 🧵 и шрифты", &Style::default()).unwrap();
        picture
    };
    let first = draw();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..12).map(|_| scope.spawn(|| (0..3).map(|_| draw()).collect::<Vec<_>>())).collect();
        for thread in threads {
            assert!(thread.join().unwrap().iter().all(|picture| *picture == first));
        }
    });
}

#[test]
fn numbers_out_of_bounds_are_refused_and_the_picture_stays() {
    let typesetter = Typesetter::new();
    let set = |change: fn(&mut Style)| {
        let mut style = Style::default();
        change(&mut style);
        style
    };
    for style in [
        set(|style| style.size = Size::Px(3)),
        set(|style| style.size = Size::Px(2001)),
        set(|style| style.margin.left = 91),
        set(|style| style.plate.opacity_percent = 101),
        set(|style| style.plate.blur_px = 101),
        set(|style| style.plate.radius_px = Some(501)),
        set(|style| style.outline.width_px = Some(0)),
        set(|style| style.line_spacing_percent = 79),
        set(|style| style.shadow.opacity_percent = 200),
    ] {
        let mut picture = flat(100, 100, [5; 3]);
        let refused = typesetter.draw(&mut picture, "текст", &style);
        assert!(matches!(refused, Err(Error::OutOfBounds { .. })), "{refused:?}");
        assert_eq!(picture, flat(100, 100, [5; 3]));
    }
}
