//! What words are drawn as (`palitra_media::illustration`).

#![expect(clippy::unwrap_used, reason = "a word that cannot be drawn has failed")]

use image::{GenericImage, RgbImage};
use palitra_media::illustration::{Illustration, Language, SIDE_MAX, SIDE_MIN, illustrate};
use palitra_media::text::{Error, Typesetter};

fn draw(word: &str, language: Language, size: (u32, u32)) -> Illustration {
    illustrate(&Typesetter::new(), word, language, size).unwrap()
}

#[test]
fn a_word_is_drawn_the_same_each_time_at_the_size_that_is_asked_for() {
    let one = draw("яблоко", Language::Russian, (320, 240));
    assert_eq!(one.picture, draw("яблоко", Language::Russian, (320, 240)).picture);
    assert_eq!(one.picture.dimensions(), (320, 240));
    assert_eq!(one.emoji.as_deref(), Some("🍎"));
    // The middle is the apple's red, the corner the soft ground.
    let [r, g, b] = one.picture.get_pixel(160, 130).0;
    assert!(r > 150 && g < 90 && b < 110, "{r} {g} {b}");
    assert!(one.picture.get_pixel(2, 2).0.iter().all(|channel| *channel > 200));
}

#[test]
fn a_word_without_an_emoji_is_a_card_with_the_word() {
    let card = draw("справедливость", Language::Russian, (512, 512));
    assert_eq!(card.emoji, None);
    let dark = card.picture.pixels().filter(|pixel| pixel.0[0] < 80).count();
    assert!(dark > 1000, "{dark} dark pixels");
    let none = illustrate(&Typesetter::new(), "  ", Language::English, (64, 64));
    assert!(matches!(none, Err(Error::Empty)), "{:?}", none.map(|drawn| drawn.emoji));
}

#[test]
fn sides_are_bounded_and_no_text_panics() {
    assert_eq!(draw("dog", Language::English, (0, u32::MAX)).picture.dimensions(), (SIDE_MIN, SIDE_MAX));
    for word in ["\u{0}", "👩‍👩‍👧", "a\u{300}".repeat(500).as_str(), "ؤ", "𝔘", "слово ".repeat(300).as_str()]
    {
        let drawn = illustrate(&Typesetter::new(), word, Language::Russian, (200, 100));
        assert!(
            drawn.is_ok_and(|drawn| drawn.picture.dimensions() == (200, 100)) || word.chars().count() < 3
        );
    }
}

/// Written to the build folder, to be looked at.
#[test]
fn a_contact_sheet_of_24() {
    let russian = "яблоко дом собака солнце книга самолёт гриб справедливость море ключ бабочка вчера";
    let english = "pear cat train flower coffee umbrella algorithm bridge lion pizza moon friendship";
    let words = russian.split(' ').map(|word| (word, Language::Russian));
    let words = words.chain(english.split(' ').map(|word| (word, Language::English)));
    let mut sheet = RgbImage::new(6 * 200, 4 * 200);
    let mut count = 0;
    for ((word, language), n) in words.zip(0_u32..) {
        let drawn = draw(word, language, (200, 200));
        sheet.copy_from(&drawn.picture, n % 6 * 200, n / 6 * 200).unwrap();
        count += 1;
    }
    assert_eq!(count, 24);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("illustrations.png");
    sheet.save(&path).unwrap();
    assert!(path.exists());
}
