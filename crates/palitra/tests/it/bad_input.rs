//! Everything that can be wrong with what a person gives: one line that names the place, one hint, the right exit code, nothing
//! half-written, nothing charged. In both languages, and as a document.

use crate::harness::{Desk, FLUX, Fal, ROUTER, deck, deck_with_prompts, on_fal};
use palitra_domain::{ErrorCode, prompt::has_cyrillic};
use palitra_sim::fal::FalScript;
use serde_json::{Value, json};
use std::fs;

/// A mistake: what was typed, its code, and what the error line has to name.
pub(crate) struct Mistake<'a> {
    pub(crate) words: &'a [&'a str],
    pub(crate) code: ErrorCode,
    pub(crate) names: &'a [&'a str],
}

/// The program says it properly in both languages and for machines, and leaves `out` alone.
#[track_caller]
pub(crate) fn refused(desk: &Desk, mistake: &Mistake<'_>) {
    let words = mistake.words;
    for lang in ["ru", "en"] {
        let run = desk.run(&[words, &["--lang", lang]].concat());
        assert_eq!(run.code, Some(i32::from(mistake.code.exit_code())), "{words:?}: {}", run.stderr);
        let (error, hint) = run.complaint();
        for name in mistake.names {
            assert!(error.contains(name), "{words:?} does not name {name}: {error}");
        }
        assert!(!run.stderr.contains("panicked") && !run.stderr.contains("{$"), "{}", run.stderr);
        let is_russian = |text: &str| has_cyrillic(text) || lang == "ru" && text.starts_with("`--");
        assert_eq!(
            (is_russian(error), is_russian(hint)),
            (lang == "ru", lang == "ru"),
            "{words:?} in {lang}: {error} / {hint}"
        );
        let json = desk.run(&[words, &["--lang", lang, "--json"]].concat());
        let document: Value = serde_json::from_str(&json.stdout)
            .unwrap_or_else(|why| panic!("{words:?}: {why}: {}", json.stdout));
        assert_eq!(
            document,
            json!({ "error": { "code": mistake.code.name(), "message": error, "hint": hint } }),
            "{words:?}"
        );
        assert_eq!(json.complaint(), (error, hint));
    }
    let left = fs::read_dir(desk.path("out"))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    assert!(left.as_ref().is_err() || left.as_ref().is_ok_and(Vec::is_empty), "{words:?} left {left:?}");
}

const SLIDES: [&str; 4] = ["slides", "deck.md", "-o", "out"];

fn slides(desk: &Desk, code: ErrorCode, names: &[&str]) {
    refused(desk, &Mistake { words: &SLIDES, code, names });
}

#[test]
fn decks_that_cannot_be_read() {
    let decks: [(&str, &[u8], &[&str]); 10] = [
        ("empty.md", b"", &["empty.md"]),
        ("binary.md", b"# a\n\n\0\x01\x02", &["binary.md", "3"]),
        ("latin1.md", b"# a\n\ncaf\xe9", &["latin1.md", "3"]),
        ("utf16.md", b"\xff\xfe#\0 \0a\0", &["utf16.md", "UTF-16"]),
        ("blank.md", b"\n\n---\n\n---\n", &["blank.md"]),
        ("twice.md", "# Слайд 3: a\n\n---\n\n# Слайд 3: b\n".as_bytes(), &["twice.md", "3", "1", "5"]),
        ("deck.pptx", b"PK\x03\x04", &["deck.pptx"]),
        ("deck.pdf", b"%PDF-1.7", &["deck.pdf", "PDF"]),
        ("cut.json", b"[{\"title\": \"a\"", &["cut.json", "1"]),
        ("field.json", b"[{\"title\": \"a\"}, {\"title\": 5}]", &["field.json", "`[1].title`"]),
    ];
    let desk = Desk::new();
    for (name, bytes, names) in decks {
        desk.write(name, bytes);
        refused(&desk, &Mistake { words: &["slides", name, "-o", "out"], code: ErrorCode::BadDeck, names });
    }
    fs::File::create(desk.path("huge.md")).unwrap().set_len(50 << 20).unwrap();
    refused(
        &desk,
        &Mistake {
            words: &["slides", "huge.md", "-o", "out"],
            code: ErrorCode::BadDeck,
            names: &["huge.md", "52428800"],
        },
    );
    fs::create_dir(desk.path("folder.md")).unwrap();
    refused(
        &desk,
        &Mistake {
            words: &["slides", "folder.md", "-o", "out"],
            code: ErrorCode::BadDeck,
            names: &["folder.md"],
        },
    );
    refused(
        &desk,
        &Mistake {
            words: &["slides", "none.md", "-o", "out"],
            code: ErrorCode::FileMissing,
            names: &["`none.md`"],
        },
    );
    assert!(!desk.path("palitra-data").exists(), "nothing was opened for a deck that cannot be read");
    let report = "[{\"title\": \"a\"}]";
    desk.write("report.json", report);
    let over = Mistake {
        words: &["slides", "report.json", "-o", "."],
        code: ErrorCode::BadDeck,
        names: &["report.json"],
    };
    refused(&desk, &over);
    assert_eq!(desk.read("report.json"), report);
}

