//! What a transaction sees of its database: six ways to run a statement. Nothing here awaits, so no
//! transaction is held over I/O.

use crate::{Dialect, Error, Param, Result, Row, SqlText, lite, pg};

/// An open transaction. Once a call has failed every further one fails too, and the transaction is rolled
/// back even when its closure swallows the error: PostgreSQL would do so by itself, SQLite would go on with
/// half of the writes.
pub struct Tx<'a> {
    backend: Backend<'a>,
    failed: Option<Error>,
    /// On the thread that asked ([`crate::Store::look`]).
    is_look: bool,
}

enum Backend<'a> {
    Lite(&'a rusqlite::Connection),
    Pg(&'a mut pg::Connection),
}

impl<'a> Tx<'a> {
    pub(crate) fn lite(connection: &'a rusqlite::Connection) -> Tx<'a> {
        Tx { backend: Backend::Lite(connection), failed: None, is_look: false }
    }

    pub(crate) fn look(connection: &'a rusqlite::Connection) -> Tx<'a> {
        Tx { is_look: true, ..Tx::lite(connection) }
    }

    pub(crate) fn pg(connection: &'a mut pg::Connection) -> Tx<'a> {
        Tx { backend: Backend::Pg(connection), failed: None, is_look: false }
    }

    pub fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Lite(_) => Dialect::Lite,
            Backend::Pg(_) => Dialect::Pg,
        }
    }

    /// Runs one statement that answers no rows. Answers how many rows it wrote.
    pub fn execute(&mut self, sql: impl SqlText, params: &[Param<'_>]) -> Result<u64> {
        self.run_with(params, |backend| match backend {
            Backend::Lite(connection) => lite::execute(connection, sql.text(Dialect::Lite), params),
            Backend::Pg(connection) => connection.execute(sql.text(Dialect::Pg), params),
        })
    }

    /// Runs one statement and reads its whole answer: give it a `limit`. `returning` promises no order.
    pub fn query(&mut self, sql: impl SqlText, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.run_with(params, |backend| match backend {
            Backend::Lite(connection) => lite::query(connection, sql.text(Dialect::Lite), params),
            Backend::Pg(connection) => connection.query(sql.text(Dialect::Pg), params),
        })
    }

    /// The first row, when there is one.
    pub fn query_opt(&mut self, sql: impl SqlText, params: &[Param<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// The first row; none is [`Error::Rows`] and fails the transaction.
    pub fn query_one(&mut self, sql: impl SqlText, params: &[Param<'_>]) -> Result<Row> {
        let text = sql.text(self.dialect());
        let row = self.query_opt(text, params)?;
        self.run(|_| row.ok_or_else(|| Error::Rows { sql: text.to_owned(), wanted: 1, got: 0 }))
    }

    /// A write that has to touch exactly `rows` rows, or it is [`Error::Rows`] and the transaction fails. Use
    /// it for every write whose answer is not needed: a database at a distance may send it together with its
    /// neighbours, and then its verdict comes with a later call or with the commit.
    pub fn must(&mut self, rows: u64, sql: impl SqlText, params: &[Param<'_>]) -> Result<()> {
        self.run_with(params, |backend| match backend {
            Backend::Lite(connection) => {
                let text = sql.text(Dialect::Lite);
                let got = lite::execute(connection, text, params)?;
                if got == rows {
                    Ok(())
                } else {
                    Err(Error::Rows { sql: text.to_owned(), wanted: rows, got })
                }
            }
            Backend::Pg(connection) => connection.defer(Some(rows), sql.text(Dialect::Pg), params),
        })
    }

    /// A write of any number of rows. Use it instead of [`Tx::execute`] where the number is not looked at: like
    /// `must` it may travel together with its neighbours.
    pub fn send(&mut self, sql: impl SqlText, params: &[Param<'_>]) -> Result<()> {
        self.run_with(params, |backend| match backend {
            Backend::Lite(connection) => lite::execute(connection, sql.text(Dialect::Lite), params).map(drop),
            Backend::Pg(connection) => connection.defer(None, sql.text(Dialect::Pg), params),
        })
    }

    /// Several statements without parameters: table definitions.
    pub fn script(&mut self, text: &str) -> Result<()> {
        self.run(|backend| match backend {
            Backend::Lite(connection) => lite::script(connection, text),
            Backend::Pg(connection) => connection.script(text),
        })
    }

    /// Said before what reads more than a few rows by their keys: a look ([`crate::Store::look`]) ends here, and its closure runs again
    /// on a thread of the database. Elsewhere nothing happens.
    pub fn takes_long(&mut self) -> Result<()> {
        let is_look = self.is_look;
        let elsewhere = || Error::Unavailable("read by a thread of the database instead".to_owned());
        self.run(|_| if is_look { Err(elsewhere()) } else { Ok(()) })
    }

    /// The first error of this transaction, which fails it whatever its closure answers.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// PostgreSQL stores no text with a NUL in it, so no database does.
    fn run_with<T>(
        &mut self,
        params: &[Param<'_>],
        statement: impl FnOnce(&mut Backend<'_>) -> Result<T>,
    ) -> Result<T> {
        let nul = |param: &Param<'_>| matches!(param, Param::Text(Some(text)) if text.contains('\0'));
        let refused = params.iter().position(nul).map(|index| {
            Error::Sql(format!(
                "parameter ${} is text with a NUL character, which cannot be stored",
                index + 1
            ))
        });
        self.run(|backend| refused.map_or_else(|| statement(backend), Err))
    }

    fn run<T>(&mut self, statement: impl FnOnce(&mut Backend<'_>) -> Result<T>) -> Result<T> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        statement(&mut self.backend).inspect_err(|error| self.failed = Some(error.clone()))
    }
}
