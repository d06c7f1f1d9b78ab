//! `palitra keys`: its words.

use super::{Moment, values};
use clap::{Args, Subcommand};
use palitra_domain::Scopes;
use std::time::Duration;

pub(super) const KEYS_EXAMPLES: &str = "\
Examples:
  palitra keys create --account ann --credit 1000
  palitra keys create --account ann --test --json
  palitra keys create --account ann --name \"nightly decks\" --scope read,generate --expires 90d --budget-day 500
  palitra keys rotate key_… --keep 7d
  palitra keys revoke key_…

With --json `create` is {key, account, id, name, mode, scopes, expires_at, budgets}, `rotate` {key, account, id, old_until}: the only time
the key is seen. `ls` is a list of {id, account, mode, key, created_at, revoked_at, name, scopes, expires_at, used_at, old_until, budgets};
`budgets` has `day`, `month` and `total` (UTC), each null or {budget, used}.";

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Create a key, and the account when it is new; the key is shown once
    Create(KeysCreate),
    /// List keys, without their secret part
    Ls(KeysLs),
    /// Give a key a new secret, shown once; the one before works on for a while
    Rotate {
        /// As `palitra keys ls` shows it, `key_…`
        #[arg(value_name = "KEY_ID")]
        id: String,
        /// How long the secret before still works: `24h`, `7d`, `0`; at most 30 days
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = values::keep)]
        keep: Duration,
    },
    /// Revoke a key at once
    Revoke {
        /// As `palitra keys ls` shows it, `key_…`
        #[arg(value_name = "KEY_ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct KeysCreate {
    /// Account the key belongs to; with `--server` without it that of the key that asks
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Money for the account, in units of its wallet: `1000`, `9.50`
    #[arg(long = "credit", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub credit_minor: Option<i64>,
    /// A test key: simulated markets and test money; with `--server` without it as the key that asks
    #[arg(long)]
    pub test: bool,
    /// What the key is for, in a few words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub name: String,
    /// What it may be used for: `read`, `generate`, `account`, `operator` (markets and other accounts) [default: the first three, with
    /// `--server` those of them that the key that asks has]
    #[arg(long = "scope", value_name = "SCOPES", value_parser = values::scopes)]
    pub scopes: Option<Scopes>,
    /// Until when it works: `90d` from now, or a day such as `2027-01-31` (UTC, that day included) [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse_ahead)]
    pub expires: Option<Moment>,
    /// What it may spend in a day (UTC), in units of the wallet
    #[arg(long = "budget-day", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub budget_day_minor: Option<i64>,
    /// What it may spend in a month (UTC)
    #[arg(long = "budget-month", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub budget_month_minor: Option<i64>,
    /// What it may spend in all
    #[arg(long = "budget-total", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub budget_total_minor: Option<i64>,
}

#[derive(Debug, Args)]
pub struct KeysLs {
    /// Only those of this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}
