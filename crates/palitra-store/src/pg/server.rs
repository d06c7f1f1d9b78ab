//! Where the database is and how a session with it is set up: everything of [`PgSettings`] that is the same
//! for all connections. No message of this module repeats the URL: it holds a password.

use std::{path::PathBuf, sync::Arc, time::Duration};

use palitra_domain::Clock;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::{
    PgSettings,
    tls::{self, Connector},
};
use crate::{Error, Result, Unfit};

/// The oldest version that is still maintained by PostgreSQL's authors, and tested here. `Unfit` says so, too.
const OLDEST: u32 = 15;

/// A host that has gone without a word is noticed within a minute.
const KEEPALIVE: Duration = Duration::from_secs(30);

pub(super) struct Server {
    pub(super) config: Config,
    pub(super) connector: Option<Connector>,
    /// For messages.
    name: String,
    /// What every session begins with.
    pub(super) session: String,
    pub(super) connect_timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl Server {
    pub(super) fn new(settings: &PgSettings) -> Result<Server> {
        let address = Address::read(settings.url.reveal())?;
        let mut config: Config = address.rest.parse().map_err(|_| no_url())?;
        let connector = match address.security {
            Security::None => None,
            Security::Encrypted => Some(tls::encrypting()?),
            Security::Verified { roots } => {
                config.ssl_mode(SslMode::Require);
                Some(tls::verifying(roots.as_deref())?)
            }
        };
        config.connect_timeout(settings.connect_timeout).tcp_user_timeout(KEEPALIVE);
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE / 3).keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("palitra");
        }
        Ok(Server {
            name: name(&config),
            config,
            connector,
            session: session(settings),
            connect_timeout: settings.connect_timeout,
            clock: settings.clock.clone(),
            random: settings.random.clone(),
        })
    }

    /// `why` is in the server's words, with its code, when it was the server that said no.
    pub(super) fn cannot_connect(&self, why: &str) -> Error {
        // No such user, a wrong password, no such database.
        let is_login = matches!(why.get(..2), Some("28" | "3D"));
        Error::Unreachable { place: self.name.clone(), why: why.to_owned(), is_login }
    }

    /// Refuses a server that is too old or does not store UTF-8. Both are told by the server as a session
    /// begins.
    pub(super) fn check(&self, version: &str, encoding: &str) -> Result<()> {
        let major =
            version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        if major.is_none_or(|major: u32| major < OLDEST) {
            let unfit = Unfit::TooOld(version.to_owned());
            return Err(Error::Unfit { place: self.name.clone(), unfit });
        }
        if encoding != "UTF8" {
            let unfit = Unfit::Encoding(encoding.to_owned());
            return Err(Error::Unfit { place: self.name.clone(), unfit });
        }
        Ok(())
    }
}

/// `search_path`: our schema alone, temporary tables last. Read-only unless a transaction says otherwise: so
/// no statement can write outside of one, even if the `begin` before it failed. The rest keeps a database
/// administrator's defaults from changing what our statements mean (strings), what a commit promises (it is
/// money) or how long a small statement takes (`jit`).
fn session(settings: &PgSettings) -> String {
    format!(
        "set search_path = palitra, pg_temp; \
         set default_transaction_read_only = on; \
         set statement_timeout = {}; set lock_timeout = {}; set idle_in_transaction_session_timeout = {}; \
         set standard_conforming_strings = on; set jit = off; set client_min_messages = warning; \
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'",
        settings.statement_timeout.as_millis(),
        settings.lock_timeout.as_millis(),
        settings.idle_timeout.as_millis(),
    )
}

/// `` `db.example:5432`, database `palitra`, as `palitra` ``: no password, no options.
fn name(config: &Config) -> String {
    let ports = config.get_ports();
    let places = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(host) => format!("`{host}:{port}`"),
            Host::Unix(folder) => format!("`{}/.s.PGSQL.{port}`", folder.display()),
        }
    });
    let places: Vec<String> = places.collect();
    let database = config.get_dbname().map(|name| format!(", database `{name}`"));
    let user = config.get_user().map(|name| format!(", as `{name}`"));
    format!("{}{}{}", places.join(" or "), database.unwrap_or_default(), user.unwrap_or_default())
}

/// A URL without what the client library does not know.
#[derive(Debug, PartialEq)]
pub(super) struct Address {
    pub(super) rest: String,
    pub(super) security: Security,
}

#[derive(Debug, PartialEq)]
pub(super) enum Security {
    None,
    Encrypted,
    Verified { roots: Option<PathBuf> },
}

impl Address {
    /// The modes of PostgreSQL's own clients, `prefer` when none is named. `allow` (plain first) protects
    /// from nobody and `verify-ca` is a trap (any host with a certificate passes): they are not offered.
    pub(super) fn read(url: &str) -> Result<Address> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(no_url());
        }
        // The first `@` ends user and password, whatever is in them. A second one means that it was part of the
        // password, and what follows would be taken for a host and get into messages.
        let place_begins = url.find('@').map_or(0, |at| at + 1);
        let (place, options) = match url[place_begins..].find('?') {
            Some(at) => (&url[..place_begins + at], &url[place_begins + at + 1..]),
            None => (url, ""),
        };
        if place[place_begins..].contains('@') {
            return Err(no_url());
        }
        let (mut mode, mut roots) = ("prefer", None);
        let mut kept = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", file)) => roots = Some(PathBuf::from(file)),
                _ => kept.push(option),
            }
        }
        let security = match (mode, roots) {
            ("verify-full", roots) => Security::Verified { roots },
            (_, Some(_)) => return Err(refused("`sslrootcert` needs `sslmode=verify-full`")),
            ("disable", None) => Security::None,
            ("prefer" | "require", None) => Security::Encrypted,
            _ => return Err(refused("`sslmode` is one of disable, prefer, require, verify-full")),
        };
        if matches!(mode, "disable" | "prefer" | "require") {
            kept.push(match mode {
                "disable" => "sslmode=disable",
                "require" => "sslmode=require",
                _ => "sslmode=prefer",
            });
        }
        Ok(Address { rest: format!("{place}?{}", kept.join("&")), security })
    }
}

fn no_url() -> Error {
    refused(
        "it has to look like `postgres://user:password@host:5432/database`, \
         special characters of the password as %XX",
    )
}

fn refused(why: &'static str) -> Error {
    Error::Address(why)
}
