//! `palitra models`: what can be used, and at what price.

use super::{Result, Session};
use crate::{
    args::Models,
    config::Config,
    control::{self, Service},
    failure::{Failure, Phrase},
};
use palitra_api::documents::model::{self, PriceDocument, Seller};
pub use palitra_api::documents::model::{ModelDocument, Wanted};
use palitra_domain::{
    Currency, ErrorCode, Money,
    catalogue::{Catalogue, Status},
    market::ListedPrice,
    price::Coin,
};
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
            let path = format!("/v1/models/schema{}", control::query(&json!({ "id": model })));
            let shown = control::look(session, &path).await?.unwrap_or_default();
            session.console.document(&shown);
            if !session.console.json {
                session.console.say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
            }
            Ok(())
        }
        Models::Show { model } => {
            let catalogue = stocked(session).await?;
            show(session, &catalogue, &model)
        }
        Models::Sync { market } => sync(session, market.as_deref()).await,
        Models::Price { model, unit, cost, currency } => {
            let app = session.open().await?;
            let coin = currency.unwrap_or_else(|| coin_of(&app.engine.catalogue(), &model));
            app.engine.price_model(&model, ListedPrice { unit, cost_micros: cost.0, coin }).await?;
            show(session, &app.engine.catalogue(), &model)?;
            app.close().await;
            Ok(())
        }
        Models::Approve { model } => {
            let app = session.open().await?;
            app.engine.approve_model(&model).await?;
            show(session, &app.engine.catalogue(), &model)?;
            app.close().await;
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
    let path = format!("/v1/models{}", control::query(&words));
    let mut answer = service.ask(session, "GET", &path, &Value::Null).await?;
    serde_json::from_value(answer["data"].take())
        .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))
}

/// What is sold here; before the first command that is what ships.
pub(super) async fn stocked(session: &Session) -> Result<Arc<Catalogue>> {
    let app = session.look().await?;
    Ok(app.map_or_else(|| Arc::new(Catalogue::shipped()), |app| app.engine.catalogue()))
}

/// What the models of its market that have a price are counted in.
fn coin_of(catalogue: &Catalogue, model: &str) -> Coin {
    let market = catalogue.find(model).map(|model| model.market.clone()).unwrap_or_default();
    let sold =
        catalogue.models().iter().filter(|model| model.market == market && model.status == Status::Active);
    let coins = sold.flat_map(|model| &model.modes).map(|mode| mode.prices.base.coin);
    coins.into_iter().next().unwrap_or(Coin::Money(Currency::USD))
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
    session.console.document(&shown);
    if !session.console.json {
        session.console.say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
    }
    Ok(())
}

fn seller<'a>(config: &Config, catalogue: &'a Catalogue) -> Seller<'a> {
    Seller::new(catalogue, config.money.prices(), |market| config.markets.has_key(market))
}

async fn sync(session: &Session, market: Option<&str>) -> Result<()> {
    let app = session.open().await?;
    let synced = app.engine.sync(market).await?;
    app.close().await;
    session.console.document(&synced);
    if synced.is_empty() {
        session.console.say(&session.console.text("sync-none", &[]));
    }
    for synced in &synced {
        let line = match (&synced.error, synced.listed) {
            (Some(why), _) => Phrase::new("sync-failed").with("why", why.as_str()),
            (None, None) => Phrase::new("sync-no-list"),
            (None, Some(count)) => Phrase::new("sync-line")
                .with("count", i64::try_from(count).unwrap_or(i64::MAX))
                .with("changes", i64::try_from(synced.changes.len()).unwrap_or(i64::MAX)),
        };
        session.console.say(&line.with("market", synced.market.as_str()).text(session.console.lang));
        for (change, model, about) in &synced.changes {
            session.console.say(&change_line(session, change, &format!("{}:{model}", synced.market), about));
        }
    }
    let failed = synced.iter().find_map(|synced| Some((synced.market.clone(), synced.error.clone()?)));
    match failed {
        Some((market, _)) => Err(Failure::new(ErrorCode::MarketUnavailable).with("value", market)),
        None => Ok(()),
    }
}

fn change_line(session: &Session, change: &str, model: &str, about: &str) -> String {
    let change = session.console.text(&format!("shelf-{change}"), &[]);
    let about = if about.is_empty() { String::new() } else { format!(": {about}") };
    format!("  {change:<10} {model}{about}")
}

async fn history(session: &Session, market: Option<&str>, limit: u32) -> Result<()> {
    let changes = match session.look().await? {
        Some(app) => app.engine.shelf_history(market, limit).await?,
        None => Vec::new(),
    };
    let shown: Vec<Value> = changes
        .iter()
        .map(|change| {
            json!({
                "at": change.at.rfc3339(), "market": change.market, "model": change.market_id, "change": change.change,
                "about": change.about,
            })
        })
        .collect();
    session.console.document(&shown);
    for change in &changes {
        let model = format!("{}:{}", change.market, change.market_id);
        let line = change_line(session, &change.change, &model, &change.about);
        session.console.say(&format!("{}{line}", change.at.rfc3339()));
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
    for price in prices.iter().filter(|price| mode.is_none_or(|mode| price.mode == mode)) {
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
