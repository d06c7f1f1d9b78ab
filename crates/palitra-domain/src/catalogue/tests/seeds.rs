//! What was asked for by name: models, what is sent to them, and names over the markets.

use super::super::*;
use serde_json::json;

fn body(id: &str, mode: &str, wish: Value) -> Value {
    let catalogue = Catalogue::shipped();
    let model = catalogue.find(id).unwrap_or_else(|| panic!("no `{id}`"));
    model.mode(mode).unwrap_or_else(|| panic!("`{id}` has no mode `{mode}`")).input.fit(&wish).body
}

fn first_of(alias: &str, mode: &str) -> String {
    let catalogue = Catalogue::shipped();
    let (model, _) =
        catalogue.resolve(alias, mode, |_| true).unwrap_or_else(|| panic!("`{alias}` has no mode `{mode}`"));
    model.id.clone()
}

#[test]
fn s2_003_004_005_r_01_the_models_of_create() {
    assert_eq!(first_of("nano-banana-pro", "create"), "fal-ai/nano-banana-pro");
    assert_eq!(first_of("nano-banana", "create"), "fal-ai/nano-banana");
    assert_eq!(first_of("seedream", "create"), "fal-ai/bytedance/seedream/v4/text-to-image");
    // The id that the seed gives for it is another model, and an edit.
    let catalogue = Catalogue::shipped();
    let mini = catalogue.find("fal-ai/gpt-image-1-mini/edit").expect("a row of its own");
    assert_eq!(
        (mini.name.as_str(), mini.mode("create").is_none(), mini.mode("edit").is_some()),
        ("GPT Image 1 mini", true, true)
    );
}

#[test]
fn s2_028_r_01_the_models_of_edit_are_others() {
    for (alias, id) in [
        ("nano-banana-pro", "fal-ai/nano-banana-pro/edit"),
        ("nano-banana", "fal-ai/nano-banana/edit"),
        ("seedream", "fal-ai/bytedance/seedream/v4/edit"),
    ] {
        assert_eq!(first_of(alias, "edit"), id);
    }
}

#[test]
fn s2_006_007_037_banana_models_know_russian_and_seedream_does_not() {
    let catalogue = Catalogue::shipped();
    for model in catalogue.models() {
        let speaks = match model.id.to_lowercase() {
            id if id.contains("nano-banana") => true,
            id if ["seedream", "flux", "z-image", "qwen"].iter().any(|family| id.contains(family)) => false,
            _ => continue,
        };
        assert_eq!(model.speaks("ru"), speaks, "{}", model.id);
    }
}

#[test]
fn s2_008_steps_and_guidance_go_only_where_there_are_fields_for_them() {
    let wish = json!({"prompt": "кот", "num_inference_steps": 50, "guidance_scale": 8.0});
    for id in ["fal-ai/nano-banana", "fal-ai/nano-banana-pro", "kie:google/nano-banana"] {
        let sent = body(id, "create", wish.clone());
        assert!(sent["num_inference_steps"].is_null() && sent["guidance_scale"].is_null(), "{id}");
    }
    assert_eq!(body("fal-ai/flux/dev", "create", wish)["num_inference_steps"], 50);
}

#[test]
fn s2_009_010_011_r_13_formats_are_sizes_where_they_can_be_and_the_nearest_ratio_elsewhere() {
    for (width, height, ratio) in [(1472, 2048, "3:4"), (1792, 1792, "1:1"), (2048, 1472, "4:3")] {
        let wish = json!({"prompt": "a", "width": width, "height": height});
        let seedream = body("fal-ai/bytedance/seedream/v4/text-to-image", "create", wish.clone());
        assert_eq!(seedream["image_size"], json!({"width": width, "height": height}));
        assert_eq!(body("fal-ai/nano-banana", "create", wish.clone())["aspect_ratio"], ratio);
        assert_eq!(body("fal-ai/nano-banana-pro", "create", wish.clone())["aspect_ratio"], ratio);
        assert_eq!(body("kie:google/nano-banana", "create", wish)["aspect_ratio"], ratio);
    }
}

