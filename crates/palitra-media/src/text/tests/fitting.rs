//! Text always fits: it wraps, shrinks, and ends in an ellipsis; previews have the same lines.

use unicode_segmentation::UnicodeSegmentation;

use super::drawing::bare;
use super::scene::{evening, flat};
use crate::text::clean::{Piece, clean};
use crate::text::faces::Stack;
use crate::text::setting::Setting;
use crate::text::{Error, Font, Margin, Plate, Position, Size, Style, TEXT_CHARS_MAX, Typesetter};

const LONG: &str = "Съешь же ещё этих мягких французских булок, да выпей чаю с рентгеноэлектрокардиографическим аппаратом 🎉🎉🎉";

#[test]
fn s2_063_lines_wrap_within_the_margins_at_every_width_and_size() {
    let mut setting = Setting::new();
    for font in [Font::Golos, Font::Caveat, Font::Lobster] {
        for size in [Size::Small, Size::Huge, Size::Px(300)] {
            for (width, height) in [(64, 2000), (300, 300), (700, 120), (2000, 64)] {
                let style = Style { font, size, ..bare() };
                let pieces = clean(LONG, &Stack::of(&style)).unwrap().pieces;
                let plan = setting.set(&pieces, &style, (width, height)).unwrap();
                let (wide, high) = (f64::from(width), f64::from(height));
                let block = plan.block;
                assert!(f64::from(block.x) >= wide * 0.05 - 0.1, "{plan:?}");
                assert!(f64::from(block.x + block.width) <= wide * 0.95 + 0.1);
                assert!(f64::from(block.y) >= high * 0.05 - 0.1);
                assert!(f64::from(block.y + block.height) <= high * 0.95 + 0.1);
                for glyph in &plan.glyphs {
                    let (x, y) = glyph.at;
                    assert!(x >= plan.text.x - 0.1 && x <= plan.text.x + plan.text.width + 0.1);
                    assert!(y >= plan.text.y && y <= plan.text.y + plan.text.height);
                }
                for emoji in &plan.emoji {
                    assert!(
                        emoji.at.0 >= plan.text.x
                            && emoji.at.0 + emoji.side <= plan.text.x + plan.text.width + 0.1
                    );
                }
                let whole = pieces.iter().filter(|piece| matches!(piece, Piece::Emoji(_))).count();
                assert!(plan.cut || plan.emoji.len() == whole, "nothing is lost");
            }
        }
    }
}

#[test]
fn s2_063_words_stay_whole_where_they_can_and_graphemes_always() {
    let typesetter = Typesetter::new();
    let draw = |text: &str, width| {
        typesetter.draw(&mut flat(width, 2000, [0; 3]), text, &Style { size: Size::Px(40), ..bare() })
    };
    // One word per line, none of them broken: three lines.
    assert_eq!(draw("картинка картинка картинка", 320).unwrap().lines, 3);
    // A word that is wider than the picture is broken between graphemes, and drawn in the size asked for.
    let drawn = draw(&"я\u{301}".repeat(40), 200).unwrap();
    assert!(drawn.lines > 4 && !drawn.shrunk, "{drawn:?}");
    let composed = "и\u{306}\u{301}ё".repeat(30);
    let pieces = clean(&composed, &Stack::of(&bare())).unwrap().pieces;
    assert!(
        pieces.iter().all(|piece| matches!(piece, Piece::Text(text) if text.graphemes(true).count() == 1))
    );
    assert_eq!(pieces.len(), 60);
}

#[test]
fn s2_063_words_of_one_letter_stay_with_the_next() {
    let pieces = |text: &str| clean(text, &Stack::of(&bare())).unwrap().pieces;
    let tied =
        |text: &str| pieces(text).iter().filter(|piece| **piece == Piece::Text("\u{a0}".to_owned())).count();
    assert_eq!(tied("В лесу и в поле, а я — дома"), 5);
    assert_eq!(tied("лес и\nполе 5 кг"), 0);
}

#[test]
fn s2_063_lines_are_balanced() {
    let mut setting = Setting::new();
    let style = Style { size: Size::Px(40), ..bare() };
    let pieces = clean("один два три четыре пять шесть семь", &Stack::of(&style)).unwrap().pieces;
    let plan = setting.set(&pieces, &style, (640, 600)).unwrap();
    assert_eq!(plan.lines, 2);
    assert!(plan.text.width < 450.0, "the lines share the words: {}", plan.text.width);
}

