//! Writes a presentation with pictures in it: the presentation itself, every part that has nothing to do with a picture copied as it was packed.

use super::backdrop::Backdrop;
use super::edit::{self, Edit, escaped};
use super::error::{IllustrateError, PptxError};
use super::frame::{Frame, Pixels};
use super::package::Package;
use super::picture::{self, Drawn};
use super::presentation::{Presentation, presentation};
use super::relations::{self, Relation};
use super::shape::shapes;
use super::spot::{Spot, spot};
use super::xml;
use palitra_domain::media_type::FileFormat;
use roxmltree::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A picture for a slide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PptxPicture {
    /// [`crate::Slide::number`] of the slide. At most one picture each; of two the later counts.
    pub slide: u32,
    /// PNG or JPEG.
    pub format: FileFormat,
    /// Pixels, not 0.
    pub width: u32,
    pub height: u32,
    /// What the picture shows, for those who do not see it: the prompt or the slide's title.
    pub alt: String,
}

/// How a picture was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Where our picture of an earlier run was.
    Replaced,
    /// In an empty placeholder for pictures or content.
    Placeholder,
    /// On a free part of the slide.
    Free,
    /// Beside the slide's text, or below it on an upright page; the text was moved together for it.
    Beside,
    /// Nowhere: the slide is full and stays as it is.
    NoRoom,
}

/// Opens the file of a picture.
type Open<'o> = dyn FnMut(&PptxPicture) -> io::Result<Box<dyn Read>> + 'o;

trait Target: Write + Seek {}
impl<T: Write + Seek> Target for T {}

/// Writes the presentation `original` to `out`, with pictures on their slides, and answers how each was placed, in the order of slides.
///
/// `open` opens the file of one picture when its turn to be written comes, so that no more than one need be in memory; a picture without room
/// is not asked for. A picture is never distorted, and only cut where a placeholder for pictures asks for it; it has its description, and is found
/// by its name the next time: illustrating the result again replaces the pictures, and with the same ones changes nothing. Our picture on
/// a slide that is given none stays. Everything else stays byte for byte, but for the text that makes room ([`Placement::Beside`]).
pub fn illustrated_pptx(
    original: &[u8],
    pictures: &[PptxPicture],
    mut open: impl FnMut(&PptxPicture) -> io::Result<Box<dyn Read>>,
    mut out: impl Write + Seek,
) -> Result<Vec<(u32, Placement)>, IllustrateError> {
    illustrated(original, pictures, &mut open, &mut out)
}

fn illustrated(
    original: &[u8],
    pictures: &[PptxPicture],
    open: &mut Open<'_>,
    out: &mut dyn Target,
) -> Result<Vec<(u32, Placement)>, IllustrateError> {
    let mut package = Package::open(original)?;
    let presentation = presentation(&mut package)?;
    let pictures: BTreeMap<u32, &PptxPicture> =
        pictures.iter().map(|picture| (picture.slide, picture)).collect();
    let mut work = Work {
        package,
        presentation,
        backdrops: BTreeMap::new(),
        users: None,
        changed: BTreeMap::new(),
        dropped: BTreeSet::new(),
        added: Vec::new(),
        media: Vec::new(),
    };
    let mut placements = Vec::with_capacity(pictures.len());
    for picture in pictures.into_values() {
        placements.push((picture.slide, work.place(picture)?));
    }
    work.name_types()?;
    work.write(open, out)?;
    Ok(placements)
}

