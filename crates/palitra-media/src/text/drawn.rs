//! What came of drawing: where the text stands, what had to be changed to make it fit and read, or why there is none.

use super::colour::Colour;

/// What was drawn, in pixels of the picture that was drawn on.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The lines, from above the first one's capitals to below the last one's descenders.
    pub text: Rect,
    pub plate: Option<Rect>,
    /// The size of the type; smaller than asked for where `shrunk`.
    pub size_px: f32,
    /// The text did not fit in the size that was asked for.
    pub shrunk: bool,
    /// Nor did it fit in the least size, or is longer than is ever drawn: it ends in `…`.
    pub cut: bool,
    pub lines: usize,
    pub ink: Colour,
    /// The outline's colour where there is one; `outline_added` where the style left it open and the ink needed it.
    pub outline: Option<Colour>,
    pub outline_added: bool,
    /// Contrast of the ink with what is beside it: its outline, or else the lightest and darkest of what is behind the text
    /// (without the outermost twentieths), whichever is nearer to the ink. WCAG 2.2, 1 … 21.
    pub contrast: f32,
    /// Characters no bundled font has and no emoji is made of; they were left out. At most 64.
    pub missing: Vec<char>,
}

/// Whole pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// Why nothing was drawn; the picture is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no text to draw")]
    Empty,
    #[error("the text has more than {max} characters")]
    TooLong { max: usize },
    #[error("no bundled font has any of these characters: {missing:?}")]
    NoGlyphs { missing: Vec<char> },
    #[error("a picture of {width} × {height} pixels has no room for text within these margins")]
    NoRoom { width: u32, height: u32 },
    #[error("`{field}` is {value}, it must be {min} … {max}")]
    OutOfBounds { field: &'static str, value: u16, min: u16, max: u16 },
}
