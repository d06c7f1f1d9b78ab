//! How a task moves from its start to its end, well or not.

use super::{at_fal, by_fal, ended, is_over, look, path, pictures, refused, start, watch, words};
use crate::{
    api::service::{PICTURE, SOUND, Stage, balance, until},
    crash::scenario::rule,
    harness::Fal,
};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use serde_json::{Value, json};

fn fal(latency_ms: u64, rules: Vec<Rule>) -> Fal {
    Fal::start(FalScript { latency_ms, rules, concurrency: 1_000, ..FalScript::default() })
}

/// The one with this number in its prompt, and no other.
fn word(n: usize, fault: Fault) -> Rule {
    rule(Call::Submit, &format!("word {n}"), fault)
}

fn number(task: &Value, name: &str) -> i64 {
    task[name].as_i64().unwrap_or_else(|| panic!("{task}"))
}

#[test]
fn s1_04_a_hundred_words_run_at_once_as_far_as_there_are_slots() {
    let fal = fal(100, Vec::new());
    let (stage, service, ann) = at_fal(&fal, "10");
    let mut batch = by_fal(100);
    batch["words"] = words(100, &json!({}));
    let task = start(&ann, &batch);
    assert!(!is_over(&task), "it was waited for: {task}");
    let done = ended(&ann, &task);
    assert_eq!((&done["status"], number(&done, "succeeded_words")), (&json!("completed"), 100));
    let most = fal.log().overlap.into_values().max().unwrap();
    assert!((2..=10).contains(&most), "{most} at once");
    let books = stage.close(service);
    let sounds = books.generations.iter().filter(|one| one.charged == SOUND).count();
    assert_eq!((books.generations.len(), sounds), (200, 100));
}

#[test]
fn s1_13_to_s1_17_progress_counts_words_as_they_end() {
    let fal = fal(20, Vec::new());
    let (stage, service, ann) = at_fal(&fal, "1");
    let seen = watch(&ann, &start(&ann, &by_fal(7)));
    let mut last: Option<&Value> = None;
    for task in &seen {
        let (total, done) = (number(task, "total_words"), number(task, "completed_words"));
        assert_eq!(total, 7, "S1-14");
        assert_eq!(number(task, "progress"), done * 100 / total, "S1-17: {task}");
        assert_eq!(number(task, "progress") == 100, is_over(task), "S1-13: {task}");
        let detail = json!({ "total": total, "current": done });
        assert_eq!(task["progress_detail"], detail, "S1-38");
        if let Some(before) = last {
            assert!(number(task, "progress") >= number(before, "progress"), "S1-13");
            assert_eq!(task["created_at"], before["created_at"], "S1-16");
            let moved = number(task, "completed_words") > number(before, "completed_words");
            let (now, then) = (task["updated_at"].as_str().unwrap(), before["updated_at"].as_str().unwrap());
            assert!(if moved { now > then } else { now >= then }, "S1-16: {then} then {now}");
        }
        last = Some(task);
    }
    let done = seen.last().unwrap();
    for name in ["created_at", "updated_at"] {
        let time = done[name].as_str().unwrap();
        assert!(time.len() >= 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "S1-16: {time}");
    }
    stage.close(service);
}

/// All but one have ended, and the last one takes longer than anybody looks.
#[test]
fn s1_15_a_word_is_counted_when_it_ends_and_not_with_the_last_one() {
    let fal = fal(5, vec![word(7, Fault::Work { ms: 600_000 })]);
    let (stage, service, ann) = at_fal(&fal, "10");
    let task = start(&ann, &by_fal(7));
    let six = until("six words of seven", || {
        let seen = look(&ann, &task);
        (number(&seen, "completed_words") == 6).then_some(seen)
    });
    assert_eq!((&six["status"], number(&six, "progress")), (&json!("processing"), 6 * 100 / 7));
    ann.ask("DELETE", &path(&task)).send().is(200);
    assert_eq!(ended(&ann, &task)["status"], "cancelled");
    stage.close(service);
}

#[test]
fn s1_19_a_task_goes_from_pending_to_processing_to_completed() {
    // The last word takes long enough to be seen at work.
    let fal = fal(20, vec![word(6, Fault::Work { ms: 2_000 })]);
    let (stage, service, ann) = at_fal(&fal, "2");
    let seen = watch(&ann, &start(&ann, &by_fal(6)));
    let mut states: Vec<(&str, &str)> = seen
        .iter()
        .map(|task| (task["status"].as_str().unwrap(), task["status_label"].as_str().unwrap()))
        .collect();
    states.dedup();
    let way = [("pending", "Ожидает"), ("processing", "Обрабатывается"), ("completed", "Завершена")];
    // It may have begun before the first look.
    assert!(states == way || states == way[1..], "{states:?}");
    refused(ann.ask("DELETE", &path(&seen[0])).send(), 409, "already_finished");
    stage.close(service);
}

