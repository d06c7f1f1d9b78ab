//! The words of the command line: `name=value`, each with a default.

use crate::Result;
use std::path::PathBuf;

/// What is measured, and how much of it.
pub(crate) struct Options {
    pub(crate) measurement: String,
    /// A folder of our own; holds the SQLite database and what is stored.
    pub(crate) folder: PathBuf,
    /// PostgreSQL instead of SQLite: the address of an empty database.
    pub(crate) url: Option<String>,
    /// Process id of the PostgreSQL server, for its CPU time.
    pub(crate) server: Option<u32>,
    pub(crate) accounts: usize,
    pub(crate) producers: usize,
    pub(crate) count: usize,
    /// How many have ended before it is measured: statements are prepared, caches are warm, and the tables are as long as that.
    pub(crate) finished: usize,
    /// Of the market's one key.
    pub(crate) slots: u32,
    /// Every hold takes bonus and cash: a bonus comes before each generation, as one more transaction.
    pub(crate) splits: bool,
    /// The limits and budgets of an account are those of the settings as they come; else there are none.
    pub(crate) bounds: bool,
    /// Whose adapter.
    pub(crate) market: String,
    /// What was downloaded is stored as well.
    pub(crate) storing: bool,
    /// How long is looked at what waits, in seconds.
    pub(crate) seconds: u64,
}

impl Options {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Options> {
        let mut options = Options {
            measurement: words.next().unwrap_or_default(),
            folder: PathBuf::from("target/bench-engine"),
            url: None,
            server: None,
            accounts: 32,
            producers: 32,
            count: 10_000,
            finished: 640,
            slots: 64,
            splits: false,
            bounds: false,
            market: "fal".to_owned(),
            storing: false,
            seconds: 10,
        };
        for word in words {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not name=value"))?;
            match name {
                "folder" => options.folder = PathBuf::from(value),
                "url" => options.url = Some(value.to_owned()),
                "server" => options.server = Some(value.parse()?),
                "accounts" => options.accounts = value.parse()?,
                "producers" => options.producers = value.parse()?,
                "count" => options.count = value.parse()?,
                "finished" => options.finished = value.parse()?,
                "slots" => options.slots = value.parse()?,
                "splits" => options.splits = value.parse()?,
                "bounds" => options.bounds = value.parse()?,
                "market" => options.market = value.to_owned(),
                "storing" => options.storing = value.parse()?,
                "seconds" => options.seconds = value.parse()?,
                _ => return Err(format!("`{name}` is not known").into()),
            }
        }
        Ok(options)
    }

    pub(crate) fn store_name(&self) -> &'static str {
        if self.url.is_some() { "postgres" } else { "sqlite" }
    }
}
