//! The commands, one file each, and the way from a typed line to an exit code.

mod accounts;
mod balance;
mod batch;
mod config;
mod doctor;
mod documents;
mod jobs;
mod keys;
mod make;
mod markets;
pub mod models;
mod money;
mod people;
mod place;
mod run;
mod serve;
mod sim;
mod slides;
mod stop;
mod voices;
mod vouchers;
mod words;

use crate::{
    args::{self, Cli, Command, Usage},
    config::{Config, DatabasePlace, Inputs, Loaded, LogLevel, Telemetry},
    console::Console,
    failure::{Failure, Phrase},
    telemetry,
    wiring::{self, App},
};
use palitra_domain::{Clock, ErrorCode, i18n::Lang};
use palitra_engine::market_failure;
use std::{io, process::ExitCode, sync::Arc};

/// What a command works with before anything is opened.
pub(crate) struct Session {
    pub(crate) cli: args::Global,
    pub(crate) loaded: Loaded,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) console: Console,
}

impl Session {
    pub(crate) fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// For waiting.
    fn clock(&self) -> Arc<dyn Clock> {
        wiring::system_clock(&self.environment)
    }

    pub(crate) async fn open(&self) -> Result<App, Failure> {
        App::open(&self.cli.data, self.config(), &self.environment).await
    }

    /// The engine cannot record what it does: where its records are.
    fn trouble(&self, code: ErrorCode) -> Failure {
        let data = self.cli.data.display().to_string();
        let place = match self.config().database.place(&self.cli.data) {
            Some(DatabasePlace::Server(_)) if code != ErrorCode::DiskFull => "`database.url`".to_owned(),
            _ => data,
        };
        Failure::new(code).with("place", place.as_str()).with("why", place.as_str())
    }

    pub(crate) async fn look(&self) -> Result<Option<App>, Failure> {
        App::look(&self.cli.data, self.config(), &self.environment).await
    }
}

/// Runs what was typed.
pub fn main(parsed: Result<Cli, Usage>, environment: Vec<(String, String)>) -> ExitCode {
    let lang = language(parsed.as_ref().ok().and_then(|cli| cli.global.lang), &environment);
    let cli = match parsed {
        Ok(cli) => cli,
        Err(usage) => return explain(usage, lang),
    };
    let console = Console { lang, json: cli.global.json };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli, environment, console));
            // Tasks that still draw must not keep the process alive.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::new(ErrorCode::Internal).with("why", error.to_string()).into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Said(code)) => ExitCode::from(code.exit_code()),
        Err(Stop::Failure(failure)) => {
            console.document(&failure.json(lang));
            drop(failure.report(lang, &mut io::stderr().lock()));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Why a command ended badly.
pub(crate) enum Stop {
    Failure(Failure),
    /// The document has been printed; only the lines for people and the exit code are left.
    Said(ErrorCode),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failure(error.into())
    }
}

/// For a failure that follows its own document: only the lines for people and the exit code are left.
fn said(session: &Session, failure: Failure) -> Stop {
    if !session.console.json {
        return Stop::Failure(failure);
    }
    drop(failure.report(session.console.lang, &mut io::stderr().lock()));
    Stop::Said(failure.code())
}

type Result<T, E = Failure> = std::result::Result<T, E>;

