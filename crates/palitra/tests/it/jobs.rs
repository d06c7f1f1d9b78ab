//! `palitra jobs` for people and for scripts: filters, pages, the place in the line, attempts with who pays them.

use crate::{
    crash::process::run,
    crash::scenario::{prompts, rule},
    harness::{DRAWN_BY_FAL, Desk, Fal},
};
use palitra_sim::fal::{Call, FalScript, Fault};
use serde_json::Value;

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

/// Four slides on two slots; the run is killed when it has claimed, so two are under way and two wait.
fn interrupted() -> (Fal, Desk) {
    let fal = Fal::start(FalScript::default());
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", "2");
    desk.write("deck.json", prompts(&["red fox", "green newt", "grey wolf", "blue whale"]));
    let words: Vec<&str> = DRAWN_BY_FAL.iter().copied().chain(["--image-workers", "4"]).collect();
    assert!(run(&desk, &words, &[("PALITRA_CRASH_AT", "queued.claim.after:1")]).was_killed());
    (fal, desk)
}

#[test]
fn a_list_is_filtered_by_everything_and_read_page_by_page() {
    let (_fal, desk) = interrupted();
    let list = |words: &[&str]| desk.json(&[&["jobs", "ls"], words].concat());
    let all = list(&[]);
    assert_eq!(ids(&all).len(), 4, "{all}");
    let batch = all[0]["batch_id"].as_str().unwrap();
    for (words, count) in [
        (&["--status", "submitting"][..], 2),
        (&["--status", "queued"], 2),
        (&["--status", "succeeded"], 0),
        (&["--account", "local"], 4),
        (&["--model", "fal-ai/flux/dev"], 4),
        (&["--model", "fal:fal-ai/flux/dev"], 4),
        (&["--model", "sandbox/artist"], 0),
        (&["--market", "fal", "--lane", "image"], 4),
        (&["--lane", "audio"], 0),
        (&["--batch", batch], 4),
        (&["--since", "1h"], 4),
        (&["--until", "1h"], 0),
        (&["--since", "2020-01-01", "--until", "2020-12-31"], 0),
        (&["--text", "green newt"], 1),
        (&["--text", "e", "--status", "queued", "--limit", "1"], 1),
    ] {
        assert_eq!(ids(&list(words)).len(), count, "{words:?}");
    }
    let first = ids(&list(&["--limit", "3"]));
    let second = ids(&list(&["--limit", "3", "--after", &first[2]]));
    assert_eq!([first, second].concat(), ids(&all));
    let page = desk.run(&["jobs", "ls", "--limit", "3"]);
    assert!(page.stderr.contains("--after gen_"), "{}", page.stderr);
    let unknown = desk.run(&["jobs", "ls", "--account", "nobody"]);
    assert!(unknown.complaint().0.contains("`nobody`"));
}

#[test]
fn a_queued_one_says_where_it_stands() {
    let (_fal, desk) = interrupted();
    // The last of the list was asked for first.
    let waiting = desk.json(&["jobs", "ls", "--status", "queued"]);
    let places: Vec<i64> = ids(&waiting)
        .iter()
        .map(|id| desk.json(&["jobs", "show", id])["progress"]["position"].as_i64().unwrap())
        .collect();
    assert_eq!(places, [2, 1]);
    let page = desk.run(&["jobs", "show", &ids(&waiting)[0], "--lang", "en"]).stdout;
    assert!(page.contains("2 in the line of its market"), "{page}");
    let under_way = desk.json(&["jobs", "ls", "--status", "submitting", "--limit", "1"]);
    let shown = desk.json(&["jobs", "show", &ids(&under_way)[0]]);
    assert_eq!(shown["progress"].as_object().unwrap().get("position"), Some(&Value::Null), "{shown}");
}

#[test]
fn attempts_say_why_they_were_made_and_who_pays() {
    let busy = Fault::RateLimited { retry_after: Some("0".to_owned()), error_type: None };
    let once = |rule: palitra_sim::fal::Rule| palitra_sim::fal::Rule { times: Some(1), ..rule };
    let rules =
        vec![once(rule(Call::Submit, "fox", busy)), once(rule(Call::Submit, "wolf", Fault::DropAfter {}))];
    let fal = Fal::start(FalScript { latency_ms: 20, rules, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", prompts(&["red fox", "grey wolf"]));
    assert_eq!(desk.run(DRAWN_BY_FAL).code, Some(0));
    let show = |text: &str| {
        let id = ids(&desk.json(&["jobs", "ls", "--text", text])).remove(0);
        let page = desk.run(&["jobs", "show", &id, "--lang", "en"]).stdout;
        page.lines()
            .filter(|line| line.starts_with("attempt") || line.starts_with("file"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (fox, wolf) = (show("fox"), show("wolf"));
    for (page, wanted) in [
        (
            &fox,
            &[
                "1 · key main · first try · paid by the account · refused",
                "2 · key main · again after a refusal · paid by the account · succeeded",
                "image/png · 64×64",
            ],
        ),
        (
            &wolf,
            &[
                "1 · key main · first try · paid by the account · ",
                "2 · key main · again after an unknown outcome · paid by the house · succeeded",
                "image/png · 64×64",
            ],
        ),
    ] {
        for part in wanted {
            assert!(page.contains(part), "`{part}` is not in\n{page}");
        }
    }
}
