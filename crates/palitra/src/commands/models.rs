//! `palitra models`: what can be used, and at what price.

use super::{Result, Session};
use crate::{args::Models, failure::Failure};
use palitra_domain::{
    ErrorCode, Money,
    catalogue::{Catalogue, Model},
    format::Format,
    price::{Amounts, PriceSettings},
};
use serde_json::{Value, json};

pub(super) fn run(session: &Session, args: Models) -> Result<()> {
    let catalogue = Catalogue::shipped();
    match args {
        Models::Ls { all } => {
            let models: Vec<Value> = catalogue
                .models()
                .iter()
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
            let shown = document(session, found);
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
        "{:<20} {:<6} {status:<9} {:<24} {price}",
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
    format!("{} / {}", amount.unwrap_or_default(), session.console.text(&unit, &[]))
}

/// `{id, market, name, modes[], category, status, languages, licence, prices}`; amounts are for one unit, in minor units.
fn document(session: &Session, model: &Model) -> Value {
    let money = &session.config().money;
    let settings = PriceSettings {
        currency: money.currency,
        usd_rate: money.usd_rate,
        markup: money.markup,
        factor: palitra_domain::money::Millionths::ONE,
    };
    // One of each unit: a picture of a million pixels, a thousand characters, a second.
    let one = Amounts { format: Some(Format { width: 1_000, height: 1_000 }), characters: 1_000, seconds: 1 };
    let prices: Vec<Value> = model
        .modes
        .iter()
        .filter_map(|mode| {
            let price = mode.price.price(&one, &settings).ok()?;
            Some(json!({ "mode": mode.name, "unit": mode.price.unit, "amount": price.amount, "currency": price.currency }))
        })
        .collect();
    let has_key = model.market == "sandbox"
        || model.market == "fal" && !session.config().markets.fal.market_keys().is_empty();
    json!({
        "id": model.id, "market": model.market, "name": model.name,
        "modes": model.modes.iter().map(|mode| &mode.name).collect::<Vec<_>>(), "category": model.category,
        "status": if has_key { "active" } else { "no_key" }, "languages": model.languages, "licence": model.licence, "prices": prices,
    })
}
