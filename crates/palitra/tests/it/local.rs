//! What this machine does by itself, through the real program: text on pictures, conversion, contact sheets; without a key and without cost.

use crate::{
    bad_input::{Mistake, refused},
    crash::books::Books,
    harness::Desk,
};
use palitra_domain::ErrorCode;
use palitra_media::decode;

/// Width and height of a file, and the first bytes of its format.
fn shown(desk: &Desk, name: &str) -> ((u32, u32), Vec<u8>) {
    let file = std::fs::read(desk.path(name)).unwrap();
    let picture = decode::decode(&file).unwrap();
    ((picture.pixels.width(), picture.pixels.height()), file[..4].to_vec())
}

const PNG: &[u8] = b"\x89PNG";
const JPEG: &[u8] = b"\xff\xd8\xff";
const WEBP: &[u8] = b"RIFF";

/// A desk with a cat, drawn by the sandbox.
fn with_cat() -> Desk {
    let desk = Desk::new();
    desk.json(&["create", "рыжий кот на окне", "--format", "320x256", "-o", "cat.png"]);
    desk
}

/// Runs a command and wants the file at its price.
fn made(desk: &Desk, words: &[&str]) {
    let document = desk.json(words);
    let of = (document["status"].as_str(), document["price"]["amount"].as_i64());
    assert_eq!(of, (Some("succeeded"), Some(0)), "{words:?}: {document}");
}

