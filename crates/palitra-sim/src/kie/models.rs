//! The models that are simulated: their fields, what they make and what they take (KIE documentation, model pages as of 2026-08-19).
//!
//! Prices are credits as they were seen; where none was, a round number of ours.

use super::schema::{Field, Kind, field, required};
use palitra_domain::money::Millionths;
use serde_json::Value;

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    Pictures,
    Video,
    Speech,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) makes: Makes,
    pub(super) fields: &'static [Field],
    /// Credits in thousandths: as a rule, and for the named resolution.
    price: i64,
    price_of: &'static [(&'static str, i64)],
}

impl Model {
    pub(super) fn credits(&self, input: &Value) -> Millionths {
        let resolution = input.get("resolution").and_then(Value::as_str);
        let special = self.price_of.iter().find(|(word, _)| Some(*word) == resolution);
        Millionths(special.map_or(self.price, |(_, price)| *price) * 1000)
    }
}

pub(super) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

/// Every simulated model.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|model| model.id)
}

const fn pictures(id: &'static str, price: i64, fields: &'static [Field]) -> Model {
    Model { id, makes: Makes::Pictures, fields, price, price_of: &[] }
}

const fn video(id: &'static str, price: i64, fields: &'static [Field]) -> Model {
    Model { id, makes: Makes::Video, fields, price, price_of: &[] }
}

const fn speech(id: &'static str, fields: &'static [Field]) -> Model {
    Model { id, makes: Makes::Speech, fields, price: 6000, price_of: &[] }
}

const fn prompt(max: usize) -> Field {
    required("prompt", Kind::Text(max))
}

const fn links(min: usize, max: usize) -> Kind {
    Kind::Links { min, max }
}

