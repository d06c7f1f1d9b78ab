//! Notes of a package as a list of words.

use super::{
    COLLECTION_BYTES_MAX, NoteRef,
    database::{self, Access},
    error::of_database,
    note_types,
    package::Package,
};
use crate::words::{
    self, Assumption, BadReason, CELL_BYTES_MAX, Candidate, Columns, Format, Gather, Place, Role, WordList,
    WordsError, markup,
};
use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

/// Longer fields are not looked at as text: nobody types them, and their markup would have to be read.
const FIELD_BYTES_MAX: usize = 64 * CELL_BYTES_MAX;

/// Reads all notes of a package, in the order in which they were made. Fields are found by their names, or as `columns` says
/// (`headers` and `delimiter` mean nothing here); a note that has a picture or a sound in any of its fields says so.
pub fn read(source: impl Read + Seek, columns: &Columns) -> Result<WordList, WordsError> {
    read_within(source, columns, COLLECTION_BYTES_MAX)
}

/// The same of a package whose database has so many bytes at most, uncompressed.
pub fn read_within(
    source: impl Read + Seek,
    columns: &Columns,
    collection_bytes_max: u64,
) -> Result<WordList, WordsError> {
    let mut package = Package::open(source)?;
    let member = package.kind.collection();
    let database = database::open(package.collection_within(collection_bytes_max)?, member, Access::Read)?;
    let failed = of_database(member);
    let types = note_types::all(&database, member)?;
    note_types::check(&types, columns)?;
    let roles: BTreeMap<i64, _> =
        types.iter().map(|(id, note_type)| (*id, note_types::roles(note_type, columns))).collect();
    let mut gather = Gather::new(Format::Anki);
    let mut told: Vec<i64> = Vec::new();
    let sql = "select id, guid, mid, flds from notes order by id";
    let mut statement = database.prepare(sql).map_err(&failed).map_err(WordsError::from)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    while let Some(row) = rows.next().map_err(&failed)? {
        let id: i64 = row.get(0).map_err(&failed)?;
        let type_id: i64 = row.get(2).map_err(&failed)?;
        let place = Place::Note(id);
        let (Some(note_type), Some(roles)) = (types.get(&type_id), roles.get(&type_id)) else {
            gather.bad(place, BadReason::NoNoteType)?;
            continue;
        };
        if !told.contains(&type_id) {
            told.push(type_id);
            for (&role, &at) in roles.iter().filter(|(role, _)| columns.of(**role).is_none()) {
                let field = note_type.fields.get(at).cloned().unwrap_or_default();
                gather.assumed.push(Assumption::Field { note_type: note_type.name.clone(), role, field });
            }
        }
        let guid: String = row.get(1).map_err(&failed)?;
        let fields: String = row.get(3).map_err(&failed)?;
        let fields: Vec<&str> = fields.split('\u{1f}').collect();
        let html = |role: Role| roles.get(&role).and_then(|at| fields.get(*at)).copied().unwrap_or_default();
        let texts = [Role::Word, Role::Translation, Role::Example, Role::Language, Role::Prompt];
        if let Some(field) = texts.iter().map(|role| html(*role)).find(|field| field.len() > FIELD_BYTES_MAX)
        {
            gather.bad(place, BadReason::CellTooLarge { bytes: field.len() })?;
            continue;
        }
        let text = |role: Role| markup::text(html(role));
        let row = Candidate {
            word: markup::without_cloze(&text(Role::Word)),
            translation: text(Role::Translation),
            example: markup::without_cloze(&text(Role::Example)),
            language: text(Role::Language),
            prompt: text(Role::Prompt),
            image: None,
            audio: None,
            has_image: fields.iter().any(|field| words::has_picture(field)),
            has_audio: fields.iter().any(|field| words::has_sound(field)),
            note: Some(NoteRef { id, guid }),
        };
        gather.add(row, place)?;
    }
    let list = gather.list();
    if list.words.is_empty() && list.bad.is_empty() {
        return Err(WordsError::NoWords);
    }
    Ok(list)
}
