//! Commands that make one thing: a picture, a sound, a video, a text.

use super::{Spend, values};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What all of them take.
#[derive(Debug, Clone, Args)]
pub struct Making {
    /// File or folder of the result [default: the current folder]
    #[arg(long, short, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Model or alias; see `palitra models ls`
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// A parameter of the model, as `palitra models show` names it; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = values::parameter)]
    pub set: Vec<(String, serde_json::Value)>,
    /// Leaves out of the files how they were made: prompt, model, seed
    #[arg(long)]
    pub no_recipe: bool,
    /// The accelerated model for the same, where there is one
    #[arg(long)]
    pub fast: bool,
    #[command(flatten)]
    pub spend: Spend,
}

pub(super) const CREATE_EXAMPLES: &str = "\
Examples:
  palitra create \"a cat in a space suit\"
  palitra create \"город ночью\" -o city.png --format 16:9
  palitra create \"a lighthouse\" --model fal-ai/flux/dev --plan
  palitra create \"маяк | model=flux | size=1024x768 | negative=люди\"";

#[derive(Debug, Args)]
pub struct Create {
    /// What to draw, `-` takes it from a pipe; `| model=… | size=WxH | aspect_ratio=… | negative=…` may follow
    #[arg(value_name = "PROMPT")]
    pub prompt: String,
    /// portrait, square, landscape, 1024x768 or 16:9
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Same seed, same picture, where the model can do that
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// What must not be there
    #[arg(long, value_name = "TEXT")]
    pub negative: Option<String>,
    /// `high`: more detail, where the model can do that
    #[arg(long, value_name = "QUALITY")]
    pub quality: Option<String>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const EDIT_EXAMPLES: &str = "\
Examples:
  palitra edit cat.png --wish \"make the background blue\"
  palitra edit me.jpg friend.jpg --wish \"мы вдвоём на пляже\" -o beach.png
  palitra edit cat.png --wish \"remove the collar\" --model nano-banana --plan";

#[derive(Debug, Args)]
pub struct Edit {
    /// One to four pictures
    #[arg(value_name = "IMAGE", required = true, num_args = 1..=4)]
    pub images: Vec<PathBuf>,
    /// What to change; several pictures become one scene
    #[arg(long, value_name = "TEXT")]
    pub wish: String,
    /// portrait, square, landscape, 1024x768 or 16:9 [default: 1024x1024]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const RETOUCH_EXAMPLES: &str = "\
Examples:
  palitra retouch portrait.jpg
  palitra retouch portrait.jpg --mode enhance -o better.png
  palitra retouch portrait.jpg --wish \"keep the freckles\"";

/// How a portrait is retouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RetouchMode {
    /// Defects go, skin stays skin
    Soft,
    /// Features a little clearer, nothing else changed
    Enhance,
}

#[derive(Debug, Args)]
pub struct Retouch {
    /// The portrait, at most 10 MB
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// How
    #[arg(long, value_enum, default_value = "soft")]
    pub mode: RetouchMode,
    /// What else to mind
    #[arg(long, value_name = "TEXT")]
    pub wish: Option<String>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const SWAP_FACE_EXAMPLES: &str = "\
Examples:
  palitra swap-face portrait.jpg scene.jpg -o swapped.png
  palitra swap-face portrait.jpg scene.jpg --model wavespeed-ai/image-face-swap --plan";

#[derive(Debug, Args)]
pub struct SwapFace {
    /// The portrait whose face is taken
    #[arg(value_name = "FACE")]
    pub face: PathBuf,
    /// The picture it goes into
    #[arg(value_name = "TARGET")]
    pub target: PathBuf,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const UPSCALE_EXAMPLES: &str = "\
Examples:
  palitra upscale small.png -o large.png
  palitra upscale small.png --model fal-ai/recraft/upscale/crisp --plan";

#[derive(Debug, Args)]
pub struct Upscale {
    /// The picture
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// How many times as wide, where the model lets one choose
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=4))]
    pub factor: Option<u32>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const SPEAK_EXAMPLES: &str = "\
Examples:
  palitra speak \"good morning\" -o morning.wav
  palitra speak \"доброе утро\" --voice low";

#[derive(Debug, Args)]
pub struct Speak {
    /// What to say; `-` takes it from a pipe
    #[arg(value_name = "TEXT")]
    pub text: String,
    /// Who says it, by the model's name of the voice
    #[arg(long, value_name = "VOICE")]
    pub voice: Option<String>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const VIDEO_EXAMPLES: &str = "\
Examples:
  palitra video \"waves at night\" -o waves.mp4 --seconds 4
  palitra video \"the cat turns its head\" --image cat.png
  palitra video \"waves\" --model fal-ai/veo3.1 --plan";

#[derive(Debug, Args)]
pub struct Video {
    /// What happens; `-` takes it from a pipe
    #[arg(value_name = "PROMPT")]
    pub prompt: String,
    /// First picture
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<PathBuf>,
    /// How long
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub seconds: Option<u32>,
    /// portrait, square, landscape, 1280x720 or 16:9
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub making: Making,
}

pub(super) const WRITE_EXAMPLES: &str = "\
Examples:
  palitra write \"красивая девушка на пляже\"
  palitra write \"old harbour\" --language en -o prompt.txt
  palitra write \"новый фон\" --for edit";

/// What a prompt is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WriteFor {
    /// A picture out of nothing
    Create,
    /// A change of pictures that are there: nobody is described
    Edit,
}

#[derive(Debug, Args)]
pub struct Write {
    /// A few words; `-` takes them from a pipe
    #[arg(value_name = "IDEA")]
    pub idea: String,
    /// What the prompt is for
    #[arg(long = "for", value_enum, default_value = "create")]
    pub purpose: WriteFor,
    /// Language of the prompt: ru or en
    #[arg(long, value_name = "LANG", default_value = "ru", value_parser = values::lang)]
    pub language: palitra_domain::i18n::Lang,
    /// File of the prompt; without it the prompt is printed
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Model that writes and checks; see `palitra models ls --mode compose` [default: prompts.writer]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    pub spend: Spend,
}
