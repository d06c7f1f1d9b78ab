//! The models that are submitted to: their fields and where ours go (KIE documentation, model pages as of 2026-08-19; R-02).
//!
//! The field for a reference picture has five names over the catalogue, whole numbers are texts here and numbers there: what a
//! model is like is written down here, how it is read in [`super::input`]. Fields whose values the documentation leaves open
//! (`kling_elements`) are not sent. Of ratios only those are listed that every page of the family agrees on.

#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) fields: &'static [Field],
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Where its value comes from when our input does not use KIE's name.
    pub(super) from: Source,
    /// What is sent when our input has nothing for it.
    pub(super) otherwise: Otherwise,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Characters, at most.
    Text(usize),
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    /// A whole number of ours becomes one of these texts too.
    OneOf(&'static [&'static str]),
    /// A public http(s) address.
    Link,
    /// At most so many.
    Links(usize),
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    ItsName,
    /// `text`, or `prompt`.
    Text,
    /// The nearest ratio to `width` and `height`.
    Ratio,
    /// The nearest named size.
    Preset,
    /// `1K`, `2K`, `4K` by the longer side.
    Resolution,
    /// `images`, or `image`.
    Images,
    /// `image`, or the first of `images`.
    Image,
    /// `video`.
    Video,
    /// `seconds`.
    Seconds,
    /// `factor`.
    Factor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    LeftOut,
    Refused,
    Word(&'static str),
    No,
    EmptyList,
}

use Kind::{Bool, Int, Link, Links, List, Number, OneOf};
use Otherwise::{EmptyList, LeftOut, No, Refused, Word};
use Source::{Factor, Image, Images, ItsName, Preset, Ratio, Resolution, Seconds, Text, Video};

const fn field(name: &'static str, kind: Kind, from: Source, otherwise: Otherwise) -> Field {
    Field { name, kind, from, otherwise }
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    field(name, kind, ItsName, LeftOut)
}

const fn prompt(max: usize) -> Field {
    field("prompt", Kind::Text(max), ItsName, Refused)
}

const fn ratio(words: &'static [&'static str], otherwise: Otherwise) -> Field {
    field("aspect_ratio", OneOf(words), Ratio, otherwise)
}

const SEED: Field = optional("seed", Int { min: 0, max: i64::MAX });
const NEGATIVE: Field = optional("negative_prompt", Kind::Text(500));
/// It loses nothing.
const PNG: Field = field("output_format", OneOf(&["png", "jpeg"]), ItsName, Word("png"));
const PNG_JPG: Field = field("output_format", OneOf(&["png", "jpg"]), ItsName, Word("png"));
const NSFW: Field = optional("nsfw_checker", Bool);
const SAFETY: Field = optional("enable_safety_checker", Bool);
const QUALITY: Field = field("quality", OneOf(&["basic", "high"]), ItsName, Word("basic"));
const RESOLUTION: Field = field("resolution", OneOf(&["1K", "2K", "4K"]), Resolution, LeftOut);
const FLUX_RESOLUTION: Field = field("resolution", OneOf(&["1K", "2K"]), Resolution, Word("1K"));
const PRESET: Field = field("image_size", OneOf(PRESETS), Preset, LeftOut);
const SEEDREAM_SIZE: Field = field("image_resolution", OneOf(&["1K", "2K", "4K"]), Resolution, LeftOut);
const STEPS: Field = optional("num_inference_steps", Int { min: 2, max: 250 });
const GUIDANCE: Field = optional("guidance_scale", Number { min: 0.0, max: 20.0 });
const ACCELERATION: Field = optional("acceleration", OneOf(&["none", "regular", "high"]));
const IMAGE_URL: Field = field("image_url", Link, Image, Refused);
const IMAGE: Field = field("image", Link, Image, Refused);
const SOUND: Field = field("sound", Bool, ItsName, No);
const SHARE: Kind = Number { min: 0.0, max: 1.0 };

