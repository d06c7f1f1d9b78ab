//! What commands on many items have in common: plan, agreement, a run that is followed, the way back from an interruption.

mod progress;

pub(super) use progress::{Followed, Names};

use super::{Session, markets, money};
use crate::{args::Spend, failure::Failure, wiring::App};
use palitra_domain::{BatchId, i18n::Arg};
use palitra_engine::batches::{Manifest, Plan, Report};
use progress::Run;
use serde_json::json;

/// Which of what is there is made anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Redo {
    /// Numbers of items.
    pub(super) items: Vec<u32>,
    /// Only what failed the last time.
    pub(super) only_failed: bool,
}

impl Redo {
    /// Another seed for an item that is made anew; what takes none is asked once more.
    pub(super) fn seed(&self, number: u32) -> Option<u32> {
        let random = || u32::try_from(crate::clock::random() & 0x7fff_ffff).unwrap_or(0);
        self.items.contains(&number).then(random)
    }
}

/// The plan of a manifest. What an earlier run left at a market, and this one does not continue, is paid for: it is waited for and used.
pub(super) async fn plan(
    session: &Session,
    app: &App,
    manifest: Manifest,
    redo: &Redo,
    is_only_asked: bool,
) -> Result<Plan, Failure> {
    let plan = planned(app, manifest.clone(), redo).await?;
    if is_only_asked
        || app.engine.interrupted(&plan).await?.is_some()
        || !app.engine.is_under_way(&plan).await?
    {
        return Ok(plan);
    }
    session.console.note(&session.console.text("waiting-leftover", &[]));
    app.engine.finish_under_way(&plan).await?;
    planned(app, manifest, redo).await
}

async fn planned(app: &App, manifest: Manifest, redo: &Redo) -> Result<Plan, Failure> {
    Ok(if redo.only_failed {
        app.engine.plan_failed(manifest).await?
    } else {
        app.engine.plan(manifest).await?
    })
}

/// `97 unchanged, 3 new, 0 failed → 9 ₽, ~40 s`.
pub(super) fn show_plan(session: &Session, plan: &Plan) {
    let price = plan.price.to_string();
    let unchanged = ("unchanged", Arg::from(plan.unchanged));
    let line = if plan.to_run == 0 && plan.refused == 0 {
        session.console.text("plan-nothing", &[unchanged])
    } else {
        let seconds = money::whole_seconds(plan.eta);
        let args = [
            unchanged,
            ("run", (plan.to_run - plan.failed.min(plan.to_run)).into()),
            ("failed", plan.failed.into()),
            ("price", (&price).into()),
            ("seconds", seconds.into()),
        ];
        session.console.text("plan-batch", &args)
    };
    session.console.say(&line);
    if plan.refused > 0 {
        session.console.note(&session.console.text("plan-refused", &[("count", plan.refused.into())]));
    }
}

/// `--plan --json`.
pub(super) fn plan_document(plan: &Plan) -> serde_json::Value {
    json!({
        "items": plan.items().len(), "unchanged": plan.unchanged, "to_run": plan.to_run,
        "price": plan.price, "eta_s": money::whole_seconds(plan.eta),
    })
}

/// Starts or continues a plan, follows it to its end or to the first signal, and answers what came of it.
pub(super) async fn carry_out(
    session: &Session,
    app: &App,
    plan: &Plan,
    spend: &Spend,
    names: &dyn Names,
) -> Result<(Report, Followed), Failure> {
    let since = app.clock.now();
    let batch = start(session, app, plan, spend).await?;
    let followed = Run { session, app, batch: &batch, names }.follow().await?;
    Ok((app.engine.report(&batch, since).await?, followed))
}

/// Continues the interrupted run of the same manifest, or starts a new one after the price was agreed.
async fn start(session: &Session, app: &App, plan: &Plan, spend: &Spend) -> Result<BatchId, Failure> {
    app.engine.retry_keys().await?;
    let mut models: Vec<(&str, &str)> = plan.models().collect();
    models.sort_unstable();
    markets::note_pauses(session, app, &models).await?;
    if let Some(open) = app.engine.interrupted(plan).await? {
        session.console.note(&session.console.text("resumed", &[("batch", open.id.as_str().into())]));
        app.engine.resume_batch(plan, &open.id).await?;
        return Ok(open.id);
    }
    let is_real = models.iter().any(|(model, mode)| app.engine.is_real_market(model, mode));
    money::agree(session, spend, (plan.price, plan.cost), is_real)?;
    let started = app.engine.start_batch(plan).await?;
    for batch in &started.superseded {
        session.console.note(&session.console.text("superseded", &[("batch", batch.as_str().into())]));
    }
    Ok(started.id)
}
