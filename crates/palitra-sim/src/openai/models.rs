//! Models of the simulated OpenAI and the fields that their calls take (`openai/openai-openapi`, 2026-08; `providers.md` §4.2 to §4.5).

use crate::in_call::fields::{Field, Kind, field, required};

/// What a model is for; families of one kind differ in their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    GptImage,
    /// Any size.
    GptImage2,
    DallE2,
    DallE3,
    /// Takes instructions.
    Voice,
    OldVoice,
    Chat,
    /// Bounds its tokens by another name and chooses its temperature itself.
    Reasoning,
}

const MODELS: &[(&str, Family)] = &[
    ("gpt-image-1", Family::GptImage),
    ("gpt-image-1-mini", Family::GptImage),
    ("gpt-image-1.5", Family::GptImage),
    ("chatgpt-image-latest", Family::GptImage),
    ("gpt-image-2", Family::GptImage2),
    ("dall-e-2", Family::DallE2),
    ("dall-e-3", Family::DallE3),
    ("gpt-4o-mini-tts", Family::Voice),
    ("tts-1", Family::OldVoice),
    ("tts-1-hd", Family::OldVoice),
    ("gpt-4o", Family::Chat),
    ("gpt-4o-mini", Family::Chat),
    ("gpt-5", Family::Reasoning),
    ("gpt-5-mini", Family::Reasoning),
];

pub(super) fn find(model: &str) -> Option<Family> {
    MODELS.iter().find(|(known, _)| *known == model).map(|(_, family)| *family)
}

const MODEL: Field = required("model", Kind::Anything);
const USER: Field = field("user", Kind::Text { chars_max: 512 });
const N: Field = field("n", Kind::Int { min: 1, max: 10 });
const RESPONSE_FORMAT: Field = field("response_format", Kind::OneOf(&["url", "b64_json"]));
const PROMPT: Field = required("prompt", Kind::Text { chars_max: 32_000 });
const SIZE: Field = field("size", Kind::OneOf(&["auto", "1024x1024", "1536x1024", "1024x1536"]));
const ANY_SIZE: Field = field("size", Kind::Size { step: 16, long_max: 3840, short_max: 2160 });
const QUALITY: Field = field("quality", Kind::OneOf(&["auto", "low", "medium", "high"]));
const BACKGROUND: Field = field("background", Kind::OneOf(&["auto", "transparent", "opaque"]));
const MODERATION: Field = field("moderation", Kind::OneOf(&["auto", "low"]));
const FORMAT: Field = field("output_format", Kind::OneOf(&["png", "jpeg", "webp"]));
const COMPRESSION: Field = field("output_compression", Kind::Int { min: 0, max: 100 });
const STREAM: Field = field("stream", Kind::Flag);
const EARLY: Field = field("partial_images", Kind::Int { min: 0, max: 3 });
const FIDELITY: Field = field("input_fidelity", Kind::OneOf(&["low", "high"]));

const SHORT_PROMPT: Field = required("prompt", Kind::Text { chars_max: 1000 });
const SMALL_SIZE: Field = field("size", Kind::OneOf(&["256x256", "512x512", "1024x1024"]));

const DALLE_PROMPT: Field = required("prompt", Kind::Text { chars_max: 4000 });
const ONE: Field = field("n", Kind::Int { min: 1, max: 1 });
const WIDE_SIZE: Field = field("size", Kind::OneOf(&["1024x1024", "1792x1024", "1024x1792"]));
const DALLE_QUALITY: Field = field("quality", Kind::OneOf(&["standard", "hd"]));
const STYLE: Field = field("style", Kind::OneOf(&["vivid", "natural"]));

