//! The simulator itself, asked without the adapter: it refuses what WaveSpeedAI and its storage refuse.

use super::*;
use palitra_sim::wavespeed::key_tag;

pub(super) const GOOD: &str = r#"{"prompt": "a cat"}"#;
pub(super) const FLUX: &str = "POST /api/v3/wavespeed-ai/flux-dev";

pub(super) fn auth(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n")
}

#[tokio::test]
async fn requests_are_refused_as_wavespeed_refuses_them() {
    let sim = Bench::new(json!({"keys": ["a-key"]})).await.sim;
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
    let Bench { sim, clock, .. } = Bench::new(json!({})).await;
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
    let Bench { sim, clock, .. } = Bench::new(json!({})).await;
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
    let sim = Bench::new(json!({"discount_percent": 50})).await.sim;
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
async fn the_storage_refuses_what_a_presigned_address_refuses() {
    let sim = Bench::new(json!({})).await.sim;
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