#[test]
fn seedream_sizes_keep_the_bounds_of_its_area() {
    let catalogue = Catalogue::shipped();
    let mode = catalogue
        .find("fal-ai/bytedance/seedream/v4/text-to-image")
        .and_then(|model| model.mode("create"))
        .expect("a mode");
    let validator = jsonschema::validator_for(&mode.input.schema()).expect("a schema");
    for (width, height, good) in [
        (1472, 2048, true),
        (1792, 1008, true),
        (1792, 768, true),
        (4096, 4096, true),
        (480, 1920, true),
        (959, 959, false),
        (4097, 1024, false),
        (512, 512, false),
        (479, 4096, false),
    ] {
        let body = mode.input.fit(&json!({"prompt": "a", "width": width, "height": height})).body;
        assert_eq!(validator.is_valid(&body), good, "{width}x{height}");
        assert!(!good || (960 * 960..=4096 * 4096).contains(&(width * height)), "{width}x{height}");
    }
}

#[test]
fn s2_012_035_069_pictures_are_asked_for_as_png() {
    let catalogue = Catalogue::shipped();
    for (model, mode) in
        catalogue.models().iter().flat_map(|model| model.modes.iter().map(move |mode| (model, mode)))
    {
        let format = mode.input.field("output_format").filter(|_| mode.lane == Lane::Image);
        assert!(format.is_none_or(|field| field.send == Some(json!("png"))), "{}, {}", model.id, mode.name);
    }
}

#[test]
fn s2_014_names_of_the_seeds_lead_somewhere_and_typing_mistakes_are_helped() {
    assert_eq!(first_of("dalle3", "create"), "openai:dall-e-3");
    assert_eq!(first_of("flux", "create"), "fal-ai/flux/dev");
    assert_eq!(first_of("flash", "create"), "fal-ai/nano-banana-2");
    let catalogue = Catalogue::shipped();
    assert!(catalogue.nearest("dale3").contains(&"dalle3"));
}

#[test]
fn r_01_a_name_leads_to_the_first_market_that_can_be_used() {
    let catalogue = Catalogue::shipped();
    let of =
        |market: &'static str| move |model: &Model| model.market == market && model.status == Status::Active;
    let found = |alias: &str, mode: &str, market| {
        let (model, _) = catalogue.resolve(alias, mode, of(market)).expect("a model");
        model.id.clone()
    };
    assert_eq!(found("nano-banana", "edit", "wavespeed"), "wavespeed:google/nano-banana/edit");
    assert_eq!(found("nano-banana", "edit", "kie"), "kie:google/nano-banana-edit");
    assert_eq!(found("prompt-writer", "compose", "anthropic"), "anthropic:claude-haiku-4-5");
    // A draft is passed over, and the best is offered when nothing can be used.
    assert_eq!(found("crisp", "upscale", "kie"), "fal-ai/recraft/upscale/crisp");
}

#[test]
fn s2_017_details_are_as_high_as_the_standard_rate_goes() {
    let sent = body("fal-ai/nano-banana-pro", "create", json!({"prompt": "a"}));
    assert_eq!(sent["resolution"], "2K");
    let sent = body("fal-ai/nano-banana-2", "create", json!({"prompt": "a", "quality": "high"}));
    assert_eq!(sent["resolution"], "2K");
    assert_eq!(body("openai:gpt-image-1", "create", json!({"prompt": "a"}))["quality"], "high");
}

#[test]
fn s2_018_prompts_are_written_translated_composed_and_checked() {
    for mode in ["write", "translate", "compose", "check"] {
        assert_eq!(first_of("prompt-writer", mode), "openrouter/router");
        let sent = body("openrouter/router", mode, json!({"prompt": "p", "system": "s"}));
        assert_eq!((&sent["system_prompt"], sent["model"].is_null()), (&json!("s"), true), "{mode}");
        let sent = body("anthropic:claude-haiku-4-5", mode, json!({"prompt": "p", "system": "s"}));
        assert_eq!(sent, json!({"prompt": "p", "system": "s", "max_tokens": 2000}), "{mode}");
    }
}

