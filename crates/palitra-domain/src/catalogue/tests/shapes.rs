//! What holds for every mode of every pack, generated from its own schema (S3-22): the least that it takes fits, is valid and has a price, and
//! without any one thing that it must have it is refused.

use super::{super::*, RUBLES};
use serde_json::{Map, json};

/// A wish that has everything a mode must have, and nothing else.
fn least(mode: &Mode) -> Map<String, Value> {
    let needed = mode.input.fields.iter().filter(|field| field.required && field.send.is_none());
    needed.map(|field| (name_of(field).to_owned(), least_value(field))).collect()
}

/// What people say for a field.
fn name_of(field: &input::Field) -> &str {
    match field.from {
        Some(Word::Size | Word::Ratio | Word::Resolution) | None => &field.name,
        Some(word) => word.as_str(),
    }
}

fn least_value(field: &input::Field) -> Value {
    if let Some(choice) = field.schema["enum"].get(0) {
        return choice.clone();
    }
    let file = json!("https://a.example/file");
    match (field.schema["type"].as_str(), field.media) {
        (Some("array"), Some(_)) => json!([file]),
        (_, Some(_)) => file,
        (Some("array"), None) => json!([]),
        (Some("integer"), _) => field.schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("number"), _) => field.schema.get("minimum").cloned().unwrap_or(json!(0.5)),
        (Some("boolean"), _) => json!(false),
        _ => json!("a lighthouse"),
    }
}

fn modes(catalogue: &Catalogue) -> Vec<(&Model, &Mode)> {
    let mut found: Vec<(&Model, &Mode)> = Vec::new();
    for model in catalogue.models() {
        for mode in &model.modes {
            found.push((model, mode));
        }
    }
    found
}

fn validator(mode: &Mode) -> jsonschema::Validator {
    jsonschema::validator_for(&mode.input.schema()).unwrap_or_else(|error| panic!("{}: {error}", mode.name))
}

#[test]
fn s3_22_the_least_of_every_mode_is_valid_and_nothing_of_it_can_be_left_out() {
    let catalogue = Catalogue::shipped();
    for (model, mode) in modes(&catalogue) {
        let at = format!("{}, {}", model.id, mode.name);
        let (wish, validator) = (least(mode), validator(mode));
        let fitted = mode.input.fit(&Value::Object(wish.clone()));
        let wrong: Vec<String> = validator.iter_errors(&fitted.body).map(|error| error.to_string()).collect();
        assert_eq!((wrong, &fitted.notices), (Vec::new(), &Vec::new()), "{at}");
        for name in wish.keys() {
            let mut poorer = wish.clone();
            poorer.remove(name);
            let body = mode.input.fit(&Value::Object(poorer)).body;
            assert!(!validator.is_valid(&body), "{at} without `{name}`: {body}");
        }
        // Whatever goes along by itself is something that the mode takes, and so is every condition of a price.
        for field in &mode.input.fields {
            let schema = jsonschema::validator_for(&field.schema).expect("a schema");
            assert!(
                field.send.as_ref().is_none_or(|send| schema.is_valid(send)),
                "{at}: `{}` sends nonsense",
                field.name
            );
        }
        for (name, value) in mode.prices.variants.iter().flat_map(|variant| &variant.when) {
            let field = mode
                .input
                .field(name)
                .unwrap_or_else(|| panic!("{at}: the price minds `{name}`, which is no field"));
            let schema = jsonschema::validator_for(&field.schema).expect("a schema");
            assert!(schema.is_valid(value), "{at}: `{name}` is never {value}");
        }
        for extra in &mode.prices.extras {
            let field = mode.input.field(&extra.each);
            assert!(field.is_some_and(|field| field.schema["type"] == "integer"), "{at}: `{}`", extra.each);
        }
    }
}

#[test]
fn r_20_every_mode_has_a_price_or_its_model_is_a_draft() {
    let catalogue = Catalogue::shipped();
    for (model, mode) in modes(&catalogue) {
        let at = format!("{}, {}", model.id, mode.name);
        let wish = Value::Object(least(mode));
        let price = mode.price(&wish, &RUBLES).unwrap_or_else(|error| panic!("{at}: {error}")).amount;
        let free = matches!(model.market.as_str(), "sandbox" | "local") || model.status == Status::Draft;
        assert_eq!(price == 0, free, "{at}: {price}");
        for (condition, rule) in mode.prices.all() {
            assert_eq!(rule.cost_micros == 0, free, "{at}, {condition}");
        }
    }
}

#[test]
fn s3_25_more_is_never_cheaper() {
    let catalogue = Catalogue::shipped();
    for (model, mode) in modes(&catalogue) {
        let mut wish = least(mode);
        let price = |wish: &Map<String, Value>| {
            mode.price(&Value::Object(wish.clone()), &RUBLES).expect("a price").amount
        };
        let one = price(&wish);
        for (word, value) in [("count", json!(2)), ("seconds", json!(10)), ("text", json!("а".repeat(3000)))]
        {
            wish.insert(word.to_owned(), value);
            assert!(price(&wish) >= one, "{}, {}: {word}", model.id, mode.name);
            wish = least(mode);
        }
    }
}

#[test]
fn every_model_says_what_it_is_good_at_and_what_may_be_done_with_its_results() {
    let catalogue = Catalogue::shipped();
    for model in catalogue.models().iter().filter(|model| model.market != "sandbox") {
        assert!(model.licence.is_some() && !model.hint.is_empty(), "{}", model.id);
        assert!(model.languages.iter().any(|language| language == "en"), "{}", model.id);
        for mode in &model.modes {
            let fast =
                mode.fast.as_ref().map(|id| catalogue.find(id).and_then(|model| model.mode(&mode.name)));
            assert!(fast.is_none_or(|fast| fast.is_some()), "{}: its fast sibling is no such mode", model.id);
            assert!(mode.usual_run < mode.longest_run, "{}, {}", model.id, mode.name);
        }
    }
}
