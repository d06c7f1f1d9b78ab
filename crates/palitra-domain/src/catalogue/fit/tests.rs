use super::super::{Catalogue, input::Input};
use super::{Notice, nearest, ratio_of};
use proptest::prelude::*;
use serde_json::{Value, json};

fn input(fields: &str) -> Input {
    let pack = format!(
        "market = 'm'\n[[model]]\nid = 'm/x'\nmarket_id = 'x'\nname = 'X'\ncategory = 'image'\nlanguages = ['en']\n[[model.mode]]\nname = 'create'\nlane = 'image'\n\
         longest_run_s = 1\nusual_run_ms = 1\nprice = {{ unit = 'run', cost = '0', currency = 'USD', source = 'test' }}\n[model.mode.input]\n{fields}"
    );
    let mut catalogue = Catalogue::default();
    catalogue.add_pack("test", &pack).unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
    catalogue.models()[0].modes[0].input.clone()
}

#[test]
fn r_02_only_fields_of_the_mode_are_sent_and_the_rest_is_told() {
    let banana = input(
        "prompt = { type = 'string', from = 'prompt', required = true }\naspect_ratio = { enum = ['1:1', '3:4', '16:9', 'auto'], from = 'ratio' }\n\
         output_format = { enum = ['png', 'jpeg'], send = 'png' }",
    );
    // S2-008: 50 steps and a guidance of 8 are asked of a model that has neither.
    let wish = json!({"prompt": "кот", "width": 1472, "height": 2048, "num_inference_steps": 50, "guidance_scale": 8.0});
    let fitted = banana.fit(&wish);
    assert_eq!(fitted.body, json!({"prompt": "кот", "aspect_ratio": "3:4", "output_format": "png"}));
    let dropped = |name: &str| Notice::Dropped(name.to_owned());
    assert_eq!(fitted.notices, [dropped("num_inference_steps"), dropped("guidance_scale")]);
    let flux = input(
        "prompt = { type = 'string', from = 'prompt' }\nnum_inference_steps = { type = 'integer', from = 'steps' }\nguidance_scale = { type = 'number', from = 'guidance' }",
    );
    let fitted = flux.fit(&wish);
    assert_eq!(fitted.body, json!({"prompt": "кот", "num_inference_steps": 50, "guidance_scale": 8.0}));
    assert_eq!(fitted.notices, []);
}

#[test]
fn s2_016_what_is_not_wanted_has_a_field_or_goes_into_the_prompt() {
    let with = input("prompt = { type = 'string', from = 'prompt' }\nnegative_prompt = { type = 'string', from = 'negative' }");
    let wish = json!({"prompt": "a cat.", "negative": "dogs"});
    assert_eq!(with.fit(&wish).body, json!({"prompt": "a cat.", "negative_prompt": "dogs"}));
    let without = input("prompt = { type = 'string', from = 'prompt' }");
    let fitted = without.fit(&wish);
    assert_eq!((fitted.body, fitted.notices), (json!({"prompt": "a cat.\nAvoid: dogs"}), vec![Notice::Avoided]));
}

#[test]
fn values_come_in_the_type_that_the_field_has() {
    let video = input(
        "prompt = { type = 'string', from = 'prompt' }\nduration = { enum = ['5', '10'], from = 'seconds' }\nlong = { enum = ['4s', '6s'], from = 'seconds' }\n\
         image_url = { type = 'string', from = 'images' }\nseed = { type = 'integer', from = 'seed' }\nsize = { type = 'string', pattern = '^\\d+\\*\\d+$', from = 'size' }",
    );
    let fitted = video.fit(&json!({"seconds": 10, "images": ["ast_1"], "seed": "7", "width": 640, "height": 480}));
    // Ten seconds are none of the choices of `long`: they stay, for the schema to refuse.
    let body = json!({"duration": "10", "long": 10, "image_url": "ast_1", "seed": 7, "size": "640*480"});
    assert_eq!(fitted.body, body);
    let list = input("image_urls = { type = 'array', from = 'images' }");
    assert_eq!(list.fit(&json!({"image": "ast_1"})).body, json!({"image_urls": ["ast_1"]}));
    let two = json!({"images": ["ast_1", "ast_2"]});
    assert_eq!(video.fit(&two).body["image_url"], json!(["ast_1", "ast_2"]), "no picture is left out in silence");
}

#[test]
fn the_markets_own_names_count_first() {
    let own = input("aspect_ratio = { enum = ['1:1', '16:9'], from = 'ratio' }\nduration = { type = 'integer', from = 'seconds' }");
    let wish = json!({"width": 1600, "height": 900, "aspect_ratio": "1:1", "seconds": 3, "duration": 8});
    assert_eq!(own.fit(&wish).body, json!({"aspect_ratio": "1:1", "duration": 8}));
}

#[test]
fn s2_017_high_quality_is_at_least_two_thousand_pixels_where_the_model_has_them() {
    let pro = input("resolution = { enum = ['1K', '2K', '4K'], from = 'resolution' }");
    for (wish, sent) in [
        (json!({}), Value::Null),
        (json!({"width": 1024, "height": 1024}), json!("1K")),
        (json!({"width": 1472, "height": 2048}), json!("2K")),
        (json!({"width": 4096, "height": 2048}), json!("4K")),
        (json!({"quality": "high"}), json!("2K")),
        (json!({"quality": "high", "width": 512, "height": 512}), json!("2K")),
    ] {
        let fitted = pro.fit(&wish);
        assert_eq!((&fitted.body["resolution"], &fitted.notices), (&sent, &vec![]), "{wish}");
    }
}

#[test]
fn r_15_a_prompt_is_cut_at_a_word_and_said_so() {
    let short = input("prompt = { type = 'string', maxLength = 22, from = 'prompt' }");
    let fitted = short.fit(&json!({"prompt": "большой рыжий кот спит на окне"}));
    assert_eq!(fitted.body["prompt"], "большой рыжий кот спит");
    assert_eq!(fitted.notices, [Notice::PromptCut(22)]);
}

#[test]
fn ratios_of_sizes_presets_and_pairs() {
    for (word, ratio) in
        [("16:9", (16, 9)), ("portrait_4_3", (3, 4)), ("landscape_21_9", (21, 9)), ("1024x1536", (1024, 1536))]
    {
        assert_eq!(ratio_of(word), Some(ratio), "{word}");
    }
    for word in ["auto", "adaptive", "auto_2K", "0:3", ""] {
        assert_eq!(ratio_of(word), None, "{word}");
    }
    let both = [json!("square"), json!("square_hd")];
    assert_eq!(nearest(&both, (700, 700)), Some(json!("square_hd")), "more pixels of two alike");
}

proptest! {
    #[test]
    fn fitting_never_panics_and_never_invents_fields(width in 0u64..200_000, height in 0u64..200_000, text in ".{0,40}", n in any::<i64>()) {
        let any = input(
            "prompt = { type = 'string', maxLength = 10, from = 'prompt' }\nsize = { enum = ['1024x1024', 'auto'], from = 'size' }\n\
             resolution = { enum = ['1K'], from = 'resolution' }\nseconds = { enum = ['5s'], from = 'seconds' }",
        );
        let fitted = any.fit(&json!({"prompt": text, "width": width, "height": height, "seconds": n, "junk": text}));
        for name in fitted.body.as_object().unwrap().keys() {
            prop_assert!(any.field(name).is_some());
        }
    }
}
