//! A service that is killed in the middle of a task.

use super::{at_fal, by_fal, ended, look, start};
use crate::{api::service::until, crash::books::Books, harness::Fal};
use palitra_sim::fal::FalScript;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn s1_22_killed_at_half_it_goes_on_and_no_word_is_paid_twice() {
    let fal = Fal::start(FalScript { latency_ms: 30, ..FalScript::default() });
    let (stage, service, ann) = at_fal(&fal, "4");
    let task = start(&ann, &by_fal(24));
    until("half of it", || (look(&ann, &task)["progress"].as_i64().unwrap() >= 50).then_some(()));
    service.kill();
    let left = Books::read(&stage.desk).generations;
    let in_doubt = left.iter().filter(|generation| generation.state == "submitting").count();
    let service = stage.serve();
    let ann = crate::api::client::Client { address: service.address, ..ann };
    let done = ended(&ann, &task);
    assert_eq!((&done["status"], &done["succeeded_words"]), (&json!("completed"), &json!(24)));
    for word in done["results"].as_array().unwrap() {
        let picture = service.stranger().get(word["image_url"].as_str().unwrap()).is(200);
        assert!(picture.body.len() > 100, "{word}");
    }
    let books = stage.close(service);
    // Once in our books, whatever had to be sent twice.
    let mut charges: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for one in &books.generations {
        charges.entry(&one.prompt).or_default().push(one.charged);
    }
    assert_eq!(charges.len(), 24);
    assert!(charges.values().all(|charged| charged.len() == 1 && charged[0] > 0), "{charges:?}");
    let spent: i64 = charges.values().flatten().sum();
    assert_eq!(books.cash, 1_000_000 - spent);
    assert_eq!(books.assets.len(), 24);
    // And where it was sent twice, the house paid for the second.
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for taken in fal.log().accepted() {
        *sent.entry(taken.prompt.clone()).or_default() += 1;
    }
    let twice = sent.values().filter(|times| **times > 1).count();
    let by_the_house = books.attempts.iter().filter(|attempt| attempt.paid_by == "house").count();
    assert!(twice <= by_the_house, "{twice} were sent twice, {by_the_house} by the house");
    assert!(by_the_house <= in_doubt, "{by_the_house} by the house, and {in_doubt} were being sent");
}
