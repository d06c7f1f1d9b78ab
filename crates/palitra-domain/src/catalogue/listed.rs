//! Models that a market was found to have: a listing as a catalogue entry, and what a new listing means for a model that we sell.

use super::{
    Lane, Mode, Model, Status,
    input::{FILE_BYTES_MAX, Field, Input, Media, Word},
};
use crate::{
    market::{Listed, ListedPrice},
    price::{Coin, PriceRule, Prices, Unit},
    recipe,
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// What a market's word for a category means here: our mode and its lane. `None`: nothing that is sold here.
fn operation(category: &str) -> Option<(&'static str, Lane)> {
    let word = category.to_lowercase().replace([' ', '_'], "-");
    let has = |part: &str| word.contains(part);
    Some(match word.as_str() {
        _ if has("upscal") && has("video") => ("upscale", Lane::Video),
        _ if has("upscal") => ("upscale", Lane::Image),
        _ if has("face-swap") => ("swap_face", Lane::Image),
        _ if has("to-video") || word == "video" => ("video", Lane::Video),
        _ if has("to-speech") || has("speech") && !has("speech-to") => ("speak", Lane::Audio),
        _ if has("music") || has("to-audio") => ("speak", Lane::Audio),
        _ if has("image-to-image") || has("image-edit") => ("edit", Lane::Image),
        _ if has("text-to-image") || word == "image" => ("create", Lane::Image),
        _ if has("llm") || has("text-to-text") || word == "text" || word == "chat" => ("write", Lane::Text),
        _ => return None,
    })
}

/// The word that a market's field of this name most likely means.
fn word_of(name: &str, schema: &Value) -> Option<Word> {
    Some(match name {
        "prompt" => Word::Prompt,
        "text" | "input_text" => Word::Text,
        "system_prompt" | "system" => Word::System,
        "negative_prompt" => Word::Negative,
        "aspect_ratio" | "ratio" => Word::Ratio,
        "image_size" | "size" => Word::Size,
        "resolution" if schema["enum"].is_array() => Word::Resolution,
        "seed" => Word::Seed,
        "num_inference_steps" | "steps" => Word::Steps,
        "guidance_scale" | "cfg_scale" => Word::Guidance,
        "num_images" | "n" => Word::Count,
        "image_urls" | "image_url" | "image" | "images" | "image_input" | "input_urls" => Word::Images,
        "face_image" | "swap_image_url" => Word::Face,
        "mask_url" | "mask" => Word::Mask,
        "video_url" | "video" => Word::Video,
        "audio_url" | "audio" => Word::Audio,
        "duration" => Word::Seconds,
        "upscale_factor" | "scale" => Word::Factor,
        "voice" => Word::Voice,
        "generate_audio" | "sound" => Word::Sound,
        _ => return None,
    })
}

/// Whether models of this category are sold here at all.
pub fn is_sold(category: &str) -> bool {
    operation(category).is_some()
}

/// How long runs of a lane may take until history knows better.
fn times(lane: Lane) -> (Duration, Duration) {
    let seconds = |longest, usual| (Duration::from_secs(longest), Duration::from_secs(usual));
    match lane {
        Lane::Image => seconds(300, 15),
        Lane::Video => seconds(900, 120),
        Lane::Audio => seconds(300, 10),
        Lane::Text => seconds(60, 5),
    }
}

/// The catalogue entry of a listed model; `None` when its category is nothing that is sold here, or it does not say what it takes.
/// Without a price its price is 0 and it can only be a draft.
pub fn model_of(market: &str, listed: &Listed, price: Option<ListedPrice>, status: Status) -> Option<Model> {
    let (name, lane) = operation(&listed.category)?;
    let input = input_of(listed.schema.as_ref()?)?;
    let (longest_run, usual_run) = times(lane);
    let price = price.unwrap_or(ListedPrice {
        unit: Unit::Run,
        cost_micros: 0,
        coin: Coin::Money(crate::Currency::USD),
    });
    let base =
        PriceRule { unit: price.unit, cost_micros: price.cost_micros, coin: price.coin, whole_units: false };
    let mode = Mode {
        name: name.to_owned(),
        lane,
        longest_run,
        usual_run,
        input,
        prices: Prices { base, variants: Vec::new(), extras: Vec::new() },
        fast: None,
    };
    Some(Model {
        id: public_id(market, &listed.market_id),
        market: market.to_owned(),
        market_id: listed.market_id.clone(),
        name: listed.name.clone(),
        category: lane.as_str().to_owned(),
        status,
        // Nobody has said that it understands anything else.
        languages: vec!["en".to_owned()],
        licence: None,
        hint: String::new(),
        parallel: None,
        start_interval: Duration::ZERO,
        rate: None,
        modes: vec![Arc::new(mode)],
    })
}

/// The market's own id where it says whose it is, else with the market before it.
fn public_id(market: &str, id: &str) -> String {
    let own = id.split('/').next().is_some_and(|owner| owner.starts_with(market));
    if own { id.to_owned() } else { format!("{market}:{id}") }
}

fn input_of(schema: &Value) -> Option<Input> {
    let properties = schema["properties"].as_object()?;
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let field = |(name, schema): (&String, &Value)| {
        let schema = plain(schema);
        let from = word_of(name, &schema);
        let media = from.and_then(Word::media);
        Field {
            name: name.clone(),
            from,
            required: required.contains(&name.as_str()),
            send: None,
            by_adapter: false,
            media: media.map(|kind| Media { kind, bytes_max: FILE_BYTES_MAX, pixels_max: None }),
            schema,
        }
    };
    Some(Input { fields: properties.iter().map(field).collect() })
}

/// What is checked of a foreign schema: types, choices and bounds. References and the rest are left out, for the market to judge.
fn plain(schema: &Value) -> Value {
    const KEPT: [&str; 11] = [
        "type",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "default",
        "description",
        "title",
    ];
    let fields = schema.as_object().into_iter().flatten();
    let kept: Vec<(&String, &Value)> = fields.filter(|(name, _)| KEPT.contains(&name.as_str())).collect();
    // No room to grow: a catalogue holds tens of thousands of these.
    let mut plain = Map::with_capacity(kept.len());
    plain.extend(kept.into_iter().map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(plain)
}

/// Changes when what the model takes does; not by the order of its fields.
pub fn fingerprint(listed: &Listed) -> String {
    let schema = listed.schema.as_ref().map(|schema| {
        let shape = |schema: &Value| {
            let fields = schema
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| !matches!(name.as_str(), "description" | "title" | "examples"));
            Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties: Map<String, Value> =
            properties.map(|(name, schema)| (name.clone(), shape(schema))).collect();
        let mut required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        required.sort_unstable();
        json!({ "properties": properties, "required": required })
    });
    recipe::recipe_hash(&listed.market_id, "listed", &json!([schema, listed.deprecated]))
}

/// Why a model that is sold would be refused by its market now, field by field; empty when it goes on as before (S3-48).
pub fn drift(model: &Model, listed: &Listed) -> Vec<String> {
    let Some(properties) = listed.schema.as_ref().and_then(|schema| schema["properties"].as_object()) else {
        return Vec::new();
    };
    let required: Vec<&str> = listed.schema.as_ref().map_or(Vec::new(), |schema| {
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    });
    let mut found = Vec::new();
    for mode in &model.modes {
        for field in &mode.input.fields {
            match properties.get(&field.name) {
                None if field.required || field.send.is_some() => {
                    found.push(format!("{}: `{}` is gone", mode.name, field.name))
                }
                None => {}
                Some(schema) => found.extend(narrowed(mode, field, schema)),
            }
        }
        let missing = required.iter().filter(|name| {
            mode.input
                .field(name)
                .is_none_or(|field| !field.required && field.send.is_none() && !field.by_adapter)
        });
        found.extend(missing.map(|name| format!("{}: `{name}` is required now", mode.name)));
    }
    found
}

/// Choices of ours that are none any more.
fn narrowed(mode: &Mode, field: &Field, schema: &Value) -> Option<String> {
    let (ours, theirs) = (field.schema["enum"].as_array()?, schema["enum"].as_array()?);
    let gone: Vec<String> =
        ours.iter().filter(|choice| !theirs.contains(choice)).map(Value::to_string).collect();
    (!gone.is_empty())
        .then(|| format!("{}: `{}` does not take {} any more", mode.name, field.name, gone.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn listed() -> Listed {
        Listed {
            market_id: "fal-ai/new-thing".to_owned(),
            name: "New Thing".to_owned(),
            category: "text-to-image".to_owned(),
            schema: Some(json!({
                "type": "object",
                "properties": {
                    "prompt": {"type": "string", "title": "Prompt"},
                    "aspect_ratio": {"enum": ["1:1", "16:9"]},
                    "image_urls": {"type": "array", "items": {"$ref": "#/components/x"}},
                },
                "required": ["prompt"],
            })),
            price: None,
            deprecated: false,
        }
    }

    #[test]
    fn s3_05_a_listed_model_becomes_an_entry_with_our_words() {
        let model = model_of("fal", &listed(), None, Status::Draft).unwrap();
        assert_eq!(
            (model.id.as_str(), model.status, model.modes[0].name.as_str()),
            ("fal-ai/new-thing", Status::Draft, "create")
        );
        let fitted = model.modes[0]
            .input
            .fit(&json!({"prompt": "a cat", "width": 1920, "height": 1080, "images": ["ast_1"]}));
        assert_eq!(fitted.body, json!({"prompt": "a cat", "aspect_ratio": "16:9", "image_urls": ["ast_1"]}));
        let prefixed = Listed { market_id: "google/x".to_owned(), ..listed() };
        assert_eq!(model_of("kie", &prefixed, None, Status::Draft).unwrap().id, "kie:google/x");
        let other = Listed { category: "training".to_owned(), ..listed() };
        assert!(model_of("fal", &other, None, Status::Draft).is_none());
    }

    #[test]
    fn s3_48_only_what_would_be_refused_is_drift() {
        let catalogue = Catalogue::shipped();
        let flux = catalogue.find("fal-ai/flux/dev").unwrap();
        let schema = |change: fn(&mut Value)| {
            let mut schema = flux.modes[0].input.schema();
            change(&mut schema);
            Listed { schema: Some(schema), ..listed() }
        };
        assert_eq!(drift(flux, &schema(|_| {})), [] as [String; 0]);
        assert_eq!(
            drift(flux, &schema(|schema| schema["properties"]["extra"] = json!({"type": "string"}))),
            [] as [String; 0]
        );
        let gone = schema(|schema| drop(schema["properties"].as_object_mut().unwrap().remove("prompt")));
        assert_eq!(drift(flux, &gone), ["create: `prompt` is gone"]);
        let required = schema(|schema| {
            schema["properties"]["style"] = json!({"type": "string"});
            schema["required"] = json!(["prompt", "style"]);
        });
        assert_eq!(drift(flux, &required), ["create: `style` is required now"]);
        let narrower = schema(|schema| schema["properties"]["output_format"]["enum"] = json!(["jpeg"]));
        assert_eq!(drift(flux, &narrower), ["create: `output_format` does not take \"png\" any more"]);
    }

    #[test]
    fn a_fingerprint_minds_what_is_taken_and_not_what_is_said() {
        let described = |change: fn(&mut Value)| {
            let mut listed = listed();
            change(listed.schema.as_mut().unwrap());
            fingerprint(&listed)
        };
        let same = described(|_| {});
        assert_eq!(same, described(|schema| schema["properties"]["prompt"]["title"] = json!("Words")));
        assert_ne!(same, described(|schema| schema["properties"]["prompt"]["maxLength"] = json!(10)));
        assert_ne!(same, described(|schema| schema["required"] = json!([])));
    }
}
