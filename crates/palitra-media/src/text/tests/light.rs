//! Automatic contrast (S2-062), judged by what came onto the picture.

use image::RgbImage;

use super::drawing::bare;
use super::scene::{evening, flat, grain, stripes};
use crate::text::{Colour, Outline, Plate, Rect, Style, Typesetter};

fn backgrounds() -> Vec<RgbImage> {
    let (w, h) = (480, 320);
    let mut all: Vec<_> = [
        [0; 3],
        [255; 3],
        [128; 3],
        [118; 3],
        [119; 3],
        [186; 3],
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [255, 235, 59],
        [90, 130, 60],
        [210, 180, 140],
    ]
    .map(|colour| flat(w, h, colour))
    .into();
    all.push(evening(w, h));
    all.push(image::imageops::flip_vertical(&evening(w, h)));
    all.push(stripes(w, h, 3, [[0; 3], [255; 3]]));
    all.push(stripes(w, h, 40, [[20, 20, 60], [250, 240, 200]]));
    all.push(stripes(w, h, 12, [[110; 3], [150; 3]]));
    all.push(grain(w, h, 0, 255));
    all.push(grain(w, h, 90, 140));
    all.push(grain(w, h, 200, 255));
    assert_eq!(all.len(), 20);
    all
}

/// The least contrast of ink with a pixel beside it that is neither ink nor on its soft edge, or with its outline.
fn seen(before: &RgbImage, style: &Style, ink: Colour, outline: Option<Colour>, text: Rect) -> f32 {
    if let Some(outline) = outline {
        return ink.contrast(outline);
    }
    // The background as it is under the letters: the same drawn without ink, by drawing a dot nobody sees.
    let mut plated = before.clone();
    if style.plate.on {
        let share = f64::from(style.plate.opacity_percent) / 100.0;
        for pixel in plated.pixels_mut() {
            for channel in &mut pixel.0 {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a colour")]
                let black = (f64::from(*channel) * (1.0 - share)) as u8;
                *channel = black;
            }
        }
    }
    let mut contrasts: Vec<f32> = (text.y..text.y + text.height)
        .flat_map(|y| (text.x..text.x + text.width).map(move |x| (x, y)))
        .map(|(x, y)| Colour(plated.get_pixel(x, y).0).contrast(ink))
        .collect();
    contrasts.sort_by(f32::total_cmp);
    contrasts[contrasts.len() / 16]
}

#[test]
fn s2_062_automatic_ink_has_a_contrast_of_4_5_on_twenty_backgrounds() {
    let typesetter = Typesetter::new();
    for (number, background) in backgrounds().into_iter().enumerate() {
        for (on, opacity_percent) in [(true, 60), (true, 30), (true, 0), (false, 0)] {
            let style = Style { plate: Plate { on, opacity_percent, ..Plate::default() }, ..bare() };
            let drawn = typesetter.draw(&mut background.clone(), "Контраст Contrast", &style).unwrap();
            assert!(drawn.contrast >= 4.5, "{number} {on} {opacity_percent}: {drawn:?}");
            let seen = seen(&background, &style, drawn.ink, drawn.outline, drawn.text);
            assert!(seen >= 4.3, "{number} {on} {opacity_percent}: {seen} {drawn:?}");
            assert_eq!(drawn.outline_added, drawn.outline.is_some());
        }
    }
}

#[test]
fn s2_062_the_default_plate_never_needs_an_outline() {
    let typesetter = Typesetter::new();
    for (number, mut background) in backgrounds().into_iter().enumerate() {
        let drawn = typesetter.draw(&mut background, "Контраст", &Style::default()).unwrap();
        assert_eq!((drawn.ink, drawn.outline), (Colour::WHITE, None), "{number}");
    }
}

#[test]
fn s2_062_ink_follows_the_plate_and_the_plate_the_ink() {
    let typesetter = Typesetter::new();
    let draw = |style: &Style| {
        let mut picture = flat(400, 200, [100, 120, 140]);
        (typesetter.draw(&mut picture, "текст", style).unwrap(), picture)
    };
    let white = Style { plate: Plate { colour: Some(Colour::WHITE), ..Plate::default() }, ..bare() };
    assert_eq!(draw(&white).0.ink, Colour::BLACK);
    // Dark ink makes the plate white by itself.
    let (drawn, picture) = draw(&Style { ink: Some(Colour([60, 0, 0])), ..bare() });
    let plate = drawn.plate.unwrap();
    assert!(picture.get_pixel(plate.x + 3, plate.y + plate.height / 2).0[0] > 150);
    assert!(drawn.contrast >= 4.5 && drawn.outline.is_none());
}

#[test]
fn s2_062_ink_that_is_asked_for_stays_and_gets_an_outline_only_where_it_cannot_be_read() {
    let typesetter = Typesetter::new();
    let plain = Plate { on: false, ..Plate::default() };
    let draw = |ink: Colour, under: [u8; 3], outline: Outline| {
        let style = Style { ink: Some(ink), plate: plain.clone(), outline, ..bare() };
        typesetter.draw(&mut flat(400, 200, under), "текст", &style).unwrap()
    };
    let yellow = Colour([0xff, 0xeb, 0x3b]);
    let drawn = draw(yellow, [255; 3], Outline::default());
    assert_eq!((drawn.ink, drawn.outline, drawn.outline_added), (yellow, Some(Colour::BLACK), true));
    assert_eq!(draw(yellow, [20; 3], Outline::default()).outline, None);
    let off = Outline { on: Some(false), ..Outline::default() };
    let drawn = draw(Colour::WHITE, [255; 3], off);
    assert!(drawn.outline.is_none() && drawn.contrast < 1.1, "what is switched off stays off, and is told");
}

#[test]
fn colours_have_the_contrast_of_wcag() {
    assert!((Colour::WHITE.contrast(Colour::BLACK) - 21.0).abs() < 1e-3);
    assert!((Colour([0x76; 3]).contrast(Colour::WHITE) - 4.54).abs() < 0.01, "the grey that just passes");
    for value in 0..=255 {
        let grey = Colour([value; 3]);
        assert!(grey.contrast(grey.opposite()) >= 4.58);
    }
}