const BANANA_RATIOS: Kind =
    Kind::OneOf(&["1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "auto"]);
const BANANA_2_RATIOS: Kind = Kind::OneOf(&[
    "auto", "1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "1:4", "4:1", "1:8",
    "8:1",
]);
const SEEDREAM_RATIOS: Kind = Kind::OneOf(&["1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"]);
const FLUX_RATIOS: Kind = Kind::OneOf(&["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3"]);
const FLUX_EDIT_RATIOS: Kind = Kind::OneOf(&["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "auto"]);
const GPT_RATIOS: Kind =
    Kind::OneOf(&["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9", "3:1", "1:3"]);
const FIVE_RATIOS: Kind = Kind::OneOf(&["1:1", "4:3", "3:4", "16:9", "9:16"]);
const THREE_RATIOS: Kind = Kind::OneOf(&["1:1", "16:9", "9:16"]);
const SEEDANCE_RATIOS: Kind = Kind::OneOf(&["1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive"]);
const PRESETS: Kind = Kind::OneOf(&[
    "square",
    "square_hd",
    "portrait_4_3",
    "portrait_3_2",
    "portrait_16_9",
    "landscape_4_3",
    "landscape_3_2",
    "landscape_16_9",
    "landscape_21_9",
]);
const RESOLUTIONS: Kind = Kind::OneOf(&["1K", "2K", "4K"]);
const SEED: Field = field("seed", Kind::Int { min: 0, max: i64::MAX });
const NSFW: Field = field("nsfw_checker", Kind::Bool);
const SAFETY: Field = field("enable_safety_checker", Kind::Bool);
const PNG_JPEG: Field = field("output_format", Kind::OneOf(&["png", "jpeg"]));
const PNG_JPG: Field = field("output_format", Kind::OneOf(&["png", "jpg"]));
const NEGATIVE: Field = field("negative_prompt", Kind::Text(500));
const ACCELERATION: Field = field("acceleration", Kind::OneOf(&["none", "regular", "high"]));
const GUIDANCE: Field = field("guidance_scale", Kind::Number { min: 0.0, max: 20.0 });
const FACTOR: Field = required("upscale_factor", Kind::OneOf(&["1", "2", "4"]));
const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };

const SPEECH: &[Field] = &[
    required("text", Kind::Text(5000)),
    field("voice", Kind::Text(100)),
    field("stability", SHARE),
    field("similarity_boost", SHARE),
    field("style", SHARE),
    field("speed", Kind::Number { min: 0.7, max: 1.2 }),
    field("timestamps", Kind::Bool),
    field("previous_text", Kind::Text(5000)),
    field("next_text", Kind::Text(5000)),
    field("language_code", Kind::Text(20)),
];

pub(super) const MODELS: &[Model] = &[
    pictures(
        "google/nano-banana",
        4000,
        &[
            prompt(5000),
            field("aspect_ratio", BANANA_RATIOS),
            field("image_size", BANANA_RATIOS),
            PNG_JPEG,
            NSFW,
        ],
    ),
    pictures(
        "google/nano-banana-edit",
        4000,
        &[
            prompt(5000),
            required("image_urls", links(1, 10)),
            field("aspect_ratio", BANANA_RATIOS),
            field("image_size", BANANA_RATIOS),
            PNG_JPEG,
        ],
    ),
    Model {
        price_of: &[("4K", 24_000)],
        ..pictures(
            "nano-banana-pro",
            18_000,
            &[
                prompt(10_000),
                field("image_input", links(0, 8)),
                field("aspect_ratio", BANANA_RATIOS),
                field("resolution", RESOLUTIONS),
                PNG_JPG,
            ],
        )
    },
    pictures(
        "nano-banana-2",
        8000,
        &[
            prompt(20_000),
            field("image_input", links(0, 14)),
            field("aspect_ratio", BANANA_2_RATIOS),
            field("resolution", RESOLUTIONS),
            PNG_JPG,
        ],
    ),
    pictures(
        "seedream/4.5-text-to-image",
        6500,
        &[
            prompt(3000),
            required("aspect_ratio", SEEDREAM_RATIOS),
            required("quality", Kind::OneOf(&["basic", "high"])),
            NSFW,
        ],
    ),
    pictures(
        "seedream/4.5-edit",
        6500,
        &[
            prompt(3000),
            required("image_urls", links(1, 14)),
            required("aspect_ratio", SEEDREAM_RATIOS),
            required("quality", Kind::OneOf(&["basic", "high"])),
            NSFW,
        ],
    ),
    pictures(
        "bytedance/seedream-v4-text-to-image",
        5000,
        &[
            prompt(5000),
            field("image_size", PRESETS),
            field("image_resolution", RESOLUTIONS),
            field("max_images", Kind::Int { min: 1, max: 6 }),
            SEED,
        ],
    ),
    pictures(
        "bytedance/seedream-v4-edit",
        5000,
        &[
            prompt(5000),
            required("image_urls", links(1, 10)),
            field("image_size", PRESETS),
            field("image_resolution", RESOLUTIONS),
            field("max_images", Kind::Int { min: 1, max: 6 }),
            SEED,
        ],
    ),
    Model {
        price_of: &[("2K", 7000)],
        ..pictures(
            "flux-2/pro-text-to-image",
            5000,
            &[
                prompt(5000),
                required("aspect_ratio", FLUX_RATIOS),
                required("resolution", Kind::OneOf(&["1K", "2K"])),
                NSFW,
            ],
        )
    },
    Model {
        price_of: &[("2K", 7000)],
        ..pictures(
            "flux-2/pro-image-to-image",
            5000,
            &[
                prompt(5000),
                required("input_urls", links(1, 8)),
                required("aspect_ratio", FLUX_EDIT_RATIOS),
                required("resolution", Kind::OneOf(&["1K", "2K"])),
                NSFW,
            ],
        )
    },
    pictures("z-image", 800, &[prompt(1000), required("aspect_ratio", FIVE_RATIOS)]),
    pictures(
        "qwen/text-to-image",
        4000,
        &[
            prompt(5000),
            field("image_size", PRESETS),
            field("num_inference_steps", Kind::Int { min: 2, max: 250 }),
            GUIDANCE,
            NEGATIVE,
            ACCELERATION,
            PNG_JPEG,
            SEED,
            SAFETY,
        ],
    ),
    pictures(
        "qwen/image-to-image",
        4000,
        &[
            prompt(5000),
            required("image_url", Kind::Link),
            field("strength", SHARE),
            field("num_inference_steps", Kind::Int { min: 2, max: 250 }),
            GUIDANCE,
            NEGATIVE,
            ACCELERATION,
            PNG_JPEG,
            SEED,
            SAFETY,
        ],
    ),
    pictures(
        "qwen/image-edit",
        4000,
        &[
            prompt(2000),
            required("image_url", Kind::Link),
            field("image_size", PRESETS),
            field("num_images", Kind::OneOf(&["1", "2", "3", "4"])),
            field("num_inference_steps", Kind::Int { min: 2, max: 49 }),
            GUIDANCE,
            NEGATIVE,
            ACCELERATION,
            PNG_JPEG,
            SEED,
            SAFETY,
        ],
    ),
    pictures(
        "gpt-image-2-text-to-image",
        6000,
        &[prompt(20_000), field("aspect_ratio", GPT_RATIOS), field("resolution", RESOLUTIONS)],
    ),
    pictures(
        "gpt-image-2-image-to-image",
        6000,
        &[
            prompt(20_000),
            required("input_urls", links(1, 16)),
            field("aspect_ratio", GPT_RATIOS),
            field("resolution", RESOLUTIONS),
        ],
    ),
    pictures("recraft/crisp-upscale", 500, &[required("image", Kind::Link)]),
    pictures("recraft/remove-background", 1000, &[required("image", Kind::Link)]),
    pictures("topaz/image-upscale", 10_000, &[required("image_url", Kind::Link), FACTOR]),
    video(
        "topaz/video-upscale",
        72_000,
        &[required("video_url", Kind::Link), field("upscale_factor", Kind::OneOf(&["1", "2", "4"]))],
    ),
    video(
        "kling-2.6/text-to-video",
        55_000,
        &[
            prompt(1000),
            required("sound", Kind::Bool),
            required("aspect_ratio", THREE_RATIOS),
            required("duration", Kind::OneOf(&["5", "10"])),
        ],
    ),
    video(
        "kling-2.6/image-to-video",
        55_000,
        &[
            prompt(1000),
            required("image_urls", links(1, 1)),
            required("sound", Kind::Bool),
            required("duration", Kind::OneOf(&["5", "10"])),
        ],
    ),
    video(
        "kling-3.0/video",
        100_000,
        &[
            prompt(2500),
            required("mode", Kind::OneOf(&["std", "pro", "4K"])),
            required(
                "duration",
                Kind::OneOf(&["3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]),
            ),
            required("aspect_ratio", THREE_RATIOS),
            required("sound", Kind::Bool),
            required("multi_shots", Kind::Bool),
            required("multi_prompt", Kind::List(10)),
            field("image_urls", links(0, 2)),
            field("kling_elements", Kind::List(3)),
        ],
    ),
    video(
        "bytedance/seedance-2",
        80_000,
        &[
            prompt(20_000),
            field("aspect_ratio", SEEDANCE_RATIOS),
            field("duration", Kind::Int { min: 4, max: 15 }),
            field("resolution", Kind::OneOf(&["480p", "720p", "1080p", "4k"])),
            field("first_frame_url", Kind::Link),
            field("last_frame_url", Kind::Link),
            field("reference_image_urls", links(0, 9)),
            field("reference_video_urls", links(0, 3)),
            field("reference_audio_urls", links(0, 3)),
            field("generate_audio", Kind::Bool),
            field("return_last_frame", Kind::Bool),
            field("web_search", Kind::Bool),
        ],
    ),
    video(
        "wan/2-7-text-to-video",
        60_000,
        &[
            prompt(5000),
            field("ratio", FIVE_RATIOS),
            field("duration", Kind::Int { min: 2, max: 15 }),
            field("resolution", Kind::OneOf(&["720p", "1080p"])),
            field("audio_url", Kind::Link),
            NEGATIVE,
            field("prompt_extend", Kind::Bool),
            field("watermark", Kind::Bool),
            SEED,
        ],
    ),
    speech("elevenlabs/text-to-speech-turbo-2-5", SPEECH),
    speech("elevenlabs/text-to-speech-multilingual-v2", SPEECH),
];
