//! The run itself: part after part of the file, each a batch that is planned, started, followed and written.

use super::{Command, Part, TICK, lines::Numbered, results::Results};
use crate::{
    args::Order,
    commands::{
        batch::{self, Bad, Followed, Planned, Studio},
        market_failure,
    },
    failure::Failure,
};
use indicatif::ProgressBar;
use palitra_api::batches::BatchRequest;
use palitra_domain::{
    BatchId, Currency, ErrorCode, Money, Timestamp,
    i18n::Arg,
    state::{BatchState, StepKind, StepStatus},
};
use palitra_engine::{
    EngineEvent, Focus,
    batches::{BatchEvent, ItemReport, WorkerReport},
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;

/// The run itself.
pub(super) struct Work<'a> {
    pub(super) command: &'a Command<'a>,
    /// Where this process does it.
    pub(super) here: Option<Mine>,
    pub(super) results: Results,
    pub(super) workers: BTreeMap<String, WorkerReport>,
    pub(super) bar: ProgressBar,
    pub(super) told_at: Timestamp,
    pub(super) lines_left: u32,
    pub(super) currency: Currency,
    /// What is left of the sums that were agreed to: what is charged, and what markets take. `None`: nothing had to be agreed.
    pub(super) agreed: Option<(Money, Money)>,
    /// Of lines whose result is to be written.
    pub(super) files: HashMap<u32, Vec<String>>,
}

/// The engine of this process while it works.
pub(super) struct Mine {
    pub(super) focus: Focus,
    pub(super) stopper: CancellationToken,
    pub(super) events: Receiver<EngineEvent>,
}