#[test]
fn models_formats_prompts_and_ids_that_do_not_exist() {
    let desk = Desk::new();
    desk.write("deck.md", deck(1));
    let long = "x".repeat(20_001);
    let mistakes: [(&[&str], ErrorCode, &[&str]); 12] = [
        (&["slides", "deck.md", "-o", "out", "--model", "flax"], ErrorCode::UnknownModel, &["`flax`"]),
        (
            &["slides", "deck.md", "-o", "out", "--prompt-model", "sandbox/artist"],
            ErrorCode::UnknownMode,
            &["`sandbox/artist`"],
        ),
        (&["create", "a lake", "--model", "sandbox/artst"], ErrorCode::UnknownModel, &["`sandbox/artst`"]),
        (&["models", "show", "fluks"], ErrorCode::UnknownModel, &["`fluks`"]),
        (&["slides", "deck.md", "-o", "out", "--format", "10x10"], ErrorCode::BadFormat, &["`10x10`"]),
        (&["create", "a lake", "--format", "huge"], ErrorCode::BadFormat, &["`huge`"]),
        (&["create", ""], ErrorCode::InvalidInput, &["`prompt`"]),
        (&["create", &long], ErrorCode::InvalidInput, &["`prompt`"]),
        (&["create", "a lake", "--model", FLUX], ErrorCode::NoKey, &["fal"]),
        (&["jobs", "show", "gen_x"], ErrorCode::NotFound, &["`gen_x`"]),
        (
            &["jobs", "cancel", "bat_00000000000000000000000000"],
            ErrorCode::NotFound,
            &["bat_00000000000000000000000000"],
        ),
        (&["balance", "--account", "nobody"], ErrorCode::NotFound, &["`nobody`"]),
    ];
    desk.json(&["keys", "create", "--account", "ann"]);
    for (words, code, names) in mistakes {
        refused(&desk, &Mistake { words, code, names });
    }
    let hint = desk.run(&["models", "show", "fluks"]);
    assert!(hint.complaint().1.contains("`flux`"), "the nearest are named: {}", hint.stderr);
    assert_eq!(desk.json(&["jobs", "ls"]), json!([]));
}

