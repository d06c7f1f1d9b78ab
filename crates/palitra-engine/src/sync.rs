//! The catalogue and its markets: what a market lists is compared with what is known of it, model by model (S3-01…S3-07, S3-48…S3-50).
//!
//! New models are drafts until somebody says their price; a market that would refuse what we send pauses the model and raises an alert;
//! what is gone is retired. Nothing is forgotten: every change is a row. A chore of the leader does this every six hours; a command does
//! it at once.

use crate::{
    Engine, Error, Result,
    deliveries::alert,
    markets::{self, Target},
    scheduler::Machine,
};
use palitra_domain::{
    Currency, ErrorCode, Timestamp,
    audit::Action,
    catalogue::{Model, Status, listed},
    market::{Listed, ListedPrice, Market},
    price::Coin,
};
use palitra_store::{
    audit, outbox,
    shelf::{self, Row},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub use shelf::Change;

/// Markets change their lists by the day, not by the minute.
const EVERY: Duration = Duration::from_secs(6 * 3_600);

/// So that not every installation asks at the same minute: up to a tenth later.
const JITTER_PERCENT: u128 = 10;

/// Models of one market that are looked at; a longer list is cut, and then nothing counts as removed.
const LISTED_MAX: usize = 5_000;

/// New models that a market is asked about one by one, and how fast: KIE answers one question a second.
const DESCRIBED_MAX: usize = 10;
const DESCRIBED_EVERY: Duration = Duration::from_millis(1_100);

/// History and models that have left their market, and how many rows of each may go at once.
const CHANGES_KEPT: Duration = Duration::from_secs(400 * 86_400);
const RETIRED_KEPT: Duration = Duration::from_secs(90 * 86_400);
const THINNED_MAX: u32 = 1_000;

/// What a synchronization found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Synced {
    pub market: String,
    /// Models in the market's list; `None`: it has no list.
    pub listed: Option<usize>,
    /// Why the list could not be had.
    pub error: Option<String>,
    pub changes: Vec<(String, String, String)>,
}

