//! Commands on many items: `run`.

use super::Spend;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  palitra run wishes.jsonl -o out
  palitra run wishes.jsonl -o out --plan
  palitra run wishes.jsonl -o out --model sandbox/artist --order done --json

A line: {\"model\": \"sandbox/artist\", \"mode\": \"create\", \"input\": {\"prompt\": \"a red kite\"}, \"id\": \"kite\"}
`mode` and `id` may be left out; `files` brings pictures along: {\"images\": [\"cat.png\"]}.
The same command again makes only what is new, changed or failed.
Exit codes: 0 done, 2 usage, 3 not enough money, 4 some lines failed, 130 interrupted.";

/// In which order results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// As the lines stand in the file
    Input,
    /// As they come, within a second
    Done,
}

#[derive(Debug, Args)]
pub struct RunLines {
    /// One JSON object per line
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Folder of `results.jsonl` and of the files made
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Model of the lines that name none
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Lines at once, 1 to 500 [default: as many as the markets take]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub workers: Option<u32>,
    /// In which order results are written
    #[arg(long, value_enum, default_value = "input")]
    pub order: Order,
    #[command(flatten)]
    pub spend: Spend,
}
