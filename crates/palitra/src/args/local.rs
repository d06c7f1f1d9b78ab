//! Commands that this machine carries out by itself: `text`, `convert`, `contact-sheet`.

use super::{Making, values};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const TEXT_EXAMPLES: &str = "\
Examples:
  palitra text cat.png \"Доброе утро ☀️\" -o card.png
  palitra text cat.png \"Good morning\" --wish \"large, yellow, at the top, plate 50%\"
  palitra text cat.png \"С днём рождения! 🎂\" --wish \"крупно, снизу, отступ 10%, плашка с размытием\"";

#[derive(Debug, Args)]
pub struct Text {
    /// The picture
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// What to write on it, with emoji and line breaks; `-` takes it from a pipe
    #[arg(value_name = "TEXT")]
    pub text: String,
    /// How it should look, in your own words, Russian or English: size, place, colour, plate, typeface
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub wish: String,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const CONVERT_EXAMPLES: &str = "\
Examples:
  palitra convert photo.png -o photo.jpg
  palitra convert photo.jpg -o small.webp --size 1024x768 --quality 80
  palitra convert photo.jpg -o warm.png --turn right --filter warmth=30 --filter vignette=20
  palitra convert city.png -o to-show.png --strip";

#[derive(Debug, Args)]
pub struct Convert {
    /// The picture
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// png, jpeg or webp [default: as the name after -o says, else png]
    #[arg(long, value_name = "FORMAT", value_parser = ["png", "jpeg", "webp"])]
    pub to: Option<String>,
    /// In exactly this size: cropped to its proportions, then scaled
    #[arg(long, value_name = "WxH")]
    pub size: Option<String>,
    /// 1 to 100, of JPEG and WebP
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub quality: Option<u32>,
    /// Only this part: left, top, width and height in pixels
    #[arg(long, value_name = "L,T,W,H", value_parser = values::crop)]
    pub crop: Option<[u32; 4]>,
    /// A quarter to the right, to the left, or upside down
    #[arg(long, value_name = "WAY", value_parser = ["right", "left", "around"])]
    pub turn: Option<String>,
    /// Left and right change places
    #[arg(long)]
    pub mirror: bool,
    /// brightness, contrast, saturation, warmth (-100 to 100); grayscale, sepia, vignette, sharpen (0 to 100); blur (0 to 50); may be repeated
    #[arg(long = "filter", value_name = "NAME=AMOUNT", value_parser = values::filter, allow_hyphen_values = true)]
    pub filters: Vec<(String, i32)>,
    /// Only takes out what is hidden in the file (place, camera, prompt), and changes no pixel
    #[arg(long, conflicts_with_all = ["to", "size", "quality", "crop", "turn", "mirror", "filters", "small"])]
    pub strip: bool,
    /// A PNG in the fewest bytes: the same pixels, some seconds more
    #[arg(long, conflicts_with = "quality")]
    pub small: bool,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const CONTACT_SHEET_EXAMPLES: &str = "\
Examples:
  palitra contact-sheet a.png b.jpg c.webp -o sheet.png
  palitra contact-sheet shots/*.jpg -o sheet.png --title \"Отпуск 2025 🌊\"
  palitra contact-sheet shots/*.jpg -o sheet.png --captions none
  palitra contact-sheet sample.png -o card.png --title \"Акварель\" --card \"мягкие края, тёплый свет\"";

/// What stands under each picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Captions {
    /// The names of the files
    Names,
    /// Nothing
    None,
}

#[derive(Debug, Args)]
pub struct ContactSheet {
    /// One to a hundred pictures, in this order
    #[arg(value_name = "IMAGE", required = true, num_args = 1..=100)]
    pub images: Vec<PathBuf>,
    /// A line above all of them
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// What stands under each
    #[arg(long, value_enum, default_value = "names")]
    pub captions: Captions,
    /// Instead of a sheet, the card of a style: one picture, `--title` as its name and this line about it
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", requires = "title")]
    pub card: Option<String>,
    #[command(flatten)]
    pub making: Making,
}
