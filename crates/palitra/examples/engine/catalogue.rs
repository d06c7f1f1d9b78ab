//! A catalogue of thousands of modes: what ships, and models as markets list them, each with eight to fifteen fields. Building, listing,
//! memory, and what a request is put through before any money moves.

use crate::{
    Options, Result,
    place::engine,
    report,
    usage::{now, percentile, pss_mb, round},
};
use palitra::{
    clock::SystemClock,
    commands::models::{Wanted, documents},
    config::{Config, Inputs},
};
use palitra_domain::{
    Clock,
    catalogue::{Catalogue, Model, Status, listed},
    market::{Listed, ListedPrice},
    price::{Coin, Unit},
};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};

/// As many modes as the engine keeps compiled.
const IN_USE: usize = 256;
const ROUNDS: usize = 40;

const MARKETS: [&str; 3] = ["fal", "kie", "wavespeed"];
const CATEGORIES: [&str; 5] =
    ["text-to-image", "image-to-image", "text-to-video", "image-to-video", "text-to-speech"];

pub(crate) async fn catalogue(options: &Options) -> Result<()> {
    let config = Config::load(&Inputs::bare(&options.folder)).map_err(|error| error.to_string())?.config;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(1));
    let empty = pss_mb()?;
    let (catalogue, built) = built(options.count)?;
    let filled = pss_mb()?;
    let mut line = json!({
        "count": modes(&catalogue), "models": catalogue.models().len(), "build_ms": round(built.as_secs_f64() * 1e3),
        "fields_each": fields_each(&catalogue)?, "catalogue_mb": round(filled - empty),
    });
    let kinds: [(&str, Wanted); 4] = [
        ("list_ms", Wanted::default()),
        ("list_market_ms", Wanted { market: Some("kie".to_owned()), ..Wanted::default() }),
        ("list_mode_ms", Wanted { mode: Some("video".to_owned()), ..Wanted::default() }),
        ("list_category_ms", Wanted { category: Some("audio".to_owned()), ..Wanted::default() }),
    ];
    for (name, wanted) in kinds {
        let wanted = Wanted { all: true, ..wanted };
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            let from = now();
            let found = documents(&config, &catalogue, &wanted).len();
            figures.push(now().duration_since(from).as_secs_f64() * 1e3);
            assert!(found > 0, "{name} finds nothing");
        }
        line[name] = json!(round(percentile(&mut figures, 0.5)));
    }
    let engine = engine(options, &clock, Vec::new(), catalogue.clone()).await?;
    let known = Catalogue::shipped();
    let in_use: Vec<&Arc<Model>> =
        catalogue.models().iter().filter(|model| known.find(&model.id).is_none()).take(IN_USE).collect();
    let opened = pss_mb()?;
    let mut cold = Vec::new();
    let mut warm = Vec::new();
    for turn in 0..=ROUNDS {
        for model in &in_use {
            let asked = wish(turn);
            let from = now();
            engine.fitted(model, &model.modes[0], &asked)?;
            let took = now().duration_since(from).as_secs_f64() * 1e3;
            if turn == 0 { cold.push(took) } else { warm.push(took) }
        }
        if turn == 0 {
            line["validators_mb"] = json!(round(pss_mb()? - opened));
        }
    }
    line["validators"] = json!(in_use.len());
    for (name, figures) in [("cold", &mut cold), ("warm", &mut warm)] {
        line[format!("{name}_p50_ms")] = json!(round(percentile(figures, 0.5)));
        line[format!("{name}_p99_ms")] = json!(round(percentile(figures, 0.99)));
    }
    // What keeping all of them would take.
    let before = pss_mb()?;
    let mut all = Vec::with_capacity(options.count);
    for mode in catalogue.models().iter().flat_map(|model| &model.modes) {
        all.push(jsonschema::validator_for(&mode.input.schema()).map_err(|error| error.to_string())?);
    }
    line["all_validators_mb"] = json!(round(pss_mb()? - before));
    drop(all);
    report(line, options)
}

fn modes(catalogue: &Catalogue) -> usize {
    catalogue.models().iter().map(|model| model.modes.len()).sum()
}