async fn run(cli: Cli, environment: Vec<(String, String)>, console: Console) -> Result<(), Stop> {
    let flags = cli.overrides();
    let Cli { global, command, .. } = cli;
    let inputs = Inputs {
        folder: std::env::current_dir().unwrap_or_default(),
        data: global.data.clone(),
        file: global.config.clone(),
        environment: environment.clone(),
        flags,
    };
    let loaded = Config::load(&inputs)?;
    telemetry::install(&log_settings(&loaded, &command));
    let session = Session { cli: global, loaded, environment, console };
    if session.cli.server.is_some() && !works_at_a_service(&command) {
        let failure = Failure::new(ErrorCode::InvalidInput).with("value", "`--server`");
        return Err(failure.with("hint", Phrase::new("hint-server-here")).into());
    }
    match command {
        Command::Create(args) => make::create(&session, args).await,
        Command::Write(args) => make::write(&session, args).await,
        Command::Edit(args) => make::edit(&session, args).await,
        Command::Retouch(args) => make::retouch(&session, args).await,
        Command::SwapFace(args) => make::swap_face(&session, args).await,
        Command::Upscale(args) => make::upscale(&session, args).await,
        Command::Text(args) => make::text(&session, args).await,
        Command::Convert(args) => make::convert(&session, args).await,
        Command::ContactSheet(args) => make::contact_sheet(&session, args).await,
        Command::Speak(args) => make::speak(&session, args).await,
        Command::Video(args) => make::video(&session, args).await,
        Command::Slides(args) => slides::run(&session, args).await,
        Command::Words(args) => words::run(&session, *args).await,
        Command::Run(args) => run::run(&session, args).await,
        Command::Jobs(args) => jobs::run(&session, args).await,
        Command::Markets(args) => Ok(markets::run(&session, args).await?),
        Command::Balance(args) => Ok(balance::run(&session, args).await?),
        Command::Accounts(args) => Ok(accounts::run(&session, args).await?),
        Command::Vouchers(args) => Ok(vouchers::run(&session, args).await?),
        Command::Keys(args) => Ok(keys::run(&session, args).await?),
        Command::Models(args) => Ok(models::run(&session, args).await?),
        Command::Serve(args) => Ok(serve::run(&session, &args).await?),
        Command::Sim(args) => Ok(sim::run(&session, args).await?),
        Command::Config(args) => {
            config::run(&session, &args);
            Ok(())
        }
        Command::Doctor => doctor::run(&session).await,
    }
}

/// What `--server` is understood by; the rest works on a data directory.
fn works_at_a_service(command: &Command) -> bool {
    matches!(
        command,
        Command::Create(_)
            | Command::Edit(_)
            | Command::Retouch(_)
            | Command::SwapFace(_)
            | Command::Upscale(_)
            | Command::Convert(_)
            | Command::Text(_)
            | Command::Speak(_)
            | Command::Video(_)
            | Command::Slides(_)
            | Command::Words(_)
            | Command::Run(_)
            | Command::Jobs(_)
            | Command::Markets(_)
            | Command::ContactSheet(_)
            | Command::Write(_)
            | Command::Balance(_)
            | Command::Accounts(_)
            | Command::Vouchers(_)
            | Command::Keys(_)
            | Command::Models(_)
    )
}

/// A service logs at `info`; a command that shows its progress is quiet, unless somebody chose a level.
fn log_settings(loaded: &Loaded, command: &Command) -> Telemetry {
    let is_chosen =
        loaded.origins.iter().any(|shown| shown.setting == "telemetry.level" && shown.origin != "default");
    let is_service = matches!(command, Command::Serve(_) | Command::Sim(_));
    let mut settings = loaded.config.telemetry.clone();
    if !is_chosen && !is_service {
        settings.level = LogLevel::Error;
    }
    settings
}

/// `--lang`, then the locale of the environment, then English.
fn language(flag: Option<Lang>, environment: &[(String, String)]) -> Lang {
    let of = |name: &str| {
        environment.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
    };
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(of);
    flag.or_else(|| Lang::parse(locale?)).unwrap_or(Lang::En)
}

fn explain(usage: Usage, lang: Lang) -> ExitCode {
    let console = |json| Console { lang, json };
    match usage {
        Usage::Nothing => console(false).say(args::welcome(lang).trim_end()),
        Usage::Help(text) => console(false).say(text.trim_end()),
        Usage::Mistake { error, hint, json } => {
            let document = serde_json::json!({ "error": { "code": ErrorCode::InvalidInput.name(), "message": error, "hint": hint } });
            console(json).document(&document);
            console(json).note(&format!("error: {error}\nhint: {hint}"));
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
