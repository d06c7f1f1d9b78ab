//! Speech and films of markets.

use super::Simulated;
use serde_json::json;

#[test]
fn s2_128_what_is_said_is_spoken_by_fal_and_by_openai() {
    let town = Simulated::all();
    for (model, market, named) in [
        ("fal-ai/elevenlabs/tts/turbo-v2.5", "fal", "fal-ai/elevenlabs/tts/turbo-v2.5"),
        ("fal-ai/minimax/speech-02-hd", "fal", "fal-ai/minimax/speech-02-hd"),
        ("openai:gpt-4o-mini-tts", "openai", "audio/speech"),
        ("openai:tts-1", "openai", "audio/speech"),
    ] {
        town.make(&["speak", "доброе утро, город", "--model", model, "-o", "morning.wav"]);
        assert!(town.head("morning.wav").starts_with(b"RIFF"), "{model}");
        let input = town.received(market, named);
        assert!(input["text"] == "доброе утро, город" || input["input"] == "доброе утро, город", "{input}");
    }
}

#[test]
fn films_are_made_by_fal_and_by_kie_as_long_as_was_said() {
    let town = Simulated::all();
    let is_film = |name: &str| &town.head(name)[4..8] == b"ftyp";
    town.make(&["video", "waves at night", "--seconds", "4", "--model", "fal-ai/veo3.1", "-o", "waves.mp4"]);
    assert!(is_film("waves.mp4"));
    assert_eq!(town.received("fal", "fal-ai/veo3.1")["duration"], "4s");
    let kling = "kie:kling-2.6/text-to-video";
    town.desk.json(&["models", "price", kling, "--unit", "run", "--cost", "55", "--currency", "credits"]);
    town.desk.json(&["models", "approve", kling]);
    town.make(&["video", "waves at night", "--seconds", "5", "--model", kling, "-o", "kling.mp4"]);
    assert!(is_film("kling.mp4"));
    let input = town.received("kie", "kling-2.6/text-to-video");
    assert_eq!((&input["duration"], &input["sound"]), (&json!("5"), &json!(false)));
    // A picture that the model would not get is not paid for.
    town.desk.json(&["create", "a cat", "--format", "128x128", "-o", "cat.png"]);
    let words = ["video", "it turns its head", "--image", "cat.png", "--model", "fal-ai/veo3.1", "--yes"];
    let unused = town.desk.run(&words);
    assert_eq!((unused.code, unused.complaint().0), (Some(2), "`images` will not do"));
    // A length that the model does not have is said before anything is sent.
    let run = town.desk.run(&["video", "waves", "--seconds", "7", "--model", "fal-ai/veo3.1", "--yes"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(town.accepted("fal").len(), 1);
    assert!(run.complaint().1.contains("4s"), "{}", run.stderr);
}
