//! The run itself: part after part of the file, each a batch that is planned, started, followed and written.

use super::{Command, Part, TICK, lines::Numbered, results::Results};
use crate::{
    args::Order,
    commands::{market_failure, slides::copy_object},
    failure::Failure,
};
use indicatif::ProgressBar;
use palitra_domain::{
    BatchId, ErrorCode, Money, Timestamp,
    i18n::Arg,
    state::{BatchState, StepKind, StepStatus},
};
use palitra_engine::{
    EngineEvent, Focus,
    batches::{BatchEvent, ItemReport, Manifest, Plan, WorkerReport},
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;

/// The run itself.
pub(super) struct Work<'a> {
    pub(super) command: &'a Command<'a>,
    pub(super) focus: Focus,
    pub(super) results: Results,
    pub(super) workers: BTreeMap<String, WorkerReport>,
    pub(super) bar: ProgressBar,
    pub(super) told_at: Timestamp,
    pub(super) stopper: CancellationToken,
    pub(super) events: Receiver<EngineEvent>,
    pub(super) lines_left: u32,
    /// What is left of the sums that were agreed to: what is charged, and what markets take. `None`: nothing had to be agreed.
    pub(super) agreed: Option<(Money, Money)>,
    /// Of lines whose result is to be written.
    pub(super) files: HashMap<u32, Vec<String>>,
}

