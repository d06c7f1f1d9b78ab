//! What works: pictures, edits, speech, texts, each answered in the call.

use super::*;
use palitra_domain::{media_type, money::Millionths};

#[tokio::test]
async fn a_picture_is_drawn_and_comes_in_the_answer() {
    let bench = Bench::new(json!({})).await;
    let input = json!({"prompt": "a lighthouse", "size": "640x384", "quality": "low", "n": 1, "output_format": "png", "background": "opaque"});
    let outputs = bench.done(&request("create", "gpt-image-2", input.clone())).await;
    assert_eq!(sides(&bytes_of(&outputs)), (640, 384));
    // 3 tokens of the prompt and 272 for a square million of pixels.
    assert_eq!((outputs.kilo_tokens, outputs.cost), (Some(Millionths(67_000)), None));
    let log = bench.sim.log();
    let [submission] = log.submissions.as_slice() else { panic!("{log:?}") };
    let mut wanted = input;
    wanted["model"] = json!("gpt-image-2");
    assert_eq!((submission.endpoint.as_str(), &submission.input), ("images/generations", &wanted));
    assert!(submission.accepted && submission.answered);
}

#[tokio::test]
async fn as_many_pictures_come_as_were_asked_for_and_each_is_another() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture();
    request.input["n"] = json!(3);
    let outputs = bench.done(&request).await;
    let mut files: Vec<&Bytes> = outputs
        .files
        .iter()
        .map(|file| match file {
            OutputFile::Bytes(bytes) => bytes,
            OutputFile::Link(link) => panic!("{link}"),
        })
        .collect();
    files.sort();
    files.dedup();
    assert_eq!(files.len(), 3);
}

#[tokio::test]
async fn dall_e_sends_the_picture_itself_and_names_no_tokens() {
    let bench = Bench::new(json!({})).await;
    for (model, size, wanted) in
        [("dall-e-2", "256x256", (256, 256)), ("dall-e-3", "1792x1024", (1792, 1024))]
    {
        let outputs = bench.done(&request("create", model, json!({"prompt": "a cat", "size": size}))).await;
        assert_eq!((sides(&bytes_of(&outputs)), outputs.kilo_tokens), (wanted, None), "{model}");
    }
}

#[tokio::test]
async fn s2_031_pictures_are_edited_in_the_order_in_which_they_are_named() {
    let bench = Bench::new(json!({})).await;
    let (cat, dog) = (drawn(&bench, "a cat").await, drawn(&bench, "a dog").await);
    let edit = |images: Value| Request {
        files: vec![file("ast_cat", cat.clone()), file("ast_dog", dog.clone())],
        ..request("edit", "gpt-image-2", json!({"prompt": "both", "images": images, "size": "320x256"}))
    };
    let mut made = Vec::new();
    for images in [json!(["ast_cat", "ast_dog"]), json!(["ast_dog", "ast_cat"])] {
        let outputs = bench.done(&edit(images)).await;
        assert!(outputs.kilo_tokens.is_some());
        made.push(bytes_of(&outputs));
        assert_eq!(sides(made.last().expect("what was just made")), (320, 256));
    }
    assert_ne!(made[0], made[1], "the order counts");
    let log = bench.sim.log();
    let submission = log.submissions.last().expect("a submission");
    assert_eq!(submission.endpoint, "images/edits");
    let sent = &submission.input["image[]"];
    assert_eq!(
        (sent[0]["file_name"].as_str(), sent[0]["bytes"].as_u64()),
        (Some("image-1.png"), u64::try_from(dog.len()).ok())
    );
    assert_eq!(
        (sent[1]["content_type"].as_str(), sent[1]["bytes"].as_u64()),
        (Some("image/png"), u64::try_from(cat.len()).ok())
    );
    assert_eq!(
        (&submission.input["model"], &submission.input["prompt"]),
        (&json!("gpt-image-2"), &json!("both"))
    );
}

#[tokio::test]
async fn a_picture_is_retouched_through_a_mask() {
    let bench = Bench::new(json!({})).await;
    let photo = drawn(&bench, "a photo").await;
    for (model, size) in [("gpt-image-2", "256x256"), ("dall-e-2", "256x256")] {
        let input =
            json!({"prompt": "repair it", "images": ["ast_1"], "mask": "ast_mask", "size": size, "n": 1});
        let request = Request {
            files: vec![file("ast_1", photo.clone()), file("ast_mask", photo.clone())],
            ..request("retouch", model, input)
        };
        assert_eq!(sides(&bytes_of(&bench.done(&request).await)), (256, 256), "{model}");
        let log = bench.sim.log();
        let sent = &log.submissions.last().expect("a submission").input;
        assert_eq!(
            (&sent["image"][0]["file_name"], &sent["mask"][0]["file_name"]),
            (&json!("image-1.png"), &json!("mask.png"))
        );
    }
}

#[tokio::test]
async fn a_text_is_spoken() {
    let bench = Bench::new(json!({})).await;
    let input = json!({"input": "good morning", "voice": "coral", "instructions": "gently", "response_format": "wav", "speed": 1.25});
    for request in [request("speak", "gpt-4o-mini-tts", input), speech()] {
        let outputs = bench.done(&request).await;
        let bytes = bytes_of(&outputs);
        assert_eq!(media_type::sniff(&bytes).map(|media| media.extension), Some("wav"));
        assert_eq!((outputs.text, outputs.kilo_tokens), (None, None));
    }
    assert_eq!(bench.sim.log().submissions[0].endpoint, "audio/speech");
}

#[tokio::test]
async fn texts_are_written_translated_and_checked() {
    let bench = Bench::new(
        json!({"rules": [{"on": "submit", "match_prompt": "say", "fault": "says", "text": "да"}]}),
    )
    .await;
    for (mode, model, bound) in [
        ("write", "gpt-4o-mini", "max_tokens"),
        ("translate", "gpt-5-mini", "max_completion_tokens"),
        ("check", "gpt-4o", "max_tokens"),
    ] {
        let input = json!({"prompt": "tides and the moon", "system": "be brief", bound: 500});
        let outputs = bench.done(&request(mode, model, input)).await;
        assert!(outputs.text.is_some_and(|text| text.len() > 20) && outputs.files.is_empty(), "{mode}");
        let tokens = outputs.kilo_tokens.expect("usage").0;
        assert!(tokens > 0 && tokens % 1000 == 0, "{tokens}");
    }
    let sent = &bench.sim.log().submissions[0].input;
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be brief"}));
    assert_eq!(sent["messages"][1], json!({"role": "user", "content": "tides and the moon"}));
    let said = bench.done(&request("write", "gpt-4o-mini", json!({"prompt": "say yes"}))).await;
    assert_eq!(said.text.as_deref(), Some("да"));
    // A bound that cuts the text leaves what was written, and paid.
    let short =
        bench.done(&request("write", "gpt-4o-mini", json!({"prompt": "tides", "max_tokens": 2}))).await;
    assert_eq!(short.text.map(|text| text.chars().count()), Some(8));
}