impl Engine {
    /// Asks markets for their lists; `None`: every market that has a key.
    pub async fn sync(&self, market: Option<&str>) -> Result<Vec<Synced>> {
        let names: Vec<String> = match market {
            Some(market) => {
                let is_known = self.catalogue().models().iter().any(|model| model.market == market);
                if !is_known && !self.markets.contains_key(market) {
                    return Err(markets::no_target(&Target::Market(market.to_owned())));
                }
                self.market(market)?;
                vec![market.to_owned()]
            }
            None => self.markets.keys().filter(|name| !self.is_in_process(name)).cloned().collect(),
        };
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            found.push(self.sync_one(&name).await?);
        }
        if found.iter().any(|synced| !synced.changes.is_empty()) {
            self.restock().await?;
        }
        Ok(found)
    }

    fn is_in_process(&self, market: &str) -> bool {
        self.markets.get(market).is_some_and(|market| market.capabilities().in_process)
    }

    async fn sync_one(&self, market: &str) -> Result<Synced> {
        let adapter = self.market(market)?.clone();
        let key = self.keys.get(market).and_then(|labels| labels.first()).cloned().unwrap_or_default();
        let now = self.now();
        let mut synced = Synced { market: market.to_owned(), listed: None, error: None, changes: Vec::new() };
        let listed = match adapter.list_models(&key).await {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                self.note_sync(market, "no list", now).await?;
                return Ok(synced);
            }
            Err(error) => {
                tracing::warn!(
                    market,
                    error.message = error.message,
                    error.body = error.body,
                    "the models of a market cannot be listed now"
                );
                self.note_sync(market, &error.message, now).await?;
                synced.error = Some(error.message);
                return Ok(synced);
            }
        };
        synced.listed = Some(listed.len());
        let (of, count, shipped) = (market.to_owned(), listed.len(), &self.shipped);
        let known = self.store.read(move |tx| shelf::rows(tx, Some(&of))).await?;
        let known: BTreeMap<String, Row> =
            known.into_iter().map(|row| (row.market_id.clone(), row)).collect();
        let mut listed = listed;
        self.describe_new(&*adapter, (market, &key), &known, &mut listed).await;
        let seen: BTreeSet<String> = listed.iter().map(|listed| listed.market_id.clone()).collect();
        let mut news: Vec<News> = Vec::new();
        for mut listed in listed.into_iter().take(LISTED_MAX) {
            // A price of nothing is a mistake in the list, or a promise of the market's that is not ours to make.
            listed.price = listed.price.filter(|price| price.cost_micros > 0);
            let model = shipped.find(&format!("{market}:{}", listed.market_id)).map(AsRef::as_ref);
            let row = known.get(&listed.market_id);
            let found = compare(market, row, model, &listed);
            news.extend(repriced(found.as_ref(), row, model, &listed));
            news.extend(found);
        }
        let there = known.values().filter(|row| row.status != Status::Retired).count();
        let gone: Vec<&Row> = known
            .values()
            .filter(|row| row.status != Status::Retired && !seen.contains(&row.market_id))
            .collect();
        // A list that lacks most of what was there is a broken list, not a market that gives up: nothing is retired by it.
        if count < LISTED_MAX && gone.len() * 2 <= there {
            news.extend(gone.into_iter().map(|row| News {
                row: Row { status: Status::Retired, ..row.clone() },
                change: "removed",
                about: String::new(),
            }));
        } else if !gone.is_empty() {
            tracing::warn!(
                market,
                listed = count,
                gone = gone.len(),
                "the list of a market lacks too much to be believed"
            );
            synced.error =
                Some(format!("the list lacks {} of {there} models: none of them is retired", gone.len()));
        }
        synced.changes = news
            .iter()
            .filter(|news| news.change != "seen")
            .map(|news| (news.change.to_owned(), news.row.market_id.clone(), news.about.clone()))
            .collect();
        self.record(market, news, now).await?;
        Ok(synced)
    }

    /// Asks what new models take, where the list does not say it: a few each time, one a second, the rest when it is their turn. What was
    /// told before is kept.
    async fn describe_new(
        &self,
        adapter: &dyn Market,
        (market, key): (&str, &str),
        known: &BTreeMap<String, Row>,
        listed: &mut [Listed],
    ) {
        let shipped = &self.shipped;
        let unsaid = listed.iter_mut().filter(|one| one.schema.is_none() && listed::is_sold(&one.category));
        let own = unsaid.filter(|one| shipped.find(&format!("{market}:{}", one.market_id)).is_none());
        let mut left = DESCRIBED_MAX;
        for one in own {
            let told = known.get(&one.market_id).and_then(|row| row.schema.as_deref());
            one.schema = told.and_then(|told| serde_json::from_str(told).ok());
            if one.schema.is_some() || left == 0 {
                continue;
            }
            left -= 1;
            self.clock.sleep(DESCRIBED_EVERY).await;
            match adapter.describe(key, &one.market_id).await {
                Ok(schema) => one.schema = schema,
                Err(error) => {
                    tracing::warn!(
                        market,
                        model = one.market_id,
                        error.message = error.message,
                        "a model is not described now"
                    );
                    left = 0;
                }
            }
        }
    }

    async fn record(&self, market: &str, news: Vec<News>, now: Timestamp) -> Result<()> {
        let alerts: Vec<_> = news
            .iter()
            .filter(|news| {
                let is_sold = news.row.status == Status::Active;
                match news.change {
                    "drift" => true,
                    "dearer" => is_sold,
                    "removed" => news.row.price.is_some(),
                    _ => false,
                }
            })
            .map(|news| {
                let words = format!("{market}:{} {}: {}", news.row.market_id, news.change, news.about);
                alert(self, "catalogue", &words, now)
            })
            .collect();
        let (market, counted) = (market.to_owned(), news.iter().filter(|news| news.change != "seen").count());
        let write = self.store.write(move |tx| {
            for news in &news {
                shelf::put(tx, &news.row, now)?;
                if news.change != "seen" {
                    let (market, market_id) = (news.row.market.clone(), news.row.market_id.clone());
                    let (change, about) = (news.change.to_owned(), news.about.clone());
                    shelf::note(tx, &Change { at: now, market, market_id, change, about })?;
                }
            }
            if counted > 0 {
                shelf::changed(tx)?;
            }
            alerts.iter().try_for_each(|alert| outbox::insert(tx, alert, now).map(drop))?;
            shelf::synced(tx, &market, &format!("{counted} changes"), now)
        });
        write.await?;
        self.posted.notify_waiters();
        Ok(())
    }

    async fn note_sync(&self, market: &str, said: &str, now: Timestamp) -> Result<()> {
        let (market, said) = (market.to_owned(), said.to_owned());
        Ok(self.store.write(move |tx| shelf::synced(tx, &market, &said, now)).await?)
    }

    /// What has changed at markets, newest first.
    pub async fn shelf_history(&self, market: Option<&str>, limit: u32) -> Result<Vec<Change>> {
        let market = market.map(str::to_owned);
        Ok(self.store.read(move |tx| shelf::history(tx, market.as_deref(), i64::from(limit))).await?)
    }

    /// When each market was asked last, and what came of it.
    pub async fn syncs(&self) -> Result<Vec<(String, Timestamp, String)>> {
        Ok(self.store.read(shelf::syncs).await?)
    }

    /// Says what the market takes for a unit of a model that was found. It is still a draft, until it is approved.
    pub async fn price_model(&self, id: &str, price: ListedPrice) -> Result<()> {
        self.change(id, ("priced", Action::ModelPrice), &price.to_string(), move |row, _| {
            row.price = Some(price);
            Ok(())
        })
        .await
    }

    /// Sells a draft that has a price, or a model again that was paused.
    pub async fn approve_model(&self, id: &str) -> Result<()> {
        self.change(id, ("approved", Action::ModelApprove), "", |row, price| {
            if price.is_none() {
                return Err(ErrorCode::ModelUnpriced);
            }
            (row.status, row.why) = (Status::Active, String::new());
            Ok(())
        })
        .await
    }

    async fn change(
        &self,
        id: &str,
        (change, action): (&'static str, Action),
        about: &str,
        apply: impl Fn(&mut Row, Option<ListedPrice>) -> std::result::Result<(), ErrorCode> + Send + 'static,
    ) -> Result<()> {
        let catalogue = self.catalogue();
        let not_found = || {
            Error::new(ErrorCode::NotFound)
                .with("value", format!("`{id}`"))
                .with("hint", "`palitra models ls --all`")
        };
        let model = catalogue.find(id).ok_or_else(not_found)?.clone();
        let shipped = self.shipped.find(&model.prefixed_id()).cloned();
        let now = self.now();
        let entry = self.entry(action, model.prefixed_id(), about);
        let write = self.store.write(move |tx| {
            let rows = shelf::rows(tx, Some(&model.market))?;
            let found = rows.into_iter().find(|row| row.market_id == model.market_id);
            let mut row = found.unwrap_or_else(|| own_row(&model));
            let price = row.price.or_else(|| shipped_price(shipped.as_ref()?));
            apply(&mut row, price)
                .map_err(|code| palitra_store::Error::Rule { code, value: model.id.clone() })?;
            shelf::put(tx, &row, now)?;
            let (market, market_id) = (model.market.clone(), model.market_id.clone());
            shelf::note(
                tx,
                &Change { at: now, market, market_id, change: change.to_owned(), about: String::new() },
            )?;
            audit::insert(tx, &entry)?;
            shelf::changed(tx)
        });
        write.await?;
        self.restock().await
    }

    /// What the models of its market that have a price are counted in.
    pub fn coin_of(&self, model: &str) -> Coin {
        let catalogue = self.catalogue();
        let market = catalogue.find(model).map(|model| model.market.clone()).unwrap_or_default();
        let mut sold = catalogue
            .models()
            .iter()
            .filter(|model| model.market == market && model.status == Status::Active);
        let mode = sold.find_map(|model| model.modes.first());
        mode.map_or(Coin::Money(Currency::USD), |mode| mode.prices.base.coin)
    }
}

