//! Files in: where they go, who sees what, and what is refused.

use super::*;
use palitra_domain::market::InputFile;
use palitra_markets::wavespeed::Upload;
use palitra_sim::wavespeed::key_tag;

fn png() -> Upload {
    // A header is all that the simulator reads: 300 × 200.
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 1, 44, 0, 0, 0, 200]);
    Upload { file_name: "photo.png".into(), content_type: "image/png".into(), bytes: bytes.into() }
}

/// The class with which an upload ends.
async fn refused_upload(bench: &Bench, upload: &Upload) -> ErrorClass {
    bench.market.upload("main", upload).await.expect_err("no upload").class
}

#[tokio::test]
async fn a_file_is_put_and_its_link_is_good_for_a_submission() {
    let bench = Bench::new(json!({})).await;
    let image = bench.market.upload("main", &png()).await.expect("a link");
    let face = bench.market.upload("main", &png()).await.expect("a link");
    let stored = read(bench.market.fetch(&image).await.expect("a file")).await.expect("a whole file");
    assert_eq!(stored, png().bytes);
    let Submitted::Accepted(remote) = bench.market.submit("main", &face_swap(&image, &face)).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
    let log = bench.sim.log();
    assert_eq!(log.uploads.len(), 2);
    for entry in &log.uploads {
        assert_eq!((entry.file_name.as_str(), entry.content_type.as_str()), ("photo.png", "image/png"));
        assert_eq!((entry.size, entry.stored, &entry.key), (24, true, &key_tag(KEY)));
    }
}

#[tokio::test]
async fn s2_065_files_of_a_request_are_uploaded_before_it_is_submitted() {
    let bench = Bench::new(json!({})).await;
    let file = |id: &str| InputFile {
        id: id.into(),
        mime: "image/png".into(),
        extension: "png".into(),
        bytes: png().bytes,
    };
    // One portrait for both.
    let both = Request { files: vec![file("ast_1"), file("ast_1")], ..face_swap("ast_1", "ast_1") };
    assert_eq!(show_submitted(&bench.market.submit("main", &both).await), "Accepted");
    let log = bench.sim.log();
    assert_eq!((log.uploads.len(), log.uploads[0].file_name.as_str()), (1, "input.png"));
    let sent = &log.submissions[0].input;
    assert_eq!(sent["image"], sent["face_image"]);
    assert!(
        sent["image"].as_str().is_some_and(|link| link.starts_with(&format!("{}/media/", bench.sim.url()))),
        "{sent}"
    );
}

#[tokio::test]
async fn a_file_that_was_not_uploaded_refuses_the_submission() {
    for (on, fault, wanted) in [
        ("upload", json!({"fault": "error", "status": 400}), "Refused(InputFetch)"),
        ("upload", json!({"fault": "error", "status": 500}), "Refused(Unavailable)"),
        ("upload", json!({"fault": "wrong_key"}), "Refused(Auth)"),
        ("put", json!({"fault": "error", "status": 403}), "Refused(InputFetch)"),
        ("put", json!({"fault": "drop"}), "Refused(Unavailable)"),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!(on), json!(1));
        let bench = Bench::rule(rule).await;
        let Upload { bytes, .. } = png();
        let file = InputFile { id: "ast_1".into(), mime: "image/png".into(), extension: "png".into(), bytes };
        let request = Request { files: vec![file], ..face_swap("ast_1", "https://a.example/face.png") };
        assert_eq!(show_submitted(&bench.market.submit("main", &request).await), wanted, "{on} {fault}");
        let log = bench.sim.log();
        assert_eq!((log.submissions.len(), log.prices), (0, 0), "{on} {fault}");
    }
}

#[tokio::test]
async fn a_file_that_was_never_put_fails_the_work() {
    let bench = Bench::rule(json!({"on": "put", "fault": "drop"})).await;
    assert_eq!(refused_upload(&bench, &png()).await, ErrorClass::Unavailable);
    let lost = format!("{}/media/lost.png", bench.sim.url());
    let Submitted::Accepted(remote) = bench.market.submit("main", &face_swap(&lost, &lost)).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Failed(InputFetch)");
}

