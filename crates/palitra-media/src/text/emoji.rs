//! Emoji: which graphemes are pictures, and the pictures (Twemoji, S2-053), painted at the size that is asked for and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji, EmojiPresentation};
use resvg::{tiny_skia, usvg};
use twemoji_assets::svg::SvgTwemojiAsset;

use super::faces::Stack;
use super::number::{count, steps};
use super::surface::Sprite;

/// How a grapheme is shown.
pub(super) enum Shown {
    Text,
    /// Mostly one; a sequence nobody has drawn is shown as its members.
    Pictures(Vec<&'static str>),
}

const AS_PICTURE: char = '\u{fe0f}';
const AS_TEXT: char = '\u{fe0e}';
const JOINER: char = '\u{200d}';
const KEYCAP: char = '\u{20e3}';

/// Emoji have at most ten characters; longer graphemes are looked up by their members.
const SEQUENCE_BYTES_MAX: usize = 64;

/// Members of a sequence nobody has drawn that are shown.
const MEMBERS_MAX: usize = 8;

/// Follows Unicode (UTS #51 § 4): what asks for a picture gets one; what is a picture by nature is one; the other symbols that
/// may be either are text where a font has them.
pub(super) fn shown(grapheme: &str, stack: &Stack) -> Shown {
    let Some(first) = grapheme.chars().next() else { return Shown::Text };
    let asked = grapheme.contains([AS_PICTURE, KEYCAP, JOINER]) || grapheme.contains(is_skin);
    if (first.is_alphanumeric() && !asked && !is_flag_letter(first)) || first.is_ascii_control() {
        return Shown::Text;
    }
    let by_nature = CodePointSetData::new::<EmojiPresentation>().contains(first);
    let as_text = grapheme.contains(AS_TEXT) || !(asked || by_nature);
    if as_text && stack.face_with(first).is_some() {
        return Shown::Text;
    }
    if let Some(picture) = picture(grapheme) {
        return Shown::Pictures(vec![picture]);
    }
    let members = grapheme.split(JOINER).flat_map(|member| match picture(member) {
        Some(picture) => vec![picture],
        None => member
            .chars()
            .filter(|char| !is_skin(*char))
            .filter_map(|char| picture(char.encode_utf8(&mut [0; 4])))
            .collect(),
    });
    let members: Vec<_> = if first.is_ascii() { Vec::new() } else { members.take(MEMBERS_MAX).collect() };
    if members.is_empty() { Shown::Text } else { Shown::Pictures(members) }
}

fn is_skin(char: char) -> bool {
    matches!(char, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_flag_letter(char: char) -> bool {
    matches!(char, '\u{1f1e6}'..='\u{1f1ff}')
}

/// The SVG of exactly this emoji. Twemoji's names drop U+FE0F except from joined sequences, where people often drop it.
fn picture(emoji: &str) -> Option<&'static str> {
    if emoji.is_empty() || emoji.len() > SEQUENCE_BYTES_MAX {
        return None;
    }
    let known = |emoji: &str| SvgTwemojiAsset::from_emoji(emoji).map(|picture| -> &'static str { picture });
    let bare: String = emoji.chars().filter(|char| !matches!(*char, AS_PICTURE | AS_TEXT)).collect();
    known(emoji).or_else(|| known(&bare)).or_else(|| known(&qualified(&bare)))
}

/// With U+FE0F behind each member that is not a picture by nature.
fn qualified(bare: &str) -> String {
    let (all, by_nature) = (CodePointSetData::new::<Emoji>(), CodePointSetData::new::<EmojiPresentation>());
    let mut qualified = String::new();
    for char in bare.chars() {
        qualified.push(char);
        if all.contains(char) && !by_nature.contains(char) {
            qualified.push(AS_PICTURE);
        }
    }
    qualified
}

/// Painted emoji, kept up to a number of bytes; when they are more, all are forgotten and painting begins anew, which costs
/// a third of a millisecond each.
#[derive(Default)]
pub(super) struct Paintings {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sprites: HashMap<(usize, u32), Arc<Sprite>>,
    bytes: usize,
}

const KEPT_BYTES_MAX: usize = 32 << 20;

impl Paintings {
    /// A square of `side` pixels.
    pub(super) fn get(&self, picture: &'static str, side: u32) -> Arc<Sprite> {
        let key = (picture.as_ptr().addr(), side);
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sprite) = kept().sprites.get(&key) {
            return Arc::clone(sprite);
        }
        let sprite = Arc::new(paint(picture, side));
        let bytes = sprite.pixels.len();
        let mut kept = kept();
        if bytes <= KEPT_BYTES_MAX / 8 {
            if kept.bytes + bytes > KEPT_BYTES_MAX {
                *kept = Kept::default();
            }
            kept.bytes += bytes;
            kept.sprites.insert(key, Arc::clone(&sprite));
        }
        sprite
    }
}

#[cfg(test)]
impl Paintings {
    pub(super) fn bytes(&self) -> usize {
        self.kept.lock().unwrap().bytes
    }
}

/// An emoji alone, in a square of `side` pixels; `None` when nobody has drawn it.
pub(crate) fn square(emoji: &str, side: u32) -> Option<image::RgbaImage> {
    let sprite = paint(picture(emoji)?, side);
    image::RgbaImage::from_raw(side, side, sprite.pixels)
}

/// An empty square where the SVG does not read, which none of those in the binary does (`s2_053_every_emoji_and_flag_is_painted`).
fn paint(picture: &str, side: u32) -> Sprite {
    let side = side.max(1);
    let empty = || Sprite { width: 1, pixels: vec![0; 4] };
    let Ok(tree) = usvg::Tree::from_str(picture, &usvg::Options::default()) else { return empty() };
    let Some(mut pixmap) = tiny_skia::Pixmap::new(side, side) else { return empty() };
    let scale = count(usize::try_from(side).unwrap_or(1)) / tree.size().width().max(tree.size().height());
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let pixels = pixmap.pixels().iter().map(|pixel| pixel.demultiply());
    let pixels = pixels.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]).collect();
    Sprite { width: steps(i32::try_from(side).unwrap_or(1)), pixels }
}
