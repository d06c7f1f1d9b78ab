//! The settings: one struct per section of `config.default.toml`, where each is explained, and the bounds they must keep.

use super::{Markets, wire};
use crate::failure::Phrase;
use palitra_api::Network;
use palitra_domain::{
    Currency,
    acceptance::{Defect, Measure, Policy},
    money::Millionths,
    price::PriceSettings,
    secret::Secret,
};
use palitra_engine::{Bounds, Gifts};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt::Display,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub objects: Objects,
    pub engine: Engine,
    pub money: MoneySettings,
    pub markets: Markets,
    pub prompts: Prompts,
    pub acceptance: Acceptance,
    pub slides: Slides,
    pub words: Words,
    pub upscale: Upscale,
    pub security: Security,
    pub telemetry: Telemetry,
    pub retention: Retention,
    pub redis: Redis,
    pub telegram: Telegram,
}

/// A setting that breaks its bounds.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) setting: String,
    pub(super) why: Phrase,
}

impl Config {
    /// Everything the types alone do not catch.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.database.validate(&mut problems);
        self.engine.validate(&mut problems);
        self.money.validate(&mut problems);
        self.markets.validate(&mut problems);
        self.acceptance.validate(&mut problems);
        self.slides.validate(&mut problems);
        self.words.validate(&mut problems);
        self.retention.validate(&mut problems);
        within(&mut problems, "server.sign_ups_a_day", &self.server.sign_ups_a_day, 1..=1_000_000);
        within(
            &mut problems,
            "server.sign_ups_per_address",
            &self.server.sign_ups_per_address,
            0..=1_000_000,
        );
        let security = &self.security;
        for (setting, value) in [
            ("security.requests_per_minute", security.requests_per_minute),
            ("security.account_requests_per_minute", security.account_requests_per_minute),
            ("security.strangers_per_minute", security.strangers_per_minute),
        ] {
            within(&mut problems, setting, &value, 0..=1_000_000);
        }
        problems
    }
}

pub(super) fn within<T: PartialOrd + Display>(
    problems: &mut Vec<Problem>,
    setting: impl Into<String>,
    value: &T,
    bounds: RangeInclusive<T>,
) {
    if !bounds.contains(value) {
        let why = Phrase::new("setting-bounds")
            .with("min", bounds.start().to_string())
            .with("max", bounds.end().to_string());
        problems.push(Problem { setting: setting.into(), why });
    }
}

pub(super) const TEN_MINUTES_MS: u64 = 600_000;

/// What a process does for the others. Doors that are not there yet are accepted and do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// HTTP routes: callbacks of markets, later the API.
    Api,
    Web,
    Bot,
    /// Carries work on.
    Worker,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Api, Role::Web, Role::Bot, Role::Worker];

    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Api => "api",
            Role::Web => "web",
            Role::Bot => "bot",
            Role::Worker => "worker",
        }
    }
}

/// At least one role, each once, in the order of [`Role::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// `worker,api`; `None` when a word is none of them, or when there is none.
    pub fn parse(text: &str) -> Option<Roles> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_known = |word: &&str| Role::ALL.iter().any(|role| role.as_str() == *word);
        let named = |role: &Role| words.contains(&role.as_str());
        words.iter().all(is_known).then(|| Roles(Role::ALL.into_iter().filter(named).collect()))
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Nothing that the outside calls.
    pub fn is_worker_alone(&self) -> bool {
        self.0 == [Role::Worker]
    }
}

impl Display for Roles {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(","))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    #[serde(deserialize_with = "wire::address")]
    pub listen: SocketAddr,
    /// What this process does.
    #[serde(deserialize_with = "wire::roles")]
    pub roles: Roles,
    /// Where a process without a door of its own answers.
    #[serde(deserialize_with = "wire::address")]
    pub worker_listen: SocketAddr,
    /// Without a trailing `/`. `None`: `http://` and the address that is listened on.
    #[serde(deserialize_with = "wire::optional_url")]
    pub public_url: Option<String>,
    /// Origins, separated by commas.
    cors_origins: String,
    /// Whether strangers may make accounts, and how many in a day.
    pub sign_up: bool,
    pub sign_ups_a_day: u32,
    /// And one address of them; 0 is no bound.
    pub sign_ups_per_address: u32,
    /// Networks, separated by commas: whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "wire::networks")]
    pub trusted_proxies: Vec<Network>,
}

