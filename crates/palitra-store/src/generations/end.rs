//! What ends without a result, and what follows from it: descendants are skipped, the batch counts and may
//! stop, fair positions and money are given back.

use super::{
    submit::{self, Fence},
    target,
    turn::{self, Unused},
};
use crate::{
    Result, Row, Tx,
    batches::{self, Tally},
    ledger, p,
};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, Timestamp,
    state::{Event, GenerationState, Priority, StepKind},
};

/// What ending a generation meant for its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finished {
    /// This was the batch's last step.
    pub batch_finished: bool,
}

/// Everything that ends in one transaction, all of one batch or of none. It is gathered, so that the rows
/// which others wait for are written once and last: counters, then books, then turns.
#[derive(Default)]
pub(crate) struct Ends {
    batch: Option<BatchId>,
    pub(crate) steps: Vec<(StepKind, Tally)>,
    unpaid: Vec<GenerationId>,
    /// Ended in the queue: nobody else tells of it.
    untold: Vec<GenerationId>,
    unused: Unused,
}

impl Ends {
    /// A generation whose row has just been ended.
    pub(super) fn add(&mut self, id: &GenerationId, step: Option<(BatchId, StepKind)>, tally: Tally) {
        if let Some((batch, step)) = step {
            self.batch = Some(batch);
            self.steps.push((step, tally));
        }
        if tally != Tally::Succeeded {
            self.unpaid.push(id.clone());
        }
    }

    /// Ends queued generations and all that waits for them. Who is not queued any more is passed over:
    /// another parent has ended it, or it has just been claimed.
    pub(crate) fn queued(
        &mut self,
        tx: &mut Tx,
        ids: Vec<GenerationId>,
        event: Event,
        code: ErrorCode,
        now: Timestamp,
    ) -> Result<()> {
        let to = target(GenerationState::Queued, event)?;
        for id in ids {
            let row = tx.query_opt(
                "update generation set state = $2, error_code = $3, updated_at = $4, finished_at = $4
                 where id = $1 and state = 'queued' returning batch_id, step, attempts, account_id, market, vcost, priority",
                p![id.as_str(), to.as_str(), code.name(), now.micros()],
            )?;
            let Some(row) = row else { continue };
            let tally = if event == Event::Cancel { Tally::Skipped } else { Tally::Failed };
            self.add(&id, step_of(&row, 0)?, tally);
            if row.get::<i64>(2)? == 0 {
                let line = turn::line(&row.get::<String>(4)?, Priority::of_rank(row.get(6)?));
                self.unused.add(row.get(3)?, line, row.get(5)?);
            }
            self.untold.push(id.clone());
            self.descendants(tx, &id, now)?;
        }
        Ok(())
    }

    pub(super) fn descendants(&mut self, tx: &mut Tx, parent: &GenerationId, now: Timestamp) -> Result<()> {
        let children = tx
            .query("select child_id from edge where parent_id = $1 order by child_id", p![parent.as_str()])?;
        let children = children.iter().map(|row| row.get(0)).collect::<Result<Vec<_>>>()?;
        self.queued(tx, children, Event::Cancel, ErrorCode::StepBeforeFailed, now)
    }

    /// What follows, money late. `critical` says that no further call of the batch can succeed.
    pub(crate) fn conclude(
        self,
        tx: &mut Tx,
        critical: Option<ErrorCode>,
        now: Timestamp,
    ) -> Result<Finished> {
        self.conclude_with(tx, |_| Ok(()), critical, now)
    }

    /// The same; `charge` is what else has to happen to the account's book.
    pub(super) fn conclude_with(
        mut self,
        tx: &mut Tx,
        charge: impl FnOnce(&mut Tx) -> Result<()>,
        critical: Option<ErrorCode>,
        now: Timestamp,
    ) -> Result<Finished> {
        let batch_finished = match self.batch.clone() {
            Some(batch) => batches::count(tx, &batch, &mut self, critical, now)?,
            None => false,
        };
        submit::deliver_ends(tx, &self.untold, now)?;
        ledger::void(tx, &self.unpaid, now)?;
        charge(tx)?;
        self.unused.give_back(tx)?;
        Ok(Finished { batch_finished })
    }
}

/// Batch and step, from column `at` on.
pub(super) fn step_of(row: &Row, at: usize) -> Result<Option<(BatchId, StepKind)>> {
    let batch: Option<BatchId> = row.get(at)?;
    Ok(batch.zip(row.get(at + 1)?))
}

/// Why nobody wants a generation any more: somebody has asked to cancel it, or its batch has stopped. `None`:
/// it is wanted.
pub fn unwanted(tx: &mut Tx, id: &GenerationId) -> Result<Option<ErrorCode>> {
    let row = tx.query_opt(
        "select g.cancel_requested_at from generation g left join batch b on b.id = g.batch_id
         where g.id = $1 and (g.cancel_requested_at is not null or b.stop_code is not null)",
        p![id.as_str()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let wish: Option<Timestamp> = row.get(0)?;
    Ok(Some(if wish.is_some() { ErrorCode::Cancelled } else { ErrorCode::BatchStopped }))
}

/// Ends what has just been queued again when nobody wants it any more.
pub(super) fn end_unwanted(tx: &mut Tx, fence: &Fence, now: Timestamp) -> Result<Option<Finished>> {
    let Some(code) = unwanted(tx, &fence.id)? else { return Ok(None) };
    let mut ends = Ends::default();
    ends.queued(tx, vec![fence.id.clone()], Event::Cancel, code, now)?;
    ends.conclude(tx, None, now).map(Some)
}
