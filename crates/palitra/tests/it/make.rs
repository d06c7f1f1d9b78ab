//! Commands that make one thing, through the real program on the sandbox: every flow without a key, and everything that may be wrong with
//! what is brought.

use crate::{
    crash::books::Books,
    harness::{Desk, Run},
};
use serde_json::Value;
use std::net::TcpListener;

/// Width and height, by a PNG's own header.
fn sides(desk: &Desk, name: &str) -> (u32, u32) {
    let bytes = std::fs::read(desk.path(name)).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

/// A desk with a cat and a portrait, drawn by the sandbox.
fn with_pictures() -> Desk {
    let desk = Desk::new();
    desk.json(&["create", "рыжий кот на окне", "--format", "320x256", "-o", "cat.png"]);
    desk.json(&["create", "portrait of a girl", "--format", "256x320", "-o", "face.png"]);
    desk
}

#[test]
fn s2_033_pictures_are_edited_merged_retouched_swapped_and_made_larger_without_a_key() {
    let desk = with_pictures();
    for (words, size) in [
        // S2-035: 1024×1024 unless something else is asked for.
        (vec!["edit", "cat.png", "--wish", "сделай фон голубым"], (1024, 1024)),
        (
            vec!["edit", "cat.png", "face.png", "--wish", "together on a beach", "--format", "640x384"],
            (640, 384),
        ),
        // S2-049: the size of the portrait.
        (vec!["retouch", "face.png"], (256, 320)),
        (vec!["retouch", "face.png", "--mode", "enhance", "--wish", "keep the freckles"], (256, 320)),
        // S2-072: exactly twice as wide.
        (vec!["upscale", "cat.png", "--model", "local/fast"], (640, 512)),
        (vec!["upscale", "cat.png", "--factor", "4", "--model", "local/fast"], (1280, 1024)),
        // S2-065 to S2-069: the size of the target.
        (vec!["swap-face", "face.png", "cat.png"], (320, 256)),
    ] {
        let words: Vec<&str> = words.into_iter().chain(["-o", "out.png"]).collect();
        let made = desk.json(&words);
        assert_eq!(
            (made["status"].as_str(), made["price"]["amount"].as_i64()),
            (Some("succeeded"), Some(0)),
            "{words:?}"
        );
        assert_eq!(sides(&desk, "out.png"), size, "{words:?}");
    }
    assert_eq!(Books::read(&desk).problems, [] as [String; 0]);
}

#[test]
fn s2_128_a_video_and_a_voice_are_made_without_a_key() {
    let desk = with_pictures();
    desk.json(&["video", "waves at night", "--seconds", "1", "--format", "320x180", "-o", "waves.mp4"]);
    desk.json(&["video", "the cat turns its head", "--image", "cat.png", "--seconds", "1", "-o", "cat.mp4"]);
    desk.json(&["speak", "доброе утро", "-o", "morning.wav"]);
    let head = |name: &str| std::fs::read(desk.path(name)).unwrap()[..12].to_vec();
    assert_eq!((&head("waves.mp4")[4..8], &head("cat.mp4")[4..8]), (&b"ftyp"[..], &b"ftyp"[..]));
    assert_eq!(&head("morning.wav")[..4], b"RIFF");
}

#[test]
fn what_is_brought_is_refused_in_one_sentence_and_nothing_is_held() {
    let desk = with_pictures();
    desk.json(&["video", "waves", "--seconds", "1", "-o", "waves.mp4"]);
    desk.write("notes.txt", "no picture at all");
    desk.write("empty.png", "");
    let whole = std::fs::read(desk.path("cat.png")).unwrap();
    desk.write("cut.png", &whole[..20]);
    let before = Books::read(&desk).generations.len();
    for (words, english, russian) in [
        (vec!["upscale", "nowhere.png"], "there is no file `nowhere.png`", "файла `nowhere.png` нет"),
        (
            vec!["upscale", "notes.txt"],
            "the file `notes.txt` cannot be taken: it is no picture",
            "файл `notes.txt` не подходит: это не картинка",
        ),
        (
            vec!["upscale", "empty.png"],
            "the file `empty.png` cannot be taken",
            "файл `empty.png` не подходит",
        ),
        (vec!["upscale", "cut.png"], "its size cannot be read, so it is broken", "его размер не читается"),
        (vec!["upscale", "waves.mp4"], "`images` will not do", "`images` не подходит"),
        (vec!["upscale", "cat.png", "--set", "factor=3"], "`factor` will not do", "`factor` не подходит"),
        (vec!["edit", "cat.png", "--wish", "   "], "`prompt` will not do", "`prompt` не подходит"),
        (vec!["create", "a cat", "--set", "sede=1"], "`sede` will not do", "`sede` не подходит"),
        (vec!["create", "a cat | sise=10x10"], "`sise` will not do", "`sise` не подходит"),
        (
            vec!["speak", "hello", "--model", "sandbox/artist"],
            "`sandbox/artist` does not do `speak`",
            "`sandbox/artist` не умеет `speak`",
        ),
        (
            vec!["swap-face", "face.png", "cat.png", "--set", "target_index=11"],
            "`target_index` will not do",
            "`target_index` не подходит",
        ),
    ] {
        for (lang, expected) in [("en", english), ("ru", russian)] {
            let words: Vec<&str> = words.iter().copied().chain(["-o", "never.png", "--lang", lang]).collect();
            let run = desk.run(&words);
            assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
            let (error, hint) = run.complaint();
            assert!(error.contains(expected) && !hint.is_empty(), "{words:?}: {error}\n{hint}");
            let document = failure(&desk, &words);
            assert!(document["error"]["message"].as_str().unwrap().contains(expected), "{document}");
        }
    }
    assert!(!desk.path("never.png").exists());
    let books = Books::read(&desk);
    assert_eq!((books.generations.len(), books.held), (before, 0));
}

fn failure(desk: &Desk, words: &[&str]) -> Value {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&desk.run(&words).stdout).unwrap()
}

