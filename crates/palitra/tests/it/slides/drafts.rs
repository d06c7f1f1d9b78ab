//! Draft, keep or drop, final (D9); a style for the whole set; slides made anew (D2).

use crate::harness::{Desk, FLUX, Fal, ROUTER, deck, on_fal};
use palitra_sim::fal::FalScript;
use serde_json::{Value, json};

fn slides(desk: &Desk, more: &[&str]) -> Value {
    desk.json(&[&["slides", "deck.md", "-o", "out", "--format", "1280x720"][..], more].concat())
}

fn numbers(report: &Value) -> Vec<u64> {
    report["slides"].as_array().unwrap().iter().map(|slide| slide["number"].as_u64().unwrap()).collect()
}

#[test]
fn d9_drafts_are_small_and_only_what_is_kept_is_drawn_in_full_with_the_same_prompts() {
    let desk = Desk::new();
    desk.write("deck.md", deck(4));
    let drafts = desk.json(&["slides", "deck.md", "-o", "drafts", "--format", "1280x720", "--draft"]);
    assert_eq!(numbers(&drafts), [1, 2, 3, 4]);
    let picture = palitra_media::decode::decode(&std::fs::read(desk.path("drafts/01.png")).unwrap()).unwrap();
    assert_eq!((picture.pixels.width(), picture.pixels.height()), (640, 360));
    let last = slides(&desk, &["--drop", "2-3"]);
    assert_eq!(
        (numbers(&last), &last["totals"]["paid_calls"]),
        (vec![1, 4], &json!(2)),
        "no prompt is written twice"
    );
    assert_eq!(last["slides"][0]["prompt"], drafts["slides"][0]["prompt"]);
    let kept = slides(&desk, &["--keep", "1,4"]);
    assert_eq!((numbers(&kept), &kept["totals"]["paid_calls"]), (vec![1, 4], &json!(0)));
    for wrong in [&["--keep", "9"][..], &["--drop", "0"], &["--redo", "12"], &["--keep", "a-b"]] {
        let run = desk.run(&[&["slides", "deck.md", "-o", "out"][..], wrong].concat());
        assert_eq!(run.code, Some(2), "{wrong:?}: {}", run.stderr);
    }
}

#[test]
fn d2_a_slide_that_is_made_anew_is_another_picture_and_stays() {
    let desk = Desk::new();
    desk.write("deck.md", deck(3));
    slides(&desk, &[]);
    let picture = |n: u32| std::fs::read(desk.path(&format!("out/{n:02}.png"))).unwrap();
    let before = [picture(1), picture(2), picture(3)];
    let anew = slides(&desk, &["--redo", "2"]);
    assert_eq!(anew["totals"]["paid_calls"], 1, "the prompt stays");
    assert!(picture(1) == before[0] && picture(2) != before[1] && picture(3) == before[2]);
    let new = picture(2);
    let again = slides(&desk, &[]);
    assert_eq!(again["totals"]["paid_calls"], 0);
    assert!(picture(2) == new, "the newer one");
}

#[test]
fn d9_a_style_stands_behind_every_prompt_and_a_palette_behind_it() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", "# One\n\nwords\n\n---\n\n# Two\n\nPrompt: A quiet harbour\n");
    let style = ["--style", "watercolour on rough paper", "--palette", "navy,#ffcc00", "--vary-seed"];
    desk.json(&on_fal("deck.md", "out", &style));
    let sent = fal.accepted(FLUX);
    assert_eq!((sent.len(), fal.accepted(ROUTER).len()), (2, 1));
    for submission in &sent {
        assert!(
            submission.prompt.ends_with("watercolour on rough paper. limited colour palette: navy, #ffcc00"),
            "{}",
            submission.prompt
        );
    }
    let mut seeds: Vec<u64> = sent.iter().map(|one| one.input["seed"].as_u64().unwrap()).collect();
    seeds.sort_unstable();
    assert_eq!(seeds, [1, 2]);
    assert!(sent.iter().any(|one| one.prompt.starts_with("A quiet harbour. watercolour")));
    // The writer was asked about the slide alone, so another style costs no prompt.
    desk.json(&on_fal("deck.md", "out", &["--style", "linocut"]));
    assert_eq!((fal.accepted(FLUX).len(), fal.accepted(ROUTER).len()), (4, 1));
}
