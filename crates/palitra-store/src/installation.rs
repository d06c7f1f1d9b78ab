//! The database as a whole: what it is, whether others use it, and one process at a time that sets it up.

use crate::{Dialect, Result, Sql, Tx, migrate, p, sql};

/// What people are told of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Of the server, or of SQLite.
    pub version: String,
    /// Name of the database on its server; empty for a file.
    pub database: String,
    /// How many migrations were applied.
    pub migrations: i64,
}

pub fn about(tx: &mut Tx) -> Result<About> {
    const ABOUT: Sql = Sql {
        lite: "select sqlite_version(), '', (select count(*) from palitra_migration)",
        pg: "select current_setting('server_version'), cast(current_database() as text), (select count(*) from palitra_migration)",
    };
    let row = tx.query_one(ABOUT, p![])?;
    Ok(About { version: row.get(0)?, database: row.get(1)?, migrations: row.get(2)? })
}

/// How far a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has made our tables yet.
    Empty,
    /// Some migrations are still to come.
    Behind,
    UpToDate,
}

/// Looks and changes nothing. [`crate::Error::Refused`] when the database is newer than `files`, or not ours.
pub fn progress(tx: &mut Tx, files: &[(&str, &str)]) -> Result<Progress> {
    migrate::refuse_foreign(tx)?;
    const MADE: Sql = sql!("select count(*) from ", TABLES, " where name = 'palitra_migration'");
    if tx.query_one(MADE, p![])?.get::<i64>(0)? == 0 {
        return Ok(Progress::Empty);
    }
    let applied = migrate::applied(tx, files)?;
    Ok(if applied < files.len() { Progress::Behind } else { Progress::UpToDate })
}

/// Until this transaction ends nobody else sets the database up: processes that start together do so one after another.
pub fn lock(tx: &mut Tx) -> Result<()> {
    match tx.dialect() {
        Dialect::Lite => Ok(()),
        Dialect::Pg => tx.query("select 1 from pg_advisory_xact_lock($1)", p![migrate::LOCK]).map(drop),
    }
}

/// Whether other processes are at work.
pub fn is_shared(tx: &mut Tx) -> Result<bool> {
    const ALIVE: Sql = sql!("select 1 from worker where lease_until > ", NOW_US, " limit 1");
    Ok(tx.query_opt(ALIVE, p![])?.is_some())
}

/// What signs our links and callbacks; made with the house, the same for every process.
pub fn secret(tx: &mut Tx) -> Result<[u8; 32]> {
    let row = tx.query_one("select secret from installation", p![])?;
    let secret: Vec<u8> = row.get(0)?;
    secret.try_into().map_err(|_| crate::Error::Corrupt("installation.secret".to_owned()))
}
