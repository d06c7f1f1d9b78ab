//! The palettes, and which one a prompt's colour words and mood ask for.
//!
//! A palette is a paper, an ink that reads on it, one hot accent and a ramp of five that runs from the far and quiet to
//! the near and strong. On a dark palette the paper is dark and the ink light; its ramp runs from dim to glowing.

use super::color::Rgb;
use super::dice::Dice;
use crate::stems::has_stem;

#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    pub(super) dark: bool,
    pub(super) paper: Rgb,
    pub(super) ink: Rgb,
    pub(super) accent: Rgb,
    pub(super) ramp: [Rgb; 5],
    /// The moods it answers, as in [`MOODS`].
    moods: &'static str,
}

impl Palette {
    /// A colour along the ramp, 0 (far) to 100 (near).
    pub(super) fn depth(&self, percent: u32) -> Rgb {
        let percent = percent.min(99);
        let index = usize::try_from(percent / 25).unwrap_or(0).min(3);
        self.ramp[index].mix(self.ramp[index + 1], percent % 25 * 4)
    }

    /// The lighter of paper and ink: what snow, foam and paper strips are made of.
    pub(super) fn light(&self) -> Rgb {
        if self.dark { self.ink } else { self.paper }
    }

    /// The darker of paper and ink.
    pub(super) fn deep(&self) -> Rgb {
        if self.dark { self.paper } else { self.ink }
    }

    /// Far trees and bushes: nearly the deep colour.
    pub(super) fn foliage(&self) -> Rgb {
        if self.dark { self.paper.mix(self.ramp[1], 45) } else { self.ramp[4].mix(self.ink, 42) }
    }

    /// What reads best on a ground: the light or the deep colour.
    pub(super) fn on(&self, ground: Rgb) -> Rgb {
        let gap = |color: Rgb| color.gap(ground);
        if gap(self.light()) >= gap(self.deep()) { self.light() } else { self.deep() }
    }
}

const fn light(paper: u32, ink: u32, accent: u32, ramp: [u32; 5], moods: &'static str) -> Palette {
    let [a, b, c, d, e] = ramp;
    let ramp = [Rgb::hex(a), Rgb::hex(b), Rgb::hex(c), Rgb::hex(d), Rgb::hex(e)];
    Palette { dark: false, paper: Rgb::hex(paper), ink: Rgb::hex(ink), accent: Rgb::hex(accent), ramp, moods }
}

const fn dark(paper: u32, ink: u32, accent: u32, ramp: [u32; 5], moods: &'static str) -> Palette {
    Palette { dark: true, ..light(paper, ink, accent, ramp, moods) }
}

pub(super) const PALETTES: [Palette; 16] = [
    // riso
    light(0xF6EFE2, 0x22223B, 0xFF5A47, [0xFFDDA6, 0xF9AE7A, 0xE5706F, 0x7A5A86, 0x355070], "warm bright"),
    // lagoon
    light(0xF1F6F3, 0x0B2A3C, 0xFF8A5B, [0xD3EAE6, 0x93CED0, 0x439FB3, 0x1D6C8C, 0x124361], "blue teal cold"),
    // forest
    light(0xF4F1E3, 0x1D2B23, 0xF0A03C, [0xE0E6C4, 0xADC38F, 0x739E6C, 0x3F7359, 0x22473F], "green calm"),
    // bauhaus
    light(
        0xF3EBDB,
        0x1B1B1E,
        0xD9362B,
        [0xF6DC9A, 0xF2B632, 0xE8842A, 0x2F6DB5, 0x1D3F7C],
        "red yellow bright",
    ),
    // blueprint
    light(
        0xFFFFFF,
        0x14233A,
        0x2F6FED,
        [0xE6ECF4, 0xBECBDD, 0x86A1C6, 0x4470B2, 0x1F3C7A],
        "blue gray white cold",
    ),
    // graphite
    light(
        0xF7F6F3,
        0x1E1F22,
        0xE4572E,
        [0xE5E3DE, 0xC0BEBA, 0x8F9092, 0x5B5E62, 0x303236],
        "gray black white mono",
    ),
    // pastel
    light(
        0xFFF8F1,
        0x38345A,
        0xFF8A94,
        [0xFFE4D6, 0xF8CFDD, 0xC9D6F8, 0x9DB3E6, 0x8579C0],
        "pastel pink soft",
    ),
    // terracotta
    light(
        0xFBF1E6,
        0x3A1D1A,
        0xF2B134,
        [0xF8DFC2, 0xEFB98D, 0xDB8459, 0xB1543D, 0x6E2F2E],
        "brown orange warm",
    ),
    // harbour
    light(
        0xFDF6EC,
        0x143642,
        0xEF6F5E,
        [0xDCEEE4, 0x9AD2C4, 0x37A394, 0x1F7270, 0x264653],
        "teal green bright",
    ),
    // plum
    light(0xFAF2F4, 0x2B1230, 0xFFB02E, [0xF7DBE0, 0xEAA9BC, 0xC75C90, 0x822F76, 0x451D55], "purple pink"),
    // citrus
    light(
        0xFCFAEA,
        0x22301B,
        0xFF6B35,
        [0xFFF1AE, 0xF8D34C, 0xB9C44E, 0x5F9E57, 0x2B6449],
        "yellow green bright",
    ),
    // woodcut
    light(
        0xF4ECDC,
        0x1F2A36,
        0xD1402F,
        [0xE9E0CB, 0xC9CFBF, 0x93ACA9, 0x527786, 0x27465A],
        "calm gray red blue",
    ),
    // midnight
    dark(
        0x11152B,
        0xF4EFE2,
        0xFFC65C,
        [0x232A57, 0x3B4488, 0x6A62B4, 0xB877B5, 0xF59B93],
        "dark blue purple",
    ),
    // reef
    dark(0x0D1E26, 0xEAF2EC, 0xFF7F50, [0x16353F, 0x1E5763, 0x2D8F8C, 0x7AC5A4, 0xE9E3A9], "dark teal green"),
    // ember
    dark(
        0x1C1018,
        0xFBEEDD,
        0xFFB03A,
        [0x3A1A2B, 0x69243A, 0xA83A3C, 0xE0663B, 0xF6A95B],
        "dark red orange warm",
    ),
    // onyx
    dark(0x15171A, 0xF2F1EC, 0x58D0C0, [0x272B31, 0x464D56, 0x7F8A93, 0xDDB48C, 0xF1EEE6], "black gray mono"),
];

