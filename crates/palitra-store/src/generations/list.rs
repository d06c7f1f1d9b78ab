//! Reading generations: one, its attempts and assets, and results that answer a recipe again.

use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{
    AccountId, AssetId, BatchId, ErrorCode, GenerationId, Livemode, Timestamp,
    catalogue::Lane,
    state::{AttemptReason, AttemptState, GenerationState},
};
use std::collections::HashMap;

/// A generation as doors show it.
#[derive(Debug, Clone)]
pub struct Generation {
    pub id: GenerationId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub batch: Option<BatchId>,
    pub market: String,
    pub model: String,
    pub mode: String,
    pub lane: Lane,
    pub state: GenerationState,
    pub price: i64,
    pub attempts: i64,
    pub input: String,
    pub output: Option<String>,
    pub error_code: Option<ErrorCode>,
    pub error_text: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The attempt that was taken back after it had been given up.
    pub adopted: Option<i64>,
}

pub(super) const COLUMNS: &str = "id, account_id, livemode, batch_id, model, mode, lane, state, price, attempts, input, output, error_code, \
    error_text, created_at, updated_at, started_at, finished_at, market, adopted";

pub(super) fn generation(row: &Row) -> Result<Generation> {
    Ok(Generation {
        id: row.get(0)?,
        account: row.get(1)?,
        livemode: row.get(2)?,
        batch: row.get(3)?,
        model: row.get(4)?,
        mode: row.get(5)?,
        lane: row.get(6)?,
        state: row.get(7)?,
        price: row.get(8)?,
        attempts: row.get(9)?,
        input: row.get(10)?,
        output: row.get(11)?,
        error_code: row.get(12)?,
        error_text: row.get(13)?,
        created_at: row.get(14)?,
        updated_at: row.get(15)?,
        started_at: row.get(16)?,
        finished_at: row.get(17)?,
        adopted: row.get(19)?,
        market: row.get(18)?,
    })
}

pub fn find(tx: &mut Tx, id: &GenerationId) -> Result<Option<Generation>> {
    let sql = format!("select {COLUMNS} from generation where id = $1");
    tx.query_opt(&sql, p![id.as_str()])?.as_ref().map(generation).transpose()
}

/// One submission, as the operator sees it.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub n: i64,
    pub key: String,
    pub reason: AttemptReason,
    pub paid_by: String,
    pub state: AttemptState,
    pub reference: Option<String>,
    pub cost_micros: Option<i64>,
    pub cost_currency: Option<String>,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    /// The market's answer as it came (S0-35).
    pub error_body: Option<String>,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

pub fn attempts(tx: &mut Tx, id: &GenerationId) -> Result<Vec<Attempt>> {
    let rows = tx.query(
        "select a.n, k.label, a.reason, a.paid_by, a.state, a.reference, a.cost_micros, a.cost_currency, a.error_code, a.error_text,
                a.opened_at, a.closed_at, a.error_body
         from attempt a join market_key k on k.id = a.key_id where a.generation_id = $1 order by a.n",
        p![id.as_str()],
    )?;
    let attempt = |row: &Row| {
        Ok(Attempt {
            n: row.get(0)?,
            key: row.get(1)?,
            reason: row.get(2)?,
            paid_by: row.get(3)?,
            state: row.get(4)?,
            reference: row.get(5)?,
            cost_micros: row.get(6)?,
            cost_currency: row.get(7)?,
            error_code: row.get(8)?,
            error_text: row.get(9)?,
            opened_at: row.get(10)?,
            closed_at: row.get(11)?,
            error_body: row.get(12)?,
        })
    };
    rows.iter().map(attempt).collect()
}

/// A generation with its market's own id of the model.
pub fn find_with_market_model(tx: &mut Tx, id: &GenerationId) -> Result<Option<(Generation, String)>> {
    let Some(found) = find(tx, id)? else { return Ok(None) };
    let row = tx.query_one("select market_model from generation where id = $1", p![id.as_str()])?;
    Ok(Some((found, row.get(0)?)))
}

