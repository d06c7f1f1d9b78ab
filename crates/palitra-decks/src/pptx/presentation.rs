//! The main part of a presentation: how large its slides are, and which parts they are, in order.

use super::error::PptxError;
use super::package::Package;
use super::{relations, too_many, xml};
use crate::{DeckError, SLIDES_MAX};

/// Lengths are EMU, 914,400 to the inch.
pub(super) struct Presentation {
    pub(super) width: i64,
    pub(super) height: i64,
    /// Names of parts, each once, hidden slides too.
    pub(super) slides: Vec<String>,
}

/// PowerPoint's own bounds of a slide, 1 to 56 inches (ECMA-376-1, ST_SlideSizeCoordinate).
const SIZES: std::ops::RangeInclusive<i64> = 914_400..=51_206_400;

pub(super) fn presentation(package: &mut Package<'_>) -> Result<Presentation, DeckError> {
    let start = relations::relations(package, "")?;
    let main = start.into_iter().find(|relation| relation.kind == "officeDocument");
    let Some(main) = main.map(|relation| relation.target) else {
        return Err(other_document(package));
    };
    let text = package.text(&main)?;
    let document = xml::parse(&main, &text)?;
    let root = document.root_element();
    match root.tag_name().name() {
        "presentation" => {}
        "document" => return Err(DeckError::Unsupported { kind: "Word" }),
        "workbook" => return Err(DeckError::Unsupported { kind: "Excel" }),
        _ => return Err(PptxError::NoPresentation.into()),
    }
    let size = |name| {
        let size = xml::child(root, "sldSz").and_then(|size| xml::number(size, name))?;
        SIZES.contains(&size).then_some(size)
    };
    let (width, height) = size("cx").zip(size("cy")).unwrap_or((9_144_000, 6_858_000)); // the schema's default
    let named = relations::relations(package, &main)?;
    let ids = xml::child(root, "sldIdLst").map(|list| list.children().filter(|node| xml::is(*node, "sldId")));
    let ids: Vec<&str> =
        ids.into_iter().flatten().filter_map(|node| xml::relation_attribute(node, "id")).collect();
    if ids.len() > SLIDES_MAX {
        return Err(too_many(ids.len()));
    }
    let mut slides: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        let slide = named.iter().find(|relation| relation.id == id);
        let missing = || PptxError::MissingPart { part: format!("{main}#{id}") };
        let target = slide.ok_or_else(missing)?.target.clone();
        if !package.has(&target) {
            return Err(PptxError::MissingPart { part: target }.into());
        }
        if slides.contains(&target) {
            return Err(PptxError::BadPart { part: target, reason: "is two slides at once" }.into());
        }
        slides.push(target);
    }
    if slides.is_empty() {
        return Err(PptxError::NoSlides.into());
    }
    Ok(Presentation { width, height, slides })
}

/// A zip that is no Office file.
fn other_document(package: &Package<'_>) -> DeckError {
    if package.has("mimetype") && package.has("content.xml") {
        return DeckError::Unsupported { kind: "OpenDocument" };
    }
    PptxError::NoPresentation.into()
}
