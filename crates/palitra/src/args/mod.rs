//! The command line: what can be typed, its help, and which settings its flags override.
//!
//! Parsing only. Texts that need a catalogue (unknown models, bad formats) are checked by the commands, which can say so in
//! the reader's language; what clap refuses is written by `usage` in the same `error:` / `hint:` form.

mod accounts;
mod batches;
mod commands;
mod jobs;
mod keys;
mod local;
mod make;
mod markets;
mod usage;
mod values;
mod vouchers;

#[cfg(test)]
mod tests;

pub use accounts::{Accounts, AccountsAudit, AccountsSet, Groups};
pub use batches::{Order, RunLines, Words};
pub use commands::*;
pub use jobs::{JobId, Jobs, JobsLs};
pub use keys::{Keys, KeysCreate, KeysLs};
pub use local::{Captions, ContactSheet, Convert, Text};
pub use make::{
    Create, Edit, Making, Retouch, RetouchMode, Speak, SwapFace, Upscale, Video, Write, WriteFor,
};
pub use markets::{Limit, Markets, Target};
pub use palitra_api::Moment;
pub use usage::{Usage, parse, welcome};
pub use vouchers::{Vouchers, VouchersCreate};

use clap::{Parser, Subcommand};
use palitra_domain::i18n::Lang;
use std::path::PathBuf;

/// Self-hosted media generation: pictures and illustrated decks, priced first and paid once.
#[derive(Debug, Parser)]
#[command(name = "palitra", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Print the licences of what is in this program
    #[arg(long)]
    pub licenses: bool,
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Heading of the flags that every command takes.
pub const EVERYWHERE: &str = "Everywhere";

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = EVERYWHERE)]
pub struct Global {
    /// Where the database, the media and `config.toml` live
    #[arg(long, global = true, value_name = "DIR", default_value = "./palitra-data")]
    pub data: PathBuf,
    /// Settings file; without it `./palitra.toml`, else `config.toml` in the data directory
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of the texts: ru or en; without it as `LANG` says
    #[arg(long, global = true, value_name = "LANG", value_parser = values::lang)]
    pub lang: Option<Lang>,
    /// Ask a service at this address instead of the data directory, such as `https://art.example.org`
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data")]
    pub server: Option<String>,
    /// Key for that service; without it `PALITRA_KEY`
    #[arg(long, global = true, value_name = "KEY")]
    pub key: Option<String>,
    /// Agree to what would be asked
    #[arg(long, short, global = true)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a picture from a text
    #[command(after_help = make::CREATE_EXAMPLES)]
    Create(Create),
    /// Write a prompt out of a few words, checked for contradictions
    #[command(after_help = make::WRITE_EXAMPLES)]
    Write(Write),
    /// Change a picture, or make one scene of several
    #[command(after_help = make::EDIT_EXAMPLES)]
    Edit(Edit),
    /// Retouch a portrait
    #[command(after_help = make::RETOUCH_EXAMPLES)]
    Retouch(Retouch),
    /// Put the face of a portrait into another picture
    #[command(after_help = make::SWAP_FACE_EXAMPLES)]
    SwapFace(SwapFace),
    /// Make a picture larger
    #[command(after_help = make::UPSCALE_EXAMPLES)]
    Upscale(Upscale),
    /// Write on a picture, on this machine
    #[command(after_help = local::TEXT_EXAMPLES)]
    Text(Text),
    /// Another format, size or look of a picture, on this machine
    #[command(after_help = local::CONVERT_EXAMPLES)]
    Convert(Convert),
    /// Many pictures on one sheet, on this machine
    #[command(after_help = local::CONTACT_SHEET_EXAMPLES)]
    ContactSheet(ContactSheet),
    /// Say a text
    #[command(after_help = make::SPEAK_EXAMPLES)]
    Speak(Speak),
    /// Make a video from a text
    #[command(after_help = make::VIDEO_EXAMPLES)]
    Video(Video),
    /// Illustrate a deck of slides: prompts, pictures, the deck with both
    #[command(after_help = commands::SLIDES_EXAMPLES)]
    Slides(Slides),
    /// Pictures and sounds for a list of words, as files or as an Anki deck
    #[command(after_help = batches::WORDS_EXAMPLES)]
    Words(Box<Words>),
    /// Carry out any generations, one per line of a JSONL file
    #[command(after_help = batches::RUN_EXAMPLES)]
    Run(RunLines),
    /// List, look at, follow or cancel generations
    #[command(subcommand, after_help = jobs::JOBS_EXAMPLES)]
    Jobs(Jobs),
    /// Look at markets and their keys, pause and resume them, change their limits
    #[command(subcommand, after_help = markets::MARKETS_EXAMPLES)]
    Markets(Markets),
    /// Show the money of an account, or add some
    #[command(after_help = commands::BALANCE_EXAMPLES)]
    Balance(Balance),
    /// List accounts, show one, change on which terms they buy, export or delete one
    #[command(subcommand, after_help = accounts::ACCOUNTS_EXAMPLES)]
    Accounts(Accounts),
    /// Make, list or revoke codes that give money
    #[command(subcommand, after_help = vouchers::VOUCHERS_EXAMPLES)]
    Vouchers(Vouchers),
    /// Create, list, renew or revoke API keys
    #[command(subcommand, after_help = keys::KEYS_EXAMPLES)]
    Keys(Keys),
    /// List models with their prices, or look at one
    #[command(subcommand, after_help = commands::MODELS_EXAMPLES)]
    Models(Models),
    /// Run the service until it is stopped
    #[command(after_help = commands::SERVE_EXAMPLES)]
    Serve(Serve),
    /// Run a simulated market, for rehearsals without a key
    #[command(after_help = commands::SIM_EXAMPLES)]
    Sim(Sim),
    /// Show or check the settings
    #[command(subcommand, after_help = commands::CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    /// Check that everything this installation needs is in order
    #[command(after_help = commands::DOCTOR_EXAMPLES)]
    Doctor,
}

