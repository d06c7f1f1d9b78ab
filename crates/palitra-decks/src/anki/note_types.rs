//! Note types of both schemas, and which of their fields is what.

use super::{
    AnkiError,
    error::of_database,
    proto::{self, Value},
};
use crate::words::{Column, Columns, Role, role_of};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// How the notes of one kind look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteType {
    pub(super) name: String,
    /// Names of the fields in their order.
    pub(super) fields: Vec<String>,
    /// The field that the browser sorts by.
    pub(super) sort: usize,
}

/// By id. Since schema 15 they have tables of their own, before they are JSON in `col.models`.
pub(super) fn all(database: &Connection, member: &str) -> Result<BTreeMap<i64, NoteType>, AnkiError> {
    let failed = of_database(member);
    let sql = "select count(*) from sqlite_master where type = 'table' and name = 'notetypes'";
    let tables: i64 = database.query_row(sql, [], |row| row.get(0)).map_err(&failed)?;
    if tables > 0 {
        return of_tables(database).map_err(failed);
    }
    let models: String =
        database.query_row("select models from col", [], |row| row.get(0)).map_err(&failed)?;
    of_json(&models).ok_or_else(|| AnkiError::Damaged {
        member: member.to_owned(),
        reason: "its note types cannot be read".to_owned(),
    })
}

fn of_tables(database: &Connection) -> Result<BTreeMap<i64, NoteType>, rusqlite::Error> {
    let mut types = BTreeMap::new();
    let mut statement = database.prepare("select id, name, config from notetypes")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let config: Vec<u8> = row.get(2)?;
        types.insert(
            row.get(0)?,
            NoteType { name: row.get(1)?, fields: Vec::new(), sort: sort_field(&config) },
        );
    }
    let mut statement = database.prepare("select ntid, name from fields order by ntid, ord")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(note_type) = types.get_mut(&row.get(0)?) {
            note_type.fields.push(row.get(1)?);
        }
    }
    Ok(types)
}

/// `sort_field_idx = 2` of `Notetype.Config`.
fn sort_field(config: &[u8]) -> usize {
    let number = proto::fields(config).flatten().find_map(|field| match field {
        (2, Value::Number(number)) => usize::try_from(number).ok(),
        _ => None,
    });
    number.unwrap_or(0)
}

fn of_json(models: &str) -> Option<BTreeMap<i64, NoteType>> {
    let models: serde_json::Value = serde_json::from_str(models).ok()?;
    let mut types = BTreeMap::new();
    for (id, model) in models.as_object()? {
        let mut fields: Vec<(u64, &str)> = Vec::new();
        for field in model["flds"].as_array()? {
            fields.push((field["ord"].as_u64().unwrap_or(fields.len() as u64), field["name"].as_str()?));
        }
        fields.sort_by_key(|(ord, _)| *ord);
        let note_type = NoteType {
            name: model["name"].as_str()?.to_owned(),
            fields: fields.into_iter().map(|(_, name)| name.to_owned()).collect(),
            sort: model["sortf"].as_u64().and_then(|sort| usize::try_from(sort).ok()).unwrap_or(0),
        };
        types.insert(id.parse().ok()?, note_type);
    }
    Some(types)
}

/// Which field of a note type has which role: what the caller names, then what their names say, then what a word of their names
/// says; a word there always is, and where a field is left over, a translation. A field that the caller names for pictures or
/// sounds may be a text as well.
pub(super) fn roles(note_type: &NoteType, columns: &Columns) -> BTreeMap<Role, usize> {
    let mut roles = BTreeMap::new();
    let mut taken = vec![false; note_type.fields.len()];
    for (role, column) in &columns.named {
        if let Some(at) = position(note_type, column) {
            roles.insert(*role, at);
            taken[at] |= !matches!(role, Role::Image | Role::Audio);
        }
    }
    for loosely in [false, true] {
        for (at, name) in note_type.fields.iter().enumerate() {
            if let Some(role) = role_of(name, loosely)
                && !taken[at]
                && !roles.contains_key(&role)
            {
                roles.insert(role, at);
                taken[at] = true;
            }
        }
    }
    for role in [Role::Word, Role::Translation] {
        if let (Some(at), false) = (taken.iter().position(|taken| !taken), roles.contains_key(&role)) {
            roles.insert(role, at);
            taken[at] = true;
        }
    }
    roles
}

fn position(note_type: &NoteType, column: &Column) -> Option<usize> {
    match column {
        Column::Number(number) => number.checked_sub(1).filter(|at| *at < note_type.fields.len()),
        Column::Name(name) => {
            note_type.fields.iter().position(|field| field.trim().to_lowercase() == name.to_lowercase())
        }
    }
}

/// What the caller names, some note has to have.
pub(super) fn check(types: &BTreeMap<i64, NoteType>, columns: &Columns) -> Result<(), AnkiError> {
    for (_, column) in &columns.named {
        if types.values().any(|note_type| position(note_type, column).is_some()) {
            continue;
        }
        let name = match column {
            Column::Name(name) => name.clone(),
            Column::Number(number) => number.to_string(),
        };
        let mut have: Vec<String> = types.values().flat_map(|note_type| note_type.fields.clone()).collect();
        have.sort();
        have.dedup();
        return Err(AnkiError::NoField { name, have });
    }
    Ok(())
}
