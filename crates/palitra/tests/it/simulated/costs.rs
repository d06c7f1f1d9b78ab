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
