//! The simulator's files, asked without the adapter: its log on disk, the storage for uploads, a painter's pictures.

use super::{
    simulator::{auth, sim},
    *,
};

#[tokio::test]
async fn the_log_file_outlives_the_simulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let (sim, _clock) =
        sim(json!({"log_file": path, "rules": [{"on": "submit", "nth": 2, "fault": "drop_after"}]})).await;
    let flux = "POST /api/v3/wavespeed-ai/flux-dev";
    ask(sim.address(), flux, &auth("a-key"), r#"{"prompt": "a cat"}"#).await;
    let market = WaveSpeed::new(settings(sim.url())).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &picture("a dog")).await), "Unknown(Unavailable)");
    drop(sim);
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shown: Vec<_> =
        lines.iter().map(|line| (&line["event"], &line["accepted"], &line["answered"])).collect();
    let (submission, yes, no) = (&json!("submission"), &json!(true), &json!(false));
    assert_eq!(shown, [(submission, yes, yes), (submission, yes, no)]);
    assert_eq!((&lines[1]["prompt"], &lines[1]["overlap"]), (&json!("a dog"), &json!(1)));
}

#[tokio::test]
async fn the_storage_refuses_what_a_presigned_address_refuses() {
    let (sim, _clock) = sim(json!({})).await;
    let plan = "POST /api/v3/media/uploads";
    for (body, status) in [
        (r#"{"filename": "a.png", "size": 5, "content_type": "image/png"}"#, 200),
        (r#"{"filename": "a.png", "size": 0, "content_type": "image/png"}"#, 400),
        (r#"{"filename": "a.png", "size": 209715201, "content_type": "image/png"}"#, 400),
        (r#"{"filename": "", "size": 5, "content_type": "image/png"}"#, 400),
        (r#"{"filename": "a.png", "size": 5}"#, 400),
        (r#"{"filename": "a.png", "size": 5, "content_type": "image/png", "path": "x"}"#, 400),
        ("[]", 400),
    ] {
        assert_eq!(ask(sim.address(), plan, &auth("a-key"), body).await.0, status, "{body}");
    }
    let body = r#"{"filename": "a.png", "size": 5, "content_type": "image/png"}"#;
    assert_eq!(ask(sim.address(), plan, "", body).await.0, 401);
    let (_, _, answer) = ask(sim.address(), plan, &auth("a-key"), body).await;
    let upload = &answer["data"]["upload"];
    assert_eq!(upload["method"], json!("PUT"));
    let path = |link: &Value| link.as_str().expect("a link").replace(&sim.url(), "");
    let (put, media) = (format!("PUT {}", path(&upload["url"])), path(&answer["data"]["download_url"]));
    let name = upload["headers"]["x-sim-storage"].as_str().expect("a header");
    let signed = format!("content-type: image/png\r\nx-sim-storage: {name}\r\n");
    for (headers, body, status) in [
        (format!("authorization: Bearer a-key\r\n{signed}"), "hello", 400),
        (format!("content-type: image/jpeg\r\nx-sim-storage: {name}\r\n"), "hello", 403),
        ("content-type: image/png\r\n".into(), "hello", 403),
        (signed.clone(), "hell", 400),
        (signed.clone(), "hello!", 400),
        (signed.clone(), "hello", 200),
    ] {
        let stored = ask(sim.address(), &format!("GET {media}"), "", "").await.0;
        assert_eq!(stored, 404, "not before it is there");
        assert_eq!(ask(sim.address(), &put, &headers, body).await.0, status, "{headers} {body}");
    }
    assert_eq!(ask(sim.address(), &format!("GET {media}"), "", "").await.0, 200);
    assert_eq!(ask(sim.address(), "PUT /storage/none.png", &signed, "hello").await.0, 404);
}

#[tokio::test]
async fn a_painter_makes_the_pictures_when_there_is_one() {
    let clock = StepClock::new(false);
    let painter: palitra_sim::fal::Painter = Arc::new(|asked| {
        format!("{} {}x{} {}", asked.prompt, asked.width, asked.height, asked.seed).into_bytes()
    });
    let sim = WaveSpeedSim::start_painted(
        WaveSpeedScript::default(),
        local(),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Some(painter),
    )
    .await
    .expect("a simulator");
    let bench = Bench { market: WaveSpeed::new(settings(sim.url())).expect("good settings"), clock, sim };
    let link = bench.made("a cat").await;
    let bytes = read(bench.market.fetch(&link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(bytes, b"a cat 320x256 7");
}