fn fields_each(catalogue: &Catalogue) -> Result<f64> {
    let fields: usize =
        catalogue.models().iter().flat_map(|model| &model.modes).map(|mode| mode.input.fields.len()).sum();
    Ok(round(f64::from(u32::try_from(fields)?) / f64::from(u32::try_from(modes(catalogue))?)))
}

/// The shipped packs and listed models up to so many modes, and how long it took from their text.
fn built(count: usize) -> Result<(Catalogue, Duration)> {
    let from = now();
    let mut catalogue = Catalogue::shipped();
    let mut took = now().duration_since(from);
    let price = ListedPrice {
        unit: Unit::Image,
        cost_micros: 40_000,
        coin: Coin::Money(palitra_domain::Currency::USD),
    };
    for number in 0..count.saturating_sub(modes(&catalogue)) {
        let market = MARKETS[number % MARKETS.len()];
        let text = schema(number).to_string();
        let from = now();
        let listed = Listed {
            market_id: format!("{market}-ai/model-{number}"),
            name: format!("Model {number}"),
            category: CATEGORIES[number % CATEGORIES.len()].to_owned(),
            schema: Some(serde_json::from_str(&text)?),
            price: None,
            deprecated: false,
        };
        let model = listed::model_of(market, &listed, Some(price), Status::Active);
        catalogue.add(model.ok_or("a listed model is none of ours")?);
        took += now().duration_since(from);
    }
    Ok((catalogue, took))
}

/// Eight to fifteen fields of the kinds and names that markets have.
fn schema(number: usize) -> Value {
    let text = |about: &str| json!({"type": "string", "description": about, "maxLength": 5000});
    let always = [
        (
            "prompt",
            json!({"type": "string", "title": "Prompt", "description": "What is to be made.", "minLength": 1, "maxLength": 5000}),
        ),
        (
            "seed",
            json!({"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32, "description": "The same seed makes the same result."}),
        ),
    ];
    let more = [
        (
            "image_size",
            json!({"enum": ["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"], "default": "landscape_4_3", "description": "Shape of the result."}),
        ),
        (
            "num_images",
            json!({"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "description": "How many results."}),
        ),
        ("num_inference_steps", json!({"type": "integer", "minimum": 1, "maximum": 50, "default": 28})),
        ("guidance_scale", json!({"type": "number", "minimum": 1, "maximum": 20, "default": 3.5})),
        ("negative_prompt", text("What must not be there.")),
        ("output_format", json!({"enum": ["jpeg", "png", "webp"], "default": "jpeg"})),
        ("enable_safety_checker", json!({"type": "boolean", "default": true})),
        (
            "acceleration",
            json!({"enum": ["none", "regular", "high"], "default": "none", "description": "The more, the faster."}),
        ),
        ("sync_mode", json!({"type": "boolean", "default": false})),
        (
            "image_urls",
            json!({"type": "array", "minItems": 0, "maxItems": 8, "description": "Pictures to begin with."}),
        ),
        ("strength", json!({"type": "number", "minimum": 0, "maximum": 1, "default": 0.95})),
        (
            "style",
            json!({"enum": ["any", "realistic_image", "digital_illustration", "vector_illustration"], "default": "any"}),
        ),
        ("resolution", json!({"enum": ["1K", "2K", "4K"], "default": "1K"})),
        ("duration", json!({"enum": ["5", "10"], "default": "5", "description": "Seconds."})),
        ("generate_audio", json!({"type": "boolean", "default": true})),
    ];
    let count = 6 + number % 8;
    let chosen = more.iter().cycle().skip(number % more.len()).take(count).cloned();
    let properties: Map<String, Value> =
        always.into_iter().chain(chosen).map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({"type": "object", "properties": properties, "required": ["prompt"]})
}

fn wish(turn: usize) -> Value {
    json!({
        "prompt": format!("a cat on a warm roof at dusk, soft light, photograph, number {turn}"),
        "width": 1792, "height": 1024, "seed": 7, "negative": "blurry, text", "steps": 30, "count": 1, "seconds": 5,
    })
}