impl Work<'_> {
    /// To the end of the file, or to a signal; `stopped` says that nobody waits any more.
    pub(super) async fn all(&mut self, stopped: CancellationToken) -> Result<Followed, Failure> {
        let mut lines = self.command.open().await?;
        for number in 1.. {
            let mut some = self.command.next(&mut lines).await?;
            // What is written to the file meanwhile was not agreed to.
            some.truncate(usize::try_from(self.lines_left).unwrap_or(usize::MAX));
            self.lines_left -= u32::try_from(some.len()).unwrap_or(self.lines_left).min(self.lines_left);
            if some.is_empty() {
                return self.forget_parts_after(number - 1, &stopped).await;
            }
            if self.is_stopped(&stopped)? {
                return Ok(Followed::Interrupted);
            }
            let followed = self.part(some, number, &stopped).await?;
            if followed != Followed::Done {
                return Ok(followed);
            }
        }
        Ok(Followed::Done)
    }

    /// A signal came, or the engine cannot go on.
    fn is_stopped(&mut self, stopped: &CancellationToken) -> Result<bool, Failure> {
        let Some(mine) = &mut self.here else { return Ok(stopped.is_cancelled()) };
        while let Ok(event) = mine.events.try_recv() {
            if let EngineEvent::Trouble(code) = event {
                return Err(self.command.session.trouble(code));
            }
        }
        Ok(mine.stopper.is_cancelled())
    }

    /// The file has become shorter: what is left of its last parts gives its money back. What is at a market is asked to stop, and waited for.
    /// A service is left with the part that was at work: nobody else knows which file it came from.
    async fn forget_parts_after(
        &self,
        last: usize,
        stopped: &CancellationToken,
    ) -> Result<Followed, Failure> {
        let (Some(mine), Studio::Here(here)) = (&self.here, self.command.studio) else {
            return Ok(Followed::Done);
        };
        let (engine, console) = (&here.app.engine, &self.command.session.console);
        let owner = (&engine.house.id, self.command.session.livemode());
        for batch in engine.cancel_parts_after(owner, &self.command.file(), last).await? {
            console.note(&console.text("superseded", &[("batch", batch.as_str().into())]));
            mine.focus.on(&batch);
            let mut follower = engine.follow(&batch).await?;
            loop {
                tokio::select! {
                    event = follower.next() => match event? {
                        None => break,
                        Some(BatchEvent::Trouble(code)) => return Err(self.command.session.trouble(code)),
                        Some(_) => {}
                    },
                    () = stopped.cancelled() => return Ok(Followed::Interrupted),
                }
            }
        }
        Ok(Followed::Done)
    }

    async fn part(
        &mut self,
        lines: Vec<Numbered>,
        number: usize,
        stopped: &CancellationToken,
    ) -> Result<Followed, Failure> {
        let (session, studio) = (self.command.session, self.command.studio);
        let mut part = self.command.part(lines).await;
        let items = std::mem::take(&mut part.items);
        let asked: Vec<u32> = items.iter().filter_map(|item| item.number).collect();
        if items.is_empty() {
            self.write(&part, Vec::new(), &mut HashSet::new())?;
            return Ok(Followed::Done);
        }
        let request = self.command.request(number, items);
        let Some(mut planned) = self.plan(&request, stopped).await? else {
            return Ok(Followed::Interrupted);
        };
        part.bad.extend(std::mem::take(&mut planned.left_out));
        if planned.items == 0 {
            self.write(&part, Vec::new(), &mut HashSet::new())?;
            return Ok(Followed::Done);
        }
        let since = studio.clock().now();
        if let (None, Some((price, cost))) = (&planned.open, &mut self.agreed) {
            take(price, planned.price)?;
            take(cost, planned.cost)?;
        }
        let batch = studio.begin(session, &planned).await?.id;
        let followed = self.carry_out(&batch, (part, &asked), since, stopped).await;
        match studio {
            Studio::Here(_) => followed,
            Studio::There(_) => followed.map_err(|failure| batch::goes_on(failure, &batch)),
        }
    }

    /// Follows a part and writes what came of it.
    async fn carry_out(
        &mut self,
        batch: &BatchId,
        (mut part, asked): (Part, &[u32]),
        since: Timestamp,
        stopped: &CancellationToken,
    ) -> Result<Followed, Failure> {
        let (session, studio) = (self.command.session, self.command.studio);
        if let Some(mine) = &self.here {
            mine.focus.on(batch);
        }
        let mut written = HashSet::new();
        let followed = self.follow(batch, &part, &mut written, stopped).await?;
        let is_interrupted = followed != Followed::Done;
        let report = studio.report(session, batch, since).await?;
        self.results.counts.paid_calls += report.totals.paid_calls;
        let reported: HashSet<u32> = report.items.iter().map(|item| item.number).collect();
        for number in asked.iter().filter(|number| !reported.contains(number)) {
            // What could be made when it was planned, and not any more when it was started.
            let message = session.console.text("line-not-any-more", &[]);
            part.bad.entry(*number).or_insert(Bad { code: ErrorCode::InvalidInput, message });
        }
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
        failure.map_or(Ok(followed), Err)
    }

    /// What an earlier run left at a market is waited for: it is paid for.
    async fn plan(
        &mut self,
        request: &BatchRequest,
        stopped: &CancellationToken,
    ) -> Result<Option<Planned>, Failure> {
        let (session, studio) = (self.command.session, self.command.studio);
        let mut is_told = false;
        loop {
            let planned = studio.plan(session, request).await?;
            if !planned.under_way {
                return Ok(Some(planned));
            }
            if !is_told {
                session.console.note(&session.console.text("waiting-leftover", &[]));
                is_told = true;
            }
            if self.is_stopped(stopped)? {
                return Ok(None);
            }
            tokio::select! {
                () = studio.clock().sleep(TICK) => {}
                () = stopped.cancelled() => return Ok(None),
            }
        }
    }

    async fn follow(
        &mut self,
        batch: &BatchId,
        part: &Part,
        written: &mut HashSet<u32>,
        stopped: &CancellationToken,
    ) -> Result<Followed, Failure> {
        let (session, studio) = (self.command.session, self.command.studio);
        let mut feed = studio.follow(batch).await?;
        let before = self.bar.position();
        loop {
            let event = tokio::select! {
                event = feed.next() => event?,
                () = stopped.cancelled() => break,
            };
            match event {
                None => break,
                Some(BatchEvent::Trouble(code)) => return Err(session.trouble(code)),
                Some(BatchEvent::Counted(progress)) => {
                    self.bar.set_position(before + u64::try_from(progress.done.ended).unwrap_or(0));
                    let is_due = studio.clock().now().since(self.told_at) >= TICK;
                    if is_due && progress.state == BatchState::Processing {
                        self.told_at = studio.clock().now();
                        self.tell();
                        if self.command.args.order == Order::Done {
                            let report = studio.report(session, batch, self.told_at).await?;
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
        Ok(match (studio.state(session, batch).await?, studio) {
            (BatchState::Processing, Studio::Here(_)) => Followed::Interrupted,
            (BatchState::Processing, Studio::There(_)) => Followed::Left(batch.clone()),
            _ => Followed::Done,
        })
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
        let (session, studio) = (self.command.session, self.command.studio);
        let step = item.steps.iter().find(|step| step.step == StepKind::Run && step.object_key.is_some());
        let Some(id) = step.and_then(|step| step.id.clone()) else { return Ok(()) };
        let mut names = Vec::new();
        for (n, key) in studio.made(session, &id).await?.iter().enumerate() {
            let extension = key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
            let more = if n == 0 { String::new() } else { format!("-{}", n + 1) };
            let name = format!("{:05}{more}.{extension}", item.number);
            studio.files().copy(key, &self.command.args.out.join(&name)).await?;
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
                        "price": Money::new(0, self.currency), "started_at": null,
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
