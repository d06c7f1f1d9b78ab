//! One statement on one SQLite connection: parameters in, rows out, errors in the store's words.

use std::sync::Arc;

use rusqlite::{Connection, Statement, ffi, types::ValueRef};

use crate::{Constraint, Error, Param, Result, Row, Value};

pub(crate) fn execute(connection: &Connection, sql: &str, params: &[Param<'_>]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql).map_err(error_from)?;
    bind(&mut statement, sql, params)?;
    let rows = statement.raw_execute().map_err(error_from)?;
    u64::try_from(rows).map_err(|_| Error::Sql(format!("more rows than can be counted: {sql}")))
}

/// Reads to the end: a `returning` statement that is not stepped to its end may not have written everything.
pub(crate) fn query(connection: &Connection, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql).map_err(error_from)?;
    bind(&mut statement, sql, params)?;
    let columns = statement.column_count();
    let text: Arc<str> = sql.into();
    let mut answer = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error_from)? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(value_from(row.get_ref(column).map_err(error_from)?, column, sql)?);
        }
        answer.push(Row::new(values, &text));
    }
    Ok(answer)
}

pub(crate) fn script(connection: &Connection, text: &str) -> Result<()> {
    connection.execute_batch(text).map_err(error_from)
}

/// `begin`, `commit` and their kin.
pub(super) fn run(connection: &Connection, sql: &str) -> Result<()> {
    execute(connection, sql, &[]).map(|_| ())
}

/// SQLite numbers `$1`, `$2` by their first appearance, not by the digit: they are bound by name.
fn bind(statement: &mut Statement<'_>, sql: &str, params: &[Param<'_>]) -> Result<()> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(Error::Sql(format!("{count} placeholders but {} parameters: {sql}", params.len())));
    }
    for index in 1..=count {
        let number =
            statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let bound = match param {
            Some(Param::Int(value)) => statement.raw_bind_parameter(index, value),
            Some(Param::Text(value)) => statement.raw_bind_parameter(index, value),
            Some(Param::Blob(value)) => statement.raw_bind_parameter(index, value),
            None => return Err(Error::Sql(format!("placeholders are not $1 to ${count}: {sql}"))),
        };
        bound.map_err(error_from)?;
    }
    Ok(())
}

fn value_from(value: ValueRef<'_>, column: usize, sql: &str) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(Error::Corrupt(format!("column {column} is text but not UTF-8: {sql}"))),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(_) => {
            return Err(Error::Sql(format!("column {column} is a floating point number: {sql}")));
        }
    })
}

pub(super) fn error_from(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(Code::ConstraintViolation) => constraint(error.sqlite_extended_error_code(), message),
        Some(Code::DiskFull) => Error::Full(message),
        Some(
            Code::CannotOpen
            | Code::DatabaseBusy
            | Code::DatabaseCorrupt
            | Code::DatabaseLocked
            | Code::FileLockingProtocolFailed
            | Code::NotADatabase
            | Code::OutOfMemory
            | Code::PermissionDenied
            | Code::SystemIoFailure,
        ) => Error::Unavailable(message),
        _ => Error::Sql(message),
    }
}

fn constraint(extended_code: Option<i32>, message: String) -> Error {
    let kind = match extended_code {
        Some(
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => Constraint::Unique,
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Constraint::ForeignKey,
        Some(ffi::SQLITE_CONSTRAINT_NOTNULL) => Constraint::NotNull,
        Some(ffi::SQLITE_CONSTRAINT_CHECK) => Constraint::Check,
        // A value of the wrong kind in a STRICT table, and what only extensions raise: a mistake, not a rule
        // of the business.
        _ => return Error::Sql(message),
    };
    Error::Constraint { kind, message }
}
