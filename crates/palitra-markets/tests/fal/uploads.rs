//! Files in: where they go, who sees what, and that nothing is submitted when one is not there.

use super::{models::file, *};
use palitra_domain::market::InputFile;
use palitra_sim::fal::key_tag;

fn edit(images: &[&str], files: Vec<InputFile>) -> Request {
    Request {
        model: "fal-ai/nano-banana/edit".into(),
        mode: "edit".into(),
        input: json!({"prompt": "all in one scene", "image_urls": images}),
        files,
        ..picture("")
    }
}

#[tokio::test]
async fn s2_031_each_file_is_uploaded_once_and_its_link_stands_in_the_input() {
    let bench = Bench::new(json!({})).await;
    let request = edit(
        &["ast_1", "ast_2", "ast_1", "https://a.example/4.png"],
        vec![file("ast_1"), file("ast_2"), file("ast_1")],
    );
    assert_eq!(show_submitted(&bench.fal.submit("main", &request).await), "Accepted");
    let log = bench.sim.log();
    assert_eq!(log.uploads.len(), 2);
    for upload in &log.uploads {
        assert_eq!((upload.file_name.as_str(), upload.content_type.as_str()), ("input.png", "image/png"));
        assert_eq!((upload.bytes, &upload.key), (Some(24), &key_tag(KEY)));
    }
    let links = &log.submissions[0].input["image_urls"];
    assert!(
        links[0].as_str().is_some_and(|link| link.starts_with(&format!("{}/uploads/", bench.sim.url()))),
        "{links}"
    );
    assert_eq!((&links[0], &links[3]), (&links[2], &json!("https://a.example/4.png")));
    assert_ne!(links[0], links[1]);
    let stored = bench.fal.fetch(links[0].as_str().expect("a link")).await.expect("a file");
    assert_eq!(read(stored).await.expect("a whole file"), file("ast_1").bytes);
}

#[tokio::test]
async fn a_file_that_was_not_uploaded_refuses_the_submission() {
    for (on, fault, wanted) in [
        ("upload", json!({"fault": "error", "status": 400}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "error", "status": 404}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "error", "status": 500}), "Refused(Unavailable)"),
        ("upload", json!({"fault": "rate_limited"}), "Refused(RateLimited)"),
        ("upload", json!({"fault": "wrong_key"}), "Refused(Auth)"),
        ("upload", json!({"fault": "locked"}), "Refused(Credits)"),
        ("upload", json!({"fault": "drop"}), "Refused(Unavailable)"),
        ("upload", json!({"fault": "html"}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "empty"}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "truncated"}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "malformed"}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "huge", "bytes": 5_000_000}), "Refused(InputFetch)"),
        ("put", json!({"fault": "error", "status": 403}), "Refused(InputFetch)"),
        ("put", json!({"fault": "error", "status": 503}), "Refused(Unavailable)"),
        ("put", json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Refused(InputFetch)"),
        ("put", json!({"fault": "drop"}), "Refused(Unavailable)"),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!(on), json!(1));
        let bench = Bench::rule(rule).await;
        let request = edit(&["ast_1"], vec![file("ast_1")]);
        let submitted = bench.fal.submit("main", &request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{on} {fault}");
        assert!(!format!("{submitted:?}").contains("key-secret"));
        assert!(bench.sim.log().submissions.is_empty(), "{on} {fault}");
        assert_eq!(
            show_submitted(&bench.fal.submit("main", &request).await),
            "Accepted",
            "{on} {fault}, again"
        );
    }
}

#[tokio::test]
async fn an_empty_file_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    let empty = InputFile { bytes: Vec::new().into(), ..file("ast_1") };
    assert_eq!(
        show_submitted(&bench.fal.submit("main", &edit(&["ast_1"], vec![empty])).await),
        "Refused(InputFetch)"
    );
    assert!(bench.sim.log().uploads.is_empty());
}

#[tokio::test]
async fn trap_21_the_storage_sees_the_bytes_and_neither_key_nor_operators_headers() {
    let mut stranger = Stranger::start().await;
    for allowed in [true, false] {
        let script = json!({"rules": [{"on": "upload", "fault": "foreign_urls", "base": stranger.base()}]});
        let bench = Bench::with(script, false, |settings| {
            settings.allow_private_links = allowed;
            settings.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        })
        .await;
        let uploaded = bench.fal.upload("main", &file("ast_1")).await.map_err(|error| error.class);
        assert_eq!(uploaded.is_ok(), allowed, "{uploaded:?}");
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("put /storage/"), "{request}");
            assert!(request.contains("content-type: image/png\r\n"), "{request}");
            for secret in ["authorization", "key-secret", "operator", "cookie", "referer"] {
                assert!(!request.contains(secret), "{request}");
            }
        }
    }
}

#[tokio::test]
async fn where_to_put_a_file_is_asked_with_the_key_and_with_how_long_it_is_to_be_kept() {
    let mut stranger = Stranger::start().await;
    let fal = Fal::new(FalSettings {
        rest_url: format!("{}/behind/a/proxy", stranger.base()),
        ..settings(stranger.base())
    })
    .expect("good settings");
    assert!(fal.upload("main", &file("ast_1")).await.is_err());
    let [request] = stranger.heard().try_into().expect("one request");
    let request = request.to_lowercase();
    let head = "post /behind/a/proxy/storage/upload/initiate?storage_type=fal-cdn-v3 http/1.1\r\n";
    assert!(request.starts_with(head), "{request}");
    for header in [
        format!("authorization: key {KEY}\r\n"),
        "x-fal-object-lifecycle-preference: {\"expiration_duration_seconds\":604800}\r\n".into(),
    ] {
        assert!(request.contains(&header), "{header} in {request}");
    }
}

#[tokio::test]
async fn a_link_to_a_file_that_was_never_put_fails_the_work() {
    let bench = Bench::new(json!({})).await;
    let lost = format!("{}/uploads/lost.png", bench.sim.url());
    let Submitted::Accepted(remote) = bench.fal.submit("main", &edit(&[&lost], Vec::new())).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Failed(InputFetch)");
}
