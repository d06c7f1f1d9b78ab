//! What commands on many items have in common: plan, agreement, a run that is followed, the way back from an interruption. Whether this process
//! makes the batch or a service does is [`Studio`]'s to know.

mod files;
mod here;
mod progress;
mod studio;
mod there;

pub(super) use files::{Files, Shelf};
pub(super) use progress::{Followed, Names};
pub(super) use studio::{Bad, Feed, Planned, Studio};

use super::{Session, Stop, markets, money, said, stop};
use crate::{
    args::Spend,
    failure::{Failure, Phrase},
};
use palitra_api::batches::BatchRequest;
use palitra_domain::{BatchId, ErrorCode, i18n::Arg};
use palitra_engine::batches::Report;
use progress::Run;
use serde_json::json;
use std::time::Duration;

/// The plan of a request. What an earlier run left at a market, and this one does not continue, is paid for: it is waited for and used.
pub(super) async fn plan(
    session: &Session,
    studio: &Studio,
    request: &BatchRequest,
    is_only_asked: bool,
) -> Result<Planned, Failure> {
    let mut planned = studio.plan(session, request).await?;
    if planned.under_way && !is_only_asked {
        session.console.note(&session.console.text("waiting-leftover", &[]));
    }
    while planned.under_way && !is_only_asked {
        studio.wait(&planned).await?;
        planned = studio.plan(session, request).await?;
    }
    Ok(planned)
}

/// `97 unchanged, 3 new, 0 failed → 9 ₽, ~40 s`.
pub(super) fn show_plan(session: &Session, planned: &Planned) {
    let price = planned.price.to_string();
    let unchanged = ("unchanged", Arg::from(planned.unchanged));
    let line = if planned.to_run == 0 && planned.refused == 0 {
        session.console.text("plan-nothing", &[unchanged])
    } else {
        let seconds = money::whole_seconds(planned.eta);
        let args = [
            unchanged,
            ("run", (planned.to_run - planned.failed.min(planned.to_run)).into()),
            ("failed", planned.failed.into()),
            ("price", (&price).into()),
            ("seconds", seconds.into()),
        ];
        session.console.text("plan-batch", &args)
    };
    session.console.say(&line);
    if planned.refused > 0 {
        session.console.note(&session.console.text("plan-refused", &[("count", planned.refused.into())]));
    }
}

/// `--plan --json`.
pub(super) fn plan_document(planned: &Planned) -> serde_json::Value {
    json!({
        "items": planned.items, "unchanged": planned.unchanged, "to_run": planned.to_run,
        "price": planned.price, "eta_s": money::whole_seconds(planned.eta),
    })
}

/// Starts or continues a plan, follows it to its end or to the first signal, and answers what came of it.
pub(super) async fn carry_out(
    session: &Session,
    studio: &Studio,
    planned: &Planned,
    spend: &Spend,
    names: &dyn Names,
) -> Result<(Report, Followed), Failure> {
    let since = studio.clock().now();
    match studio {
        Studio::Here(here) => {
            here.app.engine.retry_keys().await?;
            let mut models: Vec<(&str, &str)> = planned.models().collect();
            models.sort_unstable();
            markets::note_pauses(session, &here.app, &models).await?;
            let batch = start(session, studio, planned, spend).await?;
            let followed = Run { session, studio, batch: &batch, names }.follow_here(&here.app).await?;
            Ok((studio.report(session, &batch, since).await?, followed))
        }
        Studio::There(_) => {
            agree(session, planned, spend)?;
            // From here on a signal leaves it to the service, also while it is being started.
            stop::until_told(|stopped| async move {
                let batch = begin(session, studio, planned).await?;
                let work = async {
                    let followed =
                        Run { session, studio, batch: &batch, names }.follow_there(stopped).await?;
                    Ok((studio.report(session, &batch, since).await?, followed))
                };
                work.await.map_err(|failure| goes_on(failure, &batch))
            })
            .await
        }
    }
}

/// Nobody answers any more; what was started goes on.
pub(super) fn goes_on(failure: Failure, batch: &BatchId) -> Failure {
    if failure.code() == ErrorCode::ServiceAway { failure.with("hint", way_back(batch)) } else { failure }
}

fn way_back(batch: &BatchId) -> Phrase {
    Phrase::new("hint-batch-goes-on").with("id", batch.as_str())
}

/// Continues the interrupted run of the same manifest, or starts a new one after the price was agreed.
async fn start(
    session: &Session,
    studio: &Studio,
    planned: &Planned,
    spend: &Spend,
) -> Result<BatchId, Failure> {
    agree(session, planned, spend)?;
    begin(session, studio, planned).await
}

/// What goes on was agreed to when it began.
fn agree(session: &Session, planned: &Planned, spend: &Spend) -> Result<(), Failure> {
    if planned.open.is_some() {
        return Ok(());
    }
    money::agree(session, spend, (planned.price, planned.cost), planned.is_real)
}

async fn begin(session: &Session, studio: &Studio, planned: &Planned) -> Result<BatchId, Failure> {
    let console = &session.console;
    if let Some(open) = &planned.open {
        console.note(&console.text("resumed", &[("batch", open.as_str().into())]));
    }
    let begun = studio.begin(session, planned).await?;
    for batch in &begun.superseded {
        console.note(&console.text("superseded", &[("batch", batch.as_str().into())]));
    }
    Ok(begun.id)
}

/// The last words of a run that was stopped before its end: the same command continues it, or it goes on without us.
pub(super) fn stopped(session: &Session, followed: &Followed, counted: &[(&str, Arg<'_>)]) -> Option<Stop> {
    match followed {
        Followed::Done => None,
        Followed::Interrupted => {
            session.console.note(&session.console.text("stopped", counted));
            Some(Stop::Said(ErrorCode::Interrupted))
        }
        Followed::Left(batch) => {
            Some(said(session, Failure::new(ErrorCode::Interrupted).with("hint", way_back(batch))))
        }
    }
}

/// The longest title of a batch.
pub(super) const TITLE_CHARS_MAX: usize = 500;

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
