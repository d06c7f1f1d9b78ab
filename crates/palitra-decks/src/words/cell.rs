//! One cell: its text on one line, and what a cell of the columns `image` and `audio` says.

/// What a cell of `image` or `audio` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    Nothing,
    Wish(bool),
    /// The file that is already there.
    File,
}

const YES: [&str; 10] = ["1", "yes", "y", "true", "on", "x", "да", "д", "истина", "+"];
const NO: [&str; 10] = ["0", "no", "n", "false", "off", "none", "нет", "н", "ложь", "-"];
const FILES: [&str; 17] = [
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".avif", ".bmp", ".mp3", ".ogg", ".opus", ".oga",
    ".wav", ".m4a", ".aac", ".flac", ".mp4",
];

/// `None` for what is neither.
pub(crate) fn flag(cell: &str) -> Option<Flag> {
    let cell = cell.trim().to_lowercase();
    let is = |words: &[&str]| words.contains(&cell.as_str());
    if cell.is_empty() {
        Some(Flag::Nothing)
    } else if is(&YES) {
        Some(Flag::Wish(true))
    } else if is(&NO) {
        Some(Flag::Wish(false))
    } else if has_picture(&cell) || has_sound(&cell) || is_file(&cell) {
        Some(Flag::File)
    } else {
        None
    }
}

fn is_file(cell: &str) -> bool {
    cell.starts_with("http://") || cell.starts_with("https://") || FILES.iter().any(|end| cell.ends_with(end))
}

/// A picture as Anki writes it into a field.
pub(crate) fn has_picture(html: &str) -> bool {
    crate::text::find_ignoring_case(html, "<img").is_some()
}

/// A sound as Anki writes it into a field.
pub(crate) fn has_sound(html: &str) -> bool {
    html.contains("[sound:")
}

/// Trimmed, every run of spaces and line ends one space; `None` when nothing is left.
pub(crate) fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> = trimmed(text).split_whitespace().collect();
    (!words.is_empty()).then(|| composed(&words.join(" ")))
}

/// Trimmed, with its lines; `None` when nothing is left.
pub(crate) fn lines(text: &str) -> Option<String> {
    let text = trimmed(text);
    (!text.is_empty()).then(|| composed(text))
}

/// A letter and its mark are one character (NFC), as Anki keeps them: `й` of a Mac is the `й` of everybody else.
pub(crate) fn composed(text: &str) -> String {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Without blanks at both ends, and without the marks that nobody sees and that make two equal words two.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0'))
}
