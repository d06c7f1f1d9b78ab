//! Where a picture and a sound go in a note that has fields of its own.

use super::note_types::NoteType;
use crate::words::{Role, markup};
use std::collections::BTreeMap;

/// What goes into a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium<'a> {
    Picture(&'a str),
    Sound(&'a str),
}

impl Medium<'_> {
    fn html(self) -> String {
        match self {
            Medium::Picture(name) => format!("<img src=\"{}\">", markup::html(name)),
            Medium::Sound(name) => format!("[sound:{name}]"),
        }
    }

    fn role(self) -> Role {
        match self {
            Medium::Picture(_) => Role::Image,
            Medium::Sound(_) => Role::Audio,
        }
    }

    /// Beginning and end of what shows such a medium.
    fn marks(self) -> (&'static str, &'static str) {
        match self {
            Medium::Picture(_) => ("<img", ">"),
            Medium::Sound(_) => ("[sound:", "]"),
        }
    }

    /// What holds a medium of ours in a field that is not its own, so that the next one takes its place.
    fn opening(self) -> &'static str {
        match self {
            Medium::Picture(_) => "<div class=\"palitra-picture\">",
            Medium::Sound(_) => "<div class=\"palitra-sound\">",
        }
    }
}

/// Puts a medium into the fields of a note and says which field changed.
///
/// A field of its own (found by its name, or named) shows the new one instead of whichever it had; text in it stays. Without
/// such a field it is appended to the back: the translation, else the last field; there only one of ours is replaced.
pub(super) fn put(
    fields: &mut [String],
    note_type: &NoteType,
    roles: &BTreeMap<Role, usize>,
    medium: Medium<'_>,
) -> Option<usize> {
    let own = roles.get(&medium.role()).copied();
    let back = || roles.get(&Role::Translation).copied().or(note_type.fields.len().checked_sub(1));
    let at = own.or_else(back)?;
    let field = fields.get_mut(at)?;
    *field = if own.is_some() { in_own(field, medium) } else { in_back(field, medium) };
    Some(at)
}

fn in_own(field: &str, medium: Medium<'_>) -> String {
    let (begin, end) = medium.marks();
    let mut kept = String::new();
    let mut rest = field;
    let mut placed = false;
    while let Some(at) = crate::text::find_ignoring_case(rest, begin) {
        let Some(length) = rest[at..].find(end) else { break };
        kept.push_str(&rest[..at]);
        if !placed {
            kept.push_str(&medium.html());
            placed = true;
        }
        rest = &rest[at + length + end.len()..];
    }
    kept.push_str(rest);
    if !placed {
        kept.push_str(&medium.html());
    }
    kept
}

fn in_back(field: &str, medium: Medium<'_>) -> String {
    let opening = medium.opening();
    let new = format!("{opening}{}</div>", medium.html());
    if let Some(at) = field.find(opening)
        && let Some(length) = field[at..].find("</div>")
    {
        return format!("{}{new}{}", &field[..at], &field[at + length + "</div>".len()..]);
    }
    format!("{field}{new}")
}
