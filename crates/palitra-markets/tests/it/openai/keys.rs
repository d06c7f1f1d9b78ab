//! Every call of OpenAI goes to the configured address with the key.

use super::*;

#[tokio::test]
async fn every_kind_of_call_goes_to_the_configured_origin_with_the_key() {
    let mut stranger = Stranger::start().await;
    let market = OpenAi::new(OpenAiSettings {
        headers: vec![("OpenAI-Project".into(), Secret::new("proj_1"))],
        ..settings(format!("{}/behind/a/proxy/v1/", stranger.base()))
    })
    .expect("good settings");
    for (request, path) in
        [(picture(), "images/generations"), (speech(), "audio/speech"), (text(), "chat/completions")]
    {
        // An answer without a body is none.
        assert_eq!(show_submitted(&market.submit("main", &request).await), "Unknown(Protocol)");
        let heard = stranger.heard_once();
        assert!(heard.starts_with(&format!("post /behind/a/proxy/v1/{path} http/1.1\r\n")), "{heard}");
        for header in [
            format!("authorization: bearer {KEY}\r\n"),
            "openai-project: proj_1\r\n".into(),
            "content-type: application/json\r\n".into(),
            "content-length: ".into(),
        ] {
            assert!(heard.contains(&header), "{header} in {heard}");
        }
    }
}
