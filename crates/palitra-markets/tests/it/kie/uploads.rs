//! Input files: made public by KIE's upload service, under names that nobody has used.

use super::*;
use bytes::Bytes;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n--not a boundary\r\n\r\nbytes";

async fn get(link: &str) -> Vec<u8> {
    let kie =
        Kie::new(KieSettings { allow_private_links: true, ..KieSettings::default() }).expect("settings");
    read(kie.fetch(link).await.expect("a file")).await.expect("a whole file")
}

#[tokio::test]
async fn bytes_become_an_address_that_an_input_takes() {
    let bench = Bench::new(json!({})).await;
    let mut links = Vec::new();
    for _ in 0..2 {
        links.push(bench.market.upload("main", &Bytes::from_static(PNG)).await.expect("an address"));
    }
    assert!(links[0].starts_with(&format!("{}/uploads/palitra/", bench.sim.url())), "{links:?}");
    assert!(links[0].ends_with(".png"), "{links:?}");
    // The same name again would overwrite, and the old file might still be served.
    assert_ne!(links[0], links[1]);
    assert_eq!(get(&links[0]).await, PNG);
    let input = json!({"prompt": "more light", "image_urls": links});
    bench.done(&request("edit", "google/nano-banana-edit", input)).await;
    assert_eq!(bench.sim.log().submissions[0].input["image_urls"], json!(links));
}

#[tokio::test]
async fn a_public_file_is_fetched_by_kie_itself() {
    let bench = Bench::new(json!({})).await;
    let made = bench.link(&picture("a cat")).await;
    let link = bench.market.upload_link("main", &made).await.expect("an address");
    assert!(link.ends_with(".png") && !link.contains("/files/"), "{link}");
    assert_eq!(get(&link).await, get(&made).await);
    let gone = bench.market.upload_link("main", "https://a.example/gone.png").await;
    assert_eq!(gone.err().map(|error| error.class), Some(ErrorClass::InvalidInput));
}

#[tokio::test]
async fn what_is_no_media_or_no_address_is_refused_without_a_call() {
    let mut stranger = Stranger::start().await;
    let kie = Kie::new(settings(stranger.base())).expect("good settings");
    let class =
        |refused: Result<String, palitra_domain::market::MarketError>| refused.map_err(|error| error.class);
    for bytes in [&b""[..], b"<html>not a picture</html>"] {
        let refused = class(kie.upload("main", &Bytes::from_static(bytes)).await);
        assert_eq!(refused, Err(ErrorClass::InvalidInput));
    }
    for link in
        ["", "/a.png", "data:image/png;base64,aaaa", "file:///etc/passwd", "https://me:pw@a.example/1.png"]
    {
        assert_eq!(class(kie.upload_link("main", link).await), Err(ErrorClass::InvalidInput), "{link}");
    }
    assert_eq!(class(kie.upload("gone", &Bytes::from_static(PNG)).await), Err(ErrorClass::Auth));
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_that_fails_says_why() {
    for (fault, wanted) in [
        (json!({"fault": "wrong_key"}), ErrorClass::Auth),
        (json!({"fault": "rate_limited"}), ErrorClass::RateLimited),
        (json!({"fault": "code", "code": 400}), ErrorClass::InvalidInput),
        (json!({"fault": "code", "code": 500}), ErrorClass::Unavailable),
        (json!({"fault": "error", "status": 503}), ErrorClass::Unavailable),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "html"}), ErrorClass::Protocol),
        (json!({"fault": "malformed"}), ErrorClass::Protocol),
        (json!({"fault": "truncated"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 5_000_000}), ErrorClass::Protocol),
    ] {
        let told = Bench::rule(bench::on("upload", &fault))
            .await
            .market
            .upload("main", &Bytes::from_static(PNG))
            .await;
        assert_eq!(told.err().map(|error| error.class), Some(wanted), "{fault}");
    }
}

/// An address goes into inputs: a private one that is not the operator's is not taken from an answer.
#[tokio::test]
async fn an_address_that_points_elsewhere_is_refused() {
    for (public_url, good) in
        [("http://127.0.0.1:9", false), ("https://cdn.example", true), ("ftp://a.example", false)]
    {
        let bench = Bench::new(json!({"public_url": public_url})).await;
        let told = bench.market.upload("main", &Bytes::from_static(PNG)).await;
        assert_eq!(told.is_ok(), good, "{public_url}");
    }
}
