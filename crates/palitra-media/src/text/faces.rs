//! Which bundled file draws which character: the face a style asks for, then those that have more characters.

use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::{FontContext, FontFamily, FontFamilyName, FontWeight};
use std::borrow::Cow;
use std::sync::Arc;
use swash::FontRef;

use super::style::{Font, Style};

/// A bundled file; its number in [`FACES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Face(usize);

static FACES: [&palitra_fonts::Font; 8] = [
    &palitra_fonts::GOLOS_TEXT_400,
    &palitra_fonts::GOLOS_TEXT_800,
    &palitra_fonts::INTER_400,
    &palitra_fonts::INTER_700,
    &palitra_fonts::OSWALD_600,
    &palitra_fonts::CAVEAT_700,
    &palitra_fonts::LOBSTER_400,
    &palitra_fonts::PLAYFAIR_DISPLAY_700,
];

impl Face {
    fn of(style: &Style) -> Self {
        Self(match (style.font, style.bold) {
            (Font::Golos, false) => 0,
            (Font::Golos, true) => 1,
            (Font::Inter, false) => 2,
            (Font::Inter, true) => 3,
            (Font::Oswald, _) => 4,
            (Font::Caveat, _) => 5,
            (Font::Lobster, _) => 6,
            (Font::Playfair, _) => 7,
        })
    }

    pub(super) fn font(self) -> FontRef<'static> {
        FontRef::from_index(FACES[self.0].bytes, 0).expect("a bundled font parses")
    }

    pub(super) fn has(self, char: char) -> bool {
        self.font().charmap().map(char) != 0
    }

    /// Height of capitals as a share of the size.
    pub(super) fn capitals(self) -> f32 {
        let metrics = self.font().metrics(&[]);
        metrics.cap_height / f32::from(metrics.units_per_em.max(1))
    }
}

/// The faces of a style, in the order in which they are asked for a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack([Face; 3]);

impl Stack {
    pub(super) fn of(style: &Style) -> Self {
        let inter = if style.bold { 3 } else { 2 };
        let golos = if style.bold { 1 } else { 0 };
        Self([Face::of(style), Face(inter), Face(golos)])
    }

    pub(super) fn first(&self) -> Face {
        self.0[0]
    }

    pub(super) fn face_with(&self, char: char) -> Option<Face> {
        self.0.into_iter().find(|face| face.has(char))
    }

    /// For the typesetter, which asks in the same order.
    pub(super) fn families(&self) -> FontFamily<'static> {
        let names = self.0.map(|face| FontFamilyName::named(FACES[face.0].family));
        FontFamily::List(Cow::Owned(names.to_vec()))
    }

    pub(super) fn weight(&self) -> FontWeight {
        FontWeight::new(f32::from(FACES[self.first().0].weight))
    }
}

/// The bundled files and nothing of the system, as parley wants them.
pub(super) struct Shelf {
    pub(super) context: FontContext,
    /// parley's number of each face's bytes.
    numbers: [u64; FACES.len()],
}

impl Shelf {
    pub(super) fn new() -> Self {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        let blobs = FACES.map(|font| Blob::new(Arc::new(font.bytes)));
        let numbers = blobs.each_ref().map(Blob::id);
        for blob in blobs {
            collection.register_fonts(blob, None);
        }
        Self { context: FontContext { collection, source_cache: SourceCache::default() }, numbers }
    }

    pub(super) fn face(&self, number: u64) -> Option<Face> {
        self.numbers.iter().position(|known| *known == number).map(Face)
    }
}
