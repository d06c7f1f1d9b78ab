//! Failures of use cases: a code of the one table, with what its text names.

use crate::inputs::Violation;
use palitra_domain::{ErrorCode, market::MarketError, money::Overflow, objects::ObjectError};
use std::{error::Error as StdError, io, time::Duration};

/// A refusal or a failure. Doors render it by `error-<code>` and `hint-<code>` with `args`.
#[derive(Debug, thiserror::Error)]
#[error("{code}{}", .args.iter().map(|(name, value)| format!(", {name}: {value}")).collect::<String>())]
pub struct Error {
    pub code: ErrorCode,
    pub args: Vec<(&'static str, String)>,
    /// What is wrong with the input, field by field (`invalid_input`).
    pub violations: Vec<Violation>,
    /// When the same may be accepted, for a refusal that passes by itself.
    pub retry_after: Option<Duration>,
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(code: ErrorCode) -> Error {
        Error { code, args: Vec::new(), violations: Vec::new(), retry_after: None, source: None }
    }

    /// An input that its mode does not take.
    pub fn of_input(violations: Vec<Violation>) -> Error {
        let paths: Vec<String> = violations.iter().map(|wrong| format!("`{}`", wrong.path)).collect();
        Error { violations, ..Error::new(ErrorCode::InvalidInput).with("value", paths.join(", ")) }
    }

    /// Names something that the text of the code speaks of: `value`, `hint`, `place`, `why`, …
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Error {
        self.args.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(source));
        self
    }
}

impl From<palitra_store::Error> for Error {
    fn from(error: palitra_store::Error) -> Error {
        use palitra_store::Error as Store;
        let internal = |why: String| Error::new(ErrorCode::Internal).with("why", why);
        match error {
            Store::Rule { code, value } => Error::new(code).with("value", value),
            Store::Later { code, limit, after } => {
                let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
                let error = Error::new(code).with("limit", limit).with("seconds", seconds);
                Error { retry_after: Some(after), ..error }
            }
            Store::OverBudget { budget, needed, left, .. } => Error::new(ErrorCode::OverBudget)
                .with("budget", budget)
                .with("value", needed)
                .with("left", left),
            Store::Full(place) => Error::new(ErrorCode::DiskFull).with("place", place),
            Store::Busy => Error::new(ErrorCode::StoreBusy),
            Store::Unavailable(why) => Error::new(ErrorCode::StoreUnavailable).with("why", why),
            Store::Unreachable { place, why, is_login: true } => {
                Error::new(ErrorCode::DatabaseLogin).with("place", place).with("why", why)
            }
            Store::Unreachable { .. } | Store::Unfit { .. } | Store::Address(_) => {
                Error::new(ErrorCode::StoreUnavailable).with("why", error.to_string())
            }
            Store::Conflict(why) | Store::InDoubt(why) => {
                Error::new(ErrorCode::StoreUnavailable).with("why", why)
            }
            Store::Closed => Error::new(ErrorCode::Interrupted),
            Store::Refused(why) => Error::new(ErrorCode::StoreUnavailable).with("why", why),
            Store::Rows { .. }
            | Store::Constraint { .. }
            | Store::Panicked(_)
            | Store::Corrupt(_)
            | Store::Sql(_) => internal(error.to_string()),
        }
    }
}

impl From<Overflow> for Error {
    fn from(overflow: Overflow) -> Error {
        Error::new(ErrorCode::InvalidInput).with("value", "amount").with("hint", overflow)
    }
}

impl From<ObjectError> for Error {
    fn from(error: ObjectError) -> Error {
        let code = match error.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorCode::NotWritable,
            _ => ErrorCode::Internal,
        };
        Error::new(code).with("place", &error.key).with("why", &error).because(error)
    }
}

impl From<MarketError> for Error {
    fn from(error: MarketError) -> Error {
        Error::new(error.class.code()).because(error)
    }
}
