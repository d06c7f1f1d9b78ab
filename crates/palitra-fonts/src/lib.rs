//! The fonts in the binary: static TrueType files with Latin, Cyrillic and Kazakh letters, so that text looks the same on
//! every machine. Where each comes from and under which licence is said in `THIRD_PARTY.md`; it opens none of them.

/// One weight of one family.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    /// The name the file itself carries, by which a font stack asks for it.
    pub family: &'static str,
    /// 400 is regular, 700 bold.
    pub weight: u16,
    /// The whole file.
    pub bytes: &'static [u8],
}

macro_rules! font {
    ($family:literal, $weight:literal, $file:literal) => {
        Font { family: $family, weight: $weight, bytes: include_bytes!(concat!("../assets/", $file)) }
    };
}

pub static GOLOS_TEXT_400: Font = font!("Golos Text", 400, "GolosText_400Regular.ttf");
pub static GOLOS_TEXT_800: Font = font!("Golos Text", 800, "GolosText_800ExtraBold.ttf");
pub static INTER_400: Font = font!("Inter", 400, "Inter_400Regular.ttf");
pub static INTER_700: Font = font!("Inter", 700, "Inter_700Bold.ttf");
pub static OSWALD_600: Font = font!("Oswald", 600, "Oswald_600SemiBold.ttf");
pub static CAVEAT_700: Font = font!("Caveat", 700, "Caveat_700Bold.ttf");
pub static LOBSTER_400: Font = font!("Lobster", 400, "Lobster_400Regular.ttf");
pub static PLAYFAIR_DISPLAY_700: Font = font!("Playfair Display", 700, "PlayfairDisplay_700Bold.ttf");

/// The licence that a family comes under.
#[derive(Clone, Copy, Debug)]
pub struct Licence {
    /// As the fonts themselves name it.
    pub family: &'static str,
    /// All of it, with its copyright.
    pub text: &'static str,
}

macro_rules! licence {
    ($family:literal, $file:literal) => {
        Licence { family: $family, text: include_str!(concat!("../assets/", $file)) }
    };
}

/// Of every family above; it goes wherever the fonts go.
pub static LICENCES: [Licence; 6] = [
    licence!("Golos Text", "OFL-golos-text.txt"),
    licence!("Inter", "OFL-inter.txt"),
    licence!("Oswald", "OFL-oswald.txt"),
    licence!("Caveat", "OFL-caveat.txt"),
    licence!("Lobster", "OFL-lobster.txt"),
    licence!("Playfair Display", "OFL-playfair-display.txt"),
];
