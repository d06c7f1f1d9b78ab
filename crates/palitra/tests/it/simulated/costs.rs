//! What a market says it took, beside what was charged here.

use super::Simulated;

#[test]
fn what_each_market_took_is_named_with_the_attempt() {
    let town = Simulated::all().with_pictures();
    for (words, micros, said) in [
        // fal: billable units at the unit price of the pack.
        (&["create", "a cat", "--model", "fal-ai/nano-banana"][..], 39_800, "0.0398 USD"),
        // KIE: credits at the operator's price of one.
        (&["create", "a cat", "--model", "kie:google/nano-banana"], 20_000, "0.02 USD"),
        // WaveSpeed: the price it named before the run.
        (&["create", "a cat", "--model", "wavespeed-ai/flux-dev"], 12_000, "0.012 USD"),
    ] {
        let made = town.make(&[words, &["-o", "out.png"]].concat());
        let id = made["id"].as_str().unwrap();
        let shown = town.desk.json(&["jobs", "show", id]);
        let cost = &shown["attempts"][0]["cost"];
        assert_eq!(
            (cost["micros"].as_i64(), cost["currency"].as_str()),
            (Some(micros), Some("USD")),
            "{words:?}"
        );
        for (lang, took) in [("en", "the market took"), ("ru", "рынок взял")] {
            let page = town.desk.run(&["jobs", "show", id, "--lang", lang]).stdout;
            assert!(page.contains(&format!("{took} {said}")), "{page}");
        }
    }
}

/// Tokens of words and of pictures have prices of their own: what they come to is not known where a picture has one price.
#[test]
fn tokens_say_nothing_of_what_is_priced_by_the_picture() {
    let town = Simulated::all().with_pictures();
    let made = town.make(&["create", "a cat", "--model", "openai:gpt-image-1-mini", "-o", "out.png"]);
    let shown = town.desk.json(&["jobs", "show", made["id"].as_str().unwrap()]);
    assert_eq!(shown["attempts"][0]["state"], "succeeded", "{shown}");
    assert!(shown["attempts"][0]["cost"].is_null(), "{shown}");
}
