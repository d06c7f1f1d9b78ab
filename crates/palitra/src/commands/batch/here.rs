//! A batch that this process makes itself.

use super::studio::{Bad, Begun, Kept, Planned};
use crate::{
    commands::{
        Session,
        make::{Brought, upload_here},
    },
    failure::Failure,
    wiring::{self, App},
};
use palitra_api::{
    Door,
    batches::{self, BatchRequest},
};
use palitra_domain::BatchId;
use palitra_engine::{Caller, batches::Plan};
use std::path::PathBuf;

pub(in crate::commands) struct Here {
    pub(in crate::commands) app: App,
    door: Door,
    /// The house.
    caller: Caller,
}

impl Here {
    pub(super) fn new(session: &Session, app: App) -> Result<Here, Failure> {
        let door = wiring::door(session.config(), app.engine.clone(), None)?;
        let caller = app.engine.operator();
        Ok(Here { app, door, caller })
    }

    pub(super) async fn upload(&self, paths: &[PathBuf]) -> Result<Vec<Brought>, Failure> {
        upload_here(&self.app, self.caller.livemode, paths).await
    }

    pub(super) async fn plan(&self, session: &Session, request: &BatchRequest) -> Result<Planned, Failure> {
        let batches::Planned { plan, left_out } =
            batches::plan(&self.door, &self.caller, request.clone()).await?;
        let engine = &self.app.engine;
        let open = engine.interrupted(&plan).await?.map(|open| open.id);
        let is_real = plan.models().any(|(model, mode)| engine.is_real_market(model, mode));
        let lang = session.console.lang;
        let bad = |failure: Failure| Bad { code: failure.code(), message: failure.message(lang) };
        Ok(Planned {
            items: plan.items().len(),
            unchanged: plan.unchanged,
            to_run: plan.to_run,
            failed: plan.failed,
            refused: plan.refused,
            price: plan.price,
            cost: plan.cost,
            is_real,
            eta: plan.eta,
            left_out: left_out.into_iter().map(|(number, failure)| (number, bad(failure))).collect(),
            under_way: open.is_none() && engine.is_under_way(&plan).await?,
            open,
            kept: Kept::Plan(Box::new(plan)),
        })
    }

    pub(super) async fn begin(&self, plan: &Plan, open: Option<&BatchId>) -> Result<Begun, Failure> {
        if let Some(open) = open {
            self.app.engine.resume_batch(plan, open).await?;
            return Ok(Begun { id: open.clone(), superseded: Vec::new() });
        }
        let started = self.app.engine.start_batch(plan).await?;
        Ok(Begun { id: started.id, superseded: started.superseded })
    }
}
