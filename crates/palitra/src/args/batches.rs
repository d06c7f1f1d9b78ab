//! Commands on many items: `words` and `run`.

use super::{
    Spend,
    values::{self, Numbers},
};
use clap::{Args, ValueEnum};
use palitra_decks::words::Role;
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

pub(super) const WORDS_EXAMPLES: &str = "\
Examples:
  palitra words words.csv -o out
  palitra words words.csv -o words.apkg --model sandbox/artist
  palitra words deck.apkg -o deck-with-sound.apkg --audio
  palitra words list.txt -o out --image --model fal-ai/flux/dev --plan

A list is CSV, TSV, text (`word - translation`), JSON or an Anki deck; columns are found by their names.
The same command again makes only what is new, changed or failed.
Exit codes: 0 done, 2 usage, 3 not enough money, 4 some words failed, 130 interrupted.";

#[derive(Debug, Args)]
pub struct Words {
    /// CSV, TSV, text, JSON, `.apkg` or `.colpkg`
    #[arg(value_name = "LIST")]
    pub list: PathBuf,
    /// Folder of pictures, sounds, `words.csv` and `report.json`, or an Anki deck
    #[arg(long, short, value_name = "DIR|FILE.apkg")]
    pub out: PathBuf,
    /// Pictures; without --image and --audio both
    #[arg(long)]
    pub image: bool,
    /// Sounds
    #[arg(long)]
    pub audio: bool,
    /// Also for notes that have a picture or a sound already
    #[arg(long)]
    pub all: bool,
    /// Model that draws
    #[arg(long, value_name = "MODEL", help_heading = "Pictures")]
    pub model: Option<String>,
    /// What a picture is asked for: `{word}`, `{translation}`, `{example}`; a part in `[…]` stays when all of it is known
    #[arg(long, value_name = "TEXT", help_heading = "Pictures")]
    pub template: Option<String>,
    /// portrait, square, landscape, 1024x768 or 16:9 [default: 1024x1024]
    #[arg(long, value_name = "FORMAT", help_heading = "Pictures")]
    pub format: Option<String>,
    /// Same seed, same pictures, where the model can do that
    #[arg(long, value_name = "N", help_heading = "Pictures")]
    pub seed: Option<u32>,
    /// Pictures at once; 0 = as many as the market takes
    #[arg(long, value_name = "N", help_heading = "Pictures")]
    pub image_workers: Option<u32>,
    /// Model that speaks
    #[arg(long, value_name = "MODEL", help_heading = "Sounds")]
    pub speech_model: Option<String>,
    /// Voice of a language, such as `en=…`; may be repeated
    #[arg(long, value_name = "LANG=VOICE", value_parser = values::voice, help_heading = "Sounds")]
    pub voice: Vec<(String, String)>,
    /// In per cent of the usual speed, 50 to 200
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(50..=200), help_heading = "Sounds")]
    pub speed: Option<u32>,
    /// mp3, ogg or wav, where the model can choose
    #[arg(long, value_name = "FORMAT", value_parser = ["mp3", "ogg", "wav"], help_heading = "Sounds")]
    pub audio_format: Option<String>,
    /// Sounds at once; 0 = as many as the market takes
    #[arg(long, value_name = "N", help_heading = "Sounds")]
    pub audio_workers: Option<u32>,
    /// Language of the words: en, ru, kk [default: as the list says, else found by the letters]
    #[arg(long, value_name = "LANG", help_heading = "List")]
    pub language: Option<String>,
    /// Column of a role, by its name or number: `word=front`, `example=3`; roles are word, translation, example, language, prompt, image,
    /// audio; may be repeated
    #[arg(long, value_name = "ROLE=COLUMN", value_parser = values::column, help_heading = "List")]
    pub column: Vec<(Role, String)>,
    /// Whether the first row has the names of the columns [default: found]
    #[arg(long, value_name = "true|false", help_heading = "List")]
    pub headers: Option<bool>,
    /// What stands between cells [default: found]
    #[arg(long, value_name = "CHAR", help_heading = "List")]
    pub delimiter: Option<char>,
    /// Name of the Anki deck [default: that of the file]
    #[arg(long, value_name = "NAME", help_heading = "List")]
    pub deck: Option<String>,
    /// Another picture and sound for these words, whatever is there: `4,7`
    #[arg(long, value_name = "NUMBERS", value_parser = values::numbers, default_value = "", hide_default_value = true, help_heading = "Again")]
    pub redo: Numbers,
    /// Only what failed the last time
    #[arg(long, conflicts_with = "redo", help_heading = "Again")]
    pub redo_failed: bool,
    /// Least share of words that must succeed, at each stage [default: each word stands alone]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub gate: Option<u32>,
    #[command(flatten)]
    pub spend: Spend,
}