#[test]
fn settings_that_do_not_exist_or_do_not_fit() {
    let desk = Desk::new();
    desk.write("deck.md", deck(1));
    for (file, names) in [
        ("[engine]\nunknwn = \"fail\"\n", &["palitra.toml:2", "`engine.unknwn`"][..]),
        ("[engine]\nunknown = \"maybe\"\n", &["palitra.toml:2", "`engine.unknown`", "`resubmit_once`"]),
        ("[markets.fal]\nslots = 0\n", &["palitra.toml:2", "`markets.fal.slots`", "1"]),
        ("[slides\n", &["palitra.toml:1"]),
    ] {
        desk.write("palitra.toml", file);
        slides(&desk, ErrorCode::BadSetting, names);
        refused(&desk, &Mistake { words: &["config", "check"], code: ErrorCode::BadSetting, names });
    }
    fs::remove_file(desk.path("palitra.toml")).unwrap();
    refused(
        &desk,
        &Mistake {
            words: &["balance", "--config", "gone.toml"],
            code: ErrorCode::BadSetting,
            names: &["gone.toml"],
        },
    );
    for (name, value) in [
        ("PALITRA_ENGIN__UNKNOWN", "fail"),
        ("PALITRA_MONEY__USD_RATE", "much"),
        ("PALITRA_DATABASE__URL", "mysql://x/y"),
    ] {
        let desk = Desk::new().set(name, value);
        desk.write("deck.md", deck(1));
        slides(&desk, ErrorCode::BadSetting, &[name]);
    }
}

#[test]
fn folders_that_cannot_be_written() {
    let desk = Desk::new();
    desk.write("deck.md", deck(1));
    desk.write("file", "in the way");
    // Not even root writes below a file or into /proc.
    for out in ["file", "file/below", "/proc/palitra"] {
        refused(
            &desk,
            &Mistake {
                words: &["slides", "deck.md", "-o", out],
                code: ErrorCode::NotWritable,
                names: &[out],
            },
        );
        let data = ["slides", "deck.md", "-o", "out", "--data", out];
        refused(&desk, &Mistake { words: &data, code: ErrorCode::NotWritable, names: &[out] });
        assert!(desk.run(&data).complaint().1.contains("--data"));
    }
    assert_eq!(desk.read("file"), "in the way");
    assert_eq!(desk.json(&["jobs", "ls"]), json!([]), "nothing was started");
    let objects = Desk::new().set("PALITRA_OBJECTS__DIR", "/proc/palitra");
    objects.write("deck.md", deck(1));
    slides(&objects, ErrorCode::NotWritable, &["/proc/palitra"]);
    assert!(objects.run(&SLIDES).complaint().1.contains("objects.dir"));
}

#[test]
fn databases_that_are_not_ours() {
    let desk = Desk::new().set("PALITRA_DATABASE__URL", "sqlite:///some.db");
    desk.write("deck.md", deck(1));
    // The first page of another program's database: one table `t`, made by SQLite 3.
    desk.write("some.db", foreign_database());
    slides(&desk, ErrorCode::ForeignDatabase, &["some.db"]);
    desk.write("some.db", "this is no database, whatever its name says".repeat(100));
    slides(&desk, ErrorCode::StoreUnavailable, &["some.db"]);
    let doctor = desk.run(&["doctor"]);
    assert_eq!(
        (doctor.code, doctor.complaint().0),
        (Some(1), "the check found problems: 1"),
        "{}",
        doctor.stderr
    );
    assert!(doctor.stdout.contains("some.db"), "{}", doctor.stdout);
}