#[test]
fn s2_050_a_text_is_written_on_a_picture_without_a_key() {
    let desk = with_cat();
    made(&desk, &["text", "cat.png", "Доброе утро ☀️", "--wish", "крупно, жёлтым, сверху", "-o", "card.png"]);
    let (size, format) = shown(&desk, "card.png");
    assert_eq!((size, &format[..]), ((320, 256), PNG));
    assert_ne!(std::fs::read(desk.path("card.png")).unwrap(), std::fs::read(desk.path("cat.png")).unwrap());
    // The longest text that is taken is drawn and ends in an ellipsis.
    let mut command = desk.command(&["text", "cat.png", "-", "-o", "long.png"]);
    let long = desk.write("long.txt", "слово ".repeat(16_666) + "ёж");
    let run = crate::harness::Run::of(command.stdin(std::fs::File::open(long).unwrap()).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(shown(&desk, "long.png").0, (320, 256));
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

#[test]
fn s2_059_what_is_not_understood_of_a_wish_is_said_and_the_rest_is_done() {
    let desk = with_cat();
    for (lang, said) in [("en", "not understood of the wish"), ("ru", "из пожеланий не понято")]
    {
        let wish = "крупно, сверху, по-королевски";
        let run = desk.run(&["text", "cat.png", "Привет", "--wish", wish, "-o", "card.png", "--lang", lang]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let line = run.stderr.lines().find(|line| line.contains(said)).unwrap_or_default();
        assert!(line.contains("по-королевски") && !line.contains("крупно"), "{}", run.stderr);
    }
    let run = desk.run(&["text", "cat.png", "Привет", "--wish", "крупно, сверху", "-o", "card.png"]);
    assert!(!run.stderr.contains("not understood"), "{}", run.stderr);
}

#[test]
fn s4_72_a_picture_is_converted_as_its_new_name_says() {
    let desk = with_cat();
    for (words, name, size, format) in [
        (vec![], "cat.jpg", (320, 256), JPEG),
        (vec!["--size", "128x96", "--quality", "80"], "small.webp", (128, 96), WEBP),
        (vec!["--turn", "right", "--filter", "warmth=30"], "turned.png", (256, 320), PNG),
        (vec!["--crop", "10,20,100,50", "--mirror"], "cut.png", (100, 50), PNG),
        (vec!["--to", "jpeg"], "again.jpeg", (320, 256), JPEG),
    ] {
        made(&desk, &[&["convert", "cat.png", "-o", name], &words[..]].concat());
        let (found, head) = shown(&desk, name);
        assert_eq!(found, size, "{name}");
        assert!(head.starts_with(&format[..format.len().min(4)]), "{name}");
    }
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

#[test]
fn s4_67_a_contact_sheet_is_made_of_one_picture_and_of_many() {
    let desk = with_cat();
    made(&desk, &["convert", "cat.png", "-o", "night.jpg", "--filter", "brightness=-40"]);
    made(&desk, &["contact-sheet", "cat.png", "-o", "one.png"]);
    made(&desk, &["contact-sheet", "cat.png", "night.jpg", "-o", "two.png", "--title", "Кот 🐈"]);
    made(&desk, &["contact-sheet", "cat.png", "night.jpg", "-o", "bare.png", "--captions", "none"]);
    let hundred = vec!["cat.png"; 100];
    made(&desk, &[&["contact-sheet"], &hundred[..], &["-o", "hundred.png"]].concat());
    let sides = |name| {
        let (size, format) = shown(&desk, name);
        assert_eq!(format, PNG, "{name}");
        size
    };
    let [one, two, bare, hundred] = ["one.png", "two.png", "bare.png", "hundred.png"].map(sides);
    assert!(two.0 > one.0 && two.1 > bare.1 && two.0 == bare.0, "{one:?} {two:?} {bare:?}");
    assert!(hundred.0 > two.0 && hundred.0 <= 2_900, "{hundred:?}");
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

/// The voice says at 16,000 samples a second what espeak-ng would say at 22,050 (`palitra-media/tests/speech/piper/make.py`).
#[test]
fn s1_35_a_voice_that_was_brought_speaks_and_doctor_names_it() {
    let desk = Desk::new().set("PALITRA_MARKETS__LOCAL__VOICES_DIR", "voices");
    let voices = |lang: &str| -> String {
        let run = desk.run(&["doctor", "--lang", lang]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.lines().filter(|line| line.contains("voices")).collect::<Vec<_>>().join("\n")
    };
    for (lang, none) in [("en", "no voice of Piper"), ("ru", "голосов Piper нет")] {
        assert!(voices(lang).contains(none), "{}", voices(lang));
        assert!(voices(lang).contains("espeak-ng: ru, uk, kk, en, de, fr, es, GPL-3.0-or-later"));
    }
    desk.write(
        "voices/en_US-tones-low.onnx",
        include_bytes!("../../../palitra-media/tests/speech/piper/tones.onnx"),
    );
    let description = include_str!("../../../palitra-media/tests/speech/piper/tones.onnx.json");
    desk.write("voices/en_US-tones-low.onnx.json", description);
    desk.write("voices/broken.onnx", "");
    let told = voices("en");
    assert!(told.contains("Piper: en_US-tones-low (en)") && told.contains("broken cannot be used"), "{told}");
    let rate = |name: &str| {
        let wav = std::fs::read(desk.path(name)).unwrap();
        u32::from_le_bytes(*wav[24..].first_chunk().unwrap())
    };
    made(&desk, &["speak", "good evening", "-o", "evening.wav"]);
    made(&desk, &["speak", "добрый вечер", "--voice", "en_US-tones-low", "-o", "brought.wav"]);
    made(&desk, &["speak", "good evening", "--voice", "espeak", "-o", "espeak.wav"]);
    assert_eq!(["evening.wav", "brought.wav", "espeak.wav"].map(rate), [16_000, 16_000, 22_050]);
    let run = desk.run(&["speak", "good evening", "--voice", "broken", "-o", "none.wav"]);
    assert!(run.complaint().1.contains("`broken` cannot be used: broken.onnx.json"), "{}", run.stderr);
    assert!(run.code == Some(2) && !desk.path("none.wav").exists());
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

#[test]
fn what_is_brought_is_refused_with_one_error_and_one_hint_and_nothing_is_held() {
    let desk = with_cat();
    desk.write("notes.png", "no picture at all");
    desk.write("long.txt", "я".repeat(100_001));
    let too_many = vec!["cat.png"; 101];
    let before = Books::read(&desk).generations.len();
    let run = desk.run(&[&["contact-sheet"], &too_many[..], &["-o", "out/x.png"]].concat());
    assert_eq!((run.code, run.complaint().1), (Some(2), "see `palitra contact-sheet --help`"));
    for (words, code, names) in [
        (vec!["text", "nowhere.png", "a", "-o", "out/x.png"], ErrorCode::FileMissing, "`nowhere.png`"),
        (vec!["convert", "notes.png", "-o", "out/x.jpg"], ErrorCode::BadFile, "`notes.png`"),
        (vec!["contact-sheet", "cat.png", "notes.png", "-o", "out/x.png"], ErrorCode::BadFile, "`notes.png`"),
        (vec!["text", "cat.png", "a", "-o", "out/x.jpg"], ErrorCode::InvalidInput, "`out/x.jpg`"),
        (vec!["contact-sheet", "cat.png", "-o", "out/x.webp"], ErrorCode::InvalidInput, "`out/x.webp`"),
        (vec!["convert", "cat.png", "-o", "out/x.tiff"], ErrorCode::InvalidInput, "`out/x.tiff`"),
        (
            vec!["convert", "cat.png", "--to", "webp", "-o", "out/x.png"],
            ErrorCode::InvalidInput,
            "`out/x.png`",
        ),
        (vec!["convert", "cat.png", "--size", "9x9", "-o", "out/x.png"], ErrorCode::BadFormat, "`9x9`"),
    ] {
        refused(&desk, &Mistake { words: &words, code, names: &[names] });
    }
    let run = desk.run(&["text", "cat.png", "", "-o", "out/x.png"]);
    assert_eq!((run.code, run.complaint().0), (Some(2), "`text` will not do"));
    let mut command = desk.command(&["text", "cat.png", "-", "-o", "out/x.png"]);
    let long = std::fs::File::open(desk.path("long.txt")).unwrap();
    let run = crate::harness::Run::of(command.stdin(long).output().unwrap());
    let (error, hint) = run.complaint();
    assert_eq!(
        (run.code, error.contains("`text`"), hint.contains("100000")),
        (Some(2), true, true),
        "{error} / {hint}"
    );
    let books = Books::read(&desk);
    assert_eq!((books.generations.len(), books.held), (before, 0));
}

/// Its header is whole, so only the work itself finds out.
#[test]
fn a_file_that_breaks_off_is_refused_by_the_work_and_the_money_comes_back() {
    let desk = with_cat();
    let whole = std::fs::read(desk.path("cat.png")).unwrap();
    desk.write("cut.png", &whole[..whole.len() / 2]);
    for words in [
        ["text", "cut.png", "a", "-o", "out.png"].as_slice(),
        &["convert", "cut.png", "-o", "out.png"],
        &["contact-sheet", "cat.png", "cut.png", "-o", "out.png"],
    ] {
        let run = desk.run(words);
        assert!(matches!(run.code, Some(1 | 2)), "{words:?}: {}", run.stderr);
        let (error, hint) = run.complaint();
        assert!(!error.is_empty() && !hint.is_empty() && !run.stderr.contains("panicked"), "{}", run.stderr);
        assert!(!desk.path("out.png").exists());
    }
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

#[test]
fn s2_088_a_picture_is_stripped_or_made_small_and_no_pixel_changes() {
    let desk = Desk::new();
    desk.json(&["create", "secret garden", "--format", "320x256", "--seed", "7", "-o", "city.png"]);
    desk.json(&[
        "create",
        "secret garden",
        "--format",
        "320x256",
        "--seed",
        "7",
        "--no-recipe",
        "-o",
        "bare.png",
    ]);
    let tells =
        |name: &str| std::fs::read(desk.path(name)).unwrap().windows(6).any(|bytes| bytes == b"secret");
    made(&desk, &["convert", "city.png", "--strip", "-o", "strip.png"]);
    made(&desk, &["convert", "city.png", "--small", "-o", "small.png"]);
    assert!(tells("city.png"));
    let pixels =
        |name: &str| decode::decode(&std::fs::read(desk.path(name)).unwrap()).unwrap().pixels.into_rgb8();
    for name in ["bare.png", "strip.png", "small.png"] {
        assert!(!tells(name), "{name}");
        assert!(pixels(name) == pixels("city.png"), "{name}");
    }
    let bytes = |name: &str| std::fs::metadata(desk.path(name)).unwrap().len();
    assert!(bytes("small.png") < bytes("strip.png"), "{} {}", bytes("small.png"), bytes("strip.png"));
    let jpeg = desk.run(&["convert", "city.png", "--small", "-o", "small.jpg"]);
    assert_eq!(jpeg.code, Some(2), "{}", jpeg.stderr);
}

#[test]
fn s4_67_the_card_of_a_style_is_made_of_a_sample() {
    let desk = with_cat();
    made(
        &desk,
        &["contact-sheet", "cat.png", "--title", "Акварель", "--card", "мягкие края", "-o", "card.png"],
    );
    made(&desk, &["contact-sheet", "cat.png", "--title", "Акварель", "--card", "-o", "bare.png"]);
    assert_eq!(shown(&desk, "card.png").0, (800, 1000));
    assert_ne!(std::fs::read(desk.path("card.png")).unwrap(), std::fs::read(desk.path("bare.png")).unwrap());
}

#[test]
fn the_settings_choose_who_enlarges() {
    let desk = with_cat().set("PALITRA_UPSCALE__MODEL", "local/fast");
    let document = desk.json(&["upscale", "cat.png", "-o", "large.png"]);
    assert_eq!(document["model"], "local/fast");
    assert_eq!(shown(&desk, "large.png").0, (640, 512));
}
