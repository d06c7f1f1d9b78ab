//! Models as people and markets see them: prompts in their language, the catalogue against its market.

use crate::{
    crash::books::Books,
    harness::{Desk, Fal},
};
use palitra_sim::fal::FalScript;

#[test]
fn s2_006_007_a_russian_prompt_reaches_nano_banana_as_it_is_and_seedream_in_english() {
    let fal = Fal::start(FalScript::default());
    let desk = Desk::hurried(&fal);
    let prompt = "рыжий кот на окне, вечерний свет";
    desk.json(&["create", prompt, "--model", "fal-ai/nano-banana", "-o", "banana.png", "--yes"]);
    desk.json(&["create", prompt, "--model", "seedream", "-o", "dream.png", "--yes"]);
    let banana = fal.accepted("fal-ai/nano-banana");
    assert_eq!((banana.len(), banana[0].prompt.as_str()), (1, prompt));
    let dream = fal.accepted("fal-ai/bytedance/seedream/v4/text-to-image");
    assert_eq!(dream.len(), 1);
    let sent = dream[0].prompt.as_str();
    assert!(!sent.trim().is_empty() && !palitra_domain::prompt::has_cyrillic(sent), "{sent}");
    assert!(sent.contains("cat") && sent.contains("window"), "{sent}");
    // The original is kept, and the translation was nobody's expense.
    let books = Books::read(&desk);
    let asked = books.generations.iter().find(|generation| generation.model.contains("seedream")).unwrap();
    let shown = desk.json(&["jobs", "show", &asked.id]);
    assert!(shown.to_string().contains(prompt), "{shown}");
    let translated: Vec<_> = books.generations.iter().filter(|generation| generation.model == "sandbox/writer").collect();
    assert_eq!((translated.len(), translated[0].price), (1, 0));
}

#[test]
fn s3_48_what_ships_agrees_with_what_its_market_lists() {
    let fal = Fal::start(FalScript::default());
    let desk = Desk::with_fal(&fal.url());
    let synced = desk.json(&["models", "sync", "fal"]);
    assert!(synced[0]["listed"].as_i64() > Some(5), "{synced}");
    let drifted: Vec<_> = synced[0]["changes"].as_array().unwrap().iter().filter(|change| change[0] == "drift").collect();
    assert_eq!(drifted, [] as [&serde_json::Value; 0]);
    let again = desk.json(&["models", "sync", "fal"]);
    assert_eq!(again[0]["changes"], serde_json::json!([]), "nothing has changed since");
}

#[test]
fn s2_066_without_a_key_a_model_is_listed_as_such_and_says_what_is_missing() {
    let desk = Desk::new();
    let models = desk.json(&["models", "ls", "--all", "--market", "wavespeed"]);
    let swap = models.as_array().unwrap().iter().find(|model| model["id"] == "wavespeed-ai/image-face-swap").unwrap();
    assert_eq!(swap["status"], "no_key");
    desk.json(&["create", "a face", "--format", "128x128", "-o", "face.png"]);
    let run = desk.run(&["swap-face", "face.png", "face.png", "--model", "wavespeed-ai/image-face-swap"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.complaint(), ("there is no key for market wavespeed", "set `WAVESPEED_API_KEY`"));
}
