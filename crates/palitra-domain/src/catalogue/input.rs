//! What a mode takes: the market's own fields as JSON Schema, and which of our words each comes from.
//!
//! A field of a pack is a JSON Schema with a few words of ours beside it: `from` (which of our words it is made of, [`Word`]), `required`,
//! `send` (what goes along when nobody says anything) and `media` (the field names a file). How our words become fields: [`super::fit`].

use crate::{media_type::Kind, state::words};
use serde_json::{Map, Value, json};

words! {
    /// What people and doors say, whatever a market calls it.
    Word {
        Prompt = "prompt",
        /// What is spoken; a prompt does as well.
        Text = "text",
        System = "system",
        /// What must not be there; where a market has no field for it, the prompt says so (S2-016).
        Negative = "negative",
        Width = "width",
        Height = "height",
        /// `width` and `height` together: an object, a text `1024x768`, or the nearest of the sizes there are.
        Size = "size",
        /// The nearest of the ratios there are, to `width` and `height`.
        Ratio = "ratio",
        /// `1K`, `2K`, `4K` by the longer side; at least `2K` where `quality` is `high` (S2-017).
        Resolution = "resolution",
        Quality = "quality",
        Seed = "seed",
        Steps = "steps",
        Guidance = "guidance",
        /// How many results.
        Count = "count",
        Images = "images",
        /// The portrait whose face goes into the picture (S2-065).
        Face = "face_image",
        Mask = "mask",
        Video = "video",
        Audio = "audio",
        Seconds = "seconds",
        Sound = "sound",
        Factor = "factor",
        Voice = "voice",
        Speed = "speed",
        Language = "language",
        /// What a written prompt is for: `create` or `edit`.
        Purpose = "for",
        /// Of an earlier version of the prompt, to be resolved.
        Contradictions = "contradictions",
        /// `soft` or `enhance`.
        RetouchMode = "retouch_mode",
        /// Of a slide, for the writer.
        Title = "title",
        Content = "content",
    }
}

impl Word {
    /// The kind of file it names, if it names one.
    pub fn media(self) -> Option<Kind> {
        match self {
            Word::Images | Word::Face | Word::Mask => Some(Kind::Image),
            Word::Video => Some(Kind::Video),
            Word::Audio => Some(Kind::Audio),
            _ => None,
        }
    }
}

/// One field of a mode's input.
#[derive(Debug, Clone)]
pub struct Field {
    /// The market's name for it.
    pub name: String,
    pub from: Option<Word>,
    pub required: bool,
    /// Sent unless something else is said.
    pub send: Option<Value>,
    /// Where nothing is said the adapter fills it in, by a setting of the operator's.
    pub by_adapter: bool,
    /// It names a file, or several where its type is `array`.
    pub media: Option<Media>,
    /// JSON Schema of the value.
    pub schema: Value,
}

/// Bounds of a file, as the market states them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    pub kind: Kind,
    pub bytes_max: u64,
    /// Width times height.
    pub pixels_max: Option<u64>,
}

/// The largest file that is sent to a market that states no limit: 20 MiB.
pub const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// The input of a mode, in the order in which people should see its fields.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub fields: Vec<Field>,
}

impl Input {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn from_word(&self, word: Word) -> Option<&Field> {
        self.fields.iter().find(|field| field.from == Some(word))
    }

    /// The longest side of a picture, where the mode takes sizes and says so: `maximum` of a text or of a side.
    pub fn side_max(&self) -> Option<u32> {
        let schema = &self.from_word(Word::Size)?.schema;
        let max = schema["maximum"].as_u64().or_else(|| schema["properties"]["width"]["maximum"].as_u64())?;
        u32::try_from(max).ok()
    }

    /// The whole as one JSON Schema (draft 2020-12), for forms, for programs and for validation.
    pub fn schema(&self) -> Value {
        let described = |field: &Field| {
            let mut schema = field.schema.clone();
            if let Some(word) = field.from {
                schema["x-from"] = json!(word);
            }
            if let Some(media) = field.media {
                schema["x-media"] = json!(media.kind.as_str());
            }
            if let (Some(send), None) = (&field.send, schema.get("default")) {
                schema["default"] = send.clone();
            }
            (field.name.clone(), schema)
        };
        let properties: Map<String, Value> = self.fields.iter().map(described).collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    /// The files that an input in the market's names speaks of, with the field of each: ids of ours and public links.
    pub fn files<'a>(&'a self, body: &'a Value) -> impl Iterator<Item = (&'a Field, Media, &'a str)> {
        let named = self.fields.iter().filter_map(|field| Some((field, field.media?)));
        named.flat_map(|(field, media)| {
            let value = &body[&field.name];
            let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            list.iter().filter_map(Value::as_str).map(move |name| (field, media, name))
        })
    }
}
