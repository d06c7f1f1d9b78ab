//! Creating generations: hold, rows and fair positions in one transaction.

use super::turn::{self, Turns};
use crate::{
    Error, Result, Tx,
    bounds::{self, Bounds},
    ledger, losses, p,
};
use palitra_domain::{
    AccountId, BatchId, ErrorCode, GenerationId, ItemId, KeyId, Livemode, Timestamp,
    catalogue::Lane,
    state::{Priority, StepKind},
    terms::Terms,
    time,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// A generation to be queued. Everything in it was decided before: price, recipe, ids.
#[derive(Debug, Clone)]
pub struct NewGeneration {
    pub id: GenerationId,
    pub market: String,
    /// Public id of the model, and the market's own.
    pub model: String,
    pub market_model: String,
    pub mode: String,
    pub lane: Lane,
    pub priority: Priority,
    pub usual_run: Duration,
    pub longest_run: Duration,
    /// JSON; for a child it is completed when its parents are done.
    pub input: String,
    pub recipe: String,
    /// Minor units; the most that will ever be charged.
    pub price: i64,
    pub price_version: i64,
    /// Minor units; what the market is expected to take.
    pub cost: i64,
    pub batch: Option<BatchPlace>,
    /// The model's own slots, where it has some.
    pub model_scope: Option<String>,
    /// Generations before this one in the same call, of the same batch: what already runs could end unseen.
    pub parents: Vec<GenerationId>,
    /// The key it is asked with, where that may have budgets.
    pub key: Option<KeyId>,
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

/// Queues all of them or none, for one account. Refused with `insufficient_funds` when their prices together
/// are more than there is, with [`Error::OverBudget`] when they are more than a budget of the key has left, and with [`Error::Later`] when
/// the account has too much waiting or has cost the house too much.
pub fn create(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    new: &[NewGeneration],
    bounds: &Bounds,
    now: Timestamp,
) -> Result<()> {
    // The account's book first: its creates go one after another, and each sees what the others have queued.
    let purses = ledger::purses(tx, account, livemode)?;
    create_held(tx, (account, livemode), &purses, new, bounds, now)
}

/// The same at what each of them costs on the terms of the account, as they are now: `priced` says how much that is.
pub fn create_on_terms(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    mut new: Vec<NewGeneration>,
    priced: &dyn Fn(&NewGeneration, &Terms) -> Result<i64>,
    bounds: &Bounds,
    now: Timestamp,
) -> Result<()> {
    let purses = ledger::purses(tx, account, livemode)?;
    for row in &mut new {
        row.price = priced(row, &purses.terms)?;
    }
    create_held(tx, (account, livemode), &purses, &new, bounds, now)
}

fn create_held(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    purses: &ledger::Purses,
    new: &[NewGeneration],
    bounds: &Bounds,
    now: Timestamp,
) -> Result<()> {
    check_parents(new)?;
    let holds: Vec<_> = new
        .iter()
        .map(|new| ledger::Hold { generation: &new.id, price: new.price, key: new.key.as_ref() })
        .collect();
    ledger::hold(tx, (account, livemode), purses, &holds, now)?;
    for (n, (line, group)) in by_line(new).into_iter().enumerate() {
        let market = group.first().map_or("", |new| new.market.as_str());
        let runs = group.iter().map(|new| new.usual_run);
        let (mut turns, standing) = Turns::take(tx, (account, livemode), market, &line, runs, bounds, now)?;
        // What it has beside what comes now.
        if n == 0 {
            losses::admit(tx, (account, livemode.as_str()), standing.lost, bounds, now)?;
            bounds::admit(tx, account, new.len(), &standing)?;
        }
        for generation in group {
            insert(tx, (account, livemode), generation, turns.next(generation.usual_run), now)?;
        }
    }
    Ok(())
}

/// Groups by line, in one order for everybody: their turns are locked in it.
fn by_line(new: &[NewGeneration]) -> BTreeMap<String, Vec<&NewGeneration>> {
    let mut groups: BTreeMap<String, Vec<&NewGeneration>> = BTreeMap::new();
    for generation in new {
        groups.entry(turn::line(&generation.market, generation.priority)).or_default().push(generation);
    }
    groups
}

fn check_parents(new: &[NewGeneration]) -> Result<()> {
    let mut before = HashMap::with_capacity(new.len());
    for generation in new {
        let batch = generation.batch.as_ref().map(|place| &place.batch);
        if !generation.parents.iter().all(|parent| before.get(parent) == Some(&batch)) {
            return Err(Error::rule(ErrorCode::InvalidInput, "parents"));
        }
        before.insert(&generation.id, batch);
    }
    Ok(())
}

const INSERT: &str =
    "insert into generation(id, account_id, livemode, batch_id, item_id, step, market, model, market_model, mode, lane, state,
           vstart, vcost, longest_run_us, scope, also_scope, ready, parents_left, price, price_version, input, recipe,
           created_at, updated_at, priority, cost)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
           $23, $23, $24, $25)";

fn insert(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    new: &NewGeneration,
    (vstart, vcost): (i64, i64),
    now: Timestamp,
) -> Result<()> {
    let place = new.batch.as_ref();
    let worker_scope = place.map(|place| place.scope.as_str());
    let (scope, also_scope) = match worker_scope {
        Some(scope) => (Some(scope), new.model_scope.as_deref()),
        None => (new.model_scope.as_deref(), None),
    };
    let parents =
        i64::try_from(new.parents.len()).map_err(|_| Error::rule(ErrorCode::InvalidInput, "parents"))?;
    let params = p![
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
        vcost,
        time::micros(new.longest_run),
        scope,
        also_scope,
        parents == 0,
        parents,
        new.price,
        new.price_version,
        &new.input,
        &new.recipe,
        now.micros(),
        new.priority.rank(),
        new.cost
    ];
    tx.must(1, INSERT, params)?;
    for parent in &new.parents {
        tx.must(
            1,
            "insert into edge(parent_id, child_id) values($1, $2)",
            p![parent.as_str(), new.id.as_str()],
        )?;
    }
    Ok(())
}
