//! From settings to a running engine: data directory, lock, database, objects, markets.

mod door;
mod markets;

use crate::{
    clock::{self, SystemClock},
    config::{self, Config, DatabasePlace},
    crash,
    failure::{Failure, Phrase},
};
use palitra_domain::{Clock, ErrorCode, catalogue::Catalogue, secret::Secret};
use palitra_engine::{Engine, Parts, Prompts, Settings, SignUp, UnknownPolicy};
use palitra_media::{acceptance::Gate, pool::Pool, prepare::Preparing};
use palitra_objects::Disk;
use palitra_store::{
    PgSettings, Store, Unfit,
    installation::{self, Progress},
};
use rustix::process::{Pid, test_kill_process};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use door::{door, sending};

/// Read-only threads of an SQLite database beside its writer.
const READERS: usize = 2;

/// An engine on a data directory. The lock is held as long as this lives.
pub struct App {
    pub engine: Engine,
    pub clock: Arc<dyn Clock>,
    data: PathBuf,
    lock: Option<File>,
}

impl App {
    /// Opens the data directory for work. With an SQLite database it is refused while another process has it; with PostgreSQL any number
    /// of processes work at once.
    pub async fn open(
        data: &Path,
        config: &Config,
        environment: &[(String, String)],
    ) -> Result<App, Failure> {
        let place = place(data, config);
        let clock = system_clock(environment);
        let (lock, store, disk) = match &place {
            DatabasePlace::File(file) => {
                let lock = lock(data)?;
                let store = Store::sqlite(file, READERS).map_err(|error| database_failure(&place, error))?;
                (Some(lock), store, Disk::open(&config.objects.folder(data)))
            }
            DatabasePlace::Server(url) => {
                let store = connect(url.clone(), config, &clock).await?;
                (None, store, Disk::open_shared(&config.objects.folder(data)))
            }
        };
        let disk = disk
            .map_err(|error| io_failure(&config.objects.folder(data), error).with("hint", "`objects.dir`"))?;
        let parts = parts(store, disk, (data, config), environment, &clock)?;
        let engine = Engine::open(parts).await.map_err(|error| open_failure(&place, error))?;
        let machine = rustix::system::uname();
        engine.runs_at(format!("{}, process {}", machine.nodename().to_string_lossy(), std::process::id()));
        Ok(App { engine, clock, data: data.to_owned(), lock })
    }

    /// For commands that only look: works beside a running process, too. `None` when nothing is there yet.
    pub async fn look(
        data: &Path,
        config: &Config,
        environment: &[(String, String)],
    ) -> Result<Option<App>, Failure> {
        let place = place(data, config);
        let clock = system_clock(environment);
        let store = match &place {
            DatabasePlace::File(file) => {
                if !file.exists() {
                    return Ok(None);
                }
                match App::open(data, config, environment).await {
                    Err(failure) if failure.code() == ErrorCode::DataInUse => {}
                    other => return other.map(Some),
                }
                Store::sqlite_read_only(file, READERS).map_err(|error| database_failure(&place, error))?
            }
            DatabasePlace::Server(url) => {
                let store = connect(url.clone(), config, &clock).await?;
                let progress = store.read(|tx| installation::progress(tx, palitra_store::MIGRATIONS)).await;
                match progress.map_err(|error| database_failure(&place, error))? {
                    Progress::UpToDate => store,
                    Progress::Empty => return Ok(None),
                    Progress::Behind => return App::open(data, config, environment).await.map(Some),
                }
            }
        };
        let disk = Disk::beside(&config.objects.folder(data));
        let parts = parts(store, disk, (data, config), environment, &clock)?;
        let engine = Engine::look(parts).await.map_err(|error| open_failure(&place, error))?;
        Ok(Some(App { engine, clock, data: data.to_owned(), lock: None }))
    }

