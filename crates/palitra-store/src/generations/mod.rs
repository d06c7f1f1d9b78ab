//! The life of a generation, one function per transaction of `docs/states.md`.
//!
//! Every transition is fenced: it names the owner's epoch and the state it comes from, and must touch exactly
//! one row. No row means that ownership was lost; the caller drops its result, charges nothing and delivers
//! nothing.
//!
//! Rows are locked in the order batch, generation, slot, counters, book, turn. Claims wait for nobody: they
//! skip what is locked.

mod adopt;
mod cancel;
mod claim;
mod create;
mod end;
mod fail;
mod ghost;
mod hook;
mod late;
mod list;
mod page;
mod place;
mod runs;
mod settle;
mod submit;
mod turn;

#[cfg(test)]
mod tests;

pub use adopt::{ADOPTED_MAX, Adopted, Adoption, Heir, adopt, expire_ghosts, owned};
pub use cancel::{CancelOutcome, CancelWish, cancel, cancel_wishes};
pub use claim::{Claim, Claimed, Claims, claim};
pub use create::{BatchPlace, NewGeneration, create, create_on_terms};
pub(crate) use end::Ends;
pub use end::{Finished, unwanted};
pub use fail::{Failure, fail};
pub use ghost::{
    Ghost, adopt_known, close_ghost, due_ghosts, is_ghost_due, known_ghost, look_later, note_ghost, overtake,
};
pub use hook::{Hook, hook, note_reference};
pub use late::{Late, late};
pub(crate) use list::{ASSET_COLUMNS, asset};
pub use list::{
    Asset, Attempt, Generation, Reusable, assets, attempts, find, find_with_market_model, recipes_under_way,
    reusable,
};
pub use page::{Filter, list};
pub use place::{Place, Standing, count_before, line, line_length, place, place_by, slots};
pub use runs::{recent_ends, recent_runs};
pub use settle::{Child, Facts, Fill, NewAsset, Settlement, Told, children, settle, settle_answer};
pub use submit::{Fence, accept, answer, finish, refuse, reject, restart, resubmit, was_on_the_house};

use crate::{Error, Result};
use palitra_domain::state::{Event, GenerationState};

/// Where an event leads; the table of the domain says so.
fn target(from: GenerationState, event: Event) -> Result<GenerationState> {
    from.advance(event).map_err(|illegal| Error::Sql(illegal.to_string()))
}
