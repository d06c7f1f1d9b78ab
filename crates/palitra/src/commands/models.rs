//! `palitra models`: what can be used, and at what price.

use super::{
    Result, Session,
    documents::{list, word},
};
use crate::{
    args::Models,
    config::Config,
    control::{self, Service, query},
    failure::{Failure, Phrase},
};
use axum::http::Method;
use palitra_api::documents::model::{self, PriceDocument, Seller};
pub use palitra_api::documents::model::{ModelDocument, Wanted};
use palitra_domain::{Currency, ErrorCode, Money, catalogue::Catalogue};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn run(session: &Session, args: Models) -> Result<()> {
    match args {
        Models::Ls { all, market, mode, category } => {
            let wanted = Wanted { all, market, mode, category };
            let models = match Service::named(session)? {
                Some(service) => there(session, &service, &wanted).await?,
                None => documents(session.config(), &*stocked(session).await?, &wanted),
            };
            session.console.document(&models);
            for shown in &models {
                session_line(session, shown, wanted.mode.as_deref());
            }
            Ok(())
        }
        Models::Show { model } if session.cli.server.is_some() => {
            let path = format!("/v1/models/schema{}", query(&json!({ "id": model })));
            let shown = control::look(session, &path).await?.unwrap_or_default();
            say(session, &shown);
            Ok(())
        }
        Models::Show { model } => {
            let catalogue = stocked(session).await?;
            show(session, &catalogue, &model)
        }
        Models::Sync { market } => sync(session, market.as_deref()).await,
        Models::Price { model, unit, cost, currency } => {
            let currency = currency.map(|coin| coin.to_string());
            let price = json!({ "model": model, "unit": unit.as_str(), "cost": cost.to_string(), "currency": currency });
            let shown = control::tell(session, Method::POST, "/v1/models/price", &price).await?;
            say(session, &shown);
            Ok(())
        }
        Models::Approve { model } => {
            let body = json!({ "model": model });
            let shown = control::tell(session, Method::POST, "/v1/models/approve", &body).await?;
            say(session, &shown);
            Ok(())
        }
        Models::History { market, limit } => history(session, market.as_deref(), limit).await,
    }
}

/// What `models ls` shows.
pub fn documents(config: &Config, catalogue: &Catalogue, wanted: &Wanted) -> Vec<ModelDocument> {
    model::list(catalogue, config.money.prices(), |market| config.markets.has_key(market), wanted)
}

/// What a service sells.
async fn there(session: &Session, service: &Service, wanted: &Wanted) -> Result<Vec<ModelDocument>> {
    let Wanted { all, market, mode, category } = wanted;
    let words = json!({ "all": all, "market": market, "mode": mode, "category": category });
    let path = format!("/v1/models{}", query(&words));
    let mut answer = service.ask(session, "GET", &path, &Value::Null).await?;
    serde_json::from_value(answer["data"].take())
        .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))
}

/// What is sold here; before the first command that is what ships.
pub(super) async fn stocked(session: &Session) -> Result<Arc<Catalogue>> {
    let app = session.look().await?;
    Ok(app.map_or_else(|| Arc::new(Catalogue::shipped()), |app| app.engine.catalogue()))
}

fn show(session: &Session, catalogue: &Catalogue, id: &str) -> Result<()> {
    let found = catalogue.find(id).ok_or_else(|| {
        let nearest: Vec<String> = catalogue.nearest(id).iter().map(|id| format!("`{id}`")).collect();
        Failure::new(ErrorCode::UnknownModel)
            .with("value", format!("`{id}`"))
            .with("hint", nearest.join(", "))
    })?;
    let mut shown = json!(seller(session.config(), catalogue).shown(found));
    let inputs = found.modes.iter().map(|mode| (mode.name.clone(), mode.input.schema()));
    shown["hint"] = json!(found.hint);
    shown["inputs"] = Value::Object(inputs.collect());
    say(session, &shown);
    Ok(())
}

/// A model is read as it is, by people too.
fn say(session: &Session, shown: &Value) {
    session.console.document(shown);
    if !session.console.json {
        session.console.say(&serde_json::to_string_pretty(shown).unwrap_or_default());
    }
}

fn seller<'a>(config: &Config, catalogue: &'a Catalogue) -> Seller<'a> {
    Seller::new(catalogue, config.money.prices(), |market| config.markets.has_key(market))
}