#[test]
fn s3_21_a_program_reads_every_violation_with_its_path() {
    let desk = Desk::new();
    let document = failure(
        &desk,
        &["create", "a cat", "--set", "seed=-1", "--set", "width=5000", "--set", "colour=red"],
    );
    let mut said: Vec<String> = document["error"]["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wrong| format!("{} {}", wrong["path"].as_str().unwrap(), wrong["rule"].as_str().unwrap()))
        .collect();
    said.sort_unstable();
    assert_eq!(said, ["colour unknown", "seed least", "width most"]);
}

#[test]
fn s2_018_to_025_a_few_words_become_a_checked_prompt_in_five_parts() {
    let desk = Desk::new();
    let written = desk.json(&["write", "красивая девушка на пляже"]);
    let prompt = written["prompt"].as_str().unwrap();
    assert!(prompt.chars().count() >= 1_000, "{}", prompt.chars().count());
    let parts: Vec<&str> =
        written["parts"].as_array().unwrap().iter().map(|part| part[0].as_str().unwrap()).collect();
    assert_eq!(parts, ["object", "look", "surroundings", "light", "style"]);
    assert_eq!(
        (&written["flags"], written["generations"].as_array().unwrap().len()),
        (&serde_json::json!([]), 2)
    );
    // S2-020: what contradicts itself is written once more.
    let decided = desk.json(&["write", "город, день и ночь"]);
    assert_eq!(
        (decided["contradictions"].as_array().unwrap().len(), &decided["flags"]),
        (1, &serde_json::json!([]))
    );
    let english =
        desk.json(&["write", "old harbour at dawn", "--language", "en", "--for", "edit", "-o", "prompt.txt"]);
    assert_eq!(desk.read("prompt.txt").trim(), english["prompt"].as_str().unwrap());
    assert!(!palitra_domain::prompt::has_cyrillic(english["prompt"].as_str().unwrap()), "{english}");
}

#[test]
fn a_dash_takes_the_words_from_a_pipe() {
    let desk = Desk::new();
    let piped = desk.write("words.txt", "рыжий кот на окне\n");
    let run = |words: &[&str], from: &std::path::Path| {
        let mut command = desk.command(words);
        Run::of(command.stdin(std::fs::File::open(from).unwrap()).output().unwrap())
    };
    let made = run(&["create", "-", "--format", "64x64", "-o", "cat.png"], &piped);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert_eq!(Books::read(&desk).generations[0].prompt, "рыжий кот на окне");
    assert_eq!(run(&["speak", "-", "-o", "cat.wav"], &piped).code, Some(0));
    let nothing = run(&["create", "-"], &desk.write("empty.txt", ""));
    assert_eq!((nothing.code, nothing.complaint().0), (Some(2), "`prompt` will not do"));
}

#[test]
fn d1_a_plan_says_price_time_success_and_place_and_does_nothing() {
    let desk = Desk::new();
    let plan = desk.json(&["create", "a cat", "--plan"]);
    let quote = &plan["quote"];
    assert_eq!(
        (plan["to_run"].as_i64(), quote["price"]["amount"].as_i64(), quote["before"].as_i64()),
        (Some(1), Some(0), Some(0))
    );
    assert!(
        quote["id"].as_str().unwrap().starts_with("quo_")
            && quote["expires_at"].as_str().unwrap().ends_with('Z')
    );
    assert!(
        quote["p50_s"].as_i64() <= quote["p90_s"].as_i64() && quote["succeeded_percent"].is_null(),
        "{quote}"
    );
    assert_eq!(Books::read(&desk).generations.len(), 0);
}

#[test]
fn s3_17_in_test_mode_no_market_is_called_not_even_on_this_machine() {
    let market = TcpListener::bind("127.0.0.1:0").unwrap();
    market.set_nonblocking(true).unwrap();
    let url = format!("http://{}", market.local_addr().unwrap());
    let mut desk = Desk::with_fal(&url);
    for (name, settings) in [
        ("KIE", &["BASE_URL", "UPLOAD_URL"][..]),
        ("WAVESPEED", &["BASE_URL"]),
        ("OPENAI", &["BASE_URL"]),
        ("ANTHROPIC", &["BASE_URL"]),
    ] {
        desk = desk.set(&format!("PALITRA_MARKETS__{name}__KEY"), "any");
        for setting in settings {
            desk = desk.set(&format!("PALITRA_MARKETS__{name}__{setting}"), &url);
        }
    }
    let desk = desk.set("TEST_MODE", "true");
    let made = desk.json(&[
        "create",
        "a lighthouse",
        "--model",
        "fal-ai/flux/dev",
        "--format",
        "320x256",
        "-o",
        "out.png",
    ]);
    // The real price, in test money; nobody is asked to agree to it.
    assert_eq!(
        (made["model"].as_str(), made["price"]["amount"].as_i64() > Some(0)),
        (Some("fal-ai/flux/dev"), true)
    );
    assert_eq!(sides(&desk, "out.png"), (320, 256));
    desk.json(&["write", "a lighthouse", "--language", "en"]);
    let synced: Run = desk.run(&["models", "sync"]);
    assert_eq!(synced.code, Some(0), "{}", synced.stderr);
    let called = market.accept().map(|(_, from)| from);
    assert_eq!(called.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody has called");
    // Whoever is on the machine works with the money of this process.
    let played = desk.json(&["balance"]);
    assert_ne!(played["cash"]["amount"].as_i64(), Some(0), "{played}");
    let desk = desk.set("TEST_MODE", "false");
    let balance = desk.json(&["balance"]);
    assert_eq!(balance["cash"]["amount"].as_i64(), Some(0), "no live money moved: {balance}");
    assert_eq!(Books::read(&desk).problems, [] as [String; 0]);
}
