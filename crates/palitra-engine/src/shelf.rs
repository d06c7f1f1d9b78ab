//! What is sold now: the catalogue that ships with the program, what markets were found to have and the operator has priced, and the
//! version of the price book that says so. Every process looks now and then whether another one has changed it.

use crate::{Context, Engine, Result, scheduler::Machine, sync::shipped_price};
use palitra_domain::{
    Timestamp,
    catalogue::{Catalogue, Status, listed},
    market::Listed,
    price::PriceSettings,
    recipe,
};
use palitra_store::{
    Tx,
    markets::{configure_models, price_version},
    shelf::{self, Row},
};
use std::sync::{Arc, PoisonError};

/// The goods, and how far the shelf in the database had got when they were read.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    catalogue: Arc<Catalogue>,
    price_version: i64,
    version: i64,
}

impl Shelf {
    /// Reads the shelf and opens a new version of the price book when a price has changed.
    pub(crate) fn stock(
        tx: &mut Tx,
        shipped: &Catalogue,
        prices: &PriceSettings,
        now: Timestamp,
    ) -> palitra_store::Result<Shelf> {
        let shelf = Shelf::look(tx, shipped)?;
        configure_models(tx, &shelf.catalogue)?;
        let fingerprint = fingerprint(&shelf.catalogue, prices);
        let price_version = price_version(tx, &shelf.catalogue, prices, &fingerprint, now)?;
        Ok(Shelf { price_version, ..shelf })
    }

    /// The same beside a running process: nothing is written.
    pub(crate) fn look(tx: &mut Tx, shipped: &Catalogue) -> palitra_store::Result<Shelf> {
        let (version, rows) = (shelf::version(tx)?, shelf::rows(tx, None)?);
        Ok(Shelf { catalogue: Arc::new(merged(shipped, &rows)), price_version: 0, version })
    }
}

/// The shipped catalogue, with what was found beside it and its own models as they stand now.
fn merged(shipped: &Catalogue, rows: &[Row]) -> Catalogue {
    let mut catalogue = shipped.clone();
    for row in rows {
        let id = format!("{}:{}", row.market, row.market_id);
        if let Some(model) = shipped.find(&id) {
            // A newer pack may know that there is no price any more, or no model: what was active before is not sold again by that.
            let is_sold =
                model.status != Status::Retired && (row.price.is_some() || shipped_price(model).is_some());
            if row.status != Status::Draft && (row.status != Status::Active || is_sold) {
                catalogue.set_status(&id, row.status);
            }
            if let Some(price) = row.price {
                catalogue.set_price(&id, price);
            }
        } else if let Some(model) = listed::model_of(&row.market, &listing(row), row.price, row.status) {
            catalogue.add(model);
        }
    }
    catalogue
}

/// The row as its market listed it.
pub(crate) fn listing(row: &Row) -> Listed {
    Listed {
        market_id: row.market_id.clone(),
        name: row.name.clone(),
        category: row.category.clone(),
        schema: row.schema.as_deref().and_then(|schema| serde_json::from_str(schema).ok()),
        price: row.price,
        deprecated: row.status == Status::Retired,
    }
}

/// Changes when any price does, so that a new version of the price book is opened.
fn fingerprint(catalogue: &Catalogue, prices: &PriceSettings) -> String {
    let rules: Vec<String> = catalogue
        .models()
        .iter()
        .filter(|model| model.status == Status::Active)
        .flat_map(|model| {
            model.modes.iter().map(|mode| format!("{} {} {:?}", model.id, mode.name, mode.prices))
        })
        .collect();
    recipe::recipe_hash("prices", "", &serde_json::json!([format!("{prices:?}"), rules]))
}

impl Context {
    /// What is sold now; who holds it goes on with it even if it changes.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).catalogue.clone()
    }

    pub(crate) fn price_version(&self) -> i64 {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).price_version
    }

    fn shelf_version(&self) -> i64 {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).version
    }
}

impl Engine {
    /// Reads the shelf again, after a change of it.
    pub(crate) async fn restock(&self) -> Result<()> {
        let (shipped, prices, now) = (self.shipped.clone(), self.settings.prices, self.now());
        let shelf = self.store.write(move |tx| {
            palitra_store::installation::lock(tx)?;
            Shelf::stock(tx, &shipped, &prices, now)
        });
        let shelf = shelf.await?;
        self.validators.forget();
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = shelf;
        Ok(())
    }
}

/// Whether another process has changed the shelf; then this one reads it again.
pub(crate) async fn look(machine: &Machine) -> Result<()> {
    if machine.store.read(shelf::version).await? != machine.shelf_version() {
        machine.engine.restock().await?;
        tracing::info!("the catalogue has changed and was read again");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::market::ListedPrice;

    /// A row of flux/dev as an earlier version of the program has left it.
    fn row(status: Status) -> Row {
        Row {
            market: "fal".to_owned(),
            market_id: "fal-ai/flux/dev".to_owned(),
            name: String::new(),
            category: String::new(),
            status,
            schema: None,
            fingerprint: String::new(),
            price: None,
            listed: None,
            why: String::new(),
        }
    }

    #[test]
    fn r_20_a_newer_pack_that_takes_a_price_or_a_model_back_is_not_overruled() {
        let now = |pack: Status, known: Status, is_priced: bool| {
            let mut shipped = Catalogue::shipped();
            shipped.set_status("fal-ai/flux/dev", pack);
            if !is_priced {
                let price = shipped_price(shipped.find("fal-ai/flux/dev").unwrap()).unwrap();
                shipped.set_price("fal-ai/flux/dev", ListedPrice { cost_micros: 0, ..price });
            }
            merged(&shipped, &[row(known)]).find("fal-ai/flux/dev").unwrap().status
        };
        use Status::{Active, Draft, Paused, Retired};
        for (pack, known, is_priced, expected) in [
            (Active, Active, true, Active),
            (Active, Paused, true, Paused),
            (Draft, Active, true, Active),
            (Draft, Active, false, Draft),
            (Retired, Active, true, Retired),
        ] {
            assert_eq!(now(pack, known, is_priced), expected, "{pack} in the pack, {known} before");
        }
    }
}
