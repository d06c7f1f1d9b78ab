//! From a file to pixels as people see them: upright, in sRGB, eight bits a channel. Every bound is checked on the header, before
//! memory is taken.

use crate::color::Profile;
use crate::container::{self, Broken, jpeg, png, webp};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use palitra_domain::media_type::FileFormat;
use std::io::Cursor;

/// The longest side that is decoded, in pixels.
pub const SIDE_MAX: u32 = 16_384;
/// The most pixels: 64 million.
pub const PIXELS_MAX: u64 = 64_000_000;
/// The most memory that decoding may need at its peak: 512 MiB.
pub const MEMORY_BYTES_MAX: u64 = 512 << 20;
/// The most scans of a progressive JPEG: cameras and programs write about ten, and each costs a walk over the picture.
pub const SCANS_MAX: usize = 64;
/// Deflate makes at most this many bytes out of one.
const DEFLATE_RATIO_MAX: u64 = 1032;

/// Why a picture was not decoded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the file is no picture")]
    NotAPicture,
    #[error("pictures in {format:?} are not read: {reason}")]
    Unsupported { format: FileFormat, reason: &'static str },
    #[error("{width}×{height} is more than {SIDE_MAX} a side or {PIXELS_MAX} pixels")]
    TooManyPixels { width: u32, height: u32 },
    #[error("decoding would need {needed} bytes of memory")]
    TooMuchMemory { needed: u64 },
    #[error("the picture comes in {scans} scans")]
    TooManyScans { scans: usize },
    #[error("the file is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Error {
        Error::Damaged(Box::new(broken))
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Error {
        Error::Damaged(Box::new(error))
    }
}

/// What a file says of itself before its pixels are decoded.
#[derive(Debug)]
pub struct Header {
    pub format: FileFormat,
    /// As shown: after the file's orientation was applied.
    pub width: u32,
    pub height: u32,
    pub is_animated: bool,
    /// What decoding needs at its peak.
    pub memory_bytes: u64,
    pub(crate) orientation: Orientation,
    pub(crate) profile: Profile,
}

/// A decoded picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// `ImageRgba8` when something is transparent, else `ImageRgb8`.
    pub pixels: DynamicImage,
    pub format: FileFormat,
    /// The file has more frames than this first one.
    pub is_animated: bool,
}

/// Reads a picture's header and checks every bound on it; takes no memory for pixels.
pub fn header(file: &[u8]) -> Result<Header, Error> {
    open(file).map(|(header, _)| header)
}

/// Decodes a picture: its first frame, upright, in sRGB. JPEG (also CMYK), PNG, WebP, GIF and BMP are read.
///
/// # Errors
/// For files that are no picture of these formats, exceed a bound, or end before they are whole.
pub fn decode(file: &[u8]) -> Result<Picture, Error> {
    let (header, decoder) = open(file)?;
    let pixels = DynamicImage::from_decoder(decoder)?;
    let mut pixels = eight_bits(header.profile.to_srgb(pixels));
    pixels.apply_orientation(header.orientation);
    Ok(Picture { pixels, format: header.format, is_animated: header.is_animated })
}

fn open(file: &[u8]) -> Result<(Header, impl ImageDecoder), Error> {
    let format = FileFormat::of(file).ok_or(Error::NotAPicture)?;
    let outline = outline(file, format)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(file), outline.format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(Error::TooManyPixels { width, height });
    }
    if pixels == 0 {
        return Err(Broken("a picture without pixels").into());
    }
    // The decoder's own output, what it works on, and the eight-bit copy.
    let needed = decoder.total_bytes() + pixels * (outline.work_bytes + 4);
    if needed > MEMORY_BYTES_MAX {
        return Err(Error::TooMuchMemory { needed });
    }
    if format == FileFormat::Png && decoder.total_bytes() / 8 / DEFLATE_RATIO_MAX > outline.compressed_bytes {
        return Err(Broken("the PNG has fewer bytes than its size needs").into());
    }
    let profile = Profile::of(decoder.icc_profile()?.as_deref(), decoder.color_type().has_color());
    let orientation = decoder.orientation()?;
    let turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = if turned { (height, width) } else { (width, height) };
    let header = Header {
        format,
        width,
        height,
        is_animated: outline.is_animated,
        memory_bytes: needed,
        orientation,
        profile,
    };
    Ok((header, decoder))
}

/// What the container tells without decoding anything.
struct Outline {
    format: ImageFormat,
    is_animated: bool,
    /// What the decoder keeps for a pixel besides its output.
    work_bytes: u64,
    compressed_bytes: u64,
}

fn outline(file: &[u8], format: FileFormat) -> Result<Outline, Error> {
    let unsupported = |reason| Err(Error::Unsupported { format, reason });
    let outline = |format, is_animated, work_bytes| {
        let compressed_bytes = u64::try_from(file.len()).unwrap_or(u64::MAX);
        Outline { format, is_animated, work_bytes, compressed_bytes }
    };
    match format {
        FileFormat::Jpeg => {
            let segments = jpeg::segments(file)?;
            let scans = segments.iter().filter(|segment| segment.marker == jpeg::SCAN).count();
            if scans > SCANS_MAX {
                return Err(Error::TooManyScans { scans });
            }
            let frame = segments.iter().find(|segment| segment.channels().is_some());
            let frame = frame.ok_or(Broken("the JPEG has no frame"))?;
            // Two bytes a coefficient, kept until the last scan.
            let progressive = frame.is_progressive() || scans > 1;
            let work = if progressive { 2 * u64::from(frame.channels().unwrap_or(4)) } else { 0 };
            Ok(outline(ImageFormat::Jpeg, false, work))
        }
        FileFormat::Png => {
            let chunks = png::chunks(file)?;
            let frames = chunks.iter().find(|chunk| &chunk.name == b"acTL");
            let frames = frames.and_then(|chunk| container::be32(chunk.data(), 0)).unwrap_or(1);
            Ok(outline(ImageFormat::Png, frames > 1, 0))
        }
        FileFormat::WebP => {
            let chunks = webp::chunks(file)?;
            let frames = chunks.iter().filter(|chunk| &chunk.name == b"ANMF").count();
            Ok(outline(ImageFormat::WebP, frames > 1, 4))
        }
        FileFormat::Gif => Ok(outline(ImageFormat::Gif, container::gif::frames(file)? > 1, 4)),
        FileFormat::Bmp => Ok(outline(ImageFormat::Bmp, false, 0)),
        FileFormat::Heic => unsupported("its compression is patented; save the photo as JPEG"),
        FileFormat::Avif => unsupported("save it as PNG, JPEG or WebP"),
        FileFormat::Tiff => unsupported("save it as PNG or JPEG"),
        FileFormat::Mp4 | FileFormat::Mp3 | FileFormat::Ogg | FileFormat::Wav => Err(Error::NotAPicture),
    }
}

/// Eight bits a channel; without an alpha channel in which nothing is transparent.
fn eight_bits(pixels: DynamicImage) -> DynamicImage {
    if !pixels.color().has_alpha() {
        return DynamicImage::ImageRgb8(pixels.into_rgb8());
    }
    let pixels = pixels.into_rgba8();
    let opaque = pixels.as_raw().chunks_exact(4).all(|pixel| pixel[3] == u8::MAX);
    let pixels = DynamicImage::ImageRgba8(pixels);
    if opaque { DynamicImage::ImageRgb8(pixels.into_rgb8()) } else { pixels }
}
