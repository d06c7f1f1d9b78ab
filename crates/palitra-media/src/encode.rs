//! From pixels to files: JPEG, PNG and WebP, and PNG made smaller without touching a pixel.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageEncoder, RgbImage};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

/// The longest side of a WebP, by its format.
pub const WEBP_SIDE_MAX: u32 = 16_383;

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{width}×{height} does not fit the format")]
    Size { width: u32, height: u32 },
    #[error("the encoder failed")]
    Encoder(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn encoder(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Encoder(Box::new(error))
}

/// JPEG of a quality of 1 to 100 on libjpeg's scale, with halved colour below 90.
pub fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, Error> {
    let (width, height) = picture.dimensions();
    let side = |side| u16::try_from(side).map_err(|_| Error::Size { width, height });
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality.clamp(1, 100));
    encoder.set_sampling_factor(if quality < 90 { SamplingFactor::F_2_2 } else { SamplingFactor::F_1_1 });
    // The encoder's own choice takes one pixel of four: more bytes for worse colours.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode(picture.as_raw(), side(width)?, side(height)?, ColorType::Rgb).map_err(self::encoder)?;
    Ok(file)
}

/// PNG for the hot path: a tenth of the time and some per cent more bytes than [`png_small`].
pub fn png(picture: &DynamicImage) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive)
        .write_image(picture.as_bytes(), picture.width(), picture.height(), picture.color().into())
        .map_err(encoder)?;
    Ok(file)
}

/// A PNG file with the same pixels in fewer bytes, or itself when there is nothing to gain (S2-088); chunks stay as they are. Takes
/// seconds for large pictures: off the hot path.
pub fn png_small(file: &[u8]) -> Result<Vec<u8>, Error> {
    let options = oxipng::Options {
        optimize_alpha: false,
        strip: oxipng::StripChunks::None,
        ..oxipng::Options::from_preset(2)
    };
    let small = oxipng::optimize_from_memory(file, &options).map_err(encoder)?;
    Ok(if small.len() < file.len() { small } else { file.to_vec() })
}

/// WebP with losses, of a quality of 0 to 100; transparency stays exact.
pub fn webp(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Error> {
    let mut config =
        webp::WebPConfig::new().map_err(|()| Error::Encoder("libwebp of another version".into()))?;
    config.quality = f32::from(quality.min(100));
    // Of 0 to 6: the fourth costs thrice the time for a tenth of the bytes.
    config.method = 2;
    webp_with(picture, &config)
}

/// WebP without losses.
pub fn webp_lossless(picture: &DynamicImage) -> Result<Vec<u8>, Error> {
    check_webp(picture)?;
    let mut file = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .write_image(picture.as_bytes(), picture.width(), picture.height(), picture.color().into())
        .map_err(encoder)?;
    Ok(file)
}

fn webp_with(picture: &DynamicImage, config: &webp::WebPConfig) -> Result<Vec<u8>, Error> {
    check_webp(picture)?;
    let (width, height) = (picture.width(), picture.height());
    let other;
    let encoder = match picture {
        DynamicImage::ImageRgb8(rgb) => webp::Encoder::from_rgb(rgb.as_raw(), width, height),
        DynamicImage::ImageRgba8(rgba) => webp::Encoder::from_rgba(rgba.as_raw(), width, height),
        picture => {
            other = picture.to_rgba8();
            webp::Encoder::from_rgba(other.as_raw(), width, height)
        }
    };
    let file =
        encoder.encode_advanced(config).map_err(|error| Error::Encoder(format!("{error:?}").into()))?;
    Ok(file.to_vec())
}

fn check_webp(picture: &DynamicImage) -> Result<(), Error> {
    let (width, height) = (picture.width(), picture.height());
    let fits = width.max(height) <= WEBP_SIDE_MAX && width.min(height) > 0;
    if fits { Ok(()) } else { Err(Error::Size { width, height }) }
}
