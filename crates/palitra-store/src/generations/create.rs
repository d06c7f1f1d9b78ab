//! Creating generations: hold, rows and fair positions in one transaction.

use crate::{Error, Result, Tx, ledger, p, sql};
use palitra_domain::{
    AccountId, BatchId, ErrorCode, GenerationId, ItemId, Livemode, Timestamp, TransferId, catalogue::Lane,
    state::StepKind, time,
};
use std::time::Duration;

/// A generation to be queued. Everything in it was decided before: price, recipe, ids.
#[derive(Debug, Clone)]
pub struct NewGeneration {
    pub id: GenerationId,
    pub transfer: TransferId,
    pub market: String,
    /// Public id of the model, and the market's own.
    pub model: String,
    pub market_model: String,
    pub mode: String,
    pub lane: Lane,
    pub usual_run: Duration,
    pub longest_run: Duration,
    /// JSON; for a child it is completed when its parents are done.
    pub input: String,
    pub recipe: String,
    /// Minor units; the most that will ever be charged.
    pub price: i64,
    pub price_version: i64,
    pub batch: Option<BatchPlace>,
    /// The model's own slots, where it has some.
    pub model_scope: Option<String>,
    pub parents: Vec<GenerationId>,
    /// Unique in the account: the same key never creates twice.
    pub idempotency: Option<String>,
}

/// Where in a batch.
#[derive(Debug, Clone)]
pub struct BatchPlace {
    pub batch: BatchId,
    pub item: ItemId,
    pub step: StepKind,
    /// The batch's worker slots for this step.
    pub scope: String,
}

/// Queues all of them or none, for one account. Refused with `insufficient_funds` when their prices together are more than there is,
/// and with `idempotency_conflict` when a key was used before (look it up first).
pub fn create(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    new: &[NewGeneration],
    now: Timestamp,
) -> Result<()> {
    for (market, group) in by_market(new) {
        let mut turn = turn(tx, account, market)?;
        for generation in group {
            insert(tx, account, livemode, generation, turn.vstart, now)?;
            turn.vstart = turn.vstart.saturating_add(time::micros(generation.usual_run).max(1) / turn.weight);
        }
        tx.must(
            1,
            "insert into turn(account_id, market, vfinish) values($1, $2, $3)
             on conflict(account_id, market) do update set vfinish = $3",
            p![account.as_str(), market, turn.vstart],
        )?;
    }
    // The account's row last: it is the hot one, locked for the shortest time.
    let hold = |generation: &'_ NewGeneration| {
        (generation.transfer.clone(), generation.id.clone(), generation.price)
    };
    let owned: Vec<_> = new.iter().map(hold).collect();
    let holds: Vec<_> = owned
        .iter()
        .map(|(transfer, generation, price)| ledger::Hold { transfer, generation, price: *price })
        .collect();
    ledger::hold(tx, account, livemode, &holds, now)
}

/// Groups by market, in order of first appearance.
fn by_market(new: &[NewGeneration]) -> Vec<(&str, Vec<&NewGeneration>)> {
    let mut groups: Vec<(&str, Vec<&NewGeneration>)> = Vec::new();
    for generation in new {
        match groups.iter_mut().find(|(market, _)| *market == generation.market) {
            Some((_, group)) => group.push(generation),
            None => groups.push((&generation.market, vec![generation])),
        }
    }
    groups
}

/// Fair position: `vstart = max(vfinish(account), V(market))`, and each generation moves the account on by its expected slot time over
/// its weight, so free work ages too.
struct Turn {
    vstart: i64,
    weight: i64,
}

fn turn(tx: &mut Tx, account: &AccountId, market: &str) -> Result<Turn> {
    let row = tx.query_opt(
        "select weight, coalesce((select vfinish from turn where account_id = $1 and market = $2), 0),
                coalesce((select v from virtual_clock where market = $2), 0)
         from account where id = $1",
        p![account.as_str(), market],
    )?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
    let (weight, vfinish, clock): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Turn { vstart: vfinish.max(clock), weight })
}

fn insert(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    new: &NewGeneration,
    vstart: i64,
    now: Timestamp,
) -> Result<()> {
    const INSERT: crate::Sql = sql!(
        "insert into generation(id, account_id, livemode, batch_id, item_id, step, market, model, market_model, mode, lane, state,
           vstart, usual_run_us, longest_run_us, scope, also_scope, ready, parents_left, idem, price, price_version, input, recipe,
           created_at, updated_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
           $24, $24)
         on conflict(account_id, idem) do nothing"
    );
    let place = new.batch.as_ref();
    let worker_scope = place.map(|place| place.scope.as_str());
    let (scope, also_scope) = match worker_scope {
        Some(scope) => (Some(scope), new.model_scope.as_deref()),
        None => (new.model_scope.as_deref(), None),
    };
    let parents =
        i64::try_from(new.parents.len()).map_err(|_| Error::rule(ErrorCode::InvalidInput, "parents"))?;
    let inserted = tx.execute(
        INSERT,
        p![
            new.id.as_str(),
            account.as_str(),
            livemode.as_str(),
            place.map(|place| place.batch.as_str()),
            place.map(|place| place.item.as_str()),
            place.map(|place| place.step.as_str()),
            &new.market,
            &new.model,
            &new.market_model,
            &new.mode,
            new.lane.as_str(),
            vstart,
            time::micros(new.usual_run),
            time::micros(new.longest_run),
            scope,
            also_scope,
            parents == 0,
            parents,
            &new.idempotency,
            new.price,
            new.price_version,
            &new.input,
            &new.recipe,
            now.micros()
        ],
    )?;
    if inserted == 0 {
        return Err(Error::rule(ErrorCode::IdempotencyConflict, new.idempotency.clone().unwrap_or_default()));
    }
    for parent in &new.parents {
        tx.must(
            1,
            "insert into edge(parent_id, child_id) values($1, $2)",
            p![parent.as_str(), new.id.as_str()],
        )?;
    }
    Ok(())
}
