//! `palitra accounts`: its words.

use super::values;
use clap::{ArgGroup, Args, Subcommand};
use palitra_domain::{audit::Action, money::Millionths};
use std::path::PathBuf;

pub(super) const ACCOUNTS_EXAMPLES: &str = "\
Examples:
  palitra accounts ls
  palitra accounts show ann --json
  palitra accounts groups set friends 0.5      # half of the price for them
  palitra accounts set ann --group friends
  palitra accounts set ann --free on           # pays nothing; what it costs is counted
  palitra accounts set bob --referral K7QM2RTX9W
  palitra accounts export ann -o ann.json
  palitra accounts delete ann
  palitra accounts audit --action key_create --limit 20

With --json `show` is one object and `ls` a list of them: {id, name, kind, group, factor, free_access, referral_code, referred_by,
referred, weight, cash, bonus, held, debt, created_at}; `show` adds `expiring`, [{amount, expires_at}]. `groups ls` is a list of
{name, factor, accounts}. Factors are decimal text. `export` is the account's document itself; `delete` is {account, deleted, lost},
where `lost` is {cash, bonus, files, bytes, waiting, running, keys}, and `audit` a list of {id, at, who, action, subject, about}.";

#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// List accounts with their money and their terms
    Ls,
    /// Show one account
    Show {
        /// As `palitra accounts ls` shows it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Change on which terms an account buys, from its next order on
    Set(AccountsSet),
    /// Write everything of an account as one JSON document
    Export {
        /// As `palitra accounts ls` shows it
        #[arg(value_name = "NAME")]
        name: String,
        /// Into this file, which must not exist; without it on stdout
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Delete an account with its files, its work and its keys, for ever; the books keep what was paid, without its name
    Delete {
        /// As `palitra accounts ls` shows it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List what operators have done, newest first
    Audit(AccountsAudit),
    /// List, make, change or remove price groups
    #[command(subcommand)]
    Groups(Groups),
}

#[derive(Debug, Args)]
pub struct AccountsAudit {
    /// Only what was done to this: an id of a key or an account, a market, a group
    #[arg(long, value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// Only this: key_create, credit, refund, account_delete, market_pause, …
    #[arg(long, value_name = "ACTION", value_parser = values::action)]
    pub action: Option<Action>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct AccountsSet {
    /// As `palitra accounts ls` shows it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// It buys at the prices of this group
    #[arg(long, value_name = "GROUP", group = "what")]
    pub group: Option<String>,
    /// It buys at the plain prices
    #[arg(long, group = "what", conflicts_with = "group")]
    pub no_group: bool,
    /// `on`: it pays nothing
    #[arg(long, value_name = "ON|OFF", group = "what", value_parser = values::switch)]
    pub free: Option<bool>,
    /// Referral code of whoever has brought it; once, for ever
    #[arg(long, value_name = "CODE", group = "what")]
    pub referral: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Groups {
    /// List price groups
    Ls,
    /// Make a group, or change its factor
    Set {
        /// Name of the group
        #[arg(value_name = "NAME")]
        name: String,
        /// What prices are multiplied by, 0 to 1000: `0.5` is half
        #[arg(value_name = "FACTOR", value_parser = values::factor)]
        factor: Millionths,
    },
    /// Remove a group that no account is in
    Rm {
        /// Name of the group
        #[arg(value_name = "NAME")]
        name: String,
    },
}
