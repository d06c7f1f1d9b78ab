//! PostgreSQL's errors in the store's words.

use std::error::Error as _;

use tokio_postgres::error::{DbError, Severity};

use crate::{Constraint, Error};

/// What the server says about one statement, with its code as in PostgreSQL's Appendix A. `sql` helps to
/// find a mistake.
pub(super) fn error_from(error: &DbError, sql: &str) -> Error {
    by_code(error.code().code(), error.message(), sql)
}

pub(super) fn by_code(code: &str, message: &str, sql: &str) -> Error {
    let text = format!("{code} {message}");
    let constraint = |kind| Error::Constraint { kind, message: text.clone() };
    match code {
        "23505" => constraint(Constraint::Unique),
        "23503" | "23001" => constraint(Constraint::ForeignKey),
        "23502" => constraint(Constraint::NotNull),
        "23514" => constraint(Constraint::Check),
        // Serialization, deadlock, lock time-out.
        "40001" | "40P01" | "55P03" => Error::Conflict(text),
        "53100" => Error::Full(text),
        // Too slow, not allowed, damaged.
        "57014" | "42501" | "XX001" | "XX002" => Error::Unavailable(text),
        _ => match code.get(..2) {
            // No connection, no resources, an operator at work, a failing disk, no such user, no such database.
            Some("08" | "53" | "57" | "58" | "28" | "3D") => Error::Unavailable(text),
            // A value that does not fit. PostgreSQL repeats the value, and messages reach logs.
            Some("22") => Error::Sql(format!("{code} a value does not fit: {sql}")),
            _ => Error::Sql(format!("{text}: {sql}")),
        },
    }
}

/// Why a connection is over, and whether another one may fare better.
pub(super) struct Loss {
    pub(super) why: String,
    pub(super) may_pass: bool,
    /// The server ended it between two statements: whatever was open has been rolled back.
    pub(super) was_idle: bool,
}

/// The end of its connection, or `None` when the connection goes on.
pub(super) fn loss_from(error: &tokio_postgres::Error) -> Option<Loss> {
    let Some(said) = error.as_db_error() else {
        return Some(Loss { why: with_cause(error), may_pass: true, was_idle: false });
    };
    if !matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) {
        return None;
    }
    let code = said.code().code();
    Some(Loss {
        why: format!("{code} {}", said.message()),
        may_pass: may_pass(code),
        was_idle: code == "25P03",
    })
}

/// A shutdown, a start, a crash, too many connections: not a wrong password, and not a closure that held its
/// transaction idle for too long.
pub(super) fn may_pass(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "53" | "57" | "58" | "XX"))
}

/// The client library's `Display` leaves out the cause.
fn with_cause(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