const PRESETS: &[&str] = &[
    "square_hd",
    "portrait_4_3",
    "portrait_3_2",
    "portrait_16_9",
    "landscape_4_3",
    "landscape_3_2",
    "landscape_16_9",
    "landscape_21_9",
];
const BANANA: &[&str] = &["1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "auto"];
const BANANA_2: &[&str] = &[
    "1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "1:4", "4:1", "1:8", "8:1",
    "auto",
];
const SEEDREAM: &[&str] = &["1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"];
const FIVE: &[&str] = &["1:1", "4:3", "3:4", "16:9", "9:16"];
const FIVE_AUTO: &[&str] = &["1:1", "4:3", "3:4", "16:9", "9:16", "auto"];
const GPT: &[&str] = &["1:1", "4:3", "3:4", "16:9", "9:16", "3:1", "1:3", "auto"];
const THREE: &[&str] = &["1:1", "16:9", "9:16"];
const SEEDANCE: &[&str] = &["1:1", "4:3", "3:4", "16:9", "9:16", "adaptive"];

const SPEECH: &[Field] = &[
    field("text", Kind::Text(5000), Text, Refused),
    optional("voice", Kind::Text(100)),
    optional("stability", SHARE),
    optional("similarity_boost", SHARE),
    optional("style", SHARE),
    optional("speed", Number { min: 0.7, max: 1.2 }),
    optional("timestamps", Bool),
    optional("previous_text", Kind::Text(5000)),
    optional("next_text", Kind::Text(5000)),
    optional("language_code", Kind::Text(20)),
];

const fn model(id: &'static str, fields: &'static [Field]) -> Model {
    Model { id, fields }
}

const fn images(name: &'static str, max: usize, otherwise: Otherwise) -> Field {
    field(name, Links(max), Images, otherwise)
}

pub(super) const MODELS: &[Model] = &[
    model("google/nano-banana", &[prompt(5000), ratio(BANANA, LeftOut), PNG, NSFW]),
    model(
        "google/nano-banana-edit",
        &[prompt(5000), images("image_urls", 10, Refused), ratio(BANANA, LeftOut), PNG],
    ),
    model(
        "nano-banana-pro",
        &[prompt(10_000), images("image_input", 8, LeftOut), ratio(BANANA, LeftOut), RESOLUTION, PNG_JPG],
    ),
    model(
        "nano-banana-2",
        &[prompt(20_000), images("image_input", 14, LeftOut), ratio(BANANA_2, LeftOut), RESOLUTION, PNG_JPG],
    ),
    model("seedream/4.5-text-to-image", &[prompt(3000), ratio(SEEDREAM, Word("1:1")), QUALITY, NSFW]),
    model(
        "seedream/4.5-edit",
        &[prompt(3000), images("image_urls", 14, Refused), ratio(SEEDREAM, Word("1:1")), QUALITY, NSFW],
    ),
    model("bytedance/seedream-v4-text-to-image", &[prompt(5000), PRESET, SEEDREAM_SIZE, SEED]),
    model(
        "bytedance/seedream-v4-edit",
        &[prompt(5000), images("image_urls", 10, Refused), PRESET, SEEDREAM_SIZE, SEED],
    ),
    model("flux-2/pro-text-to-image", &[prompt(5000), ratio(FIVE, Word("1:1")), FLUX_RESOLUTION, NSFW]),
    model(
        "flux-2/pro-image-to-image",
        &[
            prompt(5000),
            images("input_urls", 8, Refused),
            ratio(FIVE_AUTO, Word("auto")),
            FLUX_RESOLUTION,
            NSFW,
        ],
    ),
    model("z-image", &[prompt(1000), ratio(FIVE, Word("1:1"))]),
    model(
        "qwen/text-to-image",
        &[prompt(5000), PRESET, STEPS, GUIDANCE, NEGATIVE, ACCELERATION, PNG, SEED, SAFETY],
    ),
    model(
        "qwen/image-to-image",
        &[
            prompt(5000),
            IMAGE_URL,
            optional("strength", SHARE),
            STEPS,
            GUIDANCE,
            NEGATIVE,
            ACCELERATION,
            PNG,
            SEED,
            SAFETY,
        ],
    ),
    model(
        "qwen/image-edit",
        &[
            prompt(2000),
            IMAGE_URL,
            optional("num_images", OneOf(&["1", "2", "3", "4"])),
            optional("num_inference_steps", Int { min: 2, max: 49 }),
            GUIDANCE,
        ],
    ),
    model("gpt-image-2-text-to-image", &[prompt(20_000), ratio(GPT, LeftOut), RESOLUTION]),
    model(
        "gpt-image-2-image-to-image",
        &[prompt(20_000), images("input_urls", 16, Refused), ratio(GPT, LeftOut), RESOLUTION],
    ),
    model("recraft/crisp-upscale", &[IMAGE]),
    model("recraft/remove-background", &[IMAGE]),
    model(
        "topaz/image-upscale",
        &[IMAGE_URL, field("upscale_factor", OneOf(&["1", "2", "4"]), Factor, Word("2"))],
    ),
    model(
        "topaz/video-upscale",
        &[
            field("video_url", Link, Video, Refused),
            field("upscale_factor", OneOf(&["1", "2", "4"]), Factor, LeftOut),
        ],
    ),
    model(
        "kling-2.6/text-to-video",
        &[
            prompt(1000),
            SOUND,
            ratio(THREE, Word("16:9")),
            field("duration", OneOf(&["5", "10"]), Seconds, Word("5")),
        ],
    ),
    model(
        "kling-2.6/image-to-video",
        &[
            prompt(1000),
            images("image_urls", 1, Refused),
            SOUND,
            field("duration", OneOf(&["5", "10"]), Seconds, Word("5")),
        ],
    ),
    model(
        "kling-3.0/video",
        &[
            prompt(2500),
            field("mode", OneOf(&["std", "pro", "4K"]), ItsName, Word("std")),
            field(
                "duration",
                OneOf(&["3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]),
                Seconds,
                Word("5"),
            ),
            ratio(THREE, Word("16:9")),
            SOUND,
            field("multi_shots", Bool, ItsName, No),
            field("multi_prompt", List, ItsName, EmptyList),
            images("image_urls", 2, LeftOut),
        ],
    ),
    model(
        "bytedance/seedance-2",
        &[
            prompt(20_000),
            ratio(SEEDANCE, LeftOut),
            field("duration", Int { min: 4, max: 15 }, Seconds, LeftOut),
            optional("resolution", OneOf(&["480p", "720p", "1080p", "4k"])),
            optional("first_frame_url", Link),
            optional("last_frame_url", Link),
            images("reference_image_urls", 9, LeftOut),
            optional("reference_video_urls", Links(3)),
            optional("reference_audio_urls", Links(3)),
            optional("generate_audio", Bool),
            optional("web_search", Bool),
        ],
    ),
    model(
        "wan/2-7-text-to-video",
        &[
            prompt(5000),
            // Not `aspect_ratio`.
            field("ratio", OneOf(FIVE), Ratio, LeftOut),
            field("duration", Int { min: 2, max: 15 }, Seconds, LeftOut),
            optional("resolution", OneOf(&["720p", "1080p"])),
            optional("audio_url", Link),
            NEGATIVE,
            optional("prompt_extend", Bool),
            optional("watermark", Bool),
            SEED,
        ],
    ),
    model("elevenlabs/text-to-speech-turbo-2-5", SPEECH),
    model("elevenlabs/text-to-speech-multilingual-v2", SPEECH),
];
