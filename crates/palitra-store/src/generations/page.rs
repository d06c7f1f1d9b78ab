//! Lists of generations: which ones, newest first, a page at a time.

use super::list::{COLUMNS, Generation, generation};
use crate::{Dialect, Param, Result, Tx, word};
use palitra_domain::{
    AccountId, BatchId, GenerationId, Livemode, Timestamp, TransferId, catalogue::Lane,
    state::GenerationState,
};

/// Which generations; what is not set is not asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub account: Option<AccountId>,
    /// Of live or of test money.
    pub livemode: Option<Livemode>,
    pub state: Option<GenerationState>,
    pub batch: Option<BatchId>,
    pub market: Option<String>,
    /// Public id.
    pub model: Option<String>,
    pub mode: Option<String>,
    pub lane: Option<Lane>,
    /// Made at this time or later. Ids are made of their time, so this is a range of the primary key.
    pub since: Option<Timestamp>,
    /// Made before this time.
    pub until: Option<Timestamp>,
    /// Somewhere in the input, letter by letter. There is no index: it reads what the other filters leave.
    pub text: Option<String>,
    /// Older than this one: the last of the page before.
    pub after: Option<GenerationId>,
    /// At most this many, up to 10,000.
    pub limit: u32,
}

/// The table, with what an account has in the order of its holds: one index says which movements and which generations are an account's.
/// Below the oldest generation there are only holds whose generations have left.
pub(super) const HELD: &str =
    "(select id as hold, account_id as holder, generation_id as held from transfer where kind = 'hold'
       and id >= (select 'trf_' || substr(min(id), 5) from generation)) holds join generation on id = held";

/// Newest first.
pub fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Generation>> {
    let text = filter.text.as_deref().map(as_in_json);
    let find = match tx.dialect() {
        Dialect::Lite => word!(lite INSTR),
        Dialect::Pg => word!(pg INSTR),
    };
    // What is under way is found by account in the indexes of what is under way.
    let by_hold = filter.account.is_some()
        && filter.batch.is_none()
        && filter.state.is_none_or(GenerationState::is_terminal);
    let (table, id, account) =
        if by_hold { (HELD, "hold", "holder") } else { ("generation", "id", "account_id") };
    let of_table =
        |of: GenerationId| if by_hold { TransferId::of_generation(&of).to_string() } else { of.to_string() };
    let since = filter.since.map(first_id).map(of_table);
    let until = filter.until.map(first_id).map(of_table);
    let after = filter.after.clone().map(of_table);
    let mut clauses = Clauses::default();
    clauses.add(&format!("{account} = "), filter.account.as_ref().map(AccountId::as_str), "");
    clauses.add("batch_id = ", filter.batch.as_ref().map(BatchId::as_str), "");
    clauses.add("market = ", filter.market.as_deref(), "");
    clauses.add("model = ", filter.model.as_deref(), "");
    clauses.add("mode = ", filter.mode.as_deref(), "");
    clauses.add("livemode = ", filter.livemode.map(Livemode::as_str), "");
    clauses.add("lane = ", filter.lane.map(Lane::as_str), "");
    clauses.add(&format!("{id} >= "), since.as_deref(), "");
    clauses.add(&format!("{id} < "), until.as_deref(), "");
    clauses.add(&format!("{id} < "), after.as_deref(), "");
    clauses.add(&format!("{find}(input, "), text.as_deref(), ") > 0");
    if let Some(state) = filter.state {
        clauses.state(state);
    }
    let Clauses { mut text, mut params } = clauses;
    params.push(Param::from(filter.limit.clamp(1, 10_000)));
    text.push_str(&format!(" order by {id} desc limit ${}", params.len()));
    let sql = format!("select {COLUMNS} from {table} where {text}");
    tx.query(&sql, &params)?.iter().map(generation).collect()
}

/// A clause for each filter that is set, so that an index can be used; `or` would hide it.
struct Clauses<'a> {
    text: String,
    params: Vec<Param<'a>>,
}

impl Default for Clauses<'_> {
    fn default() -> Self {
        Clauses { text: "1 = 1".to_owned(), params: Vec::new() }
    }
}

impl<'a> Clauses<'a> {
    fn add(&mut self, before: &str, value: Option<&'a str>, behind: &str) {
        let Some(value) = value else { return };
        self.params.push(Param::from(value));
        self.text.push_str(&format!(" and {before}${}{behind}", self.params.len()));
    }

    /// Literal, and what is under way in the words of its partial index: so few rows are found among millions.
    fn state(&mut self, state: GenerationState) {
        if matches!(state, GenerationState::Submitting | GenerationState::Running | GenerationState::Storing)
        {
            self.text.push_str(" and owner is not null");
        }
        self.text.push_str(&format!(" and state = '{state}'"));
    }
}

fn first_id(at: Timestamp) -> GenerationId {
    GenerationId::new(at, 0)
}

/// As the text stands inside the JSON of an input.
fn as_in_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            other => escaped.push(other),
        }
    }
    escaped
}
