//! A new batch: rows, workers, generations and holds in one transaction, so that a plan is accepted whole or
//! not at all.

use super::count;
use crate::{Error, Result, Tx, bounds::Bounds, generations, p};
use generations::NewGeneration;
use palitra_domain::{
    AccountId, BatchId, ErrorCode, GenerationId, ItemId, Livemode, Timestamp,
    state::{BatchKind, StepKind},
};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct NewBatch {
    pub id: BatchId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub kind: BatchKind,
    /// Hash of manifest and options: the same command finds its interrupted run by it.
    pub manifest: String,
    /// Where the manifest came from, such as the path of a deck; empty when that is nowhere in particular.
    pub source: String,
    pub title: String,
    /// JSON, for people and for `jobs show`.
    pub options: String,
    /// At least this part of each stage has to succeed (S0-24).
    pub gate_percent: u32,
    /// No step of a later stage before every step of the first has ended (S0-38): each child waits for one
    /// parent more.
    pub barrier: bool,
    pub items: Vec<NewItem>,
    pub workers: Vec<Workers>,
    pub generations: Vec<NewGeneration>,
}

#[derive(Debug, Clone)]
pub struct NewItem {
    pub id: ItemId,
    pub number: u32,
    pub title: String,
    pub content: String,
    pub steps: Vec<NewStep>,
}

/// A step is answered by a generation (new, or an older one that is reused) or by an error.
#[derive(Debug, Clone)]
pub struct NewStep {
    pub kind: StepKind,
    pub generation: Option<GenerationId>,
    pub reused: bool,
    pub error: Option<ErrorCode>,
}

/// Slots of a batch: its workers.
#[derive(Debug, Clone)]
pub struct Workers {
    pub scope: String,
    pub count: u32,
    /// Start to start, per worker (S0-14, R-10).
    pub interval: Duration,
}

pub fn create(tx: &mut Tx, batch: &NewBatch, bounds: &Bounds, now: Timestamp) -> Result<()> {
    let id = batch.id.as_str();
    tx.must(
        1,
        "insert into batch(id, account_id, livemode, kind, state, manifest, gate_percent, barrier, source, title, options, created_at)
         values($1, $2, $3, $4, 'processing', $5, $6, $7, $8, $9, $10, $11)",
        p![
            id,
            batch.account.as_str(),
            batch.livemode.as_str(),
            batch.kind.as_str(),
            &batch.manifest,
            batch.gate_percent,
            batch.barrier,
            &batch.source,
            &batch.title,
            &batch.options,
            now.micros()
        ],
    )?;
    for (n, item) in (1i64..).zip(&batch.items) {
        tx.must(
            1,
            "insert into item(id, batch_id, n, number, title, content) values($1, $2, $3, $4, $5, $6)",
            p![item.id.as_str(), id, n, item.number, &item.title, &item.content],
        )?;
        for step in &item.steps {
            tx.must(
                1,
                "insert into step(item_id, kind, batch_id, generation_id, reused, error_code) values($1, $2, $3, $4, $5, $6)",
                p![
                    item.id.as_str(),
                    step.kind.as_str(),
                    id,
                    step.generation.as_ref().map(GenerationId::as_str),
                    step.reused,
                    step.error.map(ErrorCode::name)
                ],
            )?;
        }
    }
    insert_stages(tx, batch)?;
    count::set_workers(tx, &batch.workers)?;
    generations::create(tx, &batch.account, batch.livemode, &batch.generations, bounds, now)?;
    if batch.barrier {
        let first = StepKind::ALL.first().map_or("", |kind| kind.as_str());
        tx.send(
            "update generation set parents_left = parents_left + 1, ready = 0 where batch_id = $1 and step <> $2",
            p![id, first],
        )?;
        count::lift_barrier(tx, &batch.id, now)?;
    }
    if count::out_of_reach(tx, &batch.id)? {
        count::stop(tx, &batch.id, ErrorCode::GateFailed, now)?;
    }
    count::close_if_done(tx, &batch.id, now)?;
    Ok(())
}

/// Steps that are answered already count at once. One that nothing will ever answer would keep the batch open
/// for ever.
fn insert_stages(tx: &mut Tx, batch: &NewBatch) -> Result<()> {
    let steps = || batch.items.iter().flat_map(|item| &item.steps);
    let runs = steps().filter(|step| step.error.is_none() && !step.reused).count();
    if runs != batch.generations.len()
        || steps().any(|step| step.generation.is_some() == step.error.is_some())
    {
        return Err(Error::rule(ErrorCode::InvalidInput, "steps"));
    }
    for (n, kind) in (1i64..).zip(StepKind::ALL) {
        let count = |which: fn(&NewStep) -> bool| {
            count::number(steps().filter(|step| step.kind == *kind && which(step)).count())
        };
        let total = count(|_| true);
        if total > 0 {
            let skipped = count(|step| step.error == Some(ErrorCode::StepBeforeFailed));
            let failed = count(|step| step.error.is_some()) - skipped;
            tx.must(
                1,
                "insert into stage(batch_id, kind, n, total, succeeded, failed, skipped) values($1, $2, $3, $4, $5, $6, $7)",
                p![batch.id.as_str(), kind.as_str(), n, total, count(|step| step.reused), failed, skipped],
            )?;
        }
    }
    Ok(())
}
