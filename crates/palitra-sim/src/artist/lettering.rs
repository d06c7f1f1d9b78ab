//! Lettering: the bundled faces, measuring lines (parley) and inking glyphs (swash).
//!
//! The fonts are in the binary and system fonts are off, so a picture has the same letters everywhere. Contexts are
//! kept in a pool: the first picture of a thread pays for one, later pictures take it back.

use std::sync::{Arc, Mutex, PoisonError};

use parley::fontique::{Blob, Collection, CollectionOptions};
use parley::{
    FontContext, FontFamily, FontWeight, Layout, LayoutContext, LineHeight, OverflowWrap,
    PositionedLayoutItem, StyleProperty,
};
use swash::FontRef;
use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::{Format, Vector};

use super::canvas::Canvas;
use super::color::Rgb;
use super::geometry::{Point, round};

/// The faces of a page: one for small text, three voices for headlines. All hold Latin and Cyrillic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Text,
    Grotesk,
    Condensed,
    Serif,
}

impl Face {
    const fn bundled(self) -> &'static palitra_fonts::Font {
        match self {
            Self::Text => &palitra_fonts::GOLOS_TEXT_400,
            Self::Grotesk => &palitra_fonts::GOLOS_TEXT_800,
            Self::Condensed => &palitra_fonts::OSWALD_600,
            Self::Serif => &palitra_fonts::PLAYFAIR_DISPLAY_700,
        }
    }

    /// Distance between baselines as a share of the size.
    const fn leading(self) -> f32 {
        match self {
            Self::Text => 1.34,
            Self::Grotesk => 1.1,
            Self::Condensed => 1.22,
            Self::Serif => 1.12,
        }
    }

    /// How large it may be for the same presence on the page.
    pub(super) const fn scale(self) -> f32 {
        match self {
            Self::Text | Self::Grotesk => 0.92,
            Self::Condensed => 1.12,
            Self::Serif => 1.0,
        }
    }

    fn font(self) -> FontRef<'static> {
        FontRef::from_index(self.bundled().bytes, 0).expect("a bundled font parses")
    }

    /// The height of capitals as a share of the size.
    pub(super) fn cap(self) -> f32 {
        let metrics = self.font().metrics(&[]);
        metrics.cap_height / f32::from(metrics.units_per_em.max(1))
    }

    /// The text with one space between words and only characters this face can draw; `None` when no letter, digit
    /// or symbol is left. Emoji, other scripts, joiners and direction marks go.
    pub(super) fn drawable(self, text: &str) -> Option<String> {
        let charmap = self.font().charmap();
        let keep = |c: &char| {
            charmap.map(*c) != 0
                && !matches!(*c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
        };
        let words: Vec<String> = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .map(|word| word.chars().filter(keep).collect::<String>())
            .filter(|word| !word.is_empty())
            .collect();
        let clean = words.join(" ");
        clean.chars().any(char::is_alphanumeric).then_some(clean)
    }
}

/// Text broken into lines of one face and size.
pub(super) struct Lines {
    layout: Layout<()>,
    pub(super) face: Face,
    pub(super) size: f32,
}

impl Lines {
    pub(super) fn count(&self) -> usize {
        self.layout.len()
    }

    /// From the top of the first line's capitals to the last baseline.
    pub(super) fn height(&self) -> f32 {
        let rows = super::geometry::len(self.count());
        self.face.cap() * self.size + (rows - 1.0).max(0.0) * self.face.leading() * self.size
    }

    /// What hangs below the last baseline.
    pub(super) fn descent(&self) -> f32 {
        self.size * 0.24
    }

    pub(super) fn width(&self) -> f32 {
        self.layout.width()
    }

    /// The byte at which a line ends in the text.
    pub(super) fn end_of_line(&self, line: usize) -> usize {
        self.layout.get(line).map_or(0, |line| line.text_range().end)
    }
}

/// What is needed to set and ink text; expensive to make, cheap to use again.
pub(super) struct Lettering {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    scaler: ScaleContext,
}

static POOL: Mutex<Vec<Lettering>> = Mutex::new(Vec::new());

/// More threads than this drawing at once make contexts that are not kept.
const POOL_MAX: usize = 32;

impl Lettering {
    fn new() -> Self {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        for face in [Face::Text, Face::Grotesk, Face::Condensed, Face::Serif] {
            collection.register_fonts(Blob::new(Arc::new(face.bundled().bytes)), None);
        }
        let fonts = FontContext { collection, source_cache: parley::fontique::SourceCache::default() };
        Self { fonts, layouts: LayoutContext::new(), scaler: ScaleContext::new() }
    }

    /// Lends a context from the pool.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let kept = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut lettering = kept.unwrap_or_else(Self::new);
        let result = work(&mut lettering);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < POOL_MAX {
            pool.push(lettering);
        }
        result
    }

    /// Breaks text into lines no wider than `width`; a word that is wider is broken anywhere.
    pub(super) fn set(&mut self, text: &str, face: Face, size: f32, width: f32) -> Lines {
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::named(face.bundled().family)));
        builder.push_default(StyleProperty::FontWeight(FontWeight::new(f32::from(face.bundled().weight))));
        builder.push_default(StyleProperty::FontSize(size));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(face.leading())));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        let mut layout: Layout<()> = builder.build(text);
        layout.break_all_lines(Some(width));
        Lines { layout, face, size }
    }

    /// Inks lines; `at` is the left edge and the top of the first line's capitals.
    pub(super) fn ink(&mut self, canvas: &mut Canvas, lines: &Lines, at: Point, color: Rgb) {
        let Some(first) = lines.layout.first_baseline() else { return };
        let down = at.y + lines.face.cap() * lines.size - first;
        for line in lines.layout.lines() {
            for item in line.items() {
                let PositionedLayoutItem::GlyphRun(glyphs) = item else { continue };
                let run = glyphs.run();
                let index = usize::try_from(run.font().index).unwrap_or(0);
                let Some(font) = FontRef::from_index(run.font().data.as_ref(), index) else { continue };
                let mut scaler = self.scaler.builder(font).size(run.font_size()).hint(false).build();
                for glyph in glyphs.positioned_glyphs() {
                    let Ok(id) = u16::try_from(glyph.id) else { continue };
                    let (x, y) = (glyph.x + at.x, round(glyph.y + down));
                    let left = x.floor();
                    let image = Render::new(&[Source::Outline])
                        .format(Format::Alpha)
                        .offset(Vector::new(x - left, 0.0))
                        .render(&mut scaler, id);
                    if let Some(image) = image {
                        let corner = (round(left) + image.placement.left, y - image.placement.top);
                        canvas.stamp(corner, image.placement.width, &image.data, color);
                    }
                }
            }
        }
    }
}
