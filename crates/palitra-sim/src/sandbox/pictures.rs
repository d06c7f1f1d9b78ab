//! The artist's modes. All answer with one PNG.
//!
//! | mode | takes |
//! |---|---|
//! | `create` | `prompt`, `width`, `height` (1 to 4096, 1024 when not said), `seed` |
//! | `edit` | `prompt`, `images` (1 to 4), `width`, `height`, `seed` |
//! | `retouch` | `images` (1), `prompt`, `retouch_mode` (`soft`, `enhance`) |
//! | `upscale` | `images` (1), `factor` (2, 4) |
//! | `swap_face` | `images` (1, the target), `face_image` (the portrait), `target_index` (0 to 15, of no effect) |

use super::{Work, file, input::Input, refused};
use crate::{
    artist::{self, Recipe, SIDE_MAX},
    darkroom,
};
use palitra_domain::market::MarketError;

/// A side when none is asked for.
const SIDE: u32 = 1024;

/// What is drawn or edited, at which size.
struct Sheet {
    prompt: String,
    width: u32,
    height: u32,
    seed: u64,
}

impl Sheet {
    fn read(input: &Input, prompt: String) -> Result<Sheet, MarketError> {
        let side = |name: &str| input.number(name, 1..=SIDE_MAX, SIDE);
        Ok(Sheet { prompt, width: side("width")?, height: side("height")?, seed: input.seed() })
    }

    fn recipe(&self) -> Recipe<'_> {
        Recipe { prompt: &self.prompt, width: self.width, height: self.height, seed: self.seed, index: 0 }
    }
}

pub(super) fn create(input: Input) -> Result<Work, MarketError> {
    let sheet = Sheet::read(&input, input.word(&["prompt"]))?;
    Ok(Box::new(move || artist::draw(&sheet.recipe()).map(file).map_err(|error| refused(error.to_string()))))
}

/// One picture is graded and captioned, several are merged into a scene.
pub(super) fn edit(input: Input) -> Result<Work, MarketError> {
    let sheet = Sheet::read(&input, input.needed_word("prompt")?)?;
    let pictures = input.pictures(1..=4)?;
    Ok(Box::new(move || {
        let mut photos = Vec::new();
        for picture in &pictures {
            photos.push(picture.open()?);
        }
        let edited = match photos.as_slice() {
            [photo] => artist::edit(&sheet.recipe(), photo),
            photos => artist::merge(&sheet.recipe(), photos),
        };
        edited.map(file).map_err(|error| refused(error.to_string()))
    }))
}

/// The size stays. What `prompt` says is not needed and changes nothing.
pub(super) fn retouch(input: Input) -> Result<Work, MarketError> {
    let pictures = input.pictures(1..=1)?;
    let enhance = input.choice("retouch_mode", &["soft", "enhance"])? == "enhance";
    Ok(Box::new(move || {
        let photo = pictures[0].open()?;
        let done = if enhance { darkroom::enhanced(&photo) } else { darkroom::softened(&photo) };
        Ok(file(darkroom::png(&done)))
    }))
}

pub(super) fn upscale(input: Input) -> Result<Work, MarketError> {
    let pictures = input.pictures(1..=1)?;
    let factor = input.number("factor", 2..=4, 2)?;
    if factor == 3 {
        return Err(refused("`factor` must be 2 or 4"));
    }
    Ok(Box::new(move || {
        let photo = pictures[0].open()?;
        darkroom::enlarged(&photo, factor).map(file).map_err(|error| refused(error.to_string()))
    }))
}

/// The target keeps its size.
pub(super) fn swap_face(input: Input) -> Result<Work, MarketError> {
    let (targets, portrait) = (input.pictures(1..=1)?, input.picture("face_image")?);
    input.number("target_index", 0..=15, 0)?;
    Ok(Box::new(move || {
        let (target, portrait) = (targets[0].open()?, portrait.open()?);
        Ok(file(darkroom::png(&darkroom::with_face(target, &portrait))))
    }))
}