/// `create table t(a)` in a file of its own: header, schema row, empty table.
fn foreign_database() -> Vec<u8> {
    const PAGE: usize = 512;
    let mut file = vec![0u8; 2 * PAGE];
    file[..16].copy_from_slice(b"SQLite format 3\0");
    file[16..24].copy_from_slice(&[2, 0, 1, 1, 0, 64, 32, 32]);
    let words: [(usize, u32); 7] = [(24, 1), (28, 2), (40, 1), (44, 4), (56, 1), (92, 1), (96, 3_045_000)];
    for (at, value) in words {
        file[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    // One row of sqlite_schema: type, name, tbl_name, rootpage, sql.
    let sql = b"CREATE TABLE t(a)";
    let mut row = vec![6, 23, 15, 15, 1, u8::try_from(13 + 2 * sql.len()).unwrap()];
    row.extend_from_slice(b"tablett\x02");
    row.extend_from_slice(sql);
    let mut cell = vec![u8::try_from(row.len()).unwrap(), 1];
    cell.extend_from_slice(&row);
    let start = PAGE - cell.len();
    file[start..PAGE].copy_from_slice(&cell);
    let at = u16::try_from(start).unwrap().to_be_bytes();
    file[100..110].copy_from_slice(&[13, 0, 0, 0, 1, at[0], at[1], 0, at[0], at[1]]);
    file[PAGE..PAGE + 8].copy_from_slice(&[13, 0, 0, 0, 0, 2, 0, 0]);
    file
}

#[test]
fn a_data_directory_in_use_names_the_process() {
    let desk = Desk::new();
    desk.write("deck.md", deck(1));
    let lock = desk.write("palitra-data/lock", "4711");
    let held = fs::File::options().write(true).open(lock).unwrap();
    held.lock().unwrap();
    slides(&desk, ErrorCode::DataInUse, &["palitra-data", "4711"]);
}

#[test]
fn a_wrong_key_costs_nothing() {
    let fal = Fal::start(FalScript { keys: vec!["the right one".to_owned()], ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(2));
    let words = on_fal("deck.md", "first", &[]);
    let run = desk.run(&words);
    assert_eq!(
        (run.code, run.complaint().0),
        (Some(1), "market fal refused the key; nothing was charged"),
        "{}",
        run.stderr
    );
    refused(
        &desk,
        &Mistake {
            words: &["create", "a lake", "--model", FLUX, "--yes", "-o", "out"],
            code: ErrorCode::MarketAuth,
            names: &["fal"],
        },
    );
    assert_eq!(fal.log().accepted().count(), 0);
    let books = desk.json(&["balance"]);
    assert_eq!((&books["cash"]["amount"], &books["held"]["amount"]), (&json!(0), &json!(0)));
    assert_eq!(
        fal.log().submissions.iter().filter(|one| one.endpoint == ROUTER).count(),
        1,
        "no second prompt was tried"
    );
}

#[test]
fn a_full_disk_for_the_results_keeps_what_was_paid_and_the_same_command_finishes() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", deck_with_prompts(["a lake"]));
    // The file a picture is written to before it is whole is a device without room.
    fs::create_dir(desk.path("out")).unwrap();
    std::os::unix::fs::symlink("/dev/full", desk.path("out/.01.png.part")).unwrap();
    let words = on_fal("deck.json", "out", &[]);
    let run = desk.run(&words);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let (error, hint) = run.complaint();
    assert!(
        error.starts_with("no space left on disk: out/01.png") && hint.contains("nothing paid is lost"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read_dir(desk.path("out")).unwrap().count(), 0, "nothing half-written");
    assert_eq!(desk.run(&words).code, Some(0));
    assert_eq!(fal.accepted(FLUX).len(), 1, "the picture was kept and is not paid twice");
    assert!(desk.path("out/01.png").exists());
}

#[test]
fn a_full_disk_for_the_data_directory_stops_before_more_is_paid_and_nothing_is_lost() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let prompts: Vec<String> = (1..=60).map(|n| format!("picture {n}")).collect();
    desk.write("deck.json", deck_with_prompts(&prompts));
    let words = [
        "slides",
        "deck.json",
        "-o",
        "out",
        "--model",
        FLUX,
        "--prompt-model",
        ROUTER,
        "--image-workers",
        "1",
        "--format",
        "512x512",
        "--yes",
    ];
    let [full, later] = desk.on_a_small_disk("palitra-data", &words);
    assert_eq!(full.code, Some(1), "{}", full.stderr);
    let (error, hint) = full.complaint();
    assert!(
        error.starts_with("no space left on disk: ") && error.contains("palitra-data"),
        "{}",
        full.stderr
    );
    assert!(hint.contains("nothing paid is lost"), "{}", full.stderr);
    assert_eq!(later.code, Some(0), "{}", later.stderr);
    // What the market took while its answer could not be written down is unknown, and repeated once at the house's cost.
    assert!((60..=61).contains(&fal.accepted(FLUX).len()), "{}", fal.accepted(FLUX).len());
    assert_eq!(
        desk.read_json("out/report.json")["totals"]["price"]["amount"],
        60 * 475,
        "each picture is charged once"
    );
}