/// A model that ships and was never listed.
fn own_row(model: &Model) -> Row {
    Row {
        market: model.market.clone(),
        market_id: model.market_id.clone(),
        name: model.name.clone(),
        category: model.category.clone(),
        status: model.status,
        schema: None,
        fingerprint: String::new(),
        price: None,
        listed: None,
        why: String::new(),
    }
}

/// What the pack says of its first mode; a draft of a pack has no price yet.
pub(crate) fn shipped_price(model: &Model) -> Option<ListedPrice> {
    let base = model.modes.first()?.prices.base;
    let is_known = base.cost_micros > 0 || model.status == Status::Active;
    is_known.then_some(ListedPrice { unit: base.unit, cost_micros: base.cost_micros, coin: base.coin })
}

/// A row as it is to stand, and what is new about it.
struct News {
    row: Row,
    change: &'static str,
    about: String,
}

/// Nobody has said its price but the market.
fn follows(row: &Row, model: Option<&Model>) -> bool {
    model.is_none() && row.price == row.listed
}

/// A price that the market asks now and did not before: of what was found it becomes ours, quotes that were given stay (D1). Whatever
/// is dearer than it was, or than we count with, the operator is told: it would be sold below its margin.
fn repriced(
    found: Option<&News>,
    known: Option<&Row>,
    model: Option<&Model>,
    listed: &Listed,
) -> Option<News> {
    let asked = listed.price.filter(|asked| known.and_then(|row| row.listed) != Some(*asked))?;
    let counted = match known {
        Some(row) => row.price.or_else(|| shipped_price(model?)),
        None => shipped_price(model?),
    };
    let follows = known.is_some_and(|row| follows(row, model));
    let is_dearer = counted.is_some_and(|counted| {
        (counted.unit, counted.coin) == (asked.unit, asked.coin) && asked.cost_micros > counted.cost_micros
    });
    let change = match (is_dearer, follows && counted.is_some()) {
        (true, _) => "dearer",
        (false, true) => "repriced",
        (false, false) => "seen",
    };
    let row = match (found, known) {
        (Some(found), _) => found.row.clone(),
        (None, Some(row)) => {
            Row { price: if follows { Some(asked) } else { row.price }, listed: Some(asked), ..row.clone() }
        }
        (None, None) => return None,
    };
    let before = counted.map_or_else(|| "?".to_owned(), |counted| counted.to_string());
    Some(News { row, change, about: format!("{before} → {asked}") })
}