    /// Whether this process has the directory to itself.
    pub fn is_owner(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether another process carries work on, or may: who only looks may wait for it.
    pub async fn is_worked_in(&self) -> bool {
        if self.engine.is_shared() {
            // Whoever cannot be asked is not known to be idle.
            let processes = self.engine.processes().await;
            return processes.map_or(true, |found| found.workers.iter().any(|worker| worker.left.is_some()));
        }
        !self.is_owner() && owner_is_alive(&self.data)
    }

    /// Finishes what the database still has to write.
    pub async fn close(self) {
        let store = self.engine.store.clone();
        tokio::task::spawn_blocking(move || store.close()).await.ok();
    }
}

pub(crate) fn system_clock(environment: &[(String, String)]) -> Arc<dyn Clock> {
    Arc::new(SystemClock::new(crash::clock_scale(environment)))
}

fn place(data: &Path, config: &Config) -> DatabasePlace {
    // Loading the settings has refused URLs of other databases.
    config.database.place(data).unwrap_or_else(|| DatabasePlace::File(data.join("palitra.db")))
}

/// All connections of a PostgreSQL database. It blocks until they are there, so it does on a thread of its own.
async fn connect(url: Secret, config: &Config, clock: &Arc<dyn Clock>) -> Result<Store, Failure> {
    let settings = PgSettings {
        writers: config.database.writers(),
        readers: config.database.readers(),
        ..PgSettings::new(url.clone(), clock.clone(), Arc::new(clock::random))
    };
    let connected = tokio::task::spawn_blocking(move || Store::postgres(&settings)).await;
    let connected = connected.unwrap_or_else(|error| {
        Err(palitra_store::Error::Unavailable(format!("cannot start a thread: {error}")))
    });
    connected.map_err(|error| database_failure(&DatabasePlace::Server(url), error))
}

/// Whether the process that last took the directory is still alive. Taking the lock to find out would keep others from starting.
fn owner_is_alive(data: &Path) -> bool {
    let owner = fs::read_to_string(data.join("lock")).ok().and_then(|owner| owner.trim().parse().ok());
    owner.and_then(Pid::from_raw).is_some_and(|owner| test_kill_process(owner).is_ok())
}

/// One process at a time works in a data directory. The file names it, so that the next one can say who.
fn lock(data: &Path) -> Result<File, Failure> {
    let unwritable = |error: io::Error| io_failure(data, error).with("hint", "`--data`");
    fs::create_dir_all(data).map_err(unwritable)?;
    let path = data.join("lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            drop(file.read_to_string(&mut owner));
            return Err(Failure::new(ErrorCode::DataInUse)
                .with("place", data.display().to_string())
                .with("value", owner.trim()));
        }
        Err(TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    let written =
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    written.map_err(unwritable)?;
    Ok(file)
}

/// What pictures and sound that are worked on may take of the memory, all together.
const MEDIA_MIB: u32 = 1024;

fn parts(
    store: Store,
    disk: Disk,
    (data, config): (&Path, &Config),
    environment: &[(String, String)],
    clock: &Arc<dyn Clock>,
) -> Result<Parts, Failure> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let pool = Pool::new(threads, MEDIA_MIB);
    Ok(Parts {
        store,
        objects: Arc::new(disk),
        markets: markets::parts(data, config, clock, &pool)?,
        catalogue: Catalogue::shipped(),
        clock: clock.clone(),
        random: Arc::new(clock::random),
        points: crash::points(environment),
        examiner: Some(Arc::new(Gate(pool.clone()))),
        preparer: Some(Arc::new(Preparing(pool))),
        settings: Settings {
            unknown: match config.engine.unknown {
                config::UnknownPolicy::ResubmitOnce => UnknownPolicy::ResubmitOnce,
                config::UnknownPolicy::Fail => UnknownPolicy::Fail,
            },
            refusals_max: i64::from(config.engine.retries_max),
            polls_max: usize::try_from(config.engine.polls_max).unwrap_or(64),
            drain: config.engine.drain(),
            prices: config.money.prices(),
            bounds: config.engine.bounds(),
            retention: config.retention.kept(),
            gifts: config.money.gifts(),
            sign_up: config.server.sign_up.then_some(SignUp {
                a_day: config.server.sign_ups_a_day,
                credit: config.money.sign_up_minor,
            }),
            acceptance: config.acceptance.policy(),
            test_mode: config.engine.test_mode,
            commercial: config.engine.commercial,
            prompts: Prompts {
                translator: config.prompts.translator.clone(),
                writer: config.prompts.writer.clone(),
                billed: config.prompts.billed,
            },
        },
    })
}

/// A folder or file that cannot be used, by the reason.
pub fn io_failure(path: &Path, error: io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::NotWritable,
    };
    Failure::new(code).with("place", path.display().to_string()).caused_by(error)
}

/// Why a database cannot be opened, in words for people, with what to do about it.
fn database_failure(place: &DatabasePlace, error: palitra_store::Error) -> Failure {
    use palitra_store::Error as Store;
    let failure = match &error {
        Store::Refused(_) => foreign(place),
        Store::Address(_) => Failure::new(ErrorCode::BadSetting)
            .with("place", "`database.url`")
            .with("why", Phrase::new("setting-database-address")),
        Store::Unreachable { place, why, is_login: true } => {
            Failure::new(ErrorCode::DatabaseLogin).with("place", place.as_str()).with("why", why.as_str())
        }
        Store::Unreachable { place, why, is_login: false } => {
            let why = Phrase::new("database-away").with("place", place.as_str()).with("why", why.as_str());
            Failure::new(ErrorCode::StoreUnavailable)
                .with("why", why)
                .with("hint", Phrase::new("database-away-hint"))
        }
        Store::Unfit { place, unfit } => {
            let (key, value) = match unfit {
                Unfit::TooOld(version) => ("database-too-old", version),
                Unfit::Encoding(name) => ("database-encoding", name),
            };
            Failure::new(ErrorCode::DatabaseUnfit)
                .with("place", place.as_str())
                .with("why", Phrase::new(key).with("value", value.as_str()))
                .with("hint", Phrase::new(format!("{key}-hint")))
        }
        _ => return open_failure(place, palitra_engine::Error::from(error)),
    };
    failure.caused_by(error)
}

/// A database of another program, or of another version.
fn foreign(place: &DatabasePlace) -> Failure {
    match place {
        DatabasePlace::File(file) => {
            Failure::new(ErrorCode::ForeignDatabase).with("place", file.display().to_string())
        }
        DatabasePlace::Server(_) => Failure::new(ErrorCode::ForeignDatabase)
            .with("place", "`database.url`")
            .with("hint", Phrase::new("foreign-shared")),
    }
}

/// The texts of these codes name the place, not the database's words.
fn open_failure(place: &DatabasePlace, error: palitra_engine::Error) -> Failure {
    match error.code {
        ErrorCode::ForeignDatabase => foreign(place).caused_by(error),
        ErrorCode::DiskFull => {
            let shown = match place {
                DatabasePlace::File(file) => file.parent().unwrap_or(file).display().to_string(),
                DatabasePlace::Server(_) => "`database.url`".to_owned(),
            };
            Failure::new(error.code).with("place", shown).caused_by(error)
        }
        ErrorCode::BadSetting => {
            let why = error.args.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
            Failure::new(ErrorCode::BadSetting)
                .with("place", "`money.currency`")
                .with("why", Phrase::new("currency-fixed").with("value", why))
        }
        _ => error.into(),
    }
}
