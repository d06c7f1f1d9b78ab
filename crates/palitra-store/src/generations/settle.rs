//! How a generation ends well: its result is stored, so it is charged once; children, counters and delivery
//! in the same transaction.

use super::{Ends, Fence, Finished, end::step_of, submit, target};
use crate::{
    Error, Result, Row, Tx,
    batches::{self, Tally},
    ledger, p,
};
use palitra_domain::{
    AccountId, AssetId, BatchId, DeliveryId, ErrorCode, GenerationId, Livemode, MarketCost, Timestamp,
    recipe,
    state::{AttemptState, Event, StepKind},
};

/// A file that has been stored.
#[derive(Debug, Clone)]
pub struct NewAsset {
    pub id: AssetId,
    pub kind: &'static str,
    pub mime: &'static str,
    pub object_key: String,
    pub bytes: u64,
    pub sha256: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    pub blurhash: Option<String>,
    /// 64 bits of how it looks.
    pub dhash: Option<i64>,
    /// Sides of its smaller copies, `256,640`; empty: it has none.
    pub thumbnails: String,
}

/// The end of a generation that went well.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub fence: Fence,
    pub assets: Vec<NewAsset>,
    pub output: Option<String>,
    /// Minor units; never more than the hold.
    pub charge: Option<i64>,
    pub cost: Option<MarketCost>,
    /// What the children are told.
    pub fills: Vec<Fill>,
    pub delivery: DeliveryId,
}

/// A step that waits for this one: what it will be asked.
#[derive(Debug, Clone)]
pub struct Child {
    pub id: GenerationId,
    pub mode: String,
    pub model: String,
    pub input: String,
    /// How many it waits for, this one included.
    pub parents_left: i64,
}

/// What a child is told by its parent, or why it cannot run.
#[derive(Debug, Clone)]
pub struct Fill {
    pub child: GenerationId,
    pub to: std::result::Result<Told, ErrorCode>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its whole input and recipe: no other parent is left.
    Whole { input: String, recipe: String },
    /// One word of its input, as JSON. Other parents may speak at the same time, so it is put in under the batch's lock.
    Word { word: &'static str, value: String },
    /// Nothing: it only had to wait.
    Nothing,
}

/// The steps that wait for a generation, in the order of their ids: whoever cannot run takes along those that wait for it, and they are
/// told so whatever the database finds first.
pub fn children(tx: &mut Tx, parent: &GenerationId) -> Result<Vec<Child>> {
    let rows = tx.query(
        "select g.id, g.mode, g.model, g.input, g.parents_left from edge e join generation g on g.id = e.child_id
         where e.parent_id = $1 and g.state = 'queued' order by g.id",
        p![parent.as_str()],
    )?;
    let child = |row: &Row| {
        Ok(Child {
            id: row.get(0)?,
            mode: row.get(1)?,
            model: row.get(2)?,
            input: row.get(3)?,
            parents_left: row.get(4)?,
        })
    };
    rows.iter().map(child).collect()
}

/// What stays as it is from the creation of a generation to its end, so that whoever carries it need not read it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub account: AccountId,
    pub livemode: Livemode,
    /// Minor units.
    pub price: i64,
    pub step: Option<(BatchId, StepKind)>,
    /// Others wait for it.
    pub is_parent: bool,
}

impl Facts {
    /// Of five columns from `at` on: account, live or test, price, batch, step.
    pub(super) fn of(row: &Row, at: usize, is_parent: bool) -> Result<Facts> {
        Ok(Facts {
            account: row.get(at)?,
            livemode: row.get(at + 1)?,
            price: row.get(at + 2)?,
            step: step_of(row, at + 3)?,
            is_parent,
        })
    }
}

macro_rules! succeed {
    () => {
        "update generation set state = $4, output = $5, updated_at = $6, finished_at = $6, owner = null
         where id = $1 and epoch = $2 and state = $3"
    };
}

/// Stored and charged: assets, charge, free slots, children and delivery at once.
pub fn settle(tx: &mut Tx, settlement: &Settlement, now: Timestamp) -> Result<Finished> {
    let fence = &settlement.fence;
    let to = target(fence.from, Event::Settle)?;
    batches::lock_of(tx, &fence.id)?;
    let row = tx.query_one(
        concat!(succeed!(), " returning account_id, livemode, price, batch_id, step"),
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            &settlement.output,
            now.micros()
        ],
    )?;
    close_attempt(tx, settlement, AttemptState::Accepted, now)?;
    conclude(tx, settlement, &Facts::of(&row, 0, true)?, now)
}

/// The market answered in the call itself, and its answer is all there is to keep: recorded, stored and charged in one commit, two
/// transitions of the table at once. Nothing of the generation is read: `facts` are those of its claim.
pub fn settle_answer(
    tx: &mut Tx,
    settlement: &Settlement,
    facts: &Facts,
    now: Timestamp,
) -> Result<Finished> {
    let fence = &settlement.fence;
    let to = target(target(fence.from, Event::Answer)?, Event::Settle)?;
    if facts.step.is_some() {
        batches::lock_of(tx, &fence.id)?;
    }
    tx.must(
        1,
        succeed!(),
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            &settlement.output,
            now.micros()
        ],
    )?;
    close_attempt(tx, settlement, AttemptState::Submitting, now)?;
    conclude(tx, settlement, facts, now)
}

