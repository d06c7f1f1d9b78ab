//! SQLite's errors in the store's words.

use rusqlite::ffi;

use super::{group::unclear, statement::error_from};
use crate::{Constraint, Error};

#[test]
fn every_error_code_has_its_meaning() {
    let why = || "why".to_owned();
    let constraint = |kind| Error::Constraint { kind, message: why() };
    let cases = [
        (ffi::SQLITE_FULL, Error::Full(why())),
        (ffi::SQLITE_IOERR, Error::Unavailable(why())),
        (ffi::SQLITE_IOERR_FSYNC, Error::Unavailable(why())),
        (ffi::SQLITE_BUSY, Error::Unavailable(why())),
        (ffi::SQLITE_CANTOPEN, Error::Unavailable(why())),
        (ffi::SQLITE_CORRUPT, Error::Unavailable(why())),
        (ffi::SQLITE_CONSTRAINT_UNIQUE, constraint(Constraint::Unique)),
        (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, constraint(Constraint::Unique)),
        (ffi::SQLITE_CONSTRAINT_ROWID, constraint(Constraint::Unique)),
        (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, constraint(Constraint::ForeignKey)),
        (ffi::SQLITE_CONSTRAINT_NOTNULL, constraint(Constraint::NotNull)),
        (ffi::SQLITE_CONSTRAINT_CHECK, constraint(Constraint::Check)),
        (ffi::SQLITE_CONSTRAINT_DATATYPE, Error::Sql(why())),
        (ffi::SQLITE_READONLY, Error::Sql(why())),
        (ffi::SQLITE_MISMATCH, Error::Sql(why())),
        (ffi::SQLITE_ERROR, Error::Sql(why())),
    ];
    for (code, wanted) in cases {
        assert_eq!(
            error_from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(why()))),
            wanted,
            "{code}"
        );
    }
}

#[test]
fn a_commit_that_could_not_be_synced_is_in_doubt() {
    assert_eq!(
        unclear(Error::Unavailable("disk I/O error".to_owned())),
        Error::InDoubt("disk I/O error".to_owned())
    );
    assert_eq!(unclear(Error::Full("no room".to_owned())), Error::Full("no room".to_owned()));
}
