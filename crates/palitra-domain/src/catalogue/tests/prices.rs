//! What things cost: from a market's price to rubles, exactly.

use super::{super::*, RUBLES};
use crate::{Currency, Money};
use serde_json::json;

fn rubles(id: &str, mode: &str, wish: Value) -> i64 {
    let catalogue = Catalogue::shipped();
    let model = catalogue.find(id).unwrap_or_else(|| panic!("no `{id}`"));
    let price = model.mode(mode).expect("a mode").price(&wish, &RUBLES).expect("a price");
    assert_eq!(price.currency, Currency::RUB);
    price.amount
}

#[test]
fn s3_15_credits_by_the_rate_times_two_exactly() {
    let catalogue = Catalogue::shipped();
    let banana =
        catalogue.find("kie:google/nano-banana").and_then(|model| model.mode("create")).expect("a mode");
    // 4 credits × 0.475 × 2 = 3.80.
    assert_eq!(banana.price(&json!({"prompt": "a"}), &RUBLES), Ok(Money::new(380, Currency::RUB)));
    // 6.5 × 0.475 × 2 = 6.175, and 0.8 × 0.475 × 2 = 0.76.
    assert_eq!(rubles("kie:seedream/4.5-text-to-image", "create", json!({"prompt": "a"})), 618);
    assert_eq!(rubles("kie:z-image", "create", json!({"prompt": "a"})), 76);
}

#[test]
fn s2_002_029_r_05_prices_of_the_three_models_of_create() {
    let price = |id: &str| rubles(id, "create", json!({"prompt": "a", "width": 1792, "height": 1792}));
    // $0.15, $0.0398 and $0.03 at 95 rubles, times two.
    assert_eq!(price("fal-ai/nano-banana-pro"), 2850);
    assert_eq!(price("fal-ai/nano-banana"), 757);
    assert_eq!(price("fal-ai/bytedance/seedream/v4/text-to-image"), 570);
}

#[test]
fn s2_029_r_05_the_hint_of_three_times_the_price_is_what_the_prices_say() {
    let price = |id: &str| rubles(id, "edit", json!({"prompt": "a", "images": ["ast_1"]}));
    assert_eq!(price("fal-ai/nano-banana-pro/edit") / price("fal-ai/nano-banana/edit"), 3);
}

#[test]
fn larger_pictures_cost_what_their_resolution_costs() {
    let pro = |wish: Value| rubles("fal-ai/nano-banana-pro", "create", wish);
    assert_eq!(pro(json!({"prompt": "a", "resolution": "4K"})), 2 * pro(json!({"prompt": "a"})));
    assert_eq!(pro(json!({"prompt": "a", "width": 4096, "height": 4096})), 5700);
    assert_eq!(pro(json!({"prompt": "a", "count": 3})), 3 * 2850);
    let kie = |wish: Value| rubles("kie:nano-banana-pro", "create", wish);
    assert_eq!((kie(json!({"prompt": "a"})), kie(json!({"prompt": "a", "resolution": "4K"}))), (1710, 2280));
    let flux = |wish: Value| rubles("kie:flux-2/pro-text-to-image", "create", wish);
    assert_eq!(
        (flux(json!({"prompt": "a"})), flux(json!({"prompt": "a", "width": 2048, "height": 2048}))),
        (475, 665)
    );
}

#[test]
fn pictures_cost_by_their_quality_and_size() {
    let price = |wish: Value| rubles("openai:gpt-image-1", "create", wish);
    let square = |quality: &str| json!({"prompt": "a", "quality": quality, "width": 1024, "height": 1024});
    assert_eq!(price(square("high")), 3363);
    assert_eq!(price(square("medium")), 1387);
    // Upright, or nobody knows the size: the dearest.
    assert_eq!(price(json!({"prompt": "a", "width": 1024, "height": 1536})), 4940);
    assert_eq!(price(json!({"prompt": "a"})), 4940);
}

#[test]
fn early_pictures_cost_so_much_more_each_and_of_each_picture() {
    let wish = |early: Value| json!({"prompt": "a", "quality": "low", "partial_images": early});
    let price = |id: &str, wish: Value| rubles(id, "create", wish);
    // $0.026, and $0.004 for each, at 95 rubles, times two.
    for (early, wanted) in [(json!(null), 494), (json!(0), 494), (json!(1), 570), (json!(3), 722)] {
        assert_eq!(price("openai:gpt-image-1", wish(early)), wanted);
    }
    let mut two = wish(json!(3));
    two["count"] = json!(2);
    assert_eq!(price("openai:gpt-image-1", two), 2 * 722);
    assert_eq!(price("openai:gpt-image-1", json!({"prompt": "a", "partial_images": 2})), 4940 + 152);
    // $0.016 and twice $0.0008.
    assert_eq!(price("openai:gpt-image-1-mini", wish(json!(2))), 335);
    assert_eq!(price("openai:dall-e-3", wish(json!(3))), price("openai:dall-e-3", wish(json!(0))));
}

#[test]
fn s3_57_films_cost_by_the_second_with_and_without_sound() {
    let price = |id: &str, wish: Value| rubles(id, "video", wish);
    let veo = |wish: Value| price("fal-ai/veo3.1", wish);
    // Eight seconds unless something else is said: $3.20.
    assert_eq!(veo(json!({"prompt": "a"})), 8 * 7600);
    assert_eq!(veo(json!({"prompt": "a", "seconds": 4, "sound": false})), 4 * 3800);
    assert_eq!(veo(json!({"prompt": "a", "seconds": 4, "resolution": "4k"})), 4 * 11_400);
    assert_eq!(veo(json!({"prompt": "a", "seconds": 4, "resolution": "4k", "sound": false})), 4 * 7600);
    assert_eq!(price("fal-ai/veo3.1/fast", json!({"prompt": "a"})), 8 * 2850);
    let kling = "fal-ai/kling-video/v2.5-turbo/pro/text-to-video";
    assert_eq!(
        (price(kling, json!({"prompt": "a"})), price(kling, json!({"prompt": "a", "seconds": 10}))),
        (6650, 13_300)
    );
}

#[test]
fn speech_costs_by_its_characters() {
    let price = |id: &str, text: &str| rubles(id, "speak", json!({"text": text}));
    let thousand = "я".repeat(1000);
    assert_eq!(price("fal-ai/elevenlabs/tts/turbo-v2.5", &thousand), 950);
    assert_eq!(price("openai:tts-1", &thousand), 285);
    // A kopeck at least for a letter.
    assert_eq!(price("openai:tts-1", "я"), 1);
}

#[test]
fn texts_are_held_at_the_most_that_they_can_cost() {
    // 2 000 tokens of answer, and no more tokens than characters in the question: 2 100 × $5 a million.
    let wish = json!({"prompt": "я".repeat(100)});
    assert_eq!(rubles("anthropic:claude-haiku-4-5", "compose", wish.clone()), 200);
    assert_eq!(rubles("openai:gpt-4o-mini", "compose", wish.clone()), 24);
    assert_eq!(rubles("openrouter/router", "compose", wish), 100);
}

#[test]
fn s2_041_065_072_prices_of_retouch_face_swap_and_upscale() {
    let file = json!({"images": ["ast_1"], "face_image": "ast_2"});
    assert_eq!(rubles("fal-ai/retoucher", "retouch", file.clone()), 95);
    assert_eq!(rubles("wavespeed-ai/image-face-swap", "swap_face", file.clone()), 190);
    assert_eq!(rubles("fal-ai/recraft/upscale/crisp", "upscale", file), 76);
}