/// Colour and mood words of prompts: the mood, then stems in English and Russian.
const MOODS: [(&str, &str); 20] = [
    ("blue", "blue azure navy indigo cyan синий синя сине синю голуб лазур"),
    ("gray", "gray grey silver серый серая серое серые серо серебр"),
    ("green", "green emerald olive lime зелен изумруд олив салат"),
    ("red", "=red scarlet crimson красн алый алая алое багр"),
    ("orange", "orange amber оранж янтар"),
    ("yellow", "yellow lemon golden желт золот лимон"),
    ("purple", "purple violet lilac lavender фиолет сирен лилов пурпур лаванд"),
    ("pink", "pink rose magenta розов"),
    ("brown", "brown beige coffee chocolate коричн беж кофе шоколад глин"),
    ("teal", "teal turquoise mint бирюз мятн"),
    ("black", "black черн"),
    ("white", "white белый белая белое белом белые белых"),
    ("mono", "monochrom minimalist grayscale монохром минимал"),
    ("dark", "dark night midnight neon темн ноч неон полноч космос space"),
    ("warm", "warm sunset autumn desert fire тепл закат осен пустын огн огон"),
    ("cold", "cold winter snow frost technical tech холод зим снег мороз технич"),
    ("pastel", "pastel delicate пастел нежн"),
    ("soft", "soft gentle baby мягк детск"),
    ("bright", "bright vivid colorful colourful =pop ярк сочн красочн"),
    ("calm", "calm quiet vintage retro history спокойн тих винтаж ретро истор"),
];

/// Whether the words of a prompt name a colour or a mood, and whether they ask for none (black and white).
pub(super) fn asked(words: &[String]) -> Asked {
    let asks = |mood: &str| {
        MOODS.iter().any(|(name, stems)| *name == mood && words.iter().any(|word| has_stem(word, stems)))
    };
    if asks("mono") || (asks("black") && asks("white")) {
        Asked::Mono
    } else if MOODS.iter().any(|(mood, _)| asks(mood)) {
        Asked::Colour
    } else {
        Asked::Nothing
    }
}

/// How much the words of a prompt say about colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Colour,
    Mono,
}

/// The palette for the words of a prompt: the one that answers most of its colour words, by chance among equals.
pub(super) fn choose(words: &[String], dice: &mut Dice) -> Palette {
    let asked: Vec<&str> = MOODS
        .iter()
        .filter(|(_, stems)| words.iter().any(|word| has_stem(word, stems)))
        .map(|(mood, _)| *mood)
        .collect();
    let score = |palette: &Palette| palette.moods.split(' ').filter(|mood| asked.contains(mood)).count();
    let best = PALETTES.iter().map(score).max().unwrap_or(0);
    let mut even: Vec<Palette> = PALETTES.into_iter().filter(|palette| score(palette) == best).collect();
    // White asked for is paper, whatever else the picture is.
    if asked.contains(&"white") && !asked.contains(&"dark") {
        even.retain(|palette| !palette.dark);
        even.iter_mut().for_each(|palette| palette.paper = Rgb::WHITE);
    }
    even.get(dice.below(even.len())).copied().unwrap_or(PALETTES[0])
}