/// `POST /images/generations`; no fields for a model that draws nothing.
pub(super) const fn creation(family: Family) -> &'static [Field] {
    match family {
        Family::GptImage => &[
            MODEL,
            PROMPT,
            N,
            SIZE,
            QUALITY,
            BACKGROUND,
            MODERATION,
            FORMAT,
            COMPRESSION,
            STREAM,
            EARLY,
            USER,
        ],
        Family::GptImage2 => &[
            MODEL,
            PROMPT,
            N,
            ANY_SIZE,
            QUALITY,
            BACKGROUND,
            MODERATION,
            FORMAT,
            COMPRESSION,
            STREAM,
            EARLY,
            USER,
        ],
        Family::DallE2 => &[MODEL, SHORT_PROMPT, N, SMALL_SIZE, RESPONSE_FORMAT, USER],
        Family::DallE3 => &[MODEL, DALLE_PROMPT, ONE, WIDE_SIZE, DALLE_QUALITY, STYLE, RESPONSE_FORMAT, USER],
        _ => &[],
    }
}

/// The fields of `POST /images/edits` besides its files; none for a model that edits nothing.
pub(super) const fn edit(family: Family) -> &'static [Field] {
    match family {
        Family::GptImage => {
            &[MODEL, PROMPT, N, SIZE, QUALITY, BACKGROUND, FORMAT, COMPRESSION, FIDELITY, STREAM, EARLY, USER]
        }
        Family::GptImage2 => &[
            MODEL,
            PROMPT,
            N,
            ANY_SIZE,
            QUALITY,
            BACKGROUND,
            FORMAT,
            COMPRESSION,
            FIDELITY,
            STREAM,
            EARLY,
            USER,
        ],
        Family::DallE2 => creation(Family::DallE2),
        _ => &[],
    }
}

const SAID: Field = required("input", Kind::Text { chars_max: 4096 });
const VOICE: Field = required(
    "voice",
    Kind::OneOf(&[
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
        "marin", "cedar",
    ]),
);
const SOUND: Field = field("response_format", Kind::OneOf(&["mp3", "opus", "aac", "flac", "wav", "pcm"]));
const INSTRUCTIONS: Field = field("instructions", Kind::Text { chars_max: 4096 });
const SPEED: Field = field("speed", Kind::Number { min: 0.25, max: 4.0 });

/// `POST /audio/speech`.
pub(super) const fn speech(family: Family) -> &'static [Field] {
    match family {
        Family::Voice => &[MODEL, SAID, VOICE, INSTRUCTIONS, SOUND, SPEED],
        Family::OldVoice => &[MODEL, SAID, VOICE, SOUND, SPEED],
        _ => &[],
    }
}

const MESSAGES: Field = required("messages", Kind::Anything);
const TOKENS: Kind = Kind::Int { min: 1, max: 128_000 };
const MAX_TOKENS: Field = field("max_tokens", TOKENS);
const MAX_COMPLETION_TOKENS: Field = field("max_completion_tokens", TOKENS);
const TEMPERATURE: Field = field("temperature", Kind::Number { min: 0.0, max: 2.0 });
const NO_TEMPERATURE: Field = field("temperature", Kind::Number { min: 1.0, max: 1.0 });
const TOP_P: Field = field("top_p", Kind::Number { min: 0.0, max: 1.0 });
const SEED: Field = field("seed", Kind::Int { min: i64::MIN, max: i64::MAX });
const SHAPE: Field = field("response_format", Kind::Anything);
const EFFORT: Field = field("reasoning_effort", Kind::OneOf(&["minimal", "low", "medium", "high"]));

/// `POST /chat/completions`.
pub(super) const fn chat(family: Family) -> &'static [Field] {
    match family {
        Family::Chat => {
            &[MODEL, MESSAGES, MAX_TOKENS, MAX_COMPLETION_TOKENS, TEMPERATURE, TOP_P, SEED, SHAPE, USER]
        }
        Family::Reasoning => &[MODEL, MESSAGES, MAX_COMPLETION_TOKENS, NO_TEMPERATURE, EFFORT, SHAPE, USER],
        _ => &[],
    }
}
