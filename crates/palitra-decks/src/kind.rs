//! Which reader a file goes to: by what its first bytes are where they say it, by its name, and by its first characters.

use crate::{DeckError, pptx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Markdown,
    Json,
    Pptx,
}

/// Office files begin with bytes that no text begins with.
pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Kind> {
    pptx::is_office_file(bytes).then_some(Kind::Pptx)
}

/// `None` when the extension is unknown or missing: then the content decides.
pub(crate) fn of_name(name: &str) -> Result<Option<Kind>, DeckError> {
    let extension =
        name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let kind = match extension.as_str() {
        "md" | "markdown" | "mdown" | "mkd" | "marp" => return Ok(Some(Kind::Markdown)),
        "json" => return Ok(Some(Kind::Json)),
        "pptx" | "pptm" | "ppsx" | "ppsm" | "potx" | "potm" | "ppt" | "pps" | "pot" => {
            return Ok(Some(Kind::Pptx));
        }
        "odp" => "OpenDocument",
        "key" => "Keynote",
        "pdf" => "PDF",
        "docx" | "doc" => "Word",
        "html" | "htm" => "HTML",
        _ => return Ok(None),
    };
    Err(DeckError::Unsupported { kind })
}

/// A deck in JSON is an object or an array of objects; a Markdown deck may begin with a bracket too, but not with these.
pub(crate) fn of_content(text: &str) -> Kind {
    let mut marks = text.chars().filter(|c| !c.is_whitespace());
    match (marks.next(), marks.next()) {
        (Some('{'), Some('"' | '}')) | (Some('['), Some('{' | ']')) => Kind::Json,
        _ => Kind::Markdown,
    }
}
