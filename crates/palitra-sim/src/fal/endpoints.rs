//! The simulated endpoints: what they take, what they make and what fal's price list says of them (`providers.md` §1.13, prices as in the
//! shipped catalogue).

use super::schema::{
    Endpoint, Field,
    Kind::{self, Bool, Fields, ImageSize, Int, Link, Links, Number, OneOf, Text},
    Makes, Price, field, required,
};

const PROMPT: Field = required("prompt", Text);
const SEED: Field = field("seed", Int { min: i64::MIN, max: i64::MAX });
const NUM_IMAGES: Field = field("num_images", Int { min: 1, max: 4 });
const SYNC_MODE: Field = field("sync_mode", Bool);
const SAFETY: Field = field("enable_safety_checker", Bool);
const NEGATIVE: Field = field("negative_prompt", Text);
const JPEG_PNG: Field = field("output_format", OneOf(&["jpeg", "png"]));
const JPEG_PNG_WEBP: Field = field("output_format", OneOf(&["jpeg", "png", "webp"]));
const TOLERANCE: Field = field("safety_tolerance", OneOf(&["1", "2", "3", "4", "5", "6"]));
const LIMIT: Field = field("limit_generations", Bool);
const SHARE: Kind = Number { min: 0.0, max: 1.0 };
const BANANA_RATIO: Field =
    field("aspect_ratio", OneOf(&["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]));
const BANANA_RATIO_AUTO: Field = field(
    "aspect_ratio",
    OneOf(&["auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]),
);
const RESOLUTION: Field = field("resolution", OneOf(&["1K", "2K", "4K"]));
const WEB: Field = field("enable_web_search", Bool);
const SYSTEM: Field = field("system_prompt", Text);
const IMAGE_URLS: Field = required("image_urls", Links { max: 10 });
const SEEDREAM_PRESETS: &[&str] = &["auto", "auto_2K", "auto_4K"];
const SEEDREAM_SIZE: Field =
    field("image_size", ImageSize { presets: SEEDREAM_PRESETS, area_min: 960 * 960 });
const SEEDREAM_EDIT_SIZE: Field =
    field("image_size", ImageSize { presets: SEEDREAM_PRESETS, area_min: 921_600 });
const MAX_IMAGES: Field = field("max_images", Int { min: 1, max: 6 });
const ENHANCE: Field = field("enhance_prompt_mode", OneOf(&["standard", "fast"]));
const GPT_SIZE: Field = field("image_size", OneOf(&["auto", "1024x1024", "1536x1024", "1024x1536"]));
const BACKGROUND: Field = field("background", OneOf(&["auto", "transparent", "opaque"]));
const QUALITY: Field = field("quality", OneOf(&["auto", "low", "medium", "high"]));
const RAW: Field = field("raw", Bool);
const ENHANCE_PROMPT: Field = field("enhance_prompt", Bool);
const IMAGE_URL: Field = field("image_url", Link);
const STRENGTH: Field = field("image_prompt_strength", SHARE);

const RESOLUTION_2: Field = field("resolution", OneOf(&["0.5K", "1K", "2K", "4K"]));

const BANANA_2: &[Field] = &[
    PROMPT,
    NUM_IMAGES,
    BANANA_RATIO_AUTO,
    RESOLUTION_2,
    JPEG_PNG_WEBP,
    TOLERANCE,
    LIMIT,
    WEB,
    SEED,
    SYNC_MODE,
];
const BANANA_2_EDIT: &[Field] = &[
    PROMPT,
    IMAGE_URLS,
    NUM_IMAGES,
    BANANA_RATIO_AUTO,
    RESOLUTION_2,
    JPEG_PNG_WEBP,
    TOLERANCE,
    LIMIT,
    WEB,
    SEED,
    SYNC_MODE,
];

const VEO: &[Field] = &[
    PROMPT,
    field("aspect_ratio", OneOf(&["16:9", "9:16"])),
    field("duration", OneOf(&["4s", "6s", "8s"])),
    field("resolution", OneOf(&["720p", "1080p", "4k"])),
    field("generate_audio", Bool),
    field("auto_fix", Bool),
    NEGATIVE,
    TOLERANCE,
    SEED,
];

const fn endpoint(
    id: &'static str,
    makes: Makes,
    unit: &'static str,
    micros: i64,
    fields: &'static [Field],
) -> Endpoint {
    Endpoint { id, makes, fields, price: Price { unit, micros } }
}

const fn pictures(id: &'static str, micros: i64, fields: &'static [Field]) -> Endpoint {
    endpoint(id, Makes::Pictures, "images", micros, fields)
}

pub(super) const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "fal-ai/flux/dev",
        Makes::Pictures,
        "megapixels",
        25_000,
        &[
            PROMPT,
            field("image_size", ImageSize { presets: &[], area_min: 1 }),
            field("num_inference_steps", Int { min: 1, max: 50 }),
            field("guidance_scale", Number { min: 1.0, max: 20.0 }),
            NUM_IMAGES,
            SEED,
            SAFETY,
            JPEG_PNG,
            field("acceleration", OneOf(&["none", "regular", "high"])),
            SYNC_MODE,
        ],
    ),
    pictures(
        "fal-ai/flux-pro/v1.1-ultra",
        60_000,
        &[
            PROMPT,
            field("aspect_ratio", Text),
            RAW,
            ENHANCE_PROMPT,
            IMAGE_URL,
            STRENGTH,
            NUM_IMAGES,
            JPEG_PNG,
            TOLERANCE,
            SEED,
            SYNC_MODE,
        ],
    ),
    pictures(
        "fal-ai/flux-pro/v1.1-ultra-finetuned",
        70_000,
        &[
            PROMPT,
            required("finetune_id", Text),
            required("finetune_strength", Number { min: 0.0, max: 2.0 }),
            field("aspect_ratio", Text),
            RAW,
            ENHANCE_PROMPT,
            IMAGE_URL,
            STRENGTH,
            NUM_IMAGES,
            JPEG_PNG,
            TOLERANCE,
            SEED,
            SYNC_MODE,
        ],
    ),
    pictures(
        "fal-ai/nano-banana",
        39_800,
        &[PROMPT, NUM_IMAGES, BANANA_RATIO, JPEG_PNG_WEBP, TOLERANCE, LIMIT, SEED, SYNC_MODE],
    ),
    pictures(
        "fal-ai/nano-banana/edit",
        39_800,
        &[
            PROMPT,
            IMAGE_URLS,
            NUM_IMAGES,
            BANANA_RATIO_AUTO,
            JPEG_PNG_WEBP,
            TOLERANCE,
            LIMIT,
            SEED,
            SYNC_MODE,
        ],
    ),
    pictures(
        "fal-ai/nano-banana-pro",
        150_000,
        &[
            PROMPT,
            NUM_IMAGES,
            BANANA_RATIO_AUTO,
            RESOLUTION,
            JPEG_PNG_WEBP,
            TOLERANCE,
            LIMIT,
            WEB,
            SYSTEM,
            SEED,
            SYNC_MODE,
        ],
    ),
    pictures(
        "fal-ai/nano-banana-pro/edit",
        150_000,
        &[
            PROMPT,
            IMAGE_URLS,
            NUM_IMAGES,
            BANANA_RATIO_AUTO,
            RESOLUTION,
            JPEG_PNG_WEBP,
            TOLERANCE,
            LIMIT,
            WEB,
            SYSTEM,
            SEED,
            SYNC_MODE,
        ],
    ),
    pictures("fal-ai/nano-banana-2", 80_000, BANANA_2),
    pictures("fal-ai/nano-banana-2/edit", 80_000, BANANA_2_EDIT),
    pictures(
        "fal-ai/bytedance/seedream/v4/text-to-image",
        30_000,
        &[PROMPT, SEEDREAM_SIZE, NUM_IMAGES, MAX_IMAGES, SEED, SAFETY, ENHANCE, SYNC_MODE],
    ),
    pictures(
        "fal-ai/bytedance/seedream/v4/edit",
        30_000,
        &[PROMPT, IMAGE_URLS, SEEDREAM_EDIT_SIZE, NUM_IMAGES, MAX_IMAGES, SEED, SAFETY, ENHANCE, SYNC_MODE],
    ),
    pictures(
        "fal-ai/gpt-image-1-mini",
        36_000,
        &[PROMPT, GPT_SIZE, BACKGROUND, QUALITY, NUM_IMAGES, JPEG_PNG_WEBP, SYNC_MODE],
    ),
    pictures(
        "fal-ai/gpt-image-1-mini/edit",
        36_000,
        &[PROMPT, IMAGE_URLS, GPT_SIZE, BACKGROUND, QUALITY, NUM_IMAGES, JPEG_PNG_WEBP, SYNC_MODE],
    ),
    endpoint(
        "fal-ai/retoucher",
        Makes::Picture,
        "compute seconds",
        1_000,
        &[required("image_url", Link), SEED],
    ),
    endpoint(
        "fal-ai/recraft/upscale/crisp",
        Makes::LargerPicture,
        "images",
        4_000,
        &[required("image_url", Link), SAFETY, SYNC_MODE],
    ),
    endpoint("fal-ai/veo3.1", Makes::Video, "seconds", 400_000, VEO),
    endpoint("fal-ai/veo3.1/fast", Makes::Video, "seconds", 150_000, VEO),
    endpoint(
        "fal-ai/kling-video/v2.5-turbo/pro/text-to-video",
        Makes::Video,
        "seconds",
        70_000,
        &[
            PROMPT,
            field("duration", OneOf(&["5", "10"])),
            field("aspect_ratio", OneOf(&["16:9", "9:16", "1:1"])),
            NEGATIVE,
            field("cfg_scale", SHARE),
        ],
    ),
    endpoint(
        "fal-ai/elevenlabs/tts/turbo-v2.5",
        Makes::Speech,
        "1000 characters",
        50_000,
        &[
            required("text", Text),
            field("voice", Text),
            field("stability", SHARE),
            field("similarity_boost", SHARE),
            field("style", SHARE),
            field("speed", Number { min: 0.7, max: 1.2 }),
            field("timestamps", Bool),
            field("previous_text", Text),
            field("next_text", Text),
            field("language_code", Text),
            field("apply_text_normalization", OneOf(&["auto", "on", "off"])),
        ],
    ),
    endpoint(
        "fal-ai/minimax/speech-02-hd",
        Makes::Speech,
        "1000 characters",
        100_000,
        &[
            required("text", Text),
            field(
                "voice_setting",
                Fields(&[
                    field("voice_id", Text),
                    field("speed", Number { min: 0.5, max: 2.0 }),
                    field("vol", Number { min: 0.01, max: 10.0 }),
                    field("pitch", Int { min: -12, max: 12 }),
                    field("emotion", Text),
                    field("english_normalization", Bool),
                ]),
            ),
            field(
                "audio_setting",
                Fields(&[
                    field("sample_rate", Text),
                    field("bitrate", Text),
                    field("format", OneOf(&["mp3", "pcm", "flac"])),
                    field("channel", Text),
                ]),
            ),
            field("language_boost", Text),
            field("output_format", OneOf(&["url", "hex"])),
            field("pronunciation_dict", Fields(&[field("tone_list", Links { max: 100 })])),
        ],
    ),
    endpoint(
        "openrouter/router",
        Makes::Text,
        "1000 tokens",
        2_500,
        &[
            PROMPT,
            required("model", Text),
            SYSTEM,
            field("temperature", Number { min: 0.0, max: 2.0 }),
            field("max_tokens", Int { min: 1, max: i64::MAX }),
            field("reasoning", Bool),
        ],
    ),
];

pub(super) fn find(id: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.id == id)
}
