//! The database of a package, which anybody may have made: opened in memory, without code of its own, with bounds on its work.

use super::{AnkiError, error::of_database};
use rusqlite::{Connection, MAIN_DB, OpenFlags, config::DbConfig, limits::Limit};

/// Steps of SQLite's machine: some hundred for each of a million notes, a few seconds.
const STEPS_MAX: u32 = 500_000_000;
const STEPS_BETWEEN_LOOKS: u16 = 10_000;

/// Of a text or a row, in bytes: fields with embedded pictures, note types with their scripts.
const VALUE_BYTES_MAX: i32 = 64 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// `member` is what messages call it.
pub(super) fn open(mut bytes: Vec<u8>, member: &str, access: Access) -> Result<Connection, AnkiError> {
    let damaged = |reason: &str| AnkiError::Damaged { member: member.to_owned(), reason: reason.to_owned() };
    if !bytes.starts_with(b"SQLite format 3\0") || bytes.len() < 512 {
        return Err(damaged("it is no SQLite database"));
    }
    // A database in memory has no write-ahead log; versions 2 in its header ask for one (SQLite, file format, 1.3.3).
    for version in &mut bytes[18..20] {
        *version = (*version).min(1);
    }
    let failed = of_database(member);
    let mut database =
        Connection::open_in_memory_with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&failed)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        database.set_db_config(setting, on).map_err(&failed)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 8),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
    ] {
        database.set_limit(limit, most).map_err(&failed)?;
    }
    let mut looks = STEPS_MAX / u32::from(STEPS_BETWEEN_LOOKS);
    let handler = move || {
        looks = looks.saturating_sub(1);
        looks == 0
    };
    database.progress_handler(i32::from(STEPS_BETWEEN_LOOKS), Some(handler)).map_err(&failed)?;
    // Anki's own order of names. Nothing that is written here is ordered by it.
    let compare = |one: &str, other: &str| one.to_lowercase().cmp(&other.to_lowercase());
    database.create_collation("unicase", compare).map_err(&failed)?;
    let read_only = access == Access::Read;
    database.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), read_only).map_err(&failed)?;
    drop(bytes);
    database.pragma_update(None, "cell_size_check", true).map_err(&failed)?;
    database.pragma_update(None, "ignore_check_constraints", true).map_err(&failed)?;
    refuse_code(&database, member)?;
    Ok(database)
}

/// What can run by itself: triggers, views and virtual tables, columns that are worked out when they are read, indexes on what is worked
/// out. Decks have tables and plain indexes.
fn refuse_code(database: &Connection, member: &str) -> Result<(), AnkiError> {
    const OBJECTS: &str = "
        select case when sql like 'create virtual%' then 'virtual table' else type end, name from sqlite_master
        where type not in ('table', 'index') or sql like 'create virtual%'";
    const COLUMNS: &str = "
        select 'generated column', x.name from sqlite_master m, pragma_table_xinfo(m.name) x
        where m.type = 'table' and x.hidden > 1";
    const INDEXES: &str = "
        select 'computed index', m.name from sqlite_master m, pragma_index_xinfo(m.name) x
        where m.type = 'index' and x.cid = -2
        union all select 'partial index', i.name from pragma_index_list('notes') i where i.partial";
    let failed = of_database(member);
    for sql in [OBJECTS, COLUMNS, INDEXES] {
        let mut statement = database.prepare(sql).map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        if let Some(row) = rows.next().map_err(&failed)? {
            let read = |at: usize| row.get::<_, String>(at).map_err(&failed);
            return Err(AnkiError::UnsafeDatabase { what: format!("a {} `{}`", read(0)?, read(1)?) });
        }
    }
    Ok(())
}
