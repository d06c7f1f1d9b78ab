//! Emoji as pictures: all of them are there, and which graphemes they stand for.

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji, EmojiModifierBase, EmojiPresentation};

use crate::text::Style;
use crate::text::emoji::{Paintings, Shown, shown};
use crate::text::faces::Stack;

fn pictures(grapheme: &str) -> Vec<&'static str> {
    match shown(grapheme, &Stack::of(&Style::default())) {
        Shown::Text => Vec::new(),
        Shown::Pictures(pictures) => pictures,
    }
}

/// Emoji of Unicode 18; Twemoji has those of 17.
const NOT_DRAWN_YET: &[char] = &[
    '\u{1f6d9}',
    '\u{1fa8b}',
    '\u{1fa8c}',
    '\u{1fa8d}',
    '\u{1facc}',
    '\u{1fadd}',
    '\u{1faeb}',
    '\u{1faf9}',
    '\u{1fafa}',
];

#[test]
fn s2_053_every_emoji_and_flag_is_painted() {
    let all = CodePointSetData::new::<Emoji>();
    let skinned = CodePointSetData::new::<EmojiModifierBase>();
    let mut emoji: Vec<String> = Vec::new();
    for point in all.iter_ranges().flatten().filter(|point| *point > 0xff) {
        let char = char::from_u32(point).unwrap();
        if NOT_DRAWN_YET.contains(&char) {
            continue;
        }
        emoji.push(format!("{char}\u{fe0f}"));
        emoji.extend(skinned.contains(char).then(|| format!("{char}\u{1f3fd}")));
    }
    emoji.extend("0123456789#*".chars().map(|digit| format!("{digit}\u{fe0f}\u{20e3}")));
    emoji.extend(["🇰🇿", "🇷🇺", "🇺🇦", "🇪🇺", "🇯🇵", "🇺🇳", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"].map(str::to_owned));
    assert!(emoji.len() > 1400);
    let paintings = Paintings::default();
    let mut offences = Vec::new();
    for emoji in &emoji {
        let [picture] = pictures(emoji)[..] else {
            offences.push(emoji);
            continue;
        };
        let sprite = paintings.get(picture, 12);
        if sprite.width != 12 || sprite.pixels.chunks_exact(4).all(|pixel| pixel[3] == 0) {
            offences.push(emoji);
        }
    }
    assert!(offences.is_empty(), "{offences:?}");
}

#[test]
fn s2_053_what_is_a_picture_and_what_is_text() {
    // One picture for sequences, whole or with their U+FE0F left out, and for what is a picture by nature.
    for emoji in ["👩‍💻", "👩🏽‍💻", "❤️‍🔥", "❤‍🔥", "🏳️‍🌈", "👁️‍🗨️", "👨‍👩‍👧‍👦", "🇰🇿", "1️⃣", "1⃣", "☝🏽", "⚡", "🫠", "©️", "™️"]
    {
        assert_eq!(pictures(emoji).len(), 1, "{emoji}");
    }
    // Text where a font has it and nobody asks for a picture.
    for text in ["1", "#", "*", "©", "™", "→", "№", "a", "Я", "\u{301}", "а\u{fe0f}", "שׁ"] {
        assert_eq!(pictures(text).len(), 0, "{text}");
    }
    assert!(CodePointSetData::new::<EmojiPresentation>().contains('⚡'));
    // What nobody has drawn together is drawn one beside the other, and not without end.
    assert_eq!(pictures("🐙\u{200d}🚀").len(), 2);
    assert_eq!(pictures(&"🐙\u{200d}".repeat(1000)).len(), 8);
}

#[test]
fn paintings_are_kept_within_a_bound() {
    let paintings = Paintings::default();
    let [party] = pictures("🎉")[..] else { panic!("one picture") };
    for side in 1000..1012 {
        assert_eq!(paintings.get(party, side).pixels.len(), usize::try_from(side * side * 4).unwrap());
        assert!(paintings.bytes() <= 32 << 20);
    }
}
