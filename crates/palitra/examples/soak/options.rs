//! What the command line of a soak says.

use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgres",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) minutes: u64,
    pub(crate) seed: u64,
    /// Generations a second.
    pub(crate) rate: u64,
    /// Services on PostgreSQL; SQLite serves one.
    pub(crate) processes: usize,
    /// Where runs keep their files.
    pub(crate) folder: PathBuf,
    store: Option<Backend>,
}

impl Options {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            minutes: 2,
            seed: u64::from(std::process::id()) << 20 ^ seed_of_now(),
            rate: 20,
            processes: 3,
            folder: PathBuf::from("target/soak"),
            store: Some(Backend::Sqlite),
        };
        let mut words = words;
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is not a number"));
            match flag.as_str() {
                "--minutes" => options.minutes = number()?.clamp(1, 10_000),
                "--seed" => options.seed = number()?,
                "--rate" => options.rate = number()?.clamp(1, 500),
                "--processes" => options.processes = usize::try_from(number()?.clamp(1, 16)).unwrap_or(3),
                "--folder" => options.folder = PathBuf::from(&value),
                "--store" => {
                    options.store = match value.as_str() {
                        "sqlite" => Some(Backend::Sqlite),
                        "postgres" => Some(Backend::Postgres),
                        "both" => None,
                        other => return Err(format!("`{other}` is not sqlite, postgres or both")),
                    };
                }
                other => return Err(format!("`{other}` is not understood")),
            }
        }
        Ok(options)
    }

    pub(crate) fn stores(&self) -> Vec<Backend> {
        self.store.map_or(vec![Backend::Sqlite, Backend::Postgres], |one| vec![one])
    }
}

/// Another one each time, short enough to be typed.
fn seed_of_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs() % 1_000_000
}