/// A setting given as a flag: the flag's name, the setting's path and the text that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub flag: &'static str,
    pub setting: &'static str,
    pub text: String,
}

impl Cli {
    /// Flags that are settings, too; they are the last layer of the configuration, so commands read `Config` alone.
    pub fn overrides(&self) -> Vec<Override> {
        let given = |flag, setting, text: Option<String>| text.map(|text| Override { flag, setting, text });
        let overrides = match &self.command {
            Command::Serve(serve) => vec![
                given("--listen", "server.listen", serve.listen.clone()),
                given("--roles", "server.roles", serve.roles.clone()),
            ],
            Command::Slides(slides) => vec![
                given("--model", "slides.model", slides.model.clone()),
                given("--prompt-model", "slides.prompt_model", slides.prompt_model.clone()),
                given("--image-workers", "slides.image_workers", slides.image_workers.map(|n| n.to_string())),
                given("--gate", "slides.gate_percent", slides.gate.map(|percent| percent.to_string())),
                given("--prompt-delay", "slides.prompt_delay_ms", slides.prompt_delay.map(millis)),
                given("--image-delay", "slides.image_delay_ms", slides.image_delay.map(millis)),
            ],
            Command::Words(words) => vec![
                given("--model", "words.model", words.model.clone()),
                given("--speech-model", "words.speech_model", words.speech_model.clone()),
                given("--image-workers", "words.image_workers", words.image_workers.map(|n| n.to_string())),
                given("--audio-workers", "words.audio_workers", words.audio_workers.map(|n| n.to_string())),
                given("--gate", "words.gate_percent", words.gate.map(|percent| percent.to_string())),
            ],
            Command::Create(_)
            | Command::Write(_)
            | Command::Edit(_)
            | Command::Retouch(_)
            | Command::SwapFace(_)
            | Command::Upscale(_)
            | Command::Text(_)
            | Command::Convert(_)
            | Command::ContactSheet(_)
            | Command::Speak(_)
            | Command::Video(_)
            | Command::Run(_)
            | Command::Jobs(_)
            | Command::Markets(_)
            | Command::Balance(_)
            | Command::Accounts(_)
            | Command::Vouchers(_)
            | Command::Keys(_)
            | Command::Models(_)
            | Command::Sim(_)
            | Command::Config(_)
            | Command::Doctor => Vec::new(),
        };
        overrides.into_iter().flatten().collect()
    }
}

fn millis(duration: std::time::Duration) -> String {
    duration.as_millis().to_string()
}