/// What a listing says that is not known yet.
fn compare(market: &str, known: Option<&Row>, model: Option<&Model>, listed: &Listed) -> Option<News> {
    let fingerprint = listed::fingerprint(listed);
    let gone = listed.deprecated;
    let status = match (known, model) {
        _ if gone => Status::Retired,
        (Some(row), _) if row.status == Status::Retired => Status::Draft,
        (Some(row), _) => row.status,
        (None, Some(model)) => model.status,
        (None, None) => Status::Draft,
    };
    let row = |status, why: String| Row {
        market: market.to_owned(),
        market_id: listed.market_id.clone(),
        name: listed.name.clone(),
        category: listed.category.clone(),
        status,
        schema: listed.schema.as_ref().map(ToString::to_string),
        fingerprint: fingerprint.clone(),
        price: match known {
            Some(row) if follows(row, model) => listed.price.or(row.price),
            Some(row) => row.price,
            None => listed.price.filter(|_| model.is_none()),
        },
        listed: listed.price.or(known.and_then(|row| row.listed)),
        why,
    };
    let news = |status, change, about: String| Some(News { row: row(status, about.clone()), change, about });
    match known {
        // What ships is not new when it is first seen; but it may have drifted away from the pack already.
        None if model.is_some() && !gone => match model.map(|model| listed::drift(model, listed)) {
            Some(drift) if !drift.is_empty() => news(Status::Paused, "drift", drift.join("; ")),
            _ => Some(News { row: row(status, String::new()), change: "seen", about: String::new() }),
        },
        None => news(status, if gone { "removed" } else { "new" }, String::new()),
        Some(row) if gone && row.status != Status::Retired => news(Status::Retired, "removed", String::new()),
        Some(row) if !gone && row.status == Status::Retired => {
            // What ships is sold again where it would be taken; the rest needs somebody's word.
            let drift = model.map_or(Vec::new(), |model| listed::drift(model, listed));
            let back = match model {
                Some(_) if !drift.is_empty() => Status::Paused,
                Some(model) => model.status,
                None => Status::Draft,
            };
            news(back, "returned", drift.join("; "))
        }
        Some(row) if row.fingerprint == fingerprint => None,
        Some(row) => {
            let drift =
                model.filter(|_| row.status == Status::Active).map(|model| listed::drift(model, listed));
            match drift {
                Some(drift) if !drift.is_empty() => news(Status::Paused, "drift", drift.join("; ")),
                _ => news(status, "changed", String::new()),
            }
        }
    }
}

/// The chore: every six hours and a little, counted from what the database says, whoever leads.
pub(crate) async fn keep_up(machine: Machine) -> Result<()> {
    if !machine.is_service {
        return Ok(());
    }
    let (now, last) = (machine.now(), machine.engine.syncs().await?);
    let jitter = EVERY / 100 * u32::try_from(machine.random() % JITTER_PERCENT).unwrap_or(0);
    let names: Vec<String> = machine.markets.keys().cloned().collect();
    let is_due = |name: &String| {
        let at = last.iter().find(|(market, ..)| market == name).map(|(_, at, _)| *at);
        at.is_none_or(|at| now.since(at) >= EVERY + jitter)
    };
    for name in names.iter().filter(|name| !machine.engine.is_in_process(name) && is_due(name)) {
        let before =
            |kept: Duration| Timestamp::from_micros(now.micros() - palitra_domain::time::micros(kept));
        let (changes, models) = (before(CHANGES_KEPT), before(RETIRED_KEPT));
        machine.store.write(move |tx| shelf::thin(tx, changes, models, THINNED_MAX)).await?;
        for synced in machine.engine.sync(Some(name)).await? {
            tracing::info!(
                market = synced.market,
                listed = synced.listed,
                changes = synced.changes.len(),
                "the catalogue was compared with its market"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
