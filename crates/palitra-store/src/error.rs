//! What can go wrong in the store: a variant for each thing a caller does differently.
//! No variant names a database, and no message repeats a stored value: messages reach logs.

use palitra_domain::{ErrorCode, Timestamp, budget::Budget};

pub type Result<T> = std::result::Result<T, Error>;

/// Why a transaction did not happen. Except after [`Error::InDoubt`] nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A rule said no; the text is for people.
    #[error("{0}")]
    Refused(String),
    /// A rule of the service said no; `value` is what the text of the code names.
    #[error("{code}: {value}")]
    Rule { code: ErrorCode, value: String },
    /// A bound of the account was reached; the same may be accepted `after` that time.
    #[error("{code}: the limit is {limit}, again in {after:?}")]
    Later { code: ErrorCode, limit: i64, after: std::time::Duration },
    /// More than is left of a budget of the key, in minor units; it begins anew `anew_at`, or never.
    #[error("over the {budget} budget of the key: {needed} needed, {left} left")]
    OverBudget { budget: Budget, needed: i64, left: i64, anew_at: Option<Timestamp> },
    /// Too much waits in front of the database. Shed the request.
    #[error("the store is busy: too many transactions wait")]
    Busy,
    /// A statement touched another number of rows than it had to: lost ownership, a lost race, or a mistake.
    #[error("a statement touched {got} rows instead of {wanted}: {sql}")]
    Rows { sql: String, wanted: u64, got: u64 },
    /// A constraint of a table. `message` is the database's own and differs between databases.
    #[error("the {kind} constraint of a table was broken: {message}")]
    Constraint { kind: Constraint, message: String },
    /// A deadlock or serialization failure. The store repeats the transaction; a caller sees this when
    /// repeating did not help.
    #[error("the transaction kept colliding with others: {0}")]
    Conflict(String),
    /// The commit may or may not have happened. Look (by the idempotency key) before repeating.
    #[error("it is not known whether the transaction was committed: {0}")]
    InDoubt(String),
    /// The closure panicked.
    #[error("a transaction panicked: {0}")]
    Panicked(String),
    /// The database cannot be reached, opened or used just now.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// No connection comes about. `place` names the server, the database and the user.
    #[error("the database is unavailable: cannot connect to {place}: {why}")]
    Unreachable { place: String, why: String, is_login: bool },
    /// A server, or a database on it, that we cannot use as it is.
    #[error("{place} is {unfit}")]
    Unfit { place: String, unfit: Unfit },
    /// The address of the database cannot be read. The text repeats nothing of it: it may hold a password.
    #[error("the address of the database cannot be read: {0}")]
    Address(&'static str),
    /// No room where the database lives. Someone has to act.
    #[error("the disk of the database is full: {0}")]
    Full(String),
    /// A stored row is not what the statement expects.
    #[error("a stored row does not decode: {0}")]
    Corrupt(String),
    /// A mistake in a statement or in its parameters.
    #[error("a statement is wrong: {0}")]
    Sql(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    pub(crate) fn rule(code: ErrorCode, value: impl Into<String>) -> Error {
        Error::Rule { code, value: value.into() }
    }
}

/// What is wrong with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Its version.
    TooOld(String),
    /// How its database stores text.
    Encoding(String),
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unfit::TooOld(version) => write!(f, "PostgreSQL {version}: version 15 or newer is needed"),
            Unfit::Encoding(name) => {
                write!(f, "stored as {name}: a database with `encoding 'UTF8'` is needed")
            }
        }
    }
}

/// Which rule of a table was broken: the same word on every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    Unique,
    ForeignKey,
    NotNull,
    Check,
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Constraint::Unique => "unique",
            Constraint::ForeignKey => "foreign key",
            Constraint::NotNull => "not null",
            Constraint::Check => "check",
        })
    }
}