/// A presentation and what becomes of its parts.
struct Work<'a, 'p> {
    package: Package<'a>,
    presentation: Presentation,
    /// By the layout's part.
    backdrops: BTreeMap<String, Backdrop>,
    /// How many relationships lead to each part; counted when first needed.
    users: Option<BTreeMap<String, usize>>,
    /// New texts of parts, by their place in the archive.
    changed: BTreeMap<usize, String>,
    dropped: BTreeSet<usize>,
    /// New parts of text.
    added: Vec<(String, String)>,
    /// New parts with pictures.
    media: Vec<(String, &'p PptxPicture)>,
}

const PACKAGE_RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const CONTENT_TYPES: &str = "[Content_Types].xml";

impl<'p> Work<'_, 'p> {
    fn place(&mut self, picture: &'p PptxPicture) -> Result<Placement, IllustrateError> {
        let slide = picture.slide;
        let extension = extension(picture.format).ok_or(IllustrateError::NotPngOrJpeg { slide })?;
        if picture.width == 0 || picture.height == 0 {
            return Err(IllustrateError::NoSize { slide });
        }
        let at = usize::try_from(slide).ok().and_then(|slide| slide.checked_sub(1));
        let part = at.and_then(|at| self.presentation.slides.get(at)).cloned();
        let part = part.ok_or(IllustrateError::NoSuchSlide { slide })?;

        let relations_part = relations::part_of(&part);
        let relations_text = if self.package.has(&relations_part) {
            self.package.text(&relations_part)?
        } else {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"{PACKAGE_RELATIONS}\"/>"
            )
        };
        let relations = relations::parse(&part, &relations_part, &relations_text)?;
        let backdrop = self.backdrop(&relations)?;
        let text = self.package.text(&part)?;
        let document = xml::parse(&part, &text)?;
        let root = document.root_element();
        let shapes = shapes(root, &backdrop);
        let page = Frame { x: 0, y: 0, width: self.presentation.width, height: self.presentation.height };
        let pixels = Pixels { width: picture.width.into(), height: picture.height.into() };
        let spot = spot(root, page, &backdrop, &shapes, pixels);
        let placement = match &spot {
            Spot::Ours(_) => Placement::Replaced,
            Spot::Placeholder { .. } => Placement::Placeholder,
            Spot::Free(_) => Placement::Free,
            Spot::Beside(..) => Placement::Beside,
            Spot::Full => return Ok(Placement::NoRoom),
        };

        let old = match &spot {
            Spot::Ours(pic) => only_relation(*pic, &relations),
            _ => None,
        };
        if let Some(old) = old
            && old.target.contains("/media/")
            && self.users(&old.target)? == 1
        {
            self.dropped.extend(self.package.index(&old.target));
        }
        let media = self.free_name(slide, extension);
        let target = match part.strip_prefix("ppt/slides/") {
            Some(name) if !name.contains('/') => media.replacen("ppt/", "../", 1),
            _ => format!("/{media}"),
        };
        let id = old.map_or_else(|| free_relation(&relations), |old| old.id.clone());
        let drawn = Drawn { slide, relation: &id, pixels, alt: &picture.alt };
        let edits = picture::edits(&text, root, &spot, &shapes, &drawn);
        self.change(&part, &text, edits);

