//! `palitra models`: what can be used, and at what price.

use super::{Result, Session};
use crate::{
    args::Models,
    config::Config,
    failure::{Failure, Phrase},
};
use palitra_domain::{
    Currency, ErrorCode, Money,
    catalogue::{Catalogue, Licence, Model, Status},
    format::Format,
    market::ListedPrice,
    price::{Amounts, Coin, PriceSettings, Unit},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

pub(super) async fn run(session: &Session, args: Models) -> Result<()> {
    match args {
        Models::Ls { all, market, mode, category } => {
            let catalogue = stocked(session).await?;
            let wanted = Wanted { all, market, mode, category };
            let models = documents(session.config(), &catalogue, &wanted);
            session.console.document(&models);
            for shown in &models {
                session_line(session, shown, wanted.mode.as_deref());
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

/// Which models are listed.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those that cannot be used as well.
    pub all: bool,
    pub market: Option<String>,
    pub mode: Option<String>,
    pub category: Option<String>,
}

/// What `models ls` shows.
pub fn documents<'a>(config: &Config, catalogue: &'a Catalogue, wanted: &Wanted) -> Vec<Shown<'a>> {
    let is_wanted = |model: &&Arc<Model>| {
        wanted.market.as_ref().is_none_or(|market| model.market == *market)
            && wanted.category.as_ref().is_none_or(|category| model.category == *category)
            && wanted.mode.as_ref().is_none_or(|mode| model.mode(mode).is_some())
    };
    let seller = Seller::new(config, catalogue);
    let shown = catalogue.models().iter().filter(is_wanted).map(|model| seller.shown(model));
    shown.filter(|shown| wanted.all || shown.status == "active").collect()
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
    let mut shown = json!(Seller::new(session.config(), catalogue).shown(found));
    let inputs = found.modes.iter().map(|mode| (mode.name.clone(), mode.input.schema()));
    shown["hint"] = json!(found.hint);
    shown["inputs"] = Value::Object(inputs.collect());
    session.console.document(&shown);
    if !session.console.json {
        session.console.say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
    }
    Ok(())
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

fn session_line(session: &Session, shown: &Shown<'_>, mode: Option<&str>) {
    if session.console.json {
        return;
    }
    let price = match shown.status {
        "draft" => session.console.text("model-no-price", &[]),
        _ => spans(session, &shown.prices, mode),
    };
    let status = session.console.text(&format!("model-{}", shown.status), &[]);
    let Shown { id, category, name, .. } = shown;
    session.console.say(&format!("{id:<44} {category:<6} {status:<9} {name:<30} {price}"));
}

/// `17.10 ₽ – 22.80 ₽ / run`: for each unit the least and the most; what they depend on is in `models show`.
fn spans(session: &Session, prices: &[ShownPrice<'_>], mode: Option<&str>) -> String {
    let mut units: Vec<(Unit, Currency, i64, i64)> = Vec::new();
    for price in prices.iter().filter(|price| mode.is_none_or(|mode| price.mode == mode)) {
        let amount = price.amount;
        match units.iter_mut().find(|(known, ..)| *known == price.unit) {
            Some((.., least, most)) => (*least, *most) = ((*least).min(amount), (*most).max(amount)),
            None => units.push((price.unit, price.currency, amount, amount)),
        }
    }
    let span = |(unit, currency, least, most): &(Unit, Currency, i64, i64)| {
        let unit = session.console.text(&format!("unit-{unit}"), &[]);
        let [least, most] = [least, most].map(|amount| Money::new(*amount, *currency).to_string());
        if least == most { format!("{least} / {unit}") } else { format!("{least} – {most} / {unit}") }
    };
    units.iter().map(span).collect::<Vec<_>>().join(", ")
}

/// What of the settings a document depends on, read once for all of them.
struct Seller<'a> {
    prices: PriceSettings,
    /// Markets that can be used.
    open: BTreeSet<&'a str>,
}

impl<'a> Seller<'a> {
    fn new(config: &Config, catalogue: &'a Catalogue) -> Seller<'a> {
        let markets: BTreeSet<&str> = catalogue.models().iter().map(|model| model.market.as_str()).collect();
        let open = markets.into_iter().filter(|market| config.markets.has_key(market)).collect();
        Seller { prices: config.money.prices(), open }
    }

    fn shown<'m>(&self, model: &'m Model) -> Shown<'m> {
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
                let Ok(price) = rule.price(&one, &self.prices) else { continue };
                let Money { amount, currency } = price;
                prices.push(ShownPrice { mode: &mode.name, unit: rule.unit, amount, currency, when });
            }
        }
        let status = match model.status {
            Status::Active if !self.open.contains(model.market.as_str()) => "no_key",
            status => status.as_str(),
        };
        Shown {
            id: &model.id,
            market: &model.market,
            name: &model.name,
            modes: model.modes.iter().map(|mode| mode.name.as_str()).collect(),
            category: &model.category,
            status,
            languages: &model.languages,
            licence: model.licence,
            prices,
        }
    }
}

/// A model in a list; amounts are for one unit, in minor units.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    id: &'a str,
    market: &'a str,
    name: &'a str,
    modes: Vec<&'a str>,
    category: &'a str,
    status: &'static str,
    languages: &'a [String],
    licence: Option<Licence>,
    prices: Vec<ShownPrice<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownPrice<'a> {
    mode: &'a str,
    unit: Unit,
    amount: i64,
    currency: Currency,
    /// The input for which it holds; without one, all others.
    #[serde(skip_serializing_if = "String::is_empty")]
    when: String,
}