impl Work<'_> {
    /// `true`: a signal came before the end.
    pub(super) async fn all(&mut self, drained: CancellationToken) -> Result<bool, Failure> {
        let mut lines = self.command.open().await?;
        for number in 1.. {
            let mut some = self.command.next(&mut lines).await?;
            // What is written to the file meanwhile was not agreed to.
            some.truncate(usize::try_from(self.lines_left).unwrap_or(usize::MAX));
            self.lines_left -= u32::try_from(some.len()).unwrap_or(self.lines_left).min(self.lines_left);
            if some.is_empty() {
                return self.forget_parts_after(number - 1, &drained).await;
            }
            if self.is_stopped()? || self.part(some, number, &drained).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A signal came, or the engine cannot go on.
    fn is_stopped(&mut self) -> Result<bool, Failure> {
        while let Ok(event) = self.events.try_recv() {
            if let EngineEvent::Trouble(code) = event {
                return Err(self.command.session.trouble(code));
            }
        }
        Ok(self.stopper.is_cancelled())
    }

    /// The file has become shorter: what is left of its last parts gives its money back. What is at a market is asked to stop, and waited for.
    async fn forget_parts_after(&self, last: usize, drained: &CancellationToken) -> Result<bool, Failure> {
        let (engine, console) = (&self.command.app.engine, &self.command.session.console);
        let options = self.command.options(last);
        let file = options.source.rsplit_once('#').map_or("", |(file, _)| file).to_owned();
        for batch in engine.cancel_parts_after(&options, &file, last).await? {
            console.note(&console.text("superseded", &[("batch", batch.as_str().into())]));
            self.focus.on(&batch);
            let mut follower = engine.follow(&batch).await?;
            loop {
                tokio::select! {
                    event = follower.next() => match event? {
                        None => break,
                        Some(BatchEvent::Trouble(code)) => return Err(self.command.session.trouble(code)),
                        Some(_) => {}
                    },
                    () = drained.cancelled() => return Ok(true),
                }
            }
        }
        Ok(false)
    }

    async fn part(
        &mut self,
        lines: Vec<Numbered>,
        number: usize,
        drained: &CancellationToken,
    ) -> Result<bool, Failure> {
        let options = self.command.options(number);
        let mut part = self.command.part(lines, &options).await?;
        let items = std::mem::take(&mut part.items);
        if items.is_empty() {
            self.write(&part, Vec::new(), &mut HashSet::new())?;
            return Ok(false);
        }
        let engine = &self.command.app.engine;
        let Some(plan) = self.plan(options.manifest(items, part.faces.clone()), drained).await? else {
            return Ok(true);
        };
        let since = self.command.app.clock.now();
        let batch = match engine.interrupted(&plan).await? {
            Some(open) => {
                engine.resume_batch(&plan, &open.id).await?;
                open.id
            }
            None => {
                if let Some((price, cost)) = &mut self.agreed {
                    take(price, plan.price)?;
                    take(cost, plan.cost)?;
                }
                engine.start_batch(&plan).await?.id
            }
        };
        self.focus.on(&batch);
        let mut written = HashSet::new();
        let is_interrupted = self.follow(&batch, &part, &mut written, drained).await?;
        let report = engine.report(&batch, since).await?;
        self.results.counts.paid_calls += report.totals.paid_calls;
        for worker in report.workers {
            let known = self.workers.entry(worker.id.clone()).or_insert(WorkerReport {
                items: 0,
                ok: 0,
                failed: 0,
                busy_s: 0.,
                waiting_s: 0.,
                ..worker.clone()
            });
            known.add(&worker);
        }
        let mut items = report.items;
        items.retain(|item| !is_interrupted || item.status != StepStatus::Waiting);
        for item in items.iter_mut().filter(|item| !written.contains(&item.number)) {
            self.leave(item).await?;
        }
        let stopped_by =
            report.error.filter(|code| *code != ErrorCode::GateFailed && *code != ErrorCode::Cancelled);
        let failure = stopped_by.map(|code| {
            let failed =
                items.iter().find(|item| item.error.as_ref().is_some_and(|error| error.code == code));
            let model = failed.and_then(|item| item.failed_model.clone()).unwrap_or_default();
            let message = failed.and_then(|item| item.error.as_ref().map(|error| error.message.clone()));
            market_failure::failure(code, ("", &model), message.as_deref())
        });
        self.write(&part, items, &mut written)?;
        failure.map_or(Ok(is_interrupted), Err)
    }

    /// What an earlier run left at a market is waited for: it is paid for.
    async fn plan(
        &mut self,
        manifest: Manifest,
        drained: &CancellationToken,
    ) -> Result<Option<Plan>, Failure> {
        let (engine, console) = (self.command.app.engine.clone(), self.command.session.console);
        let mut is_told = false;
        loop {
            let plan = engine.plan(manifest.clone()).await?;
            if engine.interrupted(&plan).await?.is_some() || !engine.is_under_way(&plan).await? {
                return Ok(Some(plan));
            }
            if !is_told {
                console.note(&console.text("waiting-leftover", &[]));
                is_told = true;
            }
            if self.is_stopped()? {
                return Ok(None);
            }
            tokio::select! {
                () = engine.clock.sleep(TICK) => {}
                () = drained.cancelled() => return Ok(None),
            }
        }
    }

    async fn follow(
        &mut self,
        batch: &BatchId,
        part: &Part,
        written: &mut HashSet<u32>,
        drained: &CancellationToken,
    ) -> Result<bool, Failure> {
        let engine = &self.command.app.engine;
        let mut follower = engine.follow(batch).await?;
        let before = self.bar.position();
        loop {
            let event = tokio::select! {
                event = follower.next() => event?,
                () = drained.cancelled() => break,
            };
            match event {
                None => break,
                Some(BatchEvent::Trouble(code)) => return Err(self.command.session.trouble(code)),
                Some(BatchEvent::Counted(progress)) => {
                    self.bar.set_position(before + u64::try_from(progress.done.ended).unwrap_or(0));
                    let is_due = self.command.app.clock.now().since(self.told_at) >= TICK;
                    if is_due && progress.state == BatchState::Processing {
                        self.told_at = self.command.app.clock.now();
                        self.tell();
                        if self.command.args.order == Order::Done {
                            let report = engine.report(batch, self.told_at).await?;
                            let mut ended = report.items;
                            ended.retain(|item| {
                                item.status != StepStatus::Waiting && !written.contains(&item.number)
                            });
                            for item in &mut ended {
                                self.leave(item).await?;
                            }
                            self.write_ended(part, ended, written)?;
                        }
                    }
                }
                Some(_) => {}
            }
        }
        Ok(engine.batch(batch).await?.state == BatchState::Processing)
    }

    /// One line a second where there is no bar.
    fn tell(&self) {
        if self.bar.is_hidden() {
            let console = &self.command.session.console;
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let number = |count: u64| Arg::from(i64::try_from(count).unwrap_or(i64::MAX));
            console.note(&console.text("counter-run", &[("done", number(done)), ("total", number(total))]));
        }
    }

    /// `00007.png` beside the results, and `00007-2.png` where one line makes several.
    async fn leave(&mut self, item: &mut ItemReport) -> Result<(), Failure> {
        let engine = &self.command.app.engine;
        let step = item.steps.iter().find(|step| step.step == StepKind::Run && step.object_key.is_some());
        let Some(id) = step.and_then(|step| step.id.clone()) else { return Ok(()) };
        let mut names = Vec::new();
        for (n, asset) in engine.assets(&id).await?.iter().enumerate() {
            let extension = asset.object_key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
            let more = if n == 0 { String::new() } else { format!("-{}", n + 1) };
            let name = format!("{:05}{more}.{extension}", item.number);
            copy_object(engine, &asset.object_key, &self.command.args.out.join(&name)).await?;
            names.push(name);
        }
        item.file = names.first().cloned();
        self.files.insert(item.number, names);
        Ok(())
    }

    fn write_ended(
        &mut self,
        part: &Part,
        items: Vec<ItemReport>,
        written: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        for item in items {
            written.insert(item.number);
            let price = item.price.amount;
            let mut result = json!(item);
            result["id"] = part.ids.get(&item.number).cloned().unwrap_or_default();
            result["files"] = json!(self.files.remove(&item.number).unwrap_or_default());
            self.results.add(&result, price)?;
        }
        Ok(())
    }

    /// What is not written yet, in the order of the lines, with those that could not be tried.
    fn write(
        &mut self,
        part: &Part,
        items: Vec<ItemReport>,
        written: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        let mut left: BTreeMap<u32, Option<ItemReport>> =
            part.bad.keys().map(|number| (*number, None)).collect();
        left.extend(
            items
                .into_iter()
                .filter(|item| !written.contains(&item.number))
                .map(|item| (item.number, Some(item))),
        );
        for (number, item) in left {
            match (item, part.bad.get(&number)) {
                (Some(item), _) => self.write_ended(part, vec![item], written)?,
                (None, Some(bad)) => {
                    let result = json!({
                        "number": number, "id": part.ids.get(&number), "title": "", "status": StepStatus::Failed, "reused": false,
                        "prompt": null, "clean_prompt": null, "model": null, "file": null, "files": [], "attempts": 0, "cost": null,
                        "price": Money::new(0, self.command.app.engine.settings.prices.currency), "started_at": null,
                        "finished_at": null, "error": { "code": bad.code, "step": StepKind::Run, "message": bad.message },
                    });
                    self.results.add(&result, 0)?;
                    self.bar.inc(1);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

/// Never more than was agreed to, whatever has become dearer since.
fn take(left: &mut Money, wanted: Money) -> Result<(), Failure> {
    if wanted.amount > left.amount {
        let failure = Failure::new(ErrorCode::OverMaxCost).with("value", wanted.to_string());
        return Err(failure.with("limit", left.to_string()));
    }
    left.amount -= wanted.amount;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::Currency;

    #[test]
    fn parts_together_never_pass_what_was_agreed_to() {
        let rubles = |amount| Money::new(amount, Currency::RUB);
        let mut left = rubles(100);
        take(&mut left, rubles(60)).unwrap();
        assert_eq!(take(&mut left, rubles(41)).unwrap_err().code(), ErrorCode::OverMaxCost);
        take(&mut left, rubles(40)).unwrap();
        take(&mut left, rubles(0)).unwrap();
        assert_eq!(left, rubles(0));
    }
}