#[tokio::test]
async fn every_fault_of_an_upload_has_its_class_and_the_next_one_works() {
    for (on, fault, wanted) in [
        ("upload", json!({"fault": "error", "status": 400}), ErrorClass::InvalidInput),
        ("upload", json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        ("upload", json!({"fault": "error_inside", "code": 403}), ErrorClass::Permission),
        ("upload", json!({"fault": "rate_limited"}), ErrorClass::RateLimited),
        ("upload", json!({"fault": "wrong_key"}), ErrorClass::Auth),
        ("upload", json!({"fault": "no_credits"}), ErrorClass::Credits),
        ("upload", json!({"fault": "drop"}), ErrorClass::Unavailable),
        ("upload", json!({"fault": "html"}), ErrorClass::Protocol),
        ("upload", json!({"fault": "empty"}), ErrorClass::Protocol),
        ("upload", json!({"fault": "truncated"}), ErrorClass::Protocol),
        ("upload", json!({"fault": "malformed"}), ErrorClass::Protocol),
        ("upload", json!({"fault": "huge", "bytes": 5_000_000}), ErrorClass::Protocol),
        ("put", json!({"fault": "error", "status": 403}), ErrorClass::Protocol),
        ("put", json!({"fault": "error", "status": 429}), ErrorClass::Unavailable),
        ("put", json!({"fault": "error", "status": 503}), ErrorClass::Unavailable),
        ("put", json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), ErrorClass::Protocol),
        ("put", json!({"fault": "drop"}), ErrorClass::Unavailable),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!(on), json!(1));
        let bench = Bench::rule(rule).await;
        assert_eq!(refused_upload(&bench, &png()).await, wanted, "{on} {fault}");
        assert!(bench.market.upload("main", &png()).await.is_ok(), "{on} {fault}, uploaded again");
    }
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    let empty = Upload { bytes: Vec::new().into(), ..png() };
    assert_eq!(refused_upload(&bench, &empty).await, ErrorClass::InvalidInput);
    let long = Upload { bytes: vec![0; 100 * 1024 * 1024 + 1].into(), ..png() };
    assert_eq!(refused_upload(&bench, &long).await, ErrorClass::InvalidInput);
    let error = bench.market.upload("gone", &png()).await.expect_err("no such key");
    assert_eq!(error.class, ErrorClass::Auth);
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
        let uploaded = bench.market.upload("main", &png()).await.map_err(|error| error.class);
        assert_eq!(uploaded.is_ok(), allowed, "{uploaded:?}");
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("put /storage/"), "{request}");
            assert!(request.contains("content-type: image/png\r\n"), "{request}");
            assert!(request.contains("x-sim-storage: "), "{request}");
            for secret in ["authorization", "key-secret", "operator", "cookie", "referer"] {
                assert!(!request.contains(secret), "{request}");
            }
        }
    }
}

/// Answers to the question where to put a file that are not followed.
#[tokio::test]
async fn plans_that_lead_astray_are_refused() {
    let mut stranger = Stranger::start().await;
    let good = json!({"method": "PUT", "url": "https://127.0.0.1/a", "headers": {}});
    let with = |name: &str, value: Value| {
        let mut upload = good.clone();
        upload[name] = value;
        json!({"upload": upload, "download_url": "https://a.example/a.png"})
    };
    for plan in [
        json!({}),
        json!({"download_url": "https://a.example/a.png"}),
        json!({"upload": good}),
        json!({"upload": good, "download_url": "a.png"}),
        json!({"upload": good, "download_url": "file:///etc/passwd"}),
        with("method", json!("POST")),
        with("url", json!("a")),
        with("url", json!(format!("{}/a", stranger.base()))),
        with("url", json!("http://example.com/a")),
        with("url", json!("https://169.254.169.254/latest/meta-data")),
        with("url", json!("https://localhost/a")),
        with("url", json!("https://me:secret@example.com/a")),
        with("url", json!("file:///tmp/a")),
    ] {
        let body = json!({"code": 200, "data": plan}).to_string();
        let market = WaveSpeed::new(settings(says(&body).await)).expect("good settings");
        let error = market.upload("main", &png()).await.expect_err("refused");
        assert_eq!(error.class, ErrorClass::Protocol, "{plan}: {error}");
    }
    // Headers that would speak for somebody are left out; one that cannot be sent spoils the plan.
    let headers = json!({"Authorization": "AWS x", "Cookie": "a=b", "Host": "evil", "X-Amz-Acl": "private"});
    let plan = json!({"method": "PUT", "url": format!("{}/a", stranger.base()), "headers": headers});
    for (headers, sent) in [(headers, true), (json!({"a b": "c"}), false), (json!({"a": 1}), false)] {
        let mut plan = plan.clone();
        plan["headers"] = headers;
        let body = json!({"code": 200, "data": {"upload": plan, "download_url": "https://a.example/a"}});
        let settings =
            WaveSpeedSettings { allow_private_links: true, ..settings(says(&body.to_string()).await) };
        let market = WaveSpeed::new(settings).expect("good settings");
        assert_eq!(market.upload("main", &png()).await.is_ok(), sent, "{plan}");
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(sent), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.contains("x-amz-acl: private\r\n"), "{request}");
            assert!(!request.contains("aws") && !request.contains("cookie") && !request.contains("evil"));
        }
    }
}