        let types = picture::relation_namespace(picture::is_strict(root));
        let edit = related(&relations_part, &relations_text, (&id, old.is_some()), types, &target)?;
        self.change(&relations_part, &relations_text, edit.into_iter().collect());
        self.media.push((media, picture));
        Ok(placement)
    }

    fn backdrop(&mut self, relations: &[Relation]) -> Result<Backdrop, PptxError> {
        let layout = relations.iter().find(|relation| relation.kind == "slideLayout");
        let Some(layout) = layout.map(|relation| &relation.target) else { return Ok(Backdrop::default()) };
        if let Some(known) = self.backdrops.get(layout) {
            return Ok(known.clone());
        }
        let backdrop = Backdrop::of_layout(&mut self.package, layout)?;
        self.backdrops.insert(layout.clone(), backdrop.clone());
        Ok(backdrop)
    }

    /// How many relationships of the whole presentation lead to a part.
    fn users(&mut self, part: &str) -> Result<usize, PptxError> {
        if self.users.is_none() {
            let mut users = BTreeMap::new();
            for from in self.package.ending(".rels") {
                let owner = from.replacen("_rels/", "", 1);
                let owner = owner.strip_suffix(".rels").unwrap_or(&owner);
                let text = self.package.text(&from)?;
                for relation in relations::parse(owner, &from, &text)? {
                    *users.entry(relation.target.to_lowercase()).or_insert(0_usize) += 1;
                }
            }
            self.users = Some(users);
        }
        let users = self.users.as_ref().and_then(|users| users.get(&part.to_lowercase()));
        Ok(users.copied().unwrap_or(0))
    }

    /// A name for the file of a picture that no part has.
    fn free_name(&self, slide: u32, extension: &str) -> String {
        let taken = |name: &str| {
            let there = self.package.index(name).is_some_and(|at| !self.dropped.contains(&at));
            there || self.media.iter().any(|(media, _)| media == name)
        };
        let plain = format!("ppt/media/palitra{slide}.{extension}");
        let numbered = (2_u32..).map(|copy| format!("ppt/media/palitra{slide}-{copy}.{extension}"));
        std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(plain)
    }

    fn change(&mut self, part: &str, text: &str, edits: Vec<Edit>) {
        if edits.is_empty() {
            return;
        }
        let new = edit::apply(text, edits);
        match self.package.index(part) {
            Some(at) => drop(self.changed.insert(at, new)),
            None => self.added.push((part.to_owned(), new)),
        }
    }

    /// Says of what type the new files are, where the presentation does not say so already.
    fn name_types(&mut self) -> Result<(), PptxError> {
        let text = self.package.text(CONTENT_TYPES)?;
        let document = xml::parse(CONTENT_TYPES, &text)?;
        let list = document.root_element();
        let declaration = match (list.default_namespace(), list.tag_name().namespace()) {
            (default, Some(namespace)) if default != Some(namespace) => {
                format!(" xmlns=\"{}\"", escaped(namespace))
            }
            _ => String::new(),
        };
        let mut new = String::new();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for (name, picture) in &self.media {
            let extension = extension(picture.format).unwrap_or_default();
            let kind = picture.format.media_type().mime;
            let is_default = |node: &Node<'_, '_>| {
                let its = node.attribute("Extension");
                xml::is(*node, "Default") && its.is_some_and(|its| its.eq_ignore_ascii_case(extension))
            };
            let is_override = |node: &Node<'_, '_>| {
                let its = node.attribute("PartName").map(|its| its.trim_start_matches('/'));
                xml::is(*node, "Override") && its.is_some_and(|its| its.eq_ignore_ascii_case(name))
            };
            let says = |node: Node<'_, '_>| node.attribute("ContentType") == Some(kind);
            match list.children().find(is_default) {
                _ if list.children().any(|node| is_override(&node) && says(node)) => {}
                Some(default) if says(default) => {}
                Some(_) => {
                    new.push_str(&format!(
                        "<Override{declaration} PartName=\"/{name}\" ContentType=\"{kind}\"/>"
                    ));
                }
                None if named.insert(extension) => {
                    new.push_str(&format!(
                        "<Default{declaration} Extension=\"{extension}\" ContentType=\"{kind}\"/>"
                    ));
                }
                None => {}
            }
        }
        let gone = |name: &str| {
            let dropped = self.package.index(name).is_some_and(|at| self.dropped.contains(&at));
            dropped
                && !self
                    .media
                    .iter()
                    .any(|(media, _)| media.eq_ignore_ascii_case(name.trim_start_matches('/')))
        };
        let overrides = list.children().filter(|node| xml::is(*node, "Override"));
        let old = overrides.filter(|node| node.attribute("PartName").is_some_and(gone));
        let mut edits: Vec<Edit> = old.map(|node| (node.range(), String::new())).collect();
        if !new.is_empty() {
            edits.push(edit::last_inside(&text, list, &new));
        }
        self.change(CONTENT_TYPES, &text, edits);
        Ok(())
    }

    fn write(mut self, open: &mut Open<'_>, out: &mut dyn Target) -> Result<(), IllustrateError> {
        let failed = |error: zip::result::ZipError| IllustrateError::Write(error.into());
        let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        // Pictures are compressed as they are.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut zip = ZipWriter::new(out);
        let archive = self.package.archive();
        zip.set_raw_comment(archive.comment().into()).map_err(failed)?;
        for at in 0..archive.len() {
            if self.dropped.contains(&at) {
                continue;
            }
            let file = archive.by_index_raw(at).map_err(failed)?;
            match self.changed.remove(&at) {
                None => zip.raw_copy_file(file).map_err(failed)?,
                Some(text) => {
                    let name = file.name().map_err(failed)?.into_owned();
                    zip.start_file(name, packed).map_err(failed)?;
                    zip.write_all(text.as_bytes()).map_err(IllustrateError::Write)?;
                }
            }
        }
        for (name, text) in self.added {
            zip.start_file(name, packed).map_err(failed)?;
            zip.write_all(text.as_bytes()).map_err(IllustrateError::Write)?;
        }
        for (name, picture) in self.media {
            let slide = picture.slide;
            let unread = |error| IllustrateError::Picture { slide, error };
            let mut file = open(picture).map_err(unread)?;
            let mut head = Vec::new();
            file.by_ref().take(8).read_to_end(&mut head).map_err(unread)?;
            if FileFormat::of(&head) != Some(picture.format) {
                return Err(IllustrateError::NotPngOrJpeg { slide });
            }
            zip.start_file(name, stored.large_file(false)).map_err(failed)?;
            zip.write_all(&head).map_err(IllustrateError::Write)?;
            let mut chunk = vec![0; 64 * 1024];
            loop {
                let count = file.read(&mut chunk).map_err(unread)?;
                if count == 0 {
                    break;
                }
                zip.write_all(&chunk[..count]).map_err(IllustrateError::Write)?;
            }
        }
        zip.finish().map(drop).map_err(failed)
    }
}