/// The attempt, which is in `state`, has succeeded.
fn close_attempt(tx: &mut Tx, settlement: &Settlement, state: AttemptState, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "update attempt set state = $4, cost_micros = $5, cost_currency = $6, accepted_at = coalesce(accepted_at, $7), closed_at = $7
         where generation_id = $1 and n = $2 and state = $3",
        p![
            settlement.fence.id.as_str(),
            settlement.fence.attempt,
            state.as_str(),
            AttemptState::Succeeded.as_str(),
            settlement.cost.map(|cost| cost.micros),
            settlement.cost.as_ref().map(|cost| cost.currency.as_str()),
            now.micros()
        ],
    )
}

/// What follows from a result that is kept: money last.
fn conclude(tx: &mut Tx, settlement: &Settlement, facts: &Facts, now: Timestamp) -> Result<Finished> {
    let id = &settlement.fence.id;
    let (account, livemode) = (facts.account.as_str(), facts.livemode.as_str());
    insert_assets(tx, id, &settlement.assets, 0, (account, livemode), now)?;
    if facts.step.is_some() {
        submit::count_worker(tx, id, true)?;
    }
    submit::free_slots(tx, id, None, now)?;
    submit::deliver(tx, &settlement.delivery, id, account, now)?;
    let mut ends = Ends::default();
    ends.add(id, facts.step.clone(), Tally::Succeeded);
    if facts.is_parent {
        release_children(tx, settlement, &mut ends, now)?;
    }
    let amount = settlement.charge.unwrap_or(facts.price).clamp(0, facts.price);
    let charge = ledger::Charge { generation: id, account, livemode, price: facts.price, amount };
    ends.conclude_with(tx, |tx| ledger::settle(tx, &charge, now), None, now)
}

/// Numbered from `first` on.
pub(super) fn insert_assets(
    tx: &mut Tx,
    generation: &GenerationId,
    assets: &[NewAsset],
    first: i64,
    (account, livemode): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    for (n, asset) in (first..).zip(assets) {
        tx.must(
            1,
            "insert into asset(id, account_id, livemode, generation_id, n, kind, mime, object_key, bytes, sha256, width, height, created_at,
               duration_ms, blurhash, dhash, thumbnails)
             values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            p![
                asset.id.as_str(),
                account,
                livemode,
                generation.as_str(),
                n,
                asset.kind,
                asset.mime,
                &asset.object_key,
                i64::try_from(asset.bytes).unwrap_or(i64::MAX),
                &asset.sha256,
                asset.width,
                asset.height,
                now.micros(),
                asset.duration_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
                &asset.blurhash,
                asset.dhash,
                &asset.thumbnails
            ],
        )?;
    }
    Ok(())
}

/// Gives the children their input; the last parent makes them claimable. A child that cannot run ends here,
/// unpaid. Who waits is said by the edges, so nobody is released twice or forgotten; a child that was
/// cancelled meanwhile stays as it is.
fn release_children(tx: &mut Tx, settlement: &Settlement, ends: &mut Ends, now: Timestamp) -> Result<()> {
    let parent = &settlement.fence.id;
    for fill in &settlement.fills {
        match &fill.to {
            Ok(Told::Whole { input, recipe }) => {
                tx.send(
                    "update generation set input = $3, recipe = $4 where id = $2 and state = 'queued'
                       and exists (select 1 from edge where parent_id = $1 and child_id = $2)",
                    p![parent.as_str(), fill.child.as_str(), input, recipe],
                )?;
            }
            Ok(Told::Word { word, value }) => tell_word(tx, (parent, &fill.child), (word, value))?,
            Ok(Told::Nothing) => {}
            Err(code) => ends.queued(tx, vec![fill.child.clone()], Event::Fail, *code, now)?,
        }
    }
    tx.send(
        "update generation set parents_left = parents_left - 1, ready = case when parents_left = 1 then 1 else 0 end, updated_at = $2
         where state = 'queued' and parents_left > 0 and id in (select child_id from edge where parent_id = $1)",
        p![parent.as_str(), now.micros()],
    )?;
    Ok(())
}

fn tell_word(tx: &mut Tx, (parent, child): (&GenerationId, &GenerationId), word: (&str, &str)) -> Result<()> {
    let row = tx.query_opt(
        "select model, mode, input from generation where id = $2 and state = 'queued'
           and exists (select 1 from edge where parent_id = $1 and child_id = $2)",
        p![parent.as_str(), child.as_str()],
    )?;
    let Some(row) = row else { return Ok(()) };
    let (model, mode, input): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (input, recipe) = recipe::with_word(&model, &mode, &input, word)
        .ok_or_else(|| Error::rule(ErrorCode::Internal, child.as_str()))?;
    tx.must(
        1,
        "update generation set input = $2, recipe = $3 where id = $1 and state = 'queued'",
        p![child.as_str(), &input, &recipe],
    )
}