#[test]
fn s2_031_one_to_four_pictures_are_edited() {
    let catalogue = Catalogue::shipped();
    for id in ["fal-ai/nano-banana-pro/edit", "fal-ai/nano-banana/edit", "fal-ai/bytedance/seedream/v4/edit"]
    {
        let mode = catalogue.find(id).and_then(|model| model.mode("edit")).expect("a mode");
        let validator = jsonschema::validator_for(&mode.input.schema()).expect("a schema");
        for count in 0..=5 {
            let images: Vec<String> = (0..count).map(|number| format!("ast_{number}")).collect();
            let sent = mode.input.fit(&json!({"prompt": "a", "images": images})).body;
            assert_eq!(validator.is_valid(&sent), (1..=4).contains(&count), "{id}: {count}");
        }
    }
}

#[test]
fn s2_041_043_046_the_two_ways_to_retouch() {
    assert_eq!(first_of("retoucher", "retouch"), "fal-ai/retoucher");
    assert_eq!(
        body("retoucher", "retouch", json!({"images": ["ast_1"], "prompt": "softer"})),
        json!({"image_url": "ast_1"})
    );
    assert_eq!(first_of("enhance", "edit"), "fal-ai/bytedance/seedream/v4/edit");
    let catalogue = Catalogue::shipped();
    let field = catalogue
        .find("fal-ai/retoucher")
        .and_then(|model| model.mode("retouch")?.input.field("image_url"))
        .expect("a field");
    assert_eq!(field.media.map(|media| media.bytes_max), Some(10 * 1024 * 1024));
}

#[test]
fn s2_065_068_069_a_face_goes_into_another_picture() {
    assert_eq!(first_of("face-swap", "swap_face"), "wavespeed-ai/image-face-swap");
    let sent =
        body("face-swap", "swap_face", json!({"images": ["ast_target"], "face_image": "ast_portrait"}));
    let wanted = json!({"image": "ast_target", "face_image": "ast_portrait", "target_index": 0, "output_format": "png"});
    assert_eq!(sent, wanted);
}

#[test]
fn s2_072_076_pictures_are_made_larger() {
    assert_eq!(body("crisp", "upscale", json!({"images": ["ast_1"]})), json!({"image_url": "ast_1"}));
    let catalogue = Catalogue::shipped();
    let field = catalogue
        .find("crisp")
        .and_then(|model| model.mode("upscale")?.input.field("image_url"))
        .expect("a field");
    assert!(field.media.is_some_and(|media| media.bytes_max >= 8_000_000));
}

#[test]
fn s2_140_what_may_be_done_with_results_is_said() {
    let catalogue = Catalogue::shipped();
    assert_eq!(
        catalogue.find("fal-ai/nano-banana").and_then(|model| model.licence),
        Some(Licence::Commercial)
    );
}

#[test]
fn s3_56_57_a_faster_way_costs_its_own_price() {
    let catalogue = Catalogue::shipped();
    let veo = catalogue.find("veo").and_then(|model| model.mode("video")).expect("a mode");
    assert_eq!(veo.fast.as_deref(), Some("fal-ai/veo3.1/fast"));
}

#[test]
fn s3_66_kie_has_pictures_films_and_sounds() {
    let catalogue = Catalogue::shipped();
    for lane in [Lane::Image, Lane::Video, Lane::Audio] {
        let models = catalogue.models().iter().filter(|model| model.market == "kie");
        assert!(models.flat_map(|model| &model.modes).any(|mode| mode.lane == lane), "{lane:?}");
    }
}

