//! `palitra models`: what can be used, and at what price.

use super::{Result, Session};
use crate::{args::Models, failure::Failure};
use palitra_domain::{
    ErrorCode, Money,
    catalogue::{Catalogue, Model, Status},
    format::Format,
    price::{Amounts, PriceSettings},
};
use serde_json::{Value, json};

pub(super) fn run(session: &Session, args: Models) -> Result<()> {
    let catalogue = Catalogue::shipped();
    match args {
        Models::Ls { all, market, mode, category } => {
            let is_wanted = |model: &&Model| {
                market.as_ref().is_none_or(|market| model.market == *market)
                    && category.as_ref().is_none_or(|category| model.category == *category)
                    && mode.as_ref().is_none_or(|mode| model.mode(mode).is_some())
            };
            let models: Vec<Value> = catalogue
                .models()
                .iter()
                .filter(is_wanted)
                .map(|model| document(session, model))
                .filter(|shown| all || shown["status"] == "active")
                .collect();
            session.console.document(&models);
            for shown in &models {
                session_line(session, shown);
            }
        }
        Models::Show { model } => {
            let found = catalogue.find(&model).ok_or_else(|| {
                let nearest: Vec<String> =
                    catalogue.nearest(&model).iter().map(|id| format!("`{id}`")).collect();
                Failure::new(ErrorCode::UnknownModel)
                    .with("value", format!("`{model}`"))
                    .with("hint", nearest.join(", "))
            })?;
            let mut shown = document(session, found);
            let inputs = found.modes.iter().map(|mode| (mode.name.clone(), mode.input.schema()));
            shown["hint"] = json!(found.hint);
            shown["inputs"] = Value::Object(inputs.collect());
            session.console.document(&shown);
            if !session.console.json {
                session.console.say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
            }
        }
    }
    Ok(())
}

fn session_line(session: &Session, shown: &Value) {
    if session.console.json {
        return;
    }
    let price = shown["prices"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|price| price_text(session, price))
        .collect::<Vec<_>>()
        .join(", ");
    let text = |name: &str| shown[name].as_str().unwrap_or_default();
    let status = session.console.text(&format!("model-{}", text("status")), &[]);
    session.console.say(&format!(
        "{:<44} {:<6} {status:<9} {:<30} {price}",
        text("id"),
        text("category"),
        text("name")
    ));
}

fn price_text(session: &Session, price: &Value) -> String {
    let currency = price["currency"].as_str().and_then(palitra_domain::Currency::parse);
    let amount = price["amount"]
        .as_i64()
        .zip(currency)
        .map(|(amount, currency)| Money::new(amount, currency).to_string());
    let unit = format!("unit-{}", price["unit"].as_str().unwrap_or_default());
    let when = price["when"].as_str().map(|when| format!(" ({when})")).unwrap_or_default();
    format!("{} / {}{when}", amount.unwrap_or_default(), session.console.text(&unit, &[]))
}

/// `{id, market, name, modes[], category, status, languages, licence, prices}`; amounts are for one unit, in minor units.
fn document(session: &Session, model: &Model) -> Value {
    let settings: PriceSettings = session.config().money.prices();
    // One of each unit: a picture of a million pixels, a thousand characters or tokens, a second.
    let one = Amounts {
        format: Some(Format { width: 1_000, height: 1_000 }),
        count: 1,
        characters: 1_000,
        seconds: 1,
        tokens: 1_000,
    };
    let mut prices = Vec::new();
    for mode in &model.modes {
        for (when, rule) in mode.prices.all() {
            let Ok(price) = rule.price(&one, &settings) else { continue };
            let mut shown =
                json!({ "mode": mode.name, "unit": rule.unit, "amount": price.amount, "currency": price.currency });
            if !when.is_empty() {
                shown["when"] = json!(when);
            }
            prices.push(shown);
        }
    }
    let status = match model.status {
        Status::Active if !session.config().markets.has_key(&model.market) => "no_key",
        status => status.as_str(),
    };
    json!({
        "id": model.id, "market": model.market, "name": model.name,
        "modes": model.modes.iter().map(|mode| &mode.name).collect::<Vec<_>>(), "category": model.category,
        "status": status, "languages": model.languages, "licence": model.licence, "prices": prices,
    })
}
