//! One struct per command: its arguments, flags and examples.

use super::values::{self, Numbers};
use clap::{Args, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Flags of commands that may cost money.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cost")]
pub struct Spend {
    /// Say what would be done and what it would cost, and do nothing
    #[arg(long)]
    pub plan: bool,
    /// Refuse when the plan costs more than this, in units of the wallet (`9.50`)
    #[arg(long = "max-cost", value_name = "AMOUNT", value_parser = values::minor_units)]
    pub max_cost_minor: Option<i64>,
}

pub(super) const SLIDES_EXAMPLES: &str = "\
Examples:
  palitra slides deck.md -o out
  palitra slides deck.md -o out --plan
  palitra slides deck.md -o out --model fal-ai/flux/dev --max-cost 100 --yes
  palitra slides deck.md -o drafts --draft
  palitra slides deck.md -o out --drop 2,5
  palitra slides deck.md -o out --redo 4 --style \"watercolour, soft light\"

The same command again makes only what is new, changed or failed.
Exit codes: 0 done, 2 usage, 3 not enough money, 4 too few slides succeeded, 130 interrupted.";

#[derive(Debug, Args)]
pub struct Slides {
    /// Deck: PowerPoint (.pptx), Markdown (Marp, reveal, plain) or JSON
    #[arg(value_name = "DECK")]
    pub deck: PathBuf,
    /// Folder of pictures, contact sheet, illustrated deck and `report.json`
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Model that draws
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Model that writes the prompts
    #[arg(long, value_name = "MODEL")]
    pub prompt_model: Option<String>,
    /// portrait, square, landscape, 1024x768 or 16:9
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Same seed, same pictures, where the model can do that
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// What all pictures have in common, put after every prompt: technique, light, mood, in English
    #[arg(long, value_name = "WORDS", help_heading = "Style")]
    pub style: Option<String>,
    /// Colours that all pictures keep to: `#0b3d91,white`
    #[arg(long, value_name = "COLOURS", value_delimiter = ',', help_heading = "Style")]
    pub palette: Option<Vec<String>>,
    /// A picture that the model looks at, where it can; may be repeated
    #[arg(long, value_name = "IMAGE", help_heading = "Style")]
    pub reference: Vec<PathBuf>,
    /// Each slide its own seed, counted up from the first
    #[arg(long, help_heading = "Style")]
    pub vary_seed: bool,
    /// Small quick pictures of all slides, to look at on the contact sheet before the final ones are paid
    #[arg(long, conflicts_with_all = ["keep", "drop"], help_heading = "Draft, keep, final")]
    pub draft: bool,
    /// Only these slides: `1,3-5`
    #[arg(long, value_name = "NUMBERS", value_parser = values::numbers, default_value = "", hide_default_value = true, help_heading = "Draft, keep, final")]
    pub keep: Numbers,
    /// All slides but these
    #[arg(long, value_name = "NUMBERS", value_parser = values::numbers, default_value = "", hide_default_value = true, help_heading = "Draft, keep, final")]
    pub drop: Numbers,
    /// Other pictures for these slides, whatever is there: `4,7`
    #[arg(long, value_name = "NUMBERS", value_parser = values::numbers, default_value = "", hide_default_value = true, help_heading = "Again")]
    pub redo: Numbers,
    /// Only what failed the last time
    #[arg(long, conflicts_with = "redo", help_heading = "Again")]
    pub redo_failed: bool,
    /// Pictures at once; 0 = as many as there are slides
    #[arg(long, value_name = "N")]
    pub image_workers: Option<u32>,
    /// Least time from the start of one prompt to the start of the next (`1s`, `500ms`, `0`)
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub prompt_delay: Option<Duration>,
    /// Least time from the start of one picture to the start of the next of the same worker
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub image_delay: Option<Duration>,
    /// One step at a time: every prompt, then every picture
    #[arg(long, conflicts_with = "image_workers")]
    pub sequential: bool,
    /// Least share of slides that must succeed, at each stage
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub gate: Option<u32>,
    #[command(flatten)]
    pub spend: Spend,
}

pub(super) const BALANCE_EXAMPLES: &str = "\
Examples:
  palitra balance
  palitra balance --account ann --json
  palitra balance add 500 --account ann
  palitra balance redeem K7QM-2RTX-9WAB --account ann
  palitra balance refund gen_… --amount 5 --note \"six fingers\"
  palitra balance ledger --account ann";

#[derive(Debug, Args)]
pub struct Balance {
    #[command(subcommand)]
    pub action: Option<BalanceAction>,
    /// Account; without it the one this command line acts for: `local`, with `--server` that of the key
    #[arg(long, global = true, value_name = "NAME")]
    pub account: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum BalanceAction {
    /// Add money to the account
    Add {
        /// In units of the wallet: `500`, `9.50`
        #[arg(value_name = "AMOUNT", value_parser = values::minor_units)]
        amount_minor: i64,
    },
    /// Take money back from the account, no more than is free
    Take {
        /// In units of the wallet: `500`, `9.50`
        #[arg(value_name = "AMOUNT", value_parser = values::minor_units)]
        amount_minor: i64,
        /// Why, for the account's ledger
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Redeem a voucher for the account, once
    Redeem {
        /// As it was given; case and dashes do not matter
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Give back what was charged for a generation, or a part of it
    Refund {
        /// The generation, `gen_…`
        #[arg(value_name = "ID")]
        id: String,
        /// How much, in units of the wallet; without it all that is left of the charge
        #[arg(long = "amount", value_name = "AMOUNT", value_parser = values::minor_units)]
        amount_minor: Option<i64>,
        /// Why, for the account's ledger
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// List what moved the account's money, newest first
    Ledger {
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
}

pub(super) const MODELS_EXAMPLES: &str = "\
Examples:
  palitra models ls
  palitra models ls --all --json
  palitra models ls --all --market kie --mode edit
  palitra models show sandbox/artist
  palitra models sync fal
  palitra models price fal-ai/new-thing --unit image --cost 0.04
  palitra models approve fal-ai/new-thing";

#[derive(Debug, Subcommand)]
pub enum Models {
    /// List models that can be used now
    Ls {
        /// Drafts and models without a key, too
        #[arg(long)]
        all: bool,
        /// Only those of this market
        #[arg(long, value_name = "MARKET")]
        market: Option<String>,
        /// Only those that can do this: create, edit, speak, …
        #[arg(long, value_name = "MODE")]
        mode: Option<String>,
        /// Only those of this category: image, video, audio, text
        #[arg(long, value_name = "CATEGORY")]
        category: Option<String>,
    },
    /// Ask markets what they have: new models become drafts, what would be refused is paused
    Sync {
        /// Only this market
        #[arg(value_name = "MARKET")]
        market: Option<String>,
    },
    /// Say what the market takes for a model that was found
    Price {
        /// As `palitra models ls --all` shows it
        #[arg(value_name = "MODEL")]
        model: String,
        /// What it counts: run, image, megapixel, second, kilo_characters, kilo_tokens
        #[arg(long, value_name = "UNIT", value_parser = values::unit)]
        unit: palitra_domain::price::Unit,
        /// For one unit: `0.04`
        #[arg(long, value_name = "AMOUNT", value_parser = values::millionths)]
        cost: palitra_domain::money::Millionths,
        /// Of the cost: USD, or `credits` of KIE; unless said, what the market's other models are counted in
        #[arg(long, value_name = "CURRENCY", value_parser = values::coin)]
        currency: Option<palitra_domain::price::Coin>,
    },
    /// Sell a draft that has a price, or a paused model again
    Approve {
        /// As `palitra models ls --all` shows it
        #[arg(value_name = "MODEL")]
        model: String,
    },
    /// What has changed at markets, newest first
    History {
        /// Only of this market
        #[arg(value_name = "MARKET")]
        market: Option<String>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show one model: modes, prices, limits
    Show {
        /// As `palitra models ls` shows it, `market:id` or an alias
        #[arg(value_name = "MODEL")]
        model: String,
    },
}

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  palitra serve
  palitra serve --listen 127.0.0.1:9000 --data /var/lib/palitra
  palitra serve --roles worker

With PostgreSQL (`database.url`) any number of processes share the work: see docs/operating.md.";

#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// What this process does: api, web, bot, worker, separated by commas [default: all of them]
    #[arg(long, value_name = "ROLES")]
    pub roles: Option<String>,
}

pub(super) const SIM_EXAMPLES: &str = "\
Examples:
  palitra sim --market fal --listen 127.0.0.1:7001 --latency 2s
  palitra sim --market fal,kie,wavespeed --listen 127.0.0.1:7001
  palitra sim --market fal --listen 127.0.0.1:7001 --script faults.json --log requests.jsonl

It prints the settings that point the product at it. A script and a log are for one market.";

#[derive(Debug, Args)]
pub struct Sim {
    /// Markets to simulate, separated by commas: fal, kie, wavespeed, openai, anthropic
    #[arg(long, value_name = "MARKETS", required = true, value_delimiter = ',', hide_possible_values = true)]
    pub market: Vec<SimMarket>,
    /// Address to listen on; each further market takes the next port; port 0 takes free ones
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Faults to play, as JSON or TOML; for one market
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// How long one generation takes (`15s`, `500ms`)
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = values::duration)]
    pub latency: Duration,
    /// Where every request is written, one JSON line each
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SimMarket {
    Fal,
    Kie,
    Wavespeed,
    Openai,
    Anthropic,
}

pub(super) const CONFIG_EXAMPLES: &str = "\
Examples:
  palitra config show
  palitra config show --json
  palitra config check --config palitra.toml";

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting with its value and where it comes from; secrets stay hidden
    Show,
    /// Check the settings and say what is wrong
    Check,
}

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  palitra doctor
  palitra doctor --data /var/lib/palitra --json";
