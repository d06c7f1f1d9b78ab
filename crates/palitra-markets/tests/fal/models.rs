//! Endpoints of the simulator: what they make of the file they are given.

use super::*;
use palitra_domain::market::InputFile;

/// 300 × 200; a header is all that the simulator reads.
pub(super) fn file(id: &str) -> InputFile {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 1, 44, 0, 0, 0, 200]);
    InputFile { id: id.into(), mime: "image/png".into(), extension: "png".into(), bytes: bytes.into() }
}

#[tokio::test]
async fn s2_072_an_upscaled_picture_is_twice_as_large() {
    let bench = Bench::new(json!({})).await;
    let request = Request {
        model: "fal-ai/recraft/upscale/crisp".into(),
        mode: "upscale".into(),
        input: json!({"image_url": "ast_1"}),
        files: vec![file("ast_1")],
        ..picture("")
    };
    let Submitted::Accepted(remote) = bench.fal.submit("main", &request).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    let link = link_of(&outputs(bench.poll(&remote).await));
    let bytes = read(bench.fal.fetch(&link).await.expect("a file")).await.expect("a whole file");
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (600, 400));
}