#[test]
fn s1_18_and_s1_24_one_bad_word_is_told_and_the_others_are_made() {
    let fal = fal(5, vec![word(7, Fault::Fail { error_type: "content_policy_violation".to_owned() })]);
    let (stage, service, ann) = at_fal(&fal, "10");
    let before = balance(&ann).0;
    let done = ended(&ann, &start(&ann, &by_fal(9)));
    assert_eq!(
        (&done["status"], &done["partial"], &done["progress"]),
        (&json!("completed"), &json!(true), &json!(100))
    );
    assert_eq!((number(&done, "succeeded_words"), &done["failed_words"]), (8, &json!(["word 7"])));
    let bad = &done["results"][6];
    assert_eq!((&bad["status"], &bad["image_url"]), (&json!("failed"), &Value::Null));
    assert_eq!(bad["error"]["code"], "content_rejected");
    assert!(bad["error"]["message"].is_string());
    // S1-24: neither a charge nor a file is left of it.
    let books = stage.close(service);
    let (failed, made): (Vec<_>, Vec<_>) = books.generations.iter().partition(|one| one.state == "failed");
    assert_eq!((failed.len(), failed[0].charged, failed[0].hold.as_str()), (1, 0, "voided"));
    let charged: i64 = made.iter().map(|one| one.charged).sum();
    assert_eq!((made.len(), books.cash), (8, before - charged));
    assert!(books.assets.iter().all(|asset| asset.generation != failed[0].id));
    assert_eq!(books.assets.len(), 8);
}

#[test]
fn s1_20_when_every_word_fails_so_does_the_task() {
    let fal = fal(5, vec![rule(Call::Submit, "word", Fault::Error { status: 422 })]);
    let (stage, service, ann) = at_fal(&fal, "10");
    let before = balance(&ann);
    let done = ended(&ann, &start(&ann, &by_fal(3)));
    assert_eq!((&done["status"], &done["status_label"]), (&json!("failed"), &json!("Ошибка")));
    assert_eq!((number(&done, "progress"), number(&done, "succeeded_words")), (100, 0));
    assert_eq!(done["failed_words"].as_array().unwrap().len(), 3);
    assert_eq!(balance(&ann), before);
    stage.close(service);
}

#[test]
fn s1_08_what_is_cancelled_calls_nobody_any_more() {
    let fal = fal(300, Vec::new());
    let (stage, service, ann) = at_fal(&fal, "2");
    let task = start(&ann, &by_fal(20));
    until("the first word", || (number(&look(&ann, &task), "completed_words") > 0).then_some(()));
    ann.ask("DELETE", &path(&task)).send().is(200);
    // What was on its way to the market is there; nothing follows.
    let under_way = |status: &str| {
        ann.look(&format!("/v1/generations?status={status}"))["data"].as_array().unwrap().len()
    };
    let open = || ["submitting", "running", "storing"].into_iter().map(under_way).sum::<usize>();
    until("the end of what runs", || (open() == 0).then_some(()));
    let calls = fal.log().submissions.len();
    let done = ended(&ann, &task);
    assert_eq!((&done["status"], number(&done, "total_words")), (&json!("cancelled"), 20));
    assert!(calls < 20, "{calls} calls");
    assert_eq!(fal.log().submissions.len(), calls);
    refused(ann.ask("DELETE", &path(&task)).send(), 409, "already_finished");
    let books = stage.close(service);
    assert_eq!(books.generations.iter().filter(|one| one.state == "queued").count(), 0);
    assert!(books.generations.iter().all(|one| (one.charged > 0) == (one.state == "succeeded")));
}

#[test]
fn the_same_words_again_are_there_already_and_cost_nothing() {
    let (stage, service, ann) = Stage::with_ann();
    ended(&ann, &start(&ann, &pictures(4)));
    assert_eq!(balance(&ann), (10_000 - 4 * PICTURE, 0));
    let again = ann.post("/api/media/generate-batch/", &pictures(5));
    let again = ended(&ann, &again.json());
    assert_eq!((number(&again, "succeeded_words"), number(&again, "total_words")), (5, 5));
    assert!(again["results"].as_array().unwrap().iter().all(|word| word["image_url"].is_string()));
    assert_eq!(balance(&ann), (10_000 - 5 * PICTURE, 0));
    stage.close(service);
}
