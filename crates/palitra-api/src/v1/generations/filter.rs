//! Which generations: the words behind `?`.

use crate::{caller::sees, door::Door, moment::Moment, problem::Problem};
use palitra_domain::{BatchId, GenerationId, Scope, catalogue::Lane, state::GenerationState};
use palitra_engine::{Caller, generations::Filter};
use serde::Deserialize;
use utoipa::IntoParams;

/// All that are given have to be met.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GenerationFilter {
    /// `queued`, `submitting`, `running`, `storing`, `succeeded`, `failed`, `cancelled`, `timed_out`
    #[param(value_type = Option<crate::documents::generation::GenerationStatus>)]
    pub(super) status: Option<GenerationState>,
    /// The operator alone: only those of this account, by its name
    account: Option<String>,
    /// A model's id, or an alias for it
    model: Option<String>,
    mode: Option<String>,
    market: Option<String>,
    /// `image`, `video`, `audio` or `text`
    #[param(value_type = Option<String>)]
    lane: Option<Lane>,
    #[param(value_type = Option<String>)]
    batch: Option<BatchId>,
    /// Asked for at this time or later: `2h` or `3d` ago, a day, or RFC 3339
    #[param(value_type = Option<String>)]
    since: Option<Moment>,
    /// Asked for before this time; a day counts to its end
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// Only those with these words in what was asked, letter by letter
    text: Option<String>,
    /// Only those older than this one: `next` of the page before
    #[param(value_type = Option<String>)]
    after: Option<GenerationId>,
    /// 1 to 1000; a page has 20 when it is not given
    #[param(minimum = 1, maximum = 1000)]
    pub(super) limit: Option<u32>,
}

impl GenerationFilter {
    /// Of the caller's own, or, for the operator, of everybody's.
    pub(super) async fn filter(self, door: &Door, caller: &Caller, limit: u32) -> Result<Filter, Problem> {
        let now = door.engine.clock.now();
        let account = match self.account {
            Some(name) => {
                caller.need(Scope::Operator)?;
                Some(door.engine.account(&name).await?.id)
            }
            None => sees(caller).map(|owner| owner.account),
        };
        let catalogue = door.engine.catalogue();
        // A model that left the catalogue has generations all the same.
        let model = |name: String| catalogue.find(&name).map_or(name, |model| model.id.clone());
        Ok(Filter {
            account,
            livemode: sees(caller).map(|owner| owner.livemode),
            state: self.status,
            batch: self.batch,
            market: self.market,
            model: self.model.map(model),
            mode: self.mode,
            lane: self.lane,
            since: self.since.map(|moment| moment.from(now)),
            until: self.until.map(|moment| moment.to(now)),
            text: self.text,
            after: self.after,
            limit,
        })
    }
}