impl Server {
    /// Whose pages may call the API.
    pub fn cors_origins(&self) -> Vec<String> {
        self.cors_origins
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Empty, `sqlite:…` or `postgres://…`; a secret because URLs carry passwords.
    pub url: Secret,
    pub url_file: String,
    /// Connections to PostgreSQL.
    writers: u32,
    readers: u32,
}

/// Which database the settings name.
#[derive(Debug)]
pub enum DatabasePlace {
    File(PathBuf),
    /// `postgres://…`, as PostgreSQL's own clients read it.
    Server(Secret),
}

impl Database {
    /// Names and slashes count as in the seeds' SQLAlchemy URLs: `sqlite:///relative.db`, `sqlite:////absolute.db`,
    /// `postgresql+asyncpg://…`. `None` for a URL of another kind, which `validate` refuses.
    pub fn place(&self, data: &Path) -> Option<DatabasePlace> {
        let url = self.url.reveal();
        if url.is_empty() {
            return Some(DatabasePlace::File(data.join("palitra.db")));
        }
        if let Some((kind, rest)) = url.split_once("://")
            && let ("postgres" | "postgresql", driver) = kind.split_once('+').unwrap_or((kind, ""))
        {
            // asyncpg has a name of its own for it.
            let rest = if driver == "asyncpg" { rest.replace("?ssl=", "?sslmode=") } else { rest.to_owned() };
            return Some(DatabasePlace::Server(Secret::new(format!("postgres://{rest}"))));
        }
        let rest = url.strip_prefix("sqlite:").or_else(|| url.strip_prefix("sqlite+aiosqlite:"))?;
        let path = rest.strip_prefix("///").unwrap_or(rest);
        (!path.is_empty() && !path.starts_with("//")).then(|| DatabasePlace::File(PathBuf::from(path)))
    }

    pub fn writers(&self) -> usize {
        usize::try_from(self.writers).unwrap_or(1)
    }

    pub fn readers(&self) -> usize {
        usize::try_from(self.readers).unwrap_or(1)
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        within(problems, "database.writers", &self.writers, 1..=64);
        within(problems, "database.readers", &self.readers, 1..=64);
        if self.place(Path::new("")).is_none() {
            problems
                .push(Problem { setting: "database.url".to_owned(), why: Phrase::new("setting-database") });
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    pub dir: String,
}

impl Objects {
    pub fn folder(&self, data: &Path) -> PathBuf {
        if self.dir.is_empty() { data.join("objects") } else { PathBuf::from(&self.dir) }
    }
}

/// What happens to an attempt whose outcome stays unknown (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPolicy {
    /// One more submission, at the house's cost.
    ResubmitOnce,
    Fail,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    pub unknown: UnknownPolicy,
    unknown_wait_s: u64,
    pub test_mode: bool,
    pub commercial: bool,
    pub retries_max: u32,
    pub polls_max: u32,
    drain_s: u64,
    account_queued_max: u32,
    account_running_max: u32,
    account_uploads_mb: u32,
    standard_wait_s: u64,
    house_loss_hour_minor: i64,
    house_loss_day_minor: i64,
}

impl Engine {
    /// `None`: twice the mode's p90.
    pub fn unknown_wait(&self) -> Option<Duration> {
        (self.unknown_wait_s > 0).then(|| Duration::from_secs(self.unknown_wait_s))
    }

    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }

