//! Attempts as callbacks of their markets find them. A callback moves no generation: it may leave a reference with an attempt that
//! has none yet, and the owner of the generation does the rest.

use crate::{Result, Tx, p};
use palitra_domain::{
    GenerationId, Timestamp,
    state::{AttemptState, GenerationState},
};

/// One attempt, with what a callback is checked against.
#[derive(Debug, Clone)]
pub struct Hook {
    pub generation: GenerationId,
    pub n: i64,
    pub market: String,
    /// Label of the key it was submitted with.
    pub key: String,
    pub market_model: String,
    /// Of the generation: other attempts may have followed.
    pub state: GenerationState,
    pub attempt: AttemptState,
    pub reference: Option<String>,
    pub token: Option<String>,
    /// Of the generation.
    pub epoch: i64,
    pub opened_at: Timestamp,
}

pub fn hook(tx: &mut Tx, generation: &GenerationId, n: i64) -> Result<Option<Hook>> {
    let row = tx.query_opt(
        "select g.id, a.n, g.market, k.label, g.market_model, g.state, a.state, a.reference, a.token, a.opened_at, g.epoch
         from attempt a join generation g on g.id = a.generation_id join market_key k on k.id = a.key_id
         where a.generation_id = $1 and a.n = $2",
        p![generation.as_str(), n],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Hook {
        generation: row.get(0)?,
        n: row.get(1)?,
        market: row.get(2)?,
        key: row.get(3)?,
        market_model: row.get(4)?,
        state: row.get(5)?,
        attempt: row.get(6)?,
        reference: row.get(7)?,
        token: row.get(8)?,
        opened_at: row.get(9)?,
        epoch: row.get(10)?,
    }))
}

/// How to find work whose submission has not told it, or never will. What is known already is never replaced.
pub fn note_reference(tx: &mut Tx, generation: &GenerationId, n: i64, reference: &str) -> Result<()> {
    tx.send(
        "update attempt set reference = $3 where generation_id = $1 and n = $2 and state = 'submitting' and reference is null",
        p![generation.as_str(), n, reference],
    )
}
