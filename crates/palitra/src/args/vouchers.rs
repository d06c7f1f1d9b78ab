//! `palitra vouchers`: its words.

use super::{Moment, values};
use clap::{Args, Subcommand};

pub(super) const VOUCHERS_EXAMPLES: &str = "\
Examples:
  palitra vouchers create --amount 100 --uses 50 --expires 2027-01-31
  palitra vouchers create --amount 30 --code SPRING --bonus --days 30
  palitra vouchers ls
  palitra vouchers revoke vch_…
  palitra balance redeem SPRING --account ann

With --json `create` is {id, code}, the only time the code is seen, and `ls` a list of {id, hint, status, purse, amount, days, uses,
uses_max, created_at, expires_at, revoked_at}; `status` is active, used_up, expired or revoked.";

#[derive(Debug, Subcommand)]
pub enum Vouchers {
    /// Make a voucher; its code is shown once
    Create(VouchersCreate),
    /// List vouchers, newest first, without their codes
    Ls,
    /// Let a voucher give nothing any more; what it has given stays
    Revoke {
        /// As `palitra vouchers ls` shows it, `vch_…`
        #[arg(value_name = "VOUCHER_ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct VouchersCreate {
    /// What it gives to an account, in units of the wallet: `100`, `9.50`
    #[arg(long = "amount", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub amount_minor: i64,
    /// How many accounts can redeem it, each once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub uses: u32,
    /// Until when, such as `2027-01-31` (UTC, that day included) [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub expires: Option<Moment>,
    /// A code of your own, 4 to 32 letters and digits; short ones can be guessed [default: a random one]
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// A bonus instead of cash: spent first, never paid out
    #[arg(long)]
    pub bonus: bool,
    /// How long the bonus lasts, in days [default: for ever]
    #[arg(long, value_name = "N", requires = "bonus", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
}
