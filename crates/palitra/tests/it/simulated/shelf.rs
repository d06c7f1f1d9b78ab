//! Models that a market lists anew: shown, priced, approved, used, and written down.

use super::Simulated;
use serde_json::{Value, json};

fn find<'a>(models: &'a Value, id: &str) -> &'a Value {
    models.as_array().unwrap().iter().find(|model| model["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn every_listed_model_has_the_same_fields() {
    let models = Simulated::all().desk.json(&["models", "ls", "--all"]);
    let names = ["category", "id", "languages", "licence", "market", "modes", "name", "prices", "status"];
    for model in models.as_array().unwrap() {
        let mut fields: Vec<&str> = model.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, names, "{model}");
        assert!(model["modes"].as_array().is_some_and(|modes| modes.iter().all(Value::is_string)), "{model}");
        for price in model["prices"].as_array().unwrap() {
            assert!(
                price["mode"].is_string() && price["unit"].is_string() && price["currency"].is_string(),
                "{model}"
            );
            assert!(price["amount"].is_i64(), "{model}");
        }
    }
}

#[test]
fn a_list_for_people_says_what_the_mode_costs_at_least_and_at_most() {
    let town = Simulated::start(&["openai"]);
    let edits =
        town.desk.run(&["models", "ls", "--mode", "edit", "--market", "openai", "--lang", "en"]).stdout;
    let line = edits.lines().find(|line| line.starts_with("openai:gpt-image-1 ")).unwrap();
    assert!(line.trim_end().ends_with("8.74 ₽ – 53.20 ₽ / image"), "{line}");
}

#[test]
fn s3_01_a_new_model_of_kie_or_wavespeed_is_a_draft_until_somebody_says_its_price() {
    let town = Simulated::all();
    let schema = json!({
        "type": "object", "required": ["prompt"],
        "properties": { "prompt": { "type": "string" }, "seed": { "type": "integer" } },
    });
    let wavespeed = json!({ "name": "Brand New", "type": "text-to-image", "api_schema": { "api_schemas": [{ "type": "model_run", "request_schema": schema }] } });
    town.script("wavespeed", &json!({ "listing": { "change": { "acme/brand-new": wavespeed } } }));
    let kie = json!({ "title": "Brand New", "taskType": ["text-to-image"], "input": schema });
    town.script("kie", &json!({ "listing": { "change": { "acme/brand-new": kie } } }));
    for market in ["kie", "wavespeed"] {
        let id = format!("{market}:acme/brand-new");
        let synced = town.desk.json(&["models", "sync", market]);
        let new = json!(["new", "acme/brand-new"]);
        let changes = synced[0]["changes"].as_array().unwrap();
        assert!(changes.iter().any(|change| json!([change[0], change[1]]) == new), "{synced}");
        let listed = town.desk.json(&["models", "ls", "--all", "--market", market]);
        assert_eq!(find(&listed, &id)["status"], "draft");
        let hidden = town.desk.json(&["models", "ls", "--market", market]);
        assert!(hidden.as_array().unwrap().iter().all(|model| model["id"] != id.as_str()));
        let unpriced = town.desk.run(&["models", "approve", &id]);
        assert_eq!(unpriced.code, Some(2), "{}", unpriced.stderr);
        let (error, hint) = unpriced.complaint();
        assert!(error.contains(&id) && hint.contains("palitra models price"), "{error}: {hint}");
        let priced = town.desk.json(&[
            "models",
            "price",
            &id,
            "--unit",
            "image",
            "--cost",
            "0.04",
            "--currency",
            "USD",
        ]);
        assert_eq!(priced["prices"][0]["unit"], "image", "{priced}");
        let approved = town.desk.json(&["models", "approve", &id]);
        assert_eq!(approved["status"], "active", "{approved}");
        assert_eq!(town.desk.json(&["models", "show", &id])["status"], "active");
        let history = town.desk.json(&["models", "history", market]);
        let of_model: Vec<&Value> =
            history.as_array().unwrap().iter().filter(|change| change["model"] == "acme/brand-new").collect();
        let mut changes: Vec<&str> =
            of_model.iter().map(|change| change["change"].as_str().unwrap()).collect();
        // Each run of the program has a hurried clock of its own, so their order says nothing here.
        changes.sort_unstable();
        assert_eq!(changes, ["approved", "new", "priced"], "{history}");
        assert_eq!(town.desk.json(&["models", "sync", market])[0]["changes"], json!([]));
    }
}