async fn sync(session: &Session, market: Option<&str>) -> Result<()> {
    let (path, body) = ("/v1/models/sync", json!({ "market": market }));
    let patience = control::AS_LONG_AS_MARKETS_TAKE;
    let mut answer = control::tell_within(session, Method::POST, (path, &body), patience).await?;
    let mut synced = answer["data"].take();
    for change in
        synced.as_array_mut().into_iter().flatten().flat_map(|it| it["changes"].as_array_mut()).flatten()
    {
        *change = json!([change["change"], change["model"], change["about"]]);
    }
    session.console.document(&synced);
    if list(&synced).is_empty() {
        session.console.say(&session.console.text("sync-none", &[]));
    }
    for synced in list(&synced) {
        let market = word(&synced["market"]);
        let line = match (synced["error"].as_str(), synced["listed"].as_i64()) {
            (Some(why), _) => Phrase::new("sync-failed").with("why", why),
            (None, None) => Phrase::new("sync-no-list"),
            (None, Some(count)) => {
                let changes = i64::try_from(list(&synced["changes"]).len()).unwrap_or(i64::MAX);
                Phrase::new("sync-line").with("count", count).with("changes", changes)
            }
        };
        session.console.say(&line.with("market", market).text(session.console.lang));
        for change in list(&synced["changes"]) {
            let [change, model, about] = [0, 1, 2].map(|n| word(&change[n]));
            session.console.say(&change_line(session, change, &format!("{market}:{model}"), about));
        }
    }
    match list(&synced).iter().find(|synced| !synced["error"].is_null()) {
        Some(failed) => {
            Err(Failure::new(ErrorCode::MarketUnavailable).with("value", word(&failed["market"])))
        }
        None => Ok(()),
    }
}

fn change_line(session: &Session, change: &str, model: &str, about: &str) -> String {
    let change = session.console.text(&format!("shelf-{change}"), &[]);
    let about = if about.is_empty() { String::new() } else { format!(": {about}") };
    format!("  {change:<10} {model}{about}")
}

async fn history(session: &Session, market: Option<&str>, limit: u32) -> Result<()> {
    let words = query(&json!({ "market": market, "limit": limit }));
    let shown = control::look(session, &format!("/v1/models/history{words}")).await?.unwrap_or_default();
    let changes = list(&shown["data"]);
    session.console.document(&changes);
    for change in changes {
        let [at, market, model, what, about] =
            ["at", "market", "model", "change", "about"].map(|name| word(&change[name]));
        let line = change_line(session, what, &format!("{market}:{model}"), about);
        session.console.say(&format!("{at}{line}"));
    }
    if changes.is_empty() {
        session.console.say(&session.console.text("shelf-none", &[]));
    }
    Ok(())
}

fn session_line(session: &Session, shown: &ModelDocument, mode: Option<&str>) {
    if session.console.json {
        return;
    }
    let price = match shown.status.as_str() {
        "draft" => session.console.text("model-no-price", &[]),
        _ => spans(session, &shown.prices, mode),
    };
    let status = session.console.text(&format!("model-{}", shown.status), &[]);
    let ModelDocument { id, category, name, .. } = shown;
    session.console.say(&format!("{id:<44} {category:<6} {status:<9} {name:<30} {price}"));
}

/// `17.10 ₽ – 22.80 ₽ / run`: for each unit the least and the most; what they depend on is in `models show`.
fn spans(session: &Session, prices: &[PriceDocument], mode: Option<&str>) -> String {
    let mut units: Vec<(&str, &str, i64, i64)> = Vec::new();
    let is_meant = |price: &&PriceDocument| !price.is_extra() && mode.is_none_or(|mode| price.mode == mode);
    for price in prices.iter().filter(is_meant) {
        let amount = price.amount;
        match units.iter_mut().find(|(known, ..)| *known == price.unit.as_str()) {
            Some((.., least, most)) => (*least, *most) = ((*least).min(amount), (*most).max(amount)),
            None => units.push((&price.unit, &price.currency, amount, amount)),
        }
    }
    let span = |(unit, currency, least, most): &(&str, &str, i64, i64)| {
        let currency = Currency::parse(currency).unwrap_or(Currency::RUB);
        let unit = session.console.text(&format!("unit-{unit}"), &[]);
        let [least, most] = [least, most].map(|amount| Money::new(*amount, currency).to_string());
        if least == most { format!("{least} / {unit}") } else { format!("{least} – {most} / {unit}") }
    };
    units.iter().map(span).collect::<Vec<_>>().join(", ")
}
