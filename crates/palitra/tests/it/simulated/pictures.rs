//! Pictures made, edited, retouched, enlarged and given another face, by markets.

use super::Simulated;
use serde_json::{Value, json};

fn links(input: &Value, name: &str) -> usize {
    let links = input[name].as_array().unwrap_or_else(|| panic!("no list `{name}`: {input}"));
    assert!(links.iter().all(|link| link.as_str().unwrap().starts_with("http://127.0.0.1:")), "{links:?}");
    links.len()
}

fn link(input: &Value, name: &str) -> bool {
    input[name].as_str().is_some_and(|link| link.starts_with("http://127.0.0.1:"))
}

#[test]
fn settings_of_all_simulated_markets_are_good_as_they_are_printed() {
    let town = Simulated::all();
    assert_eq!(town.desk.run(&["config", "check"]).code, Some(0));
    let models = town.desk.json(&["models", "ls", "--all"]);
    assert!(models.as_array().unwrap().iter().all(|model| model["status"] != "no_key"), "{models}");
}

#[test]
fn s2_001_one_model_is_had_from_the_market_that_has_a_key() {
    for (market, model) in [("fal", "fal-ai/nano-banana"), ("kie", "kie:google/nano-banana")] {
        let town = Simulated::start(&[market]);
        let made = town.make(&["create", "рыжий кот на окне", "--model", "nano-banana", "-o", "cat.png"]);
        assert_eq!(made["model"], model);
        town.sides("cat.png");
        let input = town.received(market, model.trim_start_matches("kie:"));
        assert_eq!((&input["prompt"], &input["output_format"]), (&json!("рыжий кот на окне"), &json!("png")));
    }
}

#[test]
fn a_square_is_as_large_as_the_model_makes_and_a_size_it_does_not_make_is_said_in_words() {
    let town = Simulated::start(&["wavespeed"]);
    let flux = ["create", "a quiet lake", "--model", "wavespeed-ai/flux-dev", "-o", "lake.png"];
    town.make(&flux);
    assert_eq!(town.received("wavespeed", "wavespeed-ai/flux-dev")["size"], "1536*1536");
    let fast = town.desk.run(&[&flux[..], &["--fast", "--yes"]].concat());
    assert_eq!((fast.code, fast.complaint().0), (Some(2), "`wavespeed-ai/flux-dev` does not do `--fast`"));
    let large = town.desk.run(&[&flux[..], &["--format", "2048x1024", "--yes"]].concat());
    assert_eq!((large.code, large.complaint().1), (Some(2), "`size`: 256*256 … 1536*1536"));
}

#[test]
fn s2_031_two_pictures_of_this_machine_are_merged_by_every_market_that_edits() {
    let town = Simulated::all().with_pictures();
    let edit = |model: &str| {
        let words = [
            "edit",
            "cat.png",
            "face.png",
            "--wish",
            "together on a beach",
            "--model",
            model,
            "-o",
            "out.png",
        ];
        town.make(&words);
        town.sides("out.png");
    };
    edit("fal-ai/nano-banana/edit");
    assert_eq!(links(&town.received("fal", "fal-ai/nano-banana/edit"), "image_urls"), 2);
    edit("kie:google/nano-banana-edit");
    assert_eq!(links(&town.received("kie", "google/nano-banana-edit"), "image_urls"), 2);
    edit("wavespeed:google/nano-banana/edit");
    assert_eq!(links(&town.received("wavespeed", "google/nano-banana/edit"), "images"), 2);
    edit("openai:gpt-image-1");
    let form = town.received("openai", "images/edits");
    assert_eq!(form["image[]"].as_array().map(Vec::len), Some(2), "{form}");
    assert!(form["image[]"].to_string().contains("image/png"), "{form}");
}

