//! Any text on any picture: no panic, no pixel outside, and a bound on what is drawn.

use proptest::prelude::*;

use super::scene::flat;
use crate::text::{Align, Error, Font, Outline, Plate, Position, Shadow, Size, Style, Typesetter};

/// Characters that typesetting stumbles over.
const HARD: &[&str] = &[
    "🎉",
    "👩🏽‍💻",
    "🇰🇿",
    "🇰",
    "7️⃣",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🏿",
    "\u{200d}",
    "\u{fe0f}",
    "\u{20e3}",
    "\u{301}",
    "\u{489}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{ad}",
    "שלום",
    "مرحبا",
    "한국어",
    "ไทย",
    "हिन्दी",
    "ﷺ",
    "𝔘",
    "\u{e000}",
    "\u{fffd}",
    "\u{10ffff}",
    "\0",
    "\u{7}",
    "\n",
    "\r\n",
    "\t",
    "   ",
    "\u{a0}",
    "\u{3000}",
    "а",
    "Щ",
    "й",
    "и\u{306}",
    "fi",
    "AV",
    "W",
    "—",
    "…",
    "ещё слово",
    "рентгеноэлектрокардиографический",
    "ᴁ",
    "ǅ",
    "\u{1f3fb}\u{200d}\u{1f3fb}",
];

fn text() -> impl Strategy<Value = String> {
    let soup = proptest::collection::vec(proptest::sample::select(HARD.to_vec()), 0..60)
        .prop_map(|parts| parts.concat());
    let long = (proptest::sample::select(HARD.to_vec()), 1..100_000usize)
        .prop_map(|(part, times)| part.repeat((times / part.chars().count().max(1)).max(1)));
    prop_oneof![4 => soup, 2 => "\\PC{0,80}".boxed(), 1 => long]
}

prop_compose! {
    fn style()(
        font in proptest::sample::select(vec![Font::Golos, Font::Inter, Font::Oswald, Font::Caveat, Font::Lobster, Font::Playfair]),
        position in proptest::sample::select(vec![Position::TopLeft, Position::Centre, Position::BottomRight, Position::Bottom]),
        size in prop_oneof![Just(Size::Small), Just(Size::Huge), (4..=2000u16).prop_map(Size::Px)],
        margins in (0..=90u8, 0..=90u8),
        on in any::<[bool; 3]>(),
        blur_px in prop_oneof![2 => Just(0), 1 => 0..=100u16],
        radius_px in proptest::option::of(0..=500u16),
        width_px in proptest::option::of(1..=50u16),
        line_spacing_percent in 80..=300u16,
        align in proptest::option::of(Just(Align::Right)),
    ) -> Style {
        let mut style = Style { font, position, size, line_spacing_percent, align, ..Style::default() };
        (style.margin.bottom, style.margin.left) = margins;
        style.plate = Plate { on: on[0], blur_px, radius_px, ..Plate::default() };
        style.outline = Outline { on: Some(on[1]), width_px, ..Outline::default() };
        style.shadow = Shadow { on: Some(on[2]), ..Shadow::default() };
        style
    }
}

const SIZES: &[(u32, u32)] =
    &[(1, 1), (1, 500), (7, 9), (64, 64), (20_000, 20), (20, 20_000), (300, 200), (64, 700)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_on_any_picture_is_drawn_or_refused(text in text(), style in style(), size in proptest::sample::select(SIZES.to_vec())) {
        let (width, height) = size;
        let before = flat(width, height, [40, 80, 120]);
        let mut picture = before.clone();
        match Typesetter::new().draw(&mut picture, &text, &style) {
            Ok(drawn) => {
                let block = drawn.plate.unwrap_or(drawn.text);
                prop_assert!(block.x + block.width <= width && block.y + block.height <= height);
                prop_assert!(drawn.missing.len() <= 64 && drawn.size_px >= 3.9);
                prop_assert!(drawn.contrast >= 1.0 && drawn.contrast <= 21.01);
            }
            Err(error) => {
                let refused = matches!(error, Error::Empty | Error::NoGlyphs { .. } | Error::NoRoom { .. });
                prop_assert!(refused, "{error}");
                prop_assert!(picture == before, "the picture stays");
            }
        }
    }
}
