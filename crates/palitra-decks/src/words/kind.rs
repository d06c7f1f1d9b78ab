//! Which reader a list goes to, by its name and, where the name says nothing, by its content.

use super::{WordsError, delimiter};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Text,
    Json,
    Anki,
    /// Some text; what kind is seen when it is decoded.
    Unknown,
}

/// `None` when the extension is unknown or missing: then the content decides.
pub(crate) fn of_name(name: &str) -> Result<Option<Kind>, WordsError> {
    let extension =
        name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let kind = match extension.as_str() {
        "csv" | "tsv" | "tab" => return Ok(Some(Kind::Table)),
        "txt" => return Ok(Some(Kind::Text)),
        "json" => return Ok(Some(Kind::Json)),
        "apkg" | "colpkg" => return Ok(Some(Kind::Anki)),
        "xlsx" | "xls" | "xlsm" => "Excel",
        "ods" => "OpenDocument",
        "docx" | "doc" | "rtf" => "Word",
        "pdf" => "PDF",
        "html" | "htm" => "HTML",
        "pptx" | "ppt" => "PowerPoint",
        _ => return Ok(None),
    };
    Err(WordsError::Unsupported { kind })
}

/// By the first bytes.
pub(crate) fn of_content(bytes: &[u8]) -> Result<Kind, WordsError> {
    if bytes.starts_with(b"%PDF-") {
        return Err(WordsError::Unsupported { kind: "PDF" });
    }
    // A zip that is no Anki package is told apart, by its members, where packages are opened.
    Ok(if bytes.starts_with(b"PK\x03\x04") { Kind::Anki } else { Kind::Unknown })
}

/// By the text: JSON begins with a bracket and a quote, a table has a delimiter in most of its rows.
pub(crate) fn of_text(text: &str) -> Kind {
    let mut marks = text.chars().filter(|c| !c.is_whitespace());
    match (marks.next(), marks.next()) {
        (Some('{'), Some('"' | '}')) | (Some('['), Some('{' | '"' | ']')) => Kind::Json,
        _ if delimiter::find(text).is_some() => Kind::Table,
        _ => Kind::Text,
    }
}
