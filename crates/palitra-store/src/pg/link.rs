//! One live connection: how it is made and ended, its prepared statements, and single requests over it.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::TryStreamExt;
use tokio::{runtime::Runtime, task::JoinHandle, time::timeout};
use tokio_postgres::{Client, NoTls, Socket, Statement, tls::MakeTlsConnect, types::Type};

use super::{
    errors::{Loss, loss_from},
    pipeline::Request,
    server::Server,
    values::{Bound, Cell, is_portable, kind, placeholders},
};
use crate::{Error, Param, Row};

/// All statements of the product, and some. Past it texts must be made up as we go: all are forgotten.
const STATEMENTS_MAX: usize = 1_000;

/// For the last words of a connection that is over.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) struct Link {
    client: Client,
    /// Moves the bytes, and ends with the connection.
    driver: JoinHandle<std::result::Result<(), tokio_postgres::Error>>,
    statements: HashMap<Arc<str>, Arc<Prepared>>,
}

pub(super) struct Prepared {
    statement: Statement,
    /// What it was prepared with. Parameters of other kinds make it another statement.
    kinds: Vec<Type>,
    pub(super) text: Arc<str>,
    /// The same, failing when it does not write exactly one row. `None` inside: it cannot be had.
    checked: OnceLock<Option<Arc<Prepared>>>,
}

/// What a statement has answered, and how many rows it has written or answered.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) count: u64,
}

/// Why a request was not answered.
pub(super) enum Failure {
    Server(tokio_postgres::Error),
    Here(Error),
}

/// How a checked statement says that it wrote another number of rows than one.
const ROWS: &str = "palitra rows: ";

