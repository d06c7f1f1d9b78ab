//! Files in: where they go, who sees what, and what is refused.

use super::*;
use palitra_markets::wavespeed::Upload;
use palitra_sim::wavespeed::key_tag;

fn photo() -> Upload {
    Upload { file_name: "photo.png".into(), content_type: "image/png".into(), bytes: png("").bytes }
}

/// The class with which an upload ends.
async fn refused_upload(bench: &Bench, upload: &Upload) -> ErrorClass {
    bench.market.upload("main", upload).await.expect_err("no upload").class
}

#[tokio::test]
async fn a_file_is_put_and_its_link_is_good_for_a_submission() {
    let bench = Bench::new(json!({})).await;
    let image = bench.market.upload("main", &photo()).await.expect("a link");
    let face = bench.market.upload("main", &photo()).await.expect("a link");
    let stored = read(bench.market.fetch(&image).await.expect("a file")).await.expect("a whole file");
    assert_eq!(stored, photo().bytes);
    bench.done(&Subject::edit([&image, &face])).await;
    let log = bench.sim.log();
    assert_eq!(log.uploads.len(), 2);
    for entry in &log.uploads {
        assert_eq!((entry.file_name.as_str(), entry.content_type.as_str()), ("photo.png", "image/png"));
        assert_eq!((entry.bytes, &entry.key), (Some(24), &key_tag(KEY)));
    }
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
        let bench = Bench::rule(bench::once(on, &fault)).await;
        assert_eq!(refused_upload(&bench, &photo()).await, wanted, "{on} {fault}");
        assert!(bench.market.upload("main", &photo()).await.is_ok(), "{on} {fault}, uploaded again");
    }
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    let empty = Upload { bytes: Vec::new().into(), ..photo() };
    assert_eq!(refused_upload(&bench, &empty).await, ErrorClass::InvalidInput);
    let long = Upload { bytes: vec![0; 100 * 1024 * 1024 + 1].into(), ..photo() };
    assert_eq!(refused_upload(&bench, &long).await, ErrorClass::InvalidInput);
    let error = bench.market.upload("gone", &photo()).await.expect_err("no such key");
    assert_eq!(error.class, ErrorClass::Auth);
    assert!(bench.sim.log().uploads.is_empty());
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
        let market = WaveSpeed::new(settings(parrot::says(parrot::ok(&body)).await)).expect("good settings");
        let error = market.upload("main", &photo()).await.expect_err("refused");
        assert_eq!(error.class, ErrorClass::Protocol, "{plan}: {error}");
    }
    // Headers that would speak for somebody are left out; one that cannot be sent spoils the plan.
    let headers = json!({"Authorization": "AWS x", "Cookie": "a=b", "Host": "evil", "X-Amz-Acl": "private"});
    let plan = json!({"method": "PUT", "url": format!("{}/a", stranger.base()), "headers": headers});
    for (headers, sent) in [(headers, true), (json!({"a b": "c"}), false), (json!({"a": 1}), false)] {
        let mut plan = plan.clone();
        plan["headers"] = headers;
        let body = json!({"code": 200, "data": {"upload": plan, "download_url": "https://a.example/a"}});
        let settings = WaveSpeedSettings {
            allow_private_links: true,
            ..settings(parrot::says(parrot::ok(&body.to_string())).await)
        };
        let market = WaveSpeed::new(settings).expect("good settings");
        assert_eq!(market.upload("main", &photo()).await.is_ok(), sent, "{plan}");
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(sent), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.contains("x-amz-acl: private\r\n"), "{request}");
            assert!(!request.contains("aws") && !request.contains("cookie") && !request.contains("evil"));
        }
    }
}
