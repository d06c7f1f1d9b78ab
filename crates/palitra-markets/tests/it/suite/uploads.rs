//! Files in: who sees what, and that nothing is submitted when one is not there.

use super::{Uploads, rules};
use crate::stage::{
    Stranger,
    bench::{Bench, Simulator, accepted, once},
    png, show, show_submitted,
};
use palitra_domain::{
    market::{InputFile, Request},
    secret::Secret,
};
use serde_json::{Value, json};

rules!([fal, kie, wavespeed]:
    s2_031_each_file_is_put_once_and_its_link_stands_in_the_input,
    a_file_that_was_not_uploaded_refuses_the_submission,
    an_empty_file_is_refused_without_a_submission,
);
rules!([fal, wavespeed]:
    trap_21_the_storage_sees_the_bytes_and_neither_key_nor_operators_headers,
    a_link_to_a_file_that_was_never_put_fails_the_work,
);

fn edit<S: Uploads>(pictures: [&str; 2], files: &[InputFile]) -> Request {
    Request { files: files.to_vec(), ..S::edit(pictures) }
}

/// All texts of an input that are links to what was put.
fn links<S: Uploads>(bench: &Bench<S>) -> Vec<String> {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
            Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    texts(&bench.sim.log().submissions.last().expect("a submission").input, &mut found);
    found.retain(|text| text.starts_with(&format!("{}{}", bench.root(), S::MEDIA)));
    found
}

async fn s2_031_each_file_is_put_once_and_its_link_stands_in_the_input<S: Uploads>() {
    let bench = Bench::<S>::new(json!({})).await;
    let both = edit::<S>(["ast_1", "ast_2"], &[png("ast_1"), png("ast_2")]);
    accepted(bench.submit(&both).await);
    let [one, two] = links(&bench).try_into().expect("two links");
    assert_ne!(one, two);
    let stored = palitra_domain::market::Market::fetch(&bench.market, &one).await.expect("a file");
    assert_eq!(crate::stage::read(stored).await.expect("a whole file"), png("ast_1").bytes);
    let same = edit::<S>(["ast_1", "ast_1"], &[png("ast_1"), png("ast_1")]);
    accepted(bench.submit(&same).await);
    let [one, two] = links(&bench).try_into().expect("two links");
    assert_eq!((one, bench.sim.log().uploads.len()), (two, 3));
    // A link that is there already stays as it is.
    let link = "https://a.example/4.png";
    accepted(bench.submit(&edit::<S>(["ast_1", link], &[png("ast_1")])).await);
    assert_eq!((links(&bench).len(), bench.sim.log().uploads.len()), (1, 4));
    assert!(bench.sim.log().submissions[2].input.to_string().contains(link));
}

async fn a_file_that_was_not_uploaded_refuses_the_submission<S: Uploads>() {
    let api = [
        (json!({"fault": "error", "status": 400}), "Refused(InputFetch)"),
        (json!({"fault": "error", "status": 404}), "Refused(InputFetch)"),
        (json!({"fault": "error", "status": 500}), "Refused(Unavailable)"),
        (json!({"fault": "error", "status": 503}), "Refused(Unavailable)"),
        (json!({"fault": "rate_limited"}), "Refused(RateLimited)"),
        (json!({"fault": "wrong_key"}), "Refused(Auth)"),
        (json!({"fault": "drop"}), "Refused(Unavailable)"),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Refused(InputFetch)"),
        (json!({"fault": "html"}), "Refused(InputFetch)"),
        (json!({"fault": "empty"}), "Refused(InputFetch)"),
        (json!({"fault": "truncated"}), "Refused(InputFetch)"),
        (json!({"fault": "malformed"}), "Refused(InputFetch)"),
        (json!({"fault": "huge", "bytes": 5_000_000}), "Refused(InputFetch)"),
    ];
    let storage = [
        (json!({"fault": "error", "status": 403}), "Refused(InputFetch)"),
        (json!({"fault": "error", "status": 429}), "Refused(Unavailable)"),
        (json!({"fault": "error", "status": 503}), "Refused(Unavailable)"),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Refused(InputFetch)"),
        (json!({"fault": "drop"}), "Refused(Unavailable)"),
    ];
    let api = api.into_iter().chain(S::uploads()).map(|(fault, wanted)| ("upload", fault, wanted));
    let put = S::PUT.into_iter().flat_map(|put| storage.clone().map(|(fault, wanted)| (put, fault, wanted)));
    for (call, fault, wanted) in api.chain(put) {
        let bench = Bench::<S>::rule(once(call, &fault)).await;
        let request = edit::<S>(["ast_1", "ast_1"], &[png("ast_1")]);
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{call} {fault}");
        assert!(!format!("{submitted:?}").contains(S::KEY));
        let log = bench.sim.log();
        assert_eq!((log.submissions.len(), log.prices), (0, 0), "{call} {fault}");
        assert_eq!(show_submitted(&bench.submit(&request).await), "Accepted", "{call} {fault}, again");
    }
}

async fn an_empty_file_is_refused_without_a_submission<S: Uploads>() {
    let bench = Bench::<S>::new(json!({})).await;
    let empty = InputFile { bytes: Vec::new().into(), ..png("ast_1") };
    let submitted = bench.submit(&edit::<S>(["ast_1", "ast_1"], &[empty])).await;
    assert_eq!(show_submitted(&submitted), "Refused(InputFetch)");
    let log = bench.sim.log();
    assert!(log.uploads.is_empty() && log.submissions.is_empty());
}

async fn trap_21_the_storage_sees_the_bytes_and_neither_key_nor_operators_headers<S: Uploads>() {
    let mut stranger = Stranger::start().await;
    for allowed in [true, false] {
        let script = json!({"rules": [{"on": "upload", "fault": "foreign_urls", "base": stranger.base()}]});
        let bench = Bench::<S>::with(script, false, |settings| {
            let dials = S::dials(settings);
            *dials.allow_private_links = allowed;
            *dials.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        })
        .await;
        // What was put elsewhere is not there for the market: the work fails, its submission does not.
        let submitted = bench.submit(&edit::<S>(["ast_1", "ast_1"], &[png("ast_1")])).await;
        let wanted = if allowed { "Accepted" } else { "Refused(InputFetch)" };
        assert_eq!(show_submitted(&submitted), wanted);
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("put /storage/"), "{request}");
            assert!(request.contains("content-type: image/png\r\n"), "{request}");
            Stranger::knows_nothing(&request);
        }
    }
}

async fn a_link_to_a_file_that_was_never_put_fails_the_work<S: Uploads>() {
    let bench = Bench::<S>::new(json!({})).await;
    let lost = format!("{}{}lost.png", bench.root(), S::MEDIA);
    let remote = accepted(bench.submit(&S::edit([&lost, &lost])).await);
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Failed(InputFetch)");
}
