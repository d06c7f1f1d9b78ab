//! The simulator itself, asked without the adapter: it refuses what WaveSpeedAI refuses and keeps its log.

use super::*;
use palitra_sim::wavespeed::{WaveSpeedLog, key_tag};

const GOOD: &str = r#"{"prompt": "a cat"}"#;
const FLUX: &str = "POST /api/v3/wavespeed-ai/flux-dev";

pub(super) fn auth(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n")
}

pub(super) async fn sim(script: Value) -> (WaveSpeedSim, Arc<StepClock>) {
    let clock = StepClock::new(false);
    let script = serde_json::from_value(script).expect("a script");
    let sim = WaveSpeedSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>)
        .await
        .expect("a simulator");
    (sim, clock)
}

#[tokio::test]
async fn requests_are_refused_as_wavespeed_refuses_them() {
    let (sim, _clock) = sim(json!({"keys": ["a-key"]})).await;
    for (head, headers, body, status) in [
        (FLUX, String::new(), GOOD, 401),
        (FLUX, "authorization: Key a-key\r\n".into(), GOOD, 401),
        (FLUX, auth("x-key"), GOOD, 401),
        ("POST /api/v3/wavespeed-ai/fluks", auth("a-key"), GOOD, 404),
        (FLUX, auth("a-key"), "{", 400),
        (FLUX, auth("a-key"), r#"{"prompt": "a", "width": 5}"#, 400),
        ("POST /api/v3/wavespeed-ai/image-face-swap", auth("a-key"), GOOD, 400),
        ("POST /api/v2/wavespeed-ai/flux-dev", auth("a-key"), GOOD, 404),
        ("GET /api/v3/wavespeed-ai/flux-dev", auth("a-key"), "", 404),
        (
            "POST /api/v3/wavespeed-ai/flux-dev?webhook=https%3A%2F%2Fa.example%2Fhook",
            auth("a-key"),
            GOOD,
            200,
        ),
    ] {
        let (answered, _, answer) = ask(sim.address(), head, &headers, body).await;
        assert_eq!(
            (answered, &answer["code"]),
            (status, &json!(status)),
            "{head} {headers} {body}: {answer}"
        );
        assert!(answer["message"].is_string(), "{answer}");
    }
    let log = sim.log();
    let [accepted] = log.accepted().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
    assert_eq!(accepted.webhook.as_deref(), Some("https://a.example/hook"));
    assert_eq!(accepted.key, key_tag("a-key"));
    let reasons: Vec<_> = log.refused().filter_map(|refused| refused.reason.as_deref()).collect();
    assert_eq!(reasons.len(), 7);
    assert_eq!(reasons[5], "property width is not in the schema");
}

#[tokio::test]
async fn work_is_shown_to_its_key_only_under_both_paths_until_it_is_deleted() {
    let (sim, clock) = sim(json!({})).await;
    let (_, _, answer) = ask(sim.address(), FLUX, &auth("a-key"), GOOD).await;
    let record = &answer["data"];
    let id = record["id"].as_str().expect("an id").to_owned();
    let address = format!("{}/api/v3/predictions/{id}/result", sim.url());
    assert_eq!((&record["status"], &record["urls"]["get"]), (&json!("created"), &json!(address)));
    assert_eq!((&record["outputs"], &record["error"]), (&json!([]), &json!("")));
    let get = async |path: String, key: &str| {
        let (status, _, body) = ask(sim.address(), &format!("GET {path}"), &auth(key), "").await;
        (status, body["data"].clone())
    };
    let (status, record) = get(format!("/api/v3/predictions/{id}"), "a-key").await;
    assert_eq!((status, &record["status"]), (200, &json!("processing")));
    assert_eq!(get(format!("/api/v3/predictions/{id}/result"), "b-key").await.0, 404);
    assert_eq!(get("/api/v3/predictions/none/result".into(), "a-key").await.0, 404);
    let file = format!("GET /files/{id}_0.png");
    assert_eq!(ask(sim.address(), &file, "", "").await.0, 404, "not before its time");
    clock.advance(Duration::from_secs(1));
    let (_, record) = get(format!("/api/v3/predictions/{id}/result"), "a-key").await;
    assert_eq!((&record["status"], &record["timings"]["inference"]), (&json!("completed"), &json!(300)));
    assert_eq!(
        (&record["has_nsfw_contents"], record["outputs"].as_array().map(Vec::len)),
        (&json!([false]), Some(1))
    );
    assert_eq!(get(format!("/files/{id}_0.png"), "a-key").await.0, 400, "credentials for a public file");
    let ids = json!({"ids": [id, "none"]}).to_string();
    let delete = "POST /api/v3/predictions/delete";
    let (_, _, other) = ask(sim.address(), delete, &auth("b-key"), &ids).await;
    assert_eq!(other["data"], json!({"deleted_count": 0}));
    let (_, _, own) = ask(sim.address(), delete, &auth("a-key"), &ids).await;
    assert_eq!(own["data"], json!({"deleted_count": 1}));
    assert_eq!(get(format!("/api/v3/predictions/{id}/result"), "a-key").await.0, 404);
    assert_eq!(sim.log().deleted, [id]);
}

#[tokio::test]
async fn trap_14_sync_mode_gives_up_and_the_work_goes_on() {
    let (sim, clock) = sim(json!({})).await;
    let body = r#"{"prompt": "a cat", "enable_sync_mode": true}"#;
    let (status, _, answer) = ask(sim.address(), FLUX, &auth("a-key"), body).await;
    assert_eq!((status, &answer["data"]["code"]), (200, &json!(5004)));
    assert_eq!(answer["data"]["status"], json!("processing"));
    clock.advance(Duration::from_secs(1));
    let head = format!("GET /api/v3/predictions/{}/result", answer["data"]["id"].as_str().expect("an id"));
    let (_, _, answer) = ask(sim.address(), &head, &auth("a-key"), "").await;
    assert_eq!(answer["data"]["status"], json!("completed"));
}

#[tokio::test]
async fn models_are_listed_with_their_schemas_and_prices_asked_strictly() {
    let (sim, _clock) = sim(json!({"discount_percent": 50})).await;
    let (_, _, models) = ask(sim.address(), "GET /api/v3/models", &auth("a-key"), "").await;
    let mut listed = models["data"].as_array().expect("a list").iter();
    let swap = listed.find(|model| model["model_id"] == "wavespeed-ai/image-face-swap");
    let swap = swap.expect("the face swap");
    assert_eq!(
        swap["api_schema"]["api_schemas"][0]["request_schema"]["required"],
        json!(["image", "face_image"])
    );
    assert_eq!(swap["base_price"], json!(0.01));
    for (body, status) in [
        (r#"{"model_id": "wavespeed-ai/flux-dev", "inputs": {"prompt": "a", "num_images": 2}}"#, 200),
        (r#"{"model_id": "wavespeed-ai/flux-dev", "inputs": {"prompt": "a"}, "extra": 1}"#, 400),
        (r#"{"model_id": "wavespeed-ai/flux-dev", "inputs": {}}"#, 400),
        (r#"{"model_id": "wavespeed-ai/flux-dev"}"#, 400),
        (r#"{"model_id": "nobody/knows", "inputs": {}}"#, 404),
        ("[]", 400),
    ] {
        let (answered, _, answer) =
            ask(sim.address(), "POST /api/v3/model/price", &auth("a-key"), body).await;
        assert_eq!(answered, status, "{body}");
        if status == 200 {
            let wanted = json!({"model_id": "wavespeed-ai/flux-dev", "price": 0.024, "discounted_price": 0.012, "discount_rate": 50, "currency": "USD"});
            assert_eq!(answer["data"], wanted);
        }
    }
    assert_eq!(ask(sim.address(), "GET /api/v3/balance", "", "").await.0, 401);
}

#[tokio::test]
async fn the_log_and_the_script_are_served() {
    let (sim, _clock) = sim(json!({"level": "bronze"})).await;
    let (status, _, health) = ask(sim.address(), "GET /_sim/health", "", "").await;
    assert_eq!((status, health), (200, json!({"market": "wavespeed", "ok": true})));
    for _ in 0..3 {
        ask(sim.address(), FLUX, &auth("a-key"), GOOD).await;
    }
    let script = json!({"rules": [{"on": "submit", "fault": "error_after", "status": 500}]}).to_string();
    assert_eq!(ask(sim.address(), "POST /_sim/script", "", &script).await.0, 200);
    assert_eq!(ask(sim.address(), FLUX, &auth("a-key"), GOOD).await.0, 500);
    let (status, _, complaint) = ask(sim.address(), "POST /_sim/script", "", r#"{"rulse": []}"#).await;
    assert_eq!(status, 422);
    assert!(complaint["error"].as_str().is_some_and(|error| error.contains("rulse")), "{complaint}");
    let (_, _, log) = ask(sim.address(), "GET /_sim/log", "", "").await;
    let log: WaveSpeedLog = serde_json::from_value(log).expect("the log's own shape");
    let orders: Vec<u64> = log.submissions.iter().map(|submission| submission.order).collect();
    assert_eq!(orders, [1, 2, 3, 4]);
    // Ghosts count: the fourth runs although its client was told nothing.
    assert_eq!(log.overlap[&key_tag("a-key")], 4);
    assert_eq!(log.accepted().filter(|submission| !submission.answered).count(), 1);
}
