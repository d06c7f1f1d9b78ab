//! Sheets and cards: everything that is asked for is there, whole, in even rows, for every number of pictures.

use super::canvas::Rect;
use super::*;
use crate::encode;
use proptest::prelude::*;

fn plain(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb(colour)))
}

fn sheet(pictures: &[DynamicImage], caption: &str, layout: &Layout) -> RgbImage {
    let shots: Vec<_> =
        pictures.iter().map(|picture| Shot { source: Source::Pixels(picture), caption }).collect();
    contact_sheet(&Typesetter::new(), &shots, layout).unwrap()
}

fn without_numbers() -> Layout {
    Layout { has_numbers: false, ..Layout::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn s4_67_every_picture_has_a_place_of_its_own_within_the_sheet(
        sizes in prop::collection::vec((1_u32..=16_384, 1_u32..=16_384), 1..=SHOTS_MAX),
        chars in 0_usize..200, has_title in any::<bool>(),
    ) {
        let grid = Grid::of(&sizes, chars, has_title);
        prop_assert!(grid.size.0 <= 2_900 && grid.size.1 <= 6_000, "{:?}", grid.size);
        let places: Vec<Rect> = (0..).zip(&sizes).map(|(index, size)| grid.picture(index, *size)).collect();
        for (index, place) in places.iter().enumerate() {
            prop_assert!(place.width >= 1 && place.height >= 1);
            prop_assert!(place.x + place.width < grid.size.0 && place.y + place.height < grid.size.1);
            if let Some(caption) = grid.caption(index) {
                prop_assert!(caption.y >= place.y + place.height && caption.y + caption.height < grid.size.1);
            }
            for other in &places[..index] {
                let apart = other.x + other.width <= place.x || place.x + place.width <= other.x
                    || other.y + other.height <= place.y || place.y + place.height <= other.y;
                prop_assert!(apart, "{other:?} {place:?}");
            }
        }
    }
}

#[test]
fn s4_67_every_colour_given_is_on_the_sheet_upright_and_whole() {
    let colours: Vec<[u8; 3]> = (0..30).map(|n| [8 * n, 255 - 8 * n, 40]).collect();
    let pictures: Vec<_> = colours.iter().map(|colour| plain(40, 30, *colour)).collect();
    let made = sheet(&pictures, "", &without_numbers());
    for colour in colours {
        let found: Vec<_> = made.enumerate_pixels().filter(|(.., pixel)| pixel.0 == colour).collect();
        let width =
            found.iter().map(|(x, ..)| x).max().unwrap() - found.iter().map(|(x, ..)| x).min().unwrap();
        let height =
            found.iter().map(|(_, y, _)| y).max().unwrap() - found.iter().map(|(_, y, _)| y).min().unwrap();
        assert!(width.abs_diff(height * 4 / 3) <= 3, "{width} × {height}: as it was, four to three");
    }
}

#[test]
fn s4_67_captions_numbers_and_a_title_are_drawn_where_they_are_asked_for() {
    let pictures = vec![plain(60, 40, [90, 120, 160]); 4];
    let bare = sheet(&pictures, "", &without_numbers());
    let numbered = sheet(&pictures, "", &Layout::default());
    assert_eq!(bare.dimensions(), numbered.dimensions());
    assert_ne!(bare, numbered);
    let captioned = sheet(&pictures, "Вечер на реке", &without_numbers());
    assert!(captioned.height() > bare.height());
    let titled = sheet(&pictures, "", &Layout { title: "Отпуск 🌊".to_owned(), has_numbers: false });
    assert!(titled.height() > bare.height());
    let dark =
        |made: &RgbImage| made.pixels().filter(|pixel| pixel.0.iter().all(|channel| *channel < 80)).count();
    assert_eq!(dark(&bare), 0);
    assert!(dark(&titled) > 200);
}

#[test]
fn what_no_font_has_is_left_out_and_the_sheet_is_made() {
    let made =
        sheet(&[plain(8, 8, [1, 2, 3])], "𓀀𓀁", &Layout { title: "\u{200b}".to_owned(), has_numbers: true });
    assert!(made.width() > 100);
}

#[test]
fn the_picture_that_cannot_be_read_is_named_by_its_number() {
    let typesetter = Typesetter::new();
    let good = encode::png(&plain(9, 9, [1, 2, 3])).unwrap();
    let shot = |file| Shot { source: Source::File(file), caption: "" };
    let error = contact_sheet(&typesetter, &[shot(&good), shot(b"no picture")], &Layout::default());
    assert!(matches!(error, Err(Error::Unread { number: 2, .. })), "{error:?}");
    let cut = &good[..good.len() - 20];
    let error = contact_sheet(&typesetter, &[shot(cut)], &Layout::default());
    assert!(matches!(error, Err(Error::Unread { number: 1, .. })), "{error:?}");
    for count in [0, SHOTS_MAX + 1] {
        let error = contact_sheet(&typesetter, &vec![shot(&good); count], &Layout::default());
        assert!(matches!(error, Err(Error::Count { .. })), "{error:?}");
    }
    let long = "я".repeat(text::TEXT_CHARS_MAX + 1);
    let shot = Shot { caption: &long, ..shot(&good) };
    assert!(matches!(contact_sheet(&typesetter, &[shot], &Layout::default()), Err(Error::Text(_))));
}

/// White words over a white sample: the dark below them is dark enough by itself (WCAG 2.2: 4.5).
#[test]
fn s4_67_the_words_of_a_card_are_read_over_any_sample() {
    let typesetter = Typesetter::new();
    let blank = style_card(&typesetter, &plain(10, 10, [255; 3]), "", "").unwrap();
    assert_eq!(blank.dimensions(), CARD_SIZE);
    let words_from = CARD_SIZE.1 * 7 / 10 + 4;
    for y in words_from..CARD_SIZE.1 {
        let behind = text::Colour(blank.get_pixel(0, y).0);
        assert!(behind.contrast(text::Colour::WHITE) >= 4.5, "row {y}: {behind}");
    }
    let named =
        style_card(&typesetter, &plain(10, 10, [255; 3]), "Акварель", "Мягкие мазки и бумага").unwrap();
    let changed = (0..CARD_SIZE.1)
        .filter(|y| (0..CARD_SIZE.0).any(|x| blank.get_pixel(x, *y) != named.get_pixel(x, *y)));
    assert!(
        changed.clone().count() > 60 && changed.min().unwrap() >= words_from,
        "all words are over the dark"
    );
}
