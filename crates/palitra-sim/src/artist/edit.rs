//! Edited pictures: one is graded and gets a strip with the wish; several become prints on one page with a scene behind them.
//!
//! The wish is not understood beyond its colour and mood words and what its words suggest for the scene.

use super::arrange::{self, Mark};
use super::canvas::Canvas;
use super::dice::Dice;
use super::geometry::round;
use super::lettering::Lettering;
use super::{DrawError, Recipe, checked, grade, hints, palette, prints};
use crate::darkroom::{self, Crop, Photo, resampled};
use crate::stems;

/// A graded copy of a picture at the recipe's size, cut to its proportions in the middle, above a strip with the prompt: an RGB PNG.
pub(crate) fn edit(recipe: &Recipe, photo: &Photo) -> Result<Vec<u8>, DrawError> {
    checked(recipe)?;
    let words = stems::words(recipe.prompt);
    let mut dice = Dice::new(recipe.prompt, &[recipe.seed, u64::from(recipe.index)]);
    let palette = palette::choose(&words, &mut dice);
    let asked = palette::asked(&words);
    let mut canvas = canvas(recipe, palette.paper)?;
    Lettering::with(|lettering| {
        let page = arrange::strip(lettering, canvas.area(), &palette, recipe.prompt, mark(recipe), &mut dice);
        let side = |length: f32| u32::try_from(round(length)).unwrap_or(1).max(1);
        let (width, height) = (side(page.art.w), side(page.art.h));
        let copy = resampled(photo, Crop::cover(photo, width, height), width, height);
        let copy = grade::graded(copy, &palette, asked);
        canvas.lay((round(page.art.x), round(page.art.y)), width, &copy.rgba);
        page.finish(&mut canvas, lettering, &palette);
    });
    Ok(encoded(recipe, &canvas))
}

/// Two to four pictures as prints on a page of the recipe's size, before the scene the prompt suggests: an RGB PNG.
pub(crate) fn merge(recipe: &Recipe, photos: &[Photo]) -> Result<Vec<u8>, DrawError> {
    checked(recipe)?;
    let words = stems::words(recipe.prompt);
    let mut dice = Dice::new(recipe.prompt, &[recipe.seed, u64::from(recipe.index)]);
    let palette = palette::choose(&words, &mut dice);
    let scene = hints::scene(&words, &mut dice);
    let mut canvas = canvas(recipe, palette.paper)?;
    Lettering::with(|lettering| {
        let page = arrange::strip(lettering, canvas.area(), &palette, recipe.prompt, mark(recipe), &mut dice);
        scene.draw(&mut canvas, page.art, &palette, &mut dice);
        // The prints stand before the scene: it steps back.
        canvas.rect(page.art, palette.paper.cover(if palette.dark { 70 } else { 96 }));
        prints::lay(&mut canvas, page.art, photos, &palette, &mut dice);
        page.finish(&mut canvas, lettering, &palette);
    });
    Ok(encoded(recipe, &canvas))
}

fn canvas(recipe: &Recipe, paper: super::color::Rgb) -> Result<Canvas, DrawError> {
    let Recipe { width, height, .. } = *recipe;
    Canvas::new(width, height, paper).ok_or(DrawError::Size { width, height })
}

fn mark(recipe: &Recipe) -> Mark {
    Mark { seed: recipe.seed, index: recipe.index }
}

fn encoded(recipe: &Recipe, canvas: &Canvas) -> Vec<u8> {
    let rgba = canvas.pixels().to_vec();
    darkroom::png(&Photo { width: recipe.width, height: recipe.height, rgba })
}
