//! What was said with a request for a generation, kept for whoever asked.

use crate::{Result, Tx, p};
use palitra_domain::{GenerationId, QuoteId, Timestamp};

/// All of it is optional; without any there is no row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// JSON of the client's, given back as it came.
    pub metadata: Option<String>,
    /// The generation that this one repeats or varies.
    pub parent: Option<GenerationId>,
    /// The price that it was created at.
    pub quote: Option<QuoteId>,
}

pub fn insert(tx: &mut Tx, generation: &GenerationId, request: &Request) -> Result<()> {
    if *request == Request::default() {
        return Ok(());
    }
    tx.must(
        1,
        "insert into request(generation_id, metadata, parent_id, quote_id) values($1, $2, $3, $4)",
        p![
            generation.as_str(),
            &request.metadata,
            request.parent.as_ref().map(GenerationId::as_str),
            request.quote.as_ref().map(QuoteId::as_str)
        ],
    )
}

pub fn find(tx: &mut Tx, generation: &GenerationId) -> Result<Request> {
    let row = tx.query_opt(
        "select metadata, parent_id, quote_id from request where generation_id = $1",
        p![generation.as_str()],
    )?;
    let Some(row) = row else { return Ok(Request::default()) };
    Ok(Request { metadata: row.get(0)?, parent: row.get(1)?, quote: row.get(2)? })
}

/// What somebody thinks of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rating {
    Good,
    Bad,
}

/// The last word counts.
pub fn rate(
    tx: &mut Tx,
    generation: &GenerationId,
    rating: Rating,
    comment: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let rating = match rating {
        Rating::Good => "good",
        Rating::Bad => "bad",
    };
    tx.must(
        1,
        "insert into feedback(generation_id, rating, comment, created_at) values($1, $2, $3, $4)
         on conflict(generation_id) do update set rating = excluded.rating, comment = excluded.comment, created_at = excluded.created_at",
        p![generation.as_str(), rating, comment, now.micros()],
    )
}