/// A stored file.
#[derive(Debug, Clone)]
pub struct Asset {
    pub id: AssetId,
    /// `image`, `audio`, `video`.
    pub kind: String,
    pub mime: String,
    pub object_key: String,
    pub bytes: i64,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub duration_ms: Option<i64>,
    /// Longer sides of the small copies, separated by commas.
    pub thumbnails: String,
    pub blurhash: Option<String>,
}

pub(crate) const ASSET_COLUMNS: &str =
    "id, mime, object_key, bytes, width, height, kind, duration_ms, thumbnails, blurhash";

pub fn assets(tx: &mut Tx, generation: &GenerationId) -> Result<Vec<Asset>> {
    let rows = tx.query(
        &format!(
            "select {ASSET_COLUMNS} from asset where generation_id = $1 and deleted_at is null order by n"
        ),
        p![generation.as_str()],
    )?;
    rows.iter().map(asset).collect()
}

pub(crate) fn asset(row: &Row) -> Result<Asset> {
    Ok(Asset {
        id: row.get(0)?,
        mime: row.get(1)?,
        object_key: row.get(2)?,
        bytes: row.get(3)?,
        width: row.get(4)?,
        height: row.get(5)?,
        kind: row.get(6)?,
        duration_ms: row.get(7)?,
        thumbnails: row.get(8)?,
        blurhash: row.get(9)?,
    })
}

/// A result that answers a recipe again, with its files.
#[derive(Debug, Clone)]
pub struct Reusable {
    pub recipe: String,
    pub id: GenerationId,
    pub output: Option<String>,
    pub created_at: Timestamp,
    pub assets: Vec<Asset>,
}

/// Recipes that are looked up at once.
const RECIPES_AT_ONCE: usize = 500;

/// The newest result of the account for each recipe that has one. Never another account's, never test for live (invariant 10).
pub fn reusable(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    recipes: &[String],
) -> Result<Vec<Reusable>> {
    let mut newest: HashMap<String, Reusable> = HashMap::with_capacity(recipes.len());
    for some in recipes.chunks(RECIPES_AT_ONCE) {
        let rows = tx.query(REUSABLE, p![account.as_str(), livemode.as_str(), &sql::list(some)])?;
        let mut of_recipe = HashMap::with_capacity(rows.len());
        for row in &rows {
            let recipe: String = row.get(2)?;
            of_recipe.insert(row.get::<String>(0)?, recipe.clone());
            let (id, output, created_at) = (row.get(0)?, row.get(1)?, row.get(3)?);
            let found = Reusable { recipe: recipe.clone(), id, output, created_at, assets: Vec::new() };
            newest.insert(recipe, found);
        }
        for row in &tx.query(ASSETS_OF, p![&sql::list(of_recipe.keys())])? {
            let of: String = row.get(10)?;
            let found = of_recipe.get(&of).and_then(|recipe| newest.get_mut(recipe));
            if let Some(found) = found.filter(|found| found.id.as_str() == of) {
                found.assets.push(asset(row)?);
            }
        }
    }
    Ok(newest.into_values().collect())
}

/// Few have the first digits of a hash in common. The account stands in an expression, so that nobody goes through all
/// that it has ever made instead. The newest come last.
pub(super) const REUSABLE: Sql = sql!(
    "select id, output, recipe, created_at from generation
     where substr(recipe, 1, 12) in (select substr(value, 1, 12) from ",
    EACH,
    "$3",
    EACH_END,
    ") and recipe in (select value from ",
    EACH,
    "$3",
    EACH_END,
    ") and state = 'succeeded' and batch_id is not null and account_id || '' = $1 and livemode = $2 order by created_at, id"
);

const ASSETS_OF: Sql = sql!(
    "select id, mime, object_key, bytes, width, height, kind, duration_ms, thumbnails, blurhash, generation_id from asset where generation_id in (select value from ",
    EACH,
    "$1",
    EACH_END,
    ") and deleted_at is null order by generation_id, n"
);

/// Recipes of the account's work that has been claimed and has not ended.
pub fn recipes_under_way(tx: &mut Tx, account: &AccountId, livemode: Livemode) -> Result<Vec<String>> {
    let rows = tx.query(
        "select recipe from generation
         where owner is not null and account_id = $1 and livemode = $2",
        p![account.as_str(), livemode.as_str()],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}