    pub fn bounds(&self) -> Bounds {
        Bounds {
            queued_max: i64::from(self.account_queued_max),
            running_max: i64::from(self.account_running_max),
            upload_bytes_max: i64::from(self.account_uploads_mb) * 1024 * 1024,
            loss_hour: self.house_loss_hour_minor,
            loss_day: self.house_loss_day_minor,
            standard_wait: Duration::from_secs(self.standard_wait_s),
        }
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        within(problems, "engine.unknown_wait_s", &self.unknown_wait_s, 0..=86_400);
        within(problems, "engine.retries_max", &self.retries_max, 0..=64);
        within(problems, "engine.polls_max", &self.polls_max, 1..=1024);
        within(problems, "engine.drain_s", &self.drain_s, 0..=3600);
        within(problems, "engine.account_queued_max", &self.account_queued_max, 0..=100_000);
        within(problems, "engine.account_running_max", &self.account_running_max, 0..=10_000);
        within(problems, "engine.account_uploads_mb", &self.account_uploads_mb, 0..=10_000_000);
        for (setting, minor) in [
            ("engine.house_loss_hour_minor", self.house_loss_hour_minor),
            ("engine.house_loss_day_minor", self.house_loss_day_minor),
        ] {
            within(problems, setting, &minor, 0..=100_000_000);
        }
        within(problems, "engine.standard_wait_s", &self.standard_wait_s, 0..=86_400);
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneySettings {
    #[serde(deserialize_with = "wire::currency")]
    pub currency: Currency,
    #[serde(deserialize_with = "wire::millionths")]
    pub usd_rate: Millionths,
    #[serde(deserialize_with = "wire::millionths")]
    pub credit_rate: Millionths,
    #[serde(deserialize_with = "wire::millionths")]
    pub markup: Millionths,
    /// Minor units.
    pub least_minor: i64,
    /// Minor units.
    welcome_minor: i64,
    /// In its place for an account that somebody has made for himself.
    pub sign_up_minor: i64,
    /// 0 = for ever.
    welcome_days: u32,
    referral_percent: u32,
}

impl MoneySettings {
    /// What the house gives by itself.
    pub fn gifts(&self) -> Gifts {
        Gifts {
            welcome: self.welcome_minor,
            welcome_lasts: (self.welcome_days > 0)
                .then(|| Duration::from_secs(u64::from(self.welcome_days) * 86_400)),
            referral_percent: self.referral_percent,
        }
    }

    pub fn prices(&self) -> PriceSettings {
        PriceSettings {
            currency: self.currency,
            usd_rate: self.usd_rate,
            credit_rate: self.credit_rate,
            markup: self.markup,
            factor: Millionths::ONE,
            least: self.least_minor,
        }
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        for (setting, rate) in [("money.usd_rate", self.usd_rate), ("money.credit_rate", self.credit_rate)] {
            if rate.0 == 0 {
                problems
                    .push(Problem { setting: setting.to_owned(), why: Phrase::new("setting-above-zero") });
            }
        }
        within(problems, "money.least_minor", &self.least_minor, 0..=1_000_000);
        within(problems, "money.welcome_minor", &self.welcome_minor, 0..=100_000_000);
        within(problems, "money.sign_up_minor", &self.sign_up_minor, 0..=100_000_000);
        within(problems, "money.welcome_days", &self.welcome_days, 0..=36_500);
        within(problems, "money.referral_percent", &self.referral_percent, 0..=100);
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompts {
    pub translator: String,
    pub writer: String,
    pub billed: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub model: String,
    /// Empty: voices of this machine, else of the sandbox.
    pub speech_model: String,
    /// By language.
    pub voices: BTreeMap<String, String>,
    pub template: String,
    /// 0 = as many as the market takes.
    pub image_workers: u32,
    pub audio_workers: u32,
    /// 0 = each word stands alone.
    pub gate_percent: u32,
}

impl Words {
    fn validate(&self, problems: &mut Vec<Problem>) {
        within(problems, "words.image_workers", &self.image_workers, 0..=500);
        within(problems, "words.audio_workers", &self.audio_workers, 0..=500);
        within(problems, "words.gate_percent", &self.gate_percent, 0..=100);
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upscale {
    pub model: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slides {
    pub model: String,
    pub draft_model: String,
    pub prompt_model: String,
    /// 0 = as many as there are slides.
    pub image_workers: u32,
    prompt_delay_ms: u64,
    image_delay_ms: u64,
    pub gate_percent: u32,
}

impl Slides {
    /// Start to start.
    pub fn prompt_delay(&self) -> Duration {
        Duration::from_millis(self.prompt_delay_ms)
    }

    /// Start to start, per worker.
    pub fn image_delay(&self) -> Duration {
        Duration::from_millis(self.image_delay_ms)
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        within(problems, "slides.image_workers", &self.image_workers, 0..=64);
        within(problems, "slides.prompt_delay_ms", &self.prompt_delay_ms, 0..=TEN_MINUTES_MS);
        within(problems, "slides.image_delay_ms", &self.image_delay_ms, 0..=TEN_MINUTES_MS);
        within(problems, "slides.gate_percent", &self.gate_percent, 0..=100);
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    pub allow_private_urls: bool,
    /// Of the API; 0 is no limit.
    pub requests_per_minute: u32,
    pub account_requests_per_minute: u32,
    pub strangers_per_minute: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub level: LogLevel,
    pub format: LogFormat,
}

/// What is wrong with results, and what follows from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    broken: Measure,
    wrong_kind: Measure,
    wrong_size: Measure,
    blank: Measure,
    unchanged: Measure,
    duplicate: Measure,
    silent: Measure,
    clipped: Measure,
    too_short: Measure,
    wrong_length: Measure,
    modes: BTreeMap<String, BTreeMap<String, Measure>>,
}

impl Acceptance {
    /// As the engine reads it.
    pub fn policy(&self) -> Policy {
        let measure = |defect: &Defect| match defect {
            Defect::Broken => self.broken,
            Defect::WrongKind => self.wrong_kind,
            Defect::WrongSize => self.wrong_size,
            Defect::Blank => self.blank,
            Defect::Unchanged => self.unchanged,
            Defect::Duplicate => self.duplicate,
            Defect::Silent => self.silent,
            Defect::Clipped => self.clipped,
            Defect::TooShort => self.too_short,
            Defect::WrongLength => self.wrong_length,
        };
        let all = Defect::ALL.iter().map(|defect| (defect.as_str().to_owned(), measure(defect))).collect();
        Policy { all, modes: self.modes.clone() }
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        for (mode, own) in &self.modes {
            for name in own.keys().filter(|name| Defect::parse(name).is_none()) {
                let known = Defect::ALL.iter().map(|defect| defect.as_str()).collect::<Vec<_>>().join(", ");
                problems.push(Problem {
                    setting: format!("acceptance.modes.{mode}.{name}"),
                    why: Phrase::new("setting-one-of").with("value", known),
                });
            }
        }
    }
}

/// Days; 0 = for ever.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub uploads_days: u32,
    pub face_inputs_days: u32,
    pub results_days: u32,
    pub events_days: u32,
    pub finished_days: u32,
}

impl Retention {
    /// How long things are kept, as the engine counts.
    pub fn kept(&self) -> palitra_engine::Retention {
        let days = |days: u32| (days > 0).then(|| Duration::from_secs(u64::from(days) * 86_400));
        palitra_engine::Retention {
            results: days(self.results_days),
            uploads: days(self.uploads_days),
            faces: days(self.face_inputs_days),
            events: days(self.events_days),
            finished: days(self.finished_days),
        }
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        for (name, days) in [
            ("uploads", self.uploads_days),
            ("face_inputs", self.face_inputs_days),
            ("results", self.results_days),
            ("events", self.events_days),
            ("finished", self.finished_days),
        ] {
            within(problems, format!("retention.{name}_days"), &days, 0..=36_500);
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: Secret,
    pub url_file: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    pub token: Secret,
    pub token_file: String,
}
