//! `palitra markets`: its words.

use clap::{Args, Subcommand};
use palitra_engine::markets::{BURST, PER_MINUTE, SLOTS};

pub(super) const MARKETS_EXAMPLES: &str = "\
Examples:
  palitra markets ls
  palitra markets pause fal             # new work waits, its money stays on hold
  palitra markets pause fal/studio      # one key; the others go on
  palitra markets pause video           # a lane: image, video, audio or text, everywhere
  palitra markets resume fal            # also after the market was out of credit or locked
  palitra markets limit fal/main 5      # five at once, until --reset
  palitra markets limit fal --rate 30   # thirty starts a minute on each key";

#[derive(Debug, Subcommand)]
pub enum Markets {
    /// List markets, their keys and the lanes: what runs, what waits, how they fare
    Ls,
    /// Show one market with its keys
    Show {
        /// As `palitra markets ls` shows it
        #[arg(value_name = "MARKET")]
        market: String,
    },
    /// Start nothing new there; what runs ends, what waits keeps its place and its money on hold
    Pause(Target),
    /// Start again, and try keys again that were locked, empty or wrong
    Resume(Target),
    /// Change limits while the service runs; they survive restarts until `--reset`
    Limit(Limit),
}

#[derive(Debug, Args)]
pub struct Target {
    /// Market (`fal`), key (`fal/main`) or lane (`image`)
    #[arg(value_name = "TARGET")]
    pub target: String,
}

#[derive(Debug, Args)]
pub struct Limit {
    /// Market (`fal`: each of its keys) or key (`fal/main`)
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Pieces of work at once; what is under way beyond a lower limit ends in its time
    #[arg(value_name = "SLOTS", value_parser = clap::value_parser!(u32).range(i64::from(*SLOTS.start())..=i64::from(*SLOTS.end())))]
    pub slots: Option<u32>,
    /// Starts a minute; 0 = no limit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(i64::from(*PER_MINUTE.start())..=i64::from(*PER_MINUTE.end())))]
    pub rate: Option<u32>,
    /// How many of them at once after a pause
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(i64::from(*BURST.start())..=i64::from(*BURST.end())))]
    pub burst: Option<u32>,
    /// Back to what the settings say
    #[arg(long, conflicts_with_all = ["slots", "rate", "burst"])]
    pub reset: bool,
}