#[test]
fn trap_11_names_and_types_are_each_models_own() {
    let wish = json!({
        "prompt": "a", "width": 1792, "height": 1008, "seed": 42, "pen": "ink", "images": ["ast_1"], "video": "ast_2", "seconds": 10, "factor": 4,
    });
    for (id, mode, wanted) in [
        (
            "nano-banana-pro",
            "edit",
            json!({"prompt": "a", "image_input": ["ast_1"], "aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"}),
        ),
        (
            "flux-2/pro-image-to-image",
            "edit",
            json!({"prompt": "a", "input_urls": ["ast_1"], "aspect_ratio": "16:9", "resolution": "2K"}),
        ),
        (
            "qwen/image-to-image",
            "edit",
            json!({"prompt": "a", "image_url": "ast_1", "output_format": "png", "seed": 42}),
        ),
        ("recraft/crisp-upscale", "upscale", json!({"image": "ast_1"})),
        ("topaz/image-upscale", "upscale", json!({"image_url": "ast_1", "upscale_factor": "4"})),
        ("topaz/video-upscale", "upscale", json!({"video_url": "ast_2", "upscale_factor": "4"})),
        (
            "bytedance/seedream-v4-text-to-image",
            "create",
            json!({"prompt": "a", "image_size": "landscape_16_9", "image_resolution": "2K", "seed": 42}),
        ),
        (
            "kling-2.6/text-to-video",
            "video",
            json!({"prompt": "a", "sound": false, "aspect_ratio": "16:9", "duration": "10"}),
        ),
        (
            "kling-3.0/video",
            "video",
            json!({"prompt": "a", "mode": "std", "duration": "10", "aspect_ratio": "16:9", "sound": false, "multi_shots": false, "multi_prompt": [], "image_urls": ["ast_1"]}),
        ),
        (
            "bytedance/seedance-2",
            "video",
            json!({"prompt": "a", "aspect_ratio": "16:9", "duration": 10, "reference_image_urls": ["ast_1"]}),
        ),
        (
            "wan/2-7-text-to-video",
            "video",
            json!({"prompt": "a", "ratio": "16:9", "duration": 10, "seed": 42}),
        ),
        ("elevenlabs/text-to-speech-turbo-2-5", "speak", json!({"text": "a"})),
    ] {
        assert_eq!(body(&format!("kie:{id}"), mode, wish.clone()), wanted, "{id}");
    }
}

#[test]
fn s4_01_04_05_r_23_a_finetune_is_drawn_with() {
    let id = "fal-ai/flux-pro/v1.1-ultra-finetuned";
    let sent =
        body(id, "create", json!({"prompt": "TOK", "finetune_id": "f-1", "width": 2100, "height": 900}));
    let wanted = json!({"prompt": "TOK", "finetune_id": "f-1", "finetune_strength": 1.2, "aspect_ratio": "21:9", "num_images": 1, "output_format": "png"});
    assert_eq!(sent, wanted);
    let catalogue = Catalogue::shipped();
    let mode = catalogue.find(id).and_then(|model| model.mode("create")).expect("a mode");
    let validator = jsonschema::validator_for(&mode.input.schema()).expect("a schema");
    for (strength, good) in [(0.0, true), (2.0, true), (2.1, false), (-0.1, false)] {
        let sent =
            mode.input.fit(&json!({"prompt": "a", "finetune_id": "f", "finetune_strength": strength})).body;
        assert_eq!(validator.is_valid(&sent), good, "{strength}");
    }
    let nobody = mode.input.fit(&json!({"prompt": "a"})).body;
    assert!(!validator.is_valid(&nobody));
    let ratios =
        mode.input.field("aspect_ratio").expect("a field").schema["enum"].as_array().expect("choices").len();
    assert_eq!(ratios, 9);
}

#[test]
fn s4_06_the_preset_ultra_is_sent_unless_something_else_is_said() {
    let catalogue = Catalogue::shipped();
    let alias = &catalogue.aliases()["ultra"];
    let (model, mode) = catalogue.resolve("ultra", "create", |_| true).expect("a model");
    assert_eq!(model.id, "fal-ai/flux-pro/v1.1-ultra");
    let validator = jsonschema::validator_for(&mode.input.schema()).expect("a schema");
    for (name, value) in &alias.input {
        let field = mode.input.field(name).unwrap_or_else(|| panic!("`{name}` is no field of the model"));
        assert!(field.required || !value.is_null(), "{name}");
    }
    let mut wish = alias.input.clone();
    wish.insert("prompt".to_owned(), json!("a"));
    assert!(validator.is_valid(&mode.input.fit(&Value::Object(wish)).body));
    assert_eq!(alias.input["output_format"], "png");
}