/// `None` for what PowerPoint does not read.
fn extension(format: FileFormat) -> Option<&'static str> {
    matches!(format, FileFormat::Png | FileFormat::Jpeg).then(|| format.media_type().extension)
}

/// The relationship of a picture, when nothing else on its slide uses it.
fn only_relation<'r>(pic: Node<'_, '_>, relations: &'r [Relation]) -> Option<&'r Relation> {
    let blip = xml::path(pic, &["blipFill", "blip"])?;
    let id = xml::relation_attribute(blip, "embed")?;
    let all = pic.document().descendants().flat_map(|node| node.attributes());
    let uses = all.filter(|attribute| attribute.namespace().is_some() && attribute.value() == id).count();
    let relation = relations.iter().find(|relation| relation.id == id && relation.kind == "image")?;
    (uses == 1).then_some(relation)
}

fn free_relation(relations: &[Relation]) -> String {
    let taken = |id: &String| relations.iter().any(|relation| relation.id.eq_ignore_ascii_case(id));
    (1_u32..).map(|number| format!("rId{number}")).find(|id| !taken(id)).unwrap_or_default()
}

/// Leads the relationship `id` to `target`: the one that is there, when it is, else a new one. `types` is how types of relationships begin.
fn related(
    part: &str,
    text: &str,
    (id, is_there): (&str, bool),
    types: &str,
    target: &str,
) -> Result<Option<Edit>, PptxError> {
    let document = xml::parse(part, text)?;
    let list = document.root_element();
    if let Some(node) = list.children().find(|node| is_there && node.attribute("Id") == Some(id)) {
        return Ok(edit::attribute(text, node, "Target", target));
    }
    let declaration = if list.default_namespace() == Some(PACKAGE_RELATIONS) {
        String::new()
    } else {
        format!(" xmlns=\"{PACKAGE_RELATIONS}\"")
    };
    let target = escaped(target);
    let new = format!("<Relationship{declaration} Id=\"{id}\" Type=\"{types}/image\" Target=\"{target}\"/>");
    Ok(Some(edit::last_inside(text, list, &new)))
}