impl Failure {
    /// [`Error::Rows`] when a checked statement has failed its check, else the failure again.
    pub(super) fn rows(self, sql: &str) -> std::result::Result<Error, Failure> {
        let got = |error: &tokio_postgres::Error| {
            let said = error.as_db_error()?;
            let (_, rest) = said.message().split_once(ROWS)?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        match &self {
            Failure::Server(error) => match got(error) {
                Some(got) => Ok(Error::Rows { sql: sql.to_owned(), wanted: 1, got }),
                None => Err(self),
            },
            Failure::Here(_) => Err(self),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        Failure::Server(error)
    }
}

/// Why there is no connection, and whether that may pass by itself.
pub(super) struct NotConnected {
    pub(super) error: Error,
    pub(super) may_pass: bool,
}

impl Link {
    /// A new session. [`Error::Refused`] when the server is not one that we can use.
    pub(super) fn open(runtime: &Runtime, server: &Server) -> std::result::Result<Link, NotConnected> {
        let opening = async {
            match &server.connector {
                None => Link::dial(server, NoTls).await,
                Some(connector) => Link::dial(server, connector.clone()).await,
            }
        };
        // The library's own bound ends when the host has taken the connection.
        let bounded = async { timeout(server.connect_timeout * 2, opening).await };
        runtime.block_on(bounded).unwrap_or_else(|_| {
            Err(NotConnected { error: server.cannot_connect("the server does not answer"), may_pass: true })
        })
    }

    async fn dial<T>(server: &Server, tls: T) -> std::result::Result<Link, NotConnected>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let failed = |error: tokio_postgres::Error| {
            let (why, may_pass) = match loss_from(&error) {
                Some(loss) => (loss.why, loss.may_pass),
                None => (error.to_string(), false),
            };
            NotConnected { error: server.cannot_connect(&why), may_pass }
        };
        let (client, connection) = server.config.connect(tls).await.map_err(failed)?;
        let told = |name| connection.parameter(name).unwrap_or("unknown").to_owned();
        let (version, encoding) = (told("server_version"), told("server_encoding"));
        let driver = tokio::spawn(connection);
        server.check(&version, &encoding).map_err(|error| NotConnected { error, may_pass: false })?;
        client.batch_execute(&server.session).await.map_err(failed)?;
        Ok(Link { client, driver, statements: HashMap::new() })
    }

    pub(super) fn is_over(&self) -> bool {
        self.client.is_closed()
    }

    /// Why the connection is over, in the words of whoever ended it: `error` may only say that it is closed.
    pub(super) fn last_words(self, runtime: &Runtime, error: &tokio_postgres::Error) -> Option<Loss> {
        if error.is_closed() {
            let ended = runtime.block_on(async { timeout(FAREWELL, self.driver).await });
            if let Ok(Ok(Err(cause))) = ended {
                return loss_from(&cause);
            }
        }
        loss_from(error)
    }

    /// Takes leave of the server, which otherwise logs a lost client.
    pub(super) fn close(self, runtime: &Runtime) {
        drop(self.client);
        runtime.block_on(async { timeout(FAREWELL, self.driver).await }).ok();
    }

    /// The statement, when it was prepared before with parameters of these kinds.
    pub(super) fn prepared(&self, sql: &str, params: &[Param<'_>]) -> Option<Arc<Prepared>> {
        let fits = |prepared: &&Arc<Prepared>| prepared.kinds.iter().cloned().eq(params.iter().map(kind));
        self.statements.get(sql).filter(fits).cloned()
    }

    pub(super) fn prepare(
        &mut self,
        runtime: &Runtime,
        sql: &str,
        params: &[Param<'_>],
    ) -> std::result::Result<Arc<Prepared>, Failure> {
        let mistake = |what: &str| Failure::Here(Error::Sql(format!("{what}: {sql}")));
        if placeholders(sql) != Some(params.len()) {
            return Err(mistake(&format!("placeholders do not match {} parameters", params.len())));
        }
        let kinds: Vec<Type> = params.iter().map(kind).collect();
        let statement = runtime.block_on(self.client.prepare_typed(sql, &kinds))?;
        if let Some(column) = statement.columns().iter().find(|column| !is_portable(column.type_())) {
            let (name, kind) = (column.name(), column.type_());
            return Err(mistake(&format!("column `{name}` is of type {kind}, which is not portable")));
        }
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        let prepared = Arc::new(Prepared { statement, kinds, text: sql.into(), checked: OnceLock::new() });
        self.statements.insert(prepared.text.clone(), prepared.clone());
        Ok(prepared)
    }

    /// A statement that fails where `prepared` would write another number of rows than one: the server counts, and says by a number
    /// that is none how many it were.
    pub(super) fn checked(&self, runtime: &Runtime, prepared: &Prepared) -> Option<Arc<Prepared>> {
        let make = || {
            let Prepared { kinds, text, .. } = prepared;
            if text.contains("returning") {
                return None;
            }
            let sql = format!(
                "with touched as ({text} returning 1) \
                 select case when count(*) = 1 then 0 else cast('{ROWS}' || count(*) as bigint) end from touched"
            );
            let statement = runtime.block_on(self.client.prepare_typed(&sql, kinds)).ok()?;
            let (kinds, checked) = (kinds.clone(), OnceLock::new());
            Some(Arc::new(Prepared { statement, kinds, text: text.clone(), checked }))
        };
        prepared.checked.get_or_init(make).clone()
    }

    /// A plan may be stale after another process has changed a table.
    pub(super) fn forget_statements(&mut self) {
        self.statements.clear();
    }

    pub(super) fn run<'a>(
        &'a self,
        prepared: &'a Prepared,
        params: &'a [Bound],
    ) -> Request<'a, std::result::Result<Answer, Failure>> {
        Box::pin(async move {
            let stream = self.client.query_raw(&prepared.statement, params).await?;
            let mut stream = std::pin::pin!(stream);
            let mut rows = Vec::new();
            while let Some(row) = stream.try_next().await? {
                let values = (0..row.len()).map(|column| match row.try_get::<_, Cell>(column)?.0 {
                    Ok(value) => Ok(value),
                    Err(why) => {
                        Err(Failure::Here(Error::Sql(format!("column {column} {why}: {}", prepared.text))))
                    }
                });
                rows.push(Row::new(values.collect::<std::result::Result<_, Failure>>()?, &prepared.text));
            }
            Ok(Answer { rows, count: stream.rows_affected().unwrap_or(0) })
        })
    }

    /// Statements without parameters, in one go: `begin` and its kin, table definitions.
    pub(super) fn run_text<'a>(&'a self, text: &'a str) -> Request<'a, std::result::Result<Answer, Failure>> {
        Box::pin(async move {
            self.client.batch_execute(text).await?;
            Ok(Answer::default())
        })
    }
}