#[test]
fn too_large_shrinks_and_too_much_ends_in_an_ellipsis() {
    let typesetter = Typesetter::new();
    let drawn = typesetter.draw(&mut evening(400, 300), LONG, &Style { size: Size::Huge, ..bare() }).unwrap();
    assert!(!drawn.cut);
    let drawn =
        typesetter.draw(&mut evening(200, 100), LONG, &Style { size: Size::Px(60), ..bare() }).unwrap();
    assert!(drawn.shrunk, "{drawn:?}");
    let much = LONG.repeat(200);
    let drawn = typesetter.draw(&mut evening(400, 300), &much, &bare()).unwrap();
    assert!(drawn.shrunk && drawn.cut && drawn.size_px >= 12.0, "{drawn:?}");
    assert!(drawn.plate.unwrap().height <= 270);
    let long = "ы".repeat(TEXT_CHARS_MAX);
    assert!(typesetter.draw(&mut evening(400, 300), &long, &bare()).unwrap().cut);
    let longer = "ы".repeat(TEXT_CHARS_MAX + 1);
    assert_eq!(
        typesetter.draw(&mut evening(400, 300), &longer, &bare()),
        Err(Error::TooLong { max: TEXT_CHARS_MAX })
    );
}

#[test]
fn no_room_and_no_text_are_errors_and_the_picture_stays() {
    let typesetter = Typesetter::new();
    for (width, height) in [(1, 1), (3, 3), (1, 4000), (4000, 1), (0, 0)] {
        let before = flat(width, height, [7; 3]);
        let mut picture = before.clone();
        let refused = typesetter.draw(&mut picture, "текст", &Style::default());
        assert_eq!(refused, Err(Error::NoRoom { width, height }));
        assert_eq!(picture, before);
    }
    for empty in ["", " \n\t ", "\u{200b}\u{feff}", "\u{202e}"] {
        assert_eq!(
            typesetter.draw(&mut flat(99, 99, [0; 3]), empty, &bare()),
            Err(Error::Empty),
            "{empty:?}"
        );
    }
    let refused = typesetter.draw(&mut flat(99, 99, [0; 3]), "שלום", &bare());
    assert_eq!(refused, Err(Error::NoGlyphs { missing: "שלום".chars().collect() }));
}

#[test]
fn what_no_font_has_is_left_out_and_named() {
    let typesetter = Typesetter::new();
    let draw = |text: &str| {
        let mut picture = flat(500, 200, [0; 3]);
        let drawn = typesetter.draw(&mut picture, text, &bare()).unwrap();
        (picture, drawn.missing)
    };
    let (mixed, missing) = draw("мир שלום ок");
    assert_eq!(missing, "שלום".chars().collect::<Vec<_>>());
    assert_eq!(mixed, draw("мир  ок").0);
    // What turns the direction of writing does nothing; zero-width characters take no place.
    assert_eq!(draw("при\u{202e}вет\u{200b}\u{ad}").0, draw("привет").0);
    // Composed and decomposed letters are the same.
    assert_eq!(draw("и\u{306}о\u{308}е\u{308}").0, draw("йöё").0.clone());
}

#[test]
fn marks_do_not_pile_up() {
    let typesetter = Typesetter::new();
    let zalgo = format!("а{}", "\u{301}".repeat(5_000));
    let drawn = typesetter.draw(&mut flat(300, 300, [0; 3]), &zalgo, &bare()).unwrap();
    assert_eq!(drawn.lines, 1);
}

#[test]
fn margins_that_leave_nothing_give_way_on_the_far_side() {
    let typesetter = Typesetter::new();
    let margin = Margin { top: 90, right: 90, bottom: 90, left: 90 };
    for position in [Position::TopLeft, Position::Centre, Position::BottomRight] {
        let style = Style { position, margin, ..bare() };
        let drawn = typesetter.draw(&mut flat(1200, 1200, [0; 3]), "да", &style).unwrap();
        assert!(drawn.plate.unwrap().width <= 62, "{drawn:?}");
    }
    let low = Style { margin: Margin { bottom: 60, ..Margin::default() }, ..bare() };
    let plate = typesetter.draw(&mut flat(500, 500, [0; 3]), "выше", &low).unwrap().plate.unwrap();
    assert!((plate.y + plate.height).abs_diff(200) <= 1);
}

#[test]
fn previews_have_the_same_lines_at_the_same_places() {
    let typesetter = Typesetter::new();
    let styles = [
        Style::default(),
        Style { size: Size::Px(90), position: Position::TopLeft, ..Style::default() },
        Style {
            font: Font::Caveat,
            size: Size::Huge,
            plate: Plate { blur_px: 20, radius_px: Some(40), ..Plate::default() },
            ..Style::default()
        },
    ];
    for style in styles {
        let full = typesetter.draw(&mut evening(1600, 1200), LONG, &style).unwrap();
        for factor in [2, 4, 8] {
            let small = typesetter
                .preview(&mut evening(1600 / factor, 1200 / factor), (1600, 1200), LONG, &style)
                .unwrap();
            assert_eq!(
                (small.lines, small.cut, small.shrunk, small.ink),
                (full.lines, full.cut, full.shrunk, full.ink)
            );
            let (small, full) = (small.plate.unwrap(), full.plate.unwrap());
            for (small, full) in
                [(small.x, full.x), (small.y, full.y), (small.width, full.width), (small.height, full.height)]
            {
                assert!(
                    (f64::from(small) * f64::from(factor) - f64::from(full)).abs() <= 1.5 * f64::from(factor)
                );
            }
        }
    }
}
