//! What a part of a presentation points at: its relationships, which stand in a part of their own.

use super::error::PptxError;
use super::package::Package;
use super::xml;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) id: String,
    /// The last word of its type: `slide`, `slideLayout`, `notesSlide`, `image`. What stands before it differs between strict and transitional.
    pub(super) kind: String,
    /// The name of the part; for something outside the file as it is written.
    pub(super) target: String,
}

/// The part with the relationships of a part: `ppt/slides/_rels/slide1.xml.rels`.
pub(super) fn part_of(part: &str) -> String {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}_rels/{name}.rels")
}

/// None where there is no such part: a part need not point at anything. `""` is the package itself.
pub(super) fn relations(package: &mut Package<'_>, part: &str) -> Result<Vec<Relation>, PptxError> {
    let from = part_of(part);
    if !package.has(&from) {
        return Ok(Vec::new());
    }
    let text = package.text(&from)?;
    parse(part, &from, &text)
}

/// `text` is the part `from`, which holds the relationships of `part`.
pub(super) fn parse(part: &str, from: &str, text: &str) -> Result<Vec<Relation>, PptxError> {
    let document = xml::parse(from, text)?;
    let relation = |node: roxmltree::Node<'_, '_>| {
        let target = node.attribute("Target")?;
        let external = node.attribute("TargetMode") == Some("External");
        Some(Relation {
            id: node.attribute("Id")?.to_owned(),
            kind: node.attribute("Type")?.rsplit('/').next()?.to_owned(),
            target: if external { target.to_owned() } else { resolved(part, target) },
        })
    };
    let nodes = document.root_element().children().filter(|node| xml::is(*node, "Relationship"));
    Ok(nodes.filter_map(relation).collect())
}

/// The name of the part that `target` is, seen from `part`.
fn resolved(part: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut folders: Vec<&str> = part.split('/').collect();
    folders.pop();
    if target.starts_with('/') {
        folders.clear();
    }
    for name in target.split('/').filter(|name| !matches!(*name, "" | ".")) {
        if name == ".." {
            folders.pop();
        } else {
            folders.push(name);
        }
    }
    folders.join("/")
}

#[cfg(test)]
mod tests {
    use super::{part_of, resolved};

    #[test]
    fn s0_40_targets_are_found_from_where_they_are_named() {
        let cases = [
            (
                "ppt/slides/slide1.xml",
                "../slideLayouts/slideLayout2.xml",
                "ppt/slideLayouts/slideLayout2.xml",
            ),
            ("ppt/presentation.xml", "slides/slide1.xml", "ppt/slides/slide1.xml"),
            ("ppt/presentation.xml", "/ppt/slides/slide1.xml", "ppt/slides/slide1.xml"),
            ("", "ppt/presentation.xml", "ppt/presentation.xml"),
            ("", "./ppt//presentation.xml", "ppt/presentation.xml"),
            ("ppt/slides/slide1.xml", "..\\media\\image1.png", "ppt/media/image1.png"),
            ("a.xml", "../../../etc/passwd", "etc/passwd"),
        ];
        for (part, target, name) in cases {
            assert_eq!(resolved(part, target), name, "{part} {target}");
        }
        assert_eq!(part_of(""), "_rels/.rels");
        assert_eq!(part_of("ppt/slides/slide1.xml"), "ppt/slides/_rels/slide1.xml.rels");
    }
}
