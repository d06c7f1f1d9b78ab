//! A result as it leaves: in the size and format that were asked for, with how it was made written into it (S2-010…S2-012, S2-074).

use crate::{
    decode, encode, fit,
    recipe::{self, Recipe},
};
use image::DynamicImage;
use palitra_domain::media_type::FileFormat;
use std::borrow::Cow;

/// Quality of a JPEG or WebP that is written here.
const QUALITY: u8 = 92;

/// What is asked for; nothing is changed that nobody asked to change.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// PNG, JPEG or WebP.
    pub format: Option<FileFormat>,
    /// In pixels, exactly: a picture of other proportions is cropped.
    pub size: Option<(u32, u32)>,
    /// Written into the file. `Some` of an empty one leaves the mark of pictures that a model has made, and no words.
    pub recipe: Option<Recipe>,
}

/// Why a picture cannot leave like that.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Decode(#[from] decode::Error),
    #[error(transparent)]
    Encode(#[from] encode::Error),
    #[error(transparent)]
    Recipe(#[from] recipe::Error),
}

/// The file as it leaves; itself where it is right already.
pub fn export<'a>(file: &'a [u8], export: &Export) -> Result<Cow<'a, [u8]>, Error> {
    let header = decode::header(file)?;
    let format = export.format.unwrap_or(header.format);
    let size = export.size.filter(|size| *size != (header.width, header.height));
    let mut made = Cow::Borrowed(file);
    if size.is_some() || format != header.format {
        let picture = decode::decode(file)?.pixels;
        let picture = match size {
            Some(size) => fit::exact(&picture, size),
            None => picture,
        };
        made = Cow::Owned(encoded(&picture, format)?);
    }
    Ok(match &export.recipe {
        Some(recipe) => {
            let words = (*recipe != Recipe::default()).then_some(recipe);
            Cow::Owned(recipe::write(&made, words)?)
        }
        None => made,
    })
}

/// Transparency becomes white in a JPEG.
fn encoded(picture: &DynamicImage, format: FileFormat) -> Result<Vec<u8>, encode::Error> {
    match format {
        FileFormat::Jpeg => encode::jpeg(&on_white(picture), QUALITY),
        FileFormat::WebP => encode::webp(picture, QUALITY),
        _ => encode::png(picture),
    }
}

/// The picture over white.
pub(crate) fn on_white(picture: &DynamicImage) -> image::RgbImage {
    let DynamicImage::ImageRgba8(pixels) = picture else { return picture.to_rgb8() };
    let mut white = image::RgbaImage::from_pixel(pixels.width(), pixels.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut white, pixels, 0, 0);
    DynamicImage::ImageRgba8(white).into_rgb8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn picture() -> DynamicImage {
        let byte = |value: u32| u8::try_from(value).unwrap();
        DynamicImage::ImageRgb8(RgbImage::from_fn(120, 80, |x, y| Rgb([byte(x * 2), byte(y * 3), 90])))
    }

    #[test]
    fn s2_074_a_webp_leaves_as_a_png_with_the_same_pixels() {
        let file = encode::webp_lossless(&picture()).unwrap();
        let as_png = Export { format: Some(FileFormat::Png), ..Export::default() };
        let png = export(&file, &as_png).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert_eq!(decode::decode(&png).unwrap().pixels, picture());
    }

    #[test]
    fn s2_010_it_leaves_in_exactly_the_size_that_was_asked_for_with_its_recipe() {
        let file = encode::png(&picture()).unwrap();
        let recipe = Recipe { prompt: "рыжий кот".to_owned(), ..Recipe::default() };
        let asked = Export { size: Some((64, 64)), recipe: Some(recipe.clone()), ..Export::default() };
        let made = export(&file, &asked).unwrap();
        let header = decode::header(&made).unwrap();
        assert_eq!((header.width, header.height), (64, 64));
        assert_eq!(recipe::read(&made).unwrap().unwrap().prompt, recipe.prompt);
        let plain = export(&file, &Export { size: Some((120, 80)), ..Export::default() }).unwrap();
        assert!(matches!(plain, Cow::Borrowed(_)), "what is right is not touched");
    }
}
