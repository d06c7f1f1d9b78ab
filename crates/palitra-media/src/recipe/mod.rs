//! How a picture was made, written into its file without touching a pixel, and taken out again: the recipe as text for people and
//! programs, and the mark of pictures made by a model (IPTC `DigitalSourceType`).
//!
//! PNG carries the recipe twice: as `parameters`, which every viewer of prompts reads, and in XMP. JPEG and WebP carry XMP.

mod place;
mod xmp;

use crate::Broken;
use palitra_domain::media_type::FileFormat;

/// The longest recipe, in bytes: it has to fit a JPEG segment with what is around it, escaped.
pub const RECIPE_BYTES_MAX: usize = 10_000;

/// What a picture was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    pub prompt: String,
    pub negative: Option<String>,
    /// In order: `Steps`, `Seed`, `Size`, `Model`, … Neither names nor values hold a line break.
    pub settings: Vec<(String, String)>,
}

/// Why nothing was written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a recipe goes into PNG, JPEG and WebP")]
    Format,
    #[error("the recipe has {bytes} bytes, more than {RECIPE_BYTES_MAX}")]
    TooLong { bytes: usize },
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl Recipe {
    /// The form of AUTOMATIC1111: the prompt, `Negative prompt: …`, and a line of `Name: value` by commas; values with a comma, a colon or
    /// a quote are in quotes, as JSON does it.
    pub fn to_text(&self) -> String {
        let mut text = self.prompt.clone();
        if let Some(negative) = &self.negative {
            text += "\nNegative prompt: ";
            text += negative;
        }
        let settings = self.settings.iter().map(|(name, value)| {
            let name = one_line(name);
            match value.contains([',', ':', '"', '\\', '\n', '\r']) {
                true => format!("{name}: {}", serde_json::Value::from(value.as_str())),
                false => format!("{name}: {value}"),
            }
        });
        let settings = settings.collect::<Vec<_>>().join(", ");
        if !settings.is_empty() {
            text += "\n";
            text += &settings;
        }
        text
    }

    /// Reads that form. The last line holds settings when its first one has a name; without such a line all is prompt.
    pub fn parse(text: &str) -> Recipe {
        let (words, settings) = match text.rsplit_once('\n') {
            Some((words, last)) => match settings(last) {
                Some(settings) => (words, settings),
                None => (text, Vec::new()),
            },
            None => (text, Vec::new()),
        };
        let (prompt, negative) = match words.split_once("\nNegative prompt: ") {
            Some((prompt, negative)) => (prompt, Some(negative.to_owned())),
            None => (words, None),
        };
        Recipe { prompt: prompt.to_owned(), negative, settings }
    }
}

/// The file with the mark of a model's work and, if given, its recipe. What [`write`] put there before is replaced.
pub fn write(file: &[u8], recipe: Option<&Recipe>) -> Result<Vec<u8>, Error> {
    let text = recipe.map(Recipe::to_text);
    if let Some(text) = text.as_ref().filter(|text| text.len() > RECIPE_BYTES_MAX) {
        return Err(Error::TooLong { bytes: text.len() });
    }
    let file = strip(file)?;
    let text = text.as_deref();
    match FileFormat::of(&file) {
        Some(FileFormat::Png) => Ok(place::write_png(&file, text)?),
        Some(FileFormat::Jpeg) => Ok(place::write_jpeg(&file, text)?),
        Some(FileFormat::WebP) => Ok(place::write_webp(&file, text)?),
        _ => Err(Error::Format),
    }
}

/// The file as it was before [`write`], byte for byte: for the download without the prompt. Other programs' metadata stay; [`clean`]
/// removes them.
///
/// [`clean`]: crate::clean::clean
pub fn strip(file: &[u8]) -> Result<Vec<u8>, Error> {
    match FileFormat::of(file) {
        Some(FileFormat::Png) => Ok(place::strip_png(file)?),
        Some(FileFormat::Jpeg) => Ok(place::strip_jpeg(file)?),
        Some(FileFormat::WebP) => Ok(place::strip_webp(file)?),
        _ => Err(Error::Format),
    }
}

/// The recipe in a file: ours, or a PNG's `parameters` of any program.
pub fn read(file: &[u8]) -> Result<Option<Recipe>, Error> {
    let text = match FileFormat::of(file) {
        Some(FileFormat::Png) => place::read_png(file)?,
        Some(FileFormat::Jpeg) => place::read_jpeg(file)?,
        Some(FileFormat::WebP) => place::read_webp(file)?,
        _ => return Err(Error::Format),
    };
    Ok(text.map(|text| Recipe::parse(&text)))
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', ':', ','], " ")
}

/// `Steps: 20, Model: "a, b"`; `None` when the line is none of settings.
fn settings(line: &str) -> Option<Vec<(String, String)>> {
    let mut settings = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest.split_once(": ")?;
        if name.is_empty() || name.contains([',', '"']) {
            return None;
        }
        let (value, next) = if after.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
            let value = values.next()?.ok()?;
            (value, after.get(values.byte_offset()..)?)
        } else {
            let end = after.find(", ").unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        settings.push((name.to_owned(), value));
        rest = match next.strip_prefix(", ") {
            Some(rest) => rest,
            None if next.is_empty() => next,
            None => return None,
        };
    }
    (!settings.is_empty()).then_some(settings)
}
