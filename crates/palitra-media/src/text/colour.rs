//! Colours: written as `#rrggbb`, read as that or as a name in Russian or English (S2-059), and their contrast (WCAG 2.2).

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Red, green and blue of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour(pub [u8; 3]);

/// Name in English, stem in Russian (any ending follows; `е` stands for `ё` too), value. Shades that people name, not those
/// of CSS: its `green` and `pink` are not what is meant.
const NAMES: &[(&str, &str, Colour)] = &[
    ("white", "бел", Colour::WHITE),
    ("black", "черн", Colour::BLACK),
    ("red", "красн", Colour([0xe5, 0x39, 0x35])),
    ("orange", "оранжев", Colour([0xfb, 0x8c, 0x00])),
    ("yellow", "желт", Colour([0xff, 0xeb, 0x3b])),
    ("green", "зелен", Colour([0x43, 0xa0, 0x47])),
    ("lime", "салатов", Colour([0xc6, 0xff, 0x00])),
    ("cyan", "циан", Colour([0x00, 0xbc, 0xd4])),
    ("turquoise", "бирюзов", Colour([0x1a, 0xbc, 0xb0])),
    ("sky", "голуб", Colour([0x4f, 0xc3, 0xf7])),
    ("blue", "син", Colour([0x1e, 0x58, 0xe5])),
    ("navy", "темно-син", Colour([0x0d, 0x1b, 0x4c])),
    ("indigo", "индиго", Colour([0x3f, 0x51, 0xb5])),
    ("purple", "фиолетов", Colour([0x8e, 0x24, 0xaa])),
    ("violet", "пурпурн", Colour([0x9c, 0x27, 0xb0])),
    ("lilac", "сирен", Colour([0xc8, 0xa2, 0xc8])),
    ("lavender", "лаванд", Colour([0xd6, 0xcb, 0xf2])),
    ("magenta", "маджент", Colour([0xff, 0x00, 0xff])),
    ("pink", "розов", Colour([0xff, 0x69, 0xb4])),
    ("crimson", "малинов", Colour([0xd8, 0x1b, 0x60])),
    ("burgundy", "бордо", Colour([0x80, 0x00, 0x20])),
    ("brown", "коричнев", Colour([0x79, 0x55, 0x48])),
    ("beige", "бежев", Colour([0xf0, 0xe4, 0xcd])),
    ("cream", "кремов", Colour([0xff, 0xf8, 0xe1])),
    ("olive", "оливков", Colour([0x80, 0x80, 0x00])),
    ("mint", "мятн", Colour([0x98, 0xe4, 0xc4])),
    ("coral", "коралл", Colour([0xff, 0x7f, 0x50])),
    ("peach", "персиков", Colour([0xff, 0xcc, 0xa8])),
    ("gold", "золот", Colour([0xff, 0xd7, 0x00])),
    ("silver", "серебр", Colour([0xc0, 0xc0, 0xc0])),
    ("grey", "сер", Colour([0x9e, 0x9e, 0x9e])),
    ("gray", "серый", Colour([0x9e, 0x9e, 0x9e])),
    ("golden", "золотист", Colour([0xff, 0xd7, 0x00])),
    ("teal", "изумруд", Colour([0x00, 0x96, 0x88])),
];

/// What may follow the Russian stem of a colour: adjectives in every case, with the `н` of `серебряный` and the like.
const ENDINGS: &[&str] = &[
    "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому", "ему", "ую", "юю", "ою", "ым",
    "им", "ом", "ем", "ей", "ых", "их", "ыми", "ими", "ен", "о", "а", "",
];

/// What may stand between stem and ending.
const INNER: &[&str] = &["", "н", "ян", "еньк", "оват", "ев", "ов", "в", "ист"];

impl Colour {
    pub const WHITE: Self = Self([0xff; 3]);
    pub const BLACK: Self = Self([0; 3]);

    /// A name in any case and inflection, with a shade before it (`тёмно-синий`, `light blue` as `light-blue`), or
    /// `#rgb`, `#rrggbb`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        if word.len() > 64 {
            return None;
        }
        let word = word.to_lowercase().replace('ё', "е");
        if let Some(digits) = word.strip_prefix('#') {
            return Self::hex(digits);
        }
        if let Some(colour) = plain(&word) {
            return Some(colour);
        }
        for (shade, towards) in SHADES {
            let rest = word.strip_prefix(shade).map(|rest| rest.trim_start_matches('-'));
            if let Some(rest) = rest.and_then(plain) {
                return Some(rest.mixed(*towards));
            }
        }
        None
    }

    fn hex(digits: &str) -> Option<Self> {
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        let [_, red, green, blue] = value.to_be_bytes();
        match digits.len() {
            6 => Some(Self([red, green, blue])),
            3 => Some(Self([green & 0xf, blue >> 4, blue & 0xf].map(|half| half * 17))),
            _ => None,
        }
    }

    fn mixed(self, towards: Colour) -> Self {
        let mix = |a: u8, b: u8| u8::try_from((u16::from(a) * 11 + u16::from(b) * 9) / 20).unwrap_or(u8::MAX);
        let (Self([r, g, b]), Self([tr, tg, tb])) = (self, towards);
        Self([mix(r, tr), mix(g, tg), mix(b, tb)])
    }

    /// Relative luminance, 0 … 1 (WCAG 2.2, "relative luminance").
    #[must_use]
    pub fn luminance(self) -> f32 {
        let [red, green, blue] = self.0.map(|channel| LINEAR[usize::from(channel)]);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio, 1 … 21 (WCAG 2.2, "contrast ratio").
    #[must_use]
    pub fn contrast(self, other: Self) -> f32 {
        ratio(self.luminance(), other.luminance())
    }

    /// Black or white, whichever stands out more from this colour: never less than 4.58.
    #[must_use]
    pub fn opposite(self) -> Self {
        if self.contrast(Self::WHITE) > self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }
}

const SHADES: &[(&str, Colour)] = &[
    ("светло", Colour::WHITE),
    ("бледно", Colour::WHITE),
    ("light", Colour::WHITE),
    ("pale", Colour::WHITE),
    ("темно", Colour::BLACK),
    ("dark", Colour::BLACK),
    ("deep", Colour::BLACK),
];

fn plain(word: &str) -> Option<Colour> {
    let named = |(english, stem, _): &&(&str, &str, Colour)| {
        word == *english
            || word.strip_prefix(stem).is_some_and(|rest| {
                INNER.iter().any(|inner| rest.strip_prefix(inner).is_some_and(|rest| ENDINGS.contains(&rest)))
            })
    };
    NAMES.iter().find(named).map(|(.., colour)| *colour)
}

/// Contrast of two relative luminances.
pub(super) fn ratio(one: f32, other: f32) -> f32 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// sRGB to linear light.
pub(super) static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    let mut table = [0.0; 256];
    for (value, entry) in (0u8..=255).zip(&mut table) {
        let share = f32::from(value) / 255.0;
        *entry = if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) };
    }
    table
});

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::named(&word).ok_or_else(|| serde::de::Error::custom("not a colour: `#rrggbb` or a name"))
    }
}