#[test]
fn s2_041_043_soft_retouching_goes_to_the_retoucher_and_enhancing_to_an_edit() {
    let town = Simulated::all().with_pictures();
    town.make(&["retouch", "face.png", "--model", "retoucher", "-o", "soft.png"]);
    assert_eq!(town.sides("soft.png"), (256, 320));
    assert!(link(&town.received("fal", "fal-ai/retoucher"), "image_url"));
    // By the alias of the seed, by another model that edits, and by a retoucher that takes no words.
    for (model, used, market) in [
        ("enhance", "fal-ai/bytedance/seedream/v4/edit", "fal"),
        ("seedream", "fal-ai/bytedance/seedream/v4/edit", "fal"),
        ("kie:seedream/4.5-edit", "kie:seedream/4.5-edit", "kie"),
        ("retoucher", "fal-ai/bytedance/seedream/v4/edit", "fal"),
    ] {
        let words = [
            "retouch",
            "face.png",
            "--mode",
            "enhance",
            "--wish",
            "keep the freckles",
            "--model",
            model,
            "-o",
            "better.png",
        ];
        let made = town.make(&words);
        assert_eq!(made["model"], used, "{model}");
        town.sides("better.png");
        let input = town.received(market, used.trim_start_matches("kie:"));
        let prompt = input["prompt"].as_str().unwrap();
        assert!(prompt.contains("Do not change the lips") && prompt.contains("freckles"), "{prompt}");
        assert_eq!(links(&input, "image_urls"), 1);
    }
    // S2-049: as upright as the portrait, as large as the model makes it.
    let input = town.received("fal", "fal-ai/bytedance/seedream/v4/edit");
    assert_eq!(input["image_size"], json!({ "width": 1024, "height": 1280 }));
    let soft = town.desk.run(&["retouch", "face.png", "--model", "seedream", "--yes"]);
    assert_eq!(soft.code, Some(2));
    assert!(soft.complaint().0.contains("does not do `retouch`"), "{}", soft.stderr);
}

#[test]
fn s2_072_a_picture_is_enlarged_by_fal_and_after_the_operator_has_said_a_price_by_kie() {
    let town = Simulated::all().with_pictures();
    town.make(&["upscale", "cat.png", "--model", "fal-ai/recraft/upscale/crisp", "-o", "large.png"]);
    assert_eq!(town.sides("large.png"), (640, 512));
    assert!(link(&town.received("fal", "fal-ai/recraft/upscale/crisp"), "image_url"));
    let topaz = "kie:topaz/image-upscale";
    let words = ["upscale", "cat.png", "--factor", "4", "--model", topaz, "-o", "larger.png"];
    let unpriced = town.desk.run(&[&words[..], &["--yes"]].concat());
    assert_eq!(unpriced.code, Some(2));
    let hint = format!("`palitra models price {topaz} --unit");
    assert!(unpriced.complaint().1.starts_with(&hint), "{}", unpriced.stderr);
    town.desk.json(&["models", "price", topaz, "--unit", "run", "--cost", "10", "--currency", "credits"]);
    town.desk.json(&["models", "approve", topaz]);
    town.make(&words);
    town.sides("larger.png");
    let input = town.received("kie", "topaz/image-upscale");
    assert!(link(&input, "image_url") && input["upscale_factor"] == "4", "{input}");
}

#[test]
fn s2_065_068_069_a_face_is_swapped_by_wavespeed_the_largest_and_without_loss() {
    let town = Simulated::all().with_pictures();
    town.make(&[
        "swap-face",
        "face.png",
        "cat.png",
        "--model",
        "wavespeed-ai/image-face-swap",
        "-o",
        "swapped.png",
    ]);
    town.sides("swapped.png");
    let input = town.received("wavespeed", "wavespeed-ai/image-face-swap");
    assert!(
        link(&input, "image") && link(&input, "face_image") && input["image"] != input["face_image"],
        "{input}"
    );
    assert_eq!((&input["target_index"], &input["output_format"]), (&json!(0), &json!("png")));
}
