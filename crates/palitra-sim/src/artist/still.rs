//! A drawn page as pixels, with where on it the picture is: what a film moves while the words stand still.

use super::geometry::{Area, round};
use super::page::Page;
use super::{DrawError, Recipe, composed};
use crate::darkroom::Photo;

/// A page and the part of it that is picture: left, top, right and bottom in pixels.
pub(crate) struct Still {
    pub(crate) photo: Photo,
    pub(crate) art: [u32; 4],
}

/// Draws a recipe with a picture whose edges lie on multiples of `grid` pixels and whose corners are square.
pub(crate) fn still(recipe: &Recipe, grid: u32) -> Result<Still, DrawError> {
    let length = |pixels: u32| super::geometry::len(usize::try_from(pixels).unwrap_or(0));
    let whole = Area::new(0.0, 0.0, length(recipe.width), length(recipe.height));
    let change = |page: Page| Page { arch: false, art: on_grid(page.art, whole, grid), ..page };
    let (canvas, page) = composed(recipe, change)?;
    let side = |length: f32| u32::try_from(round(length)).unwrap_or(0);
    let art = [side(page.art.x), side(page.art.y), side(page.art.right()), side(page.art.bottom())];
    let photo = Photo { width: recipe.width, height: recipe.height, rgba: canvas.pixels().to_vec() };
    Ok(Still { photo, art })
}

/// The area made smaller until its edges lie on the grid; what reaches an edge of the page still does.
fn on_grid(area: Area, page: Area, grid: u32) -> Area {
    let step = super::geometry::len(usize::try_from(grid).unwrap_or(1));
    let up = |edge: f32| (edge / step).ceil() * step;
    let down = |edge: f32, most: f32| if edge >= most { most } else { (edge / step).floor() * step };
    let (left, top) = (up(area.x), up(area.y));
    let (right, bottom) = (down(area.right(), page.w), down(area.bottom(), page.h));
    if right <= left || bottom <= top {
        return area;
    }
    Area::new(left, top, right - left, bottom - top)
}
