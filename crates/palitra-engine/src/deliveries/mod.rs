//! Deliveries: effects outside the database, carried to their receivers at least once, with pauses that grow, and given up after
//! [`TRIES`] with an alert. What a delivery means is its receiver's affair; doors bring their own (`Engine::deliver_to`).
//!
//! Each kind has a loop of its own, so a receiver that hangs holds up nobody else's. The end of a generation is an event: endpoints of its
//! account hear of it (`webhooks`), and so does a receiver for it; what nobody hears of is closed in bulk.

mod builtin;

#[cfg(test)]
mod tests;

pub(crate) use builtin::{ALERT, alert};

use crate::{Context, Engine, Result, scheduler::Machine, webhooks};
use builtin::{Alerts, Erase};
use futures_util::{FutureExt, StreamExt, stream};
use palitra_domain::{
    Timestamp,
    deliver::{Deliver, Delivered, Delivery},
};
use palitra_store::outbox::{self, Take, Try};
use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Tries of one delivery: some eight hours with the pauses between them.
pub(crate) const TRIES: i64 = 16;

/// How long one try may take.
const TRY_TIME: Duration = Duration::from_secs(30);

/// How long what was taken stays ours: for the try, and for recording what became of it.
const TAKEN_FOR: Duration = Duration::from_secs(60);

/// Tries of one kind at once.
const AT_ONCE: u32 = 16;

/// How long after one look for deliveries the next one follows when nothing is said.
const LOOK: Duration = Duration::from_millis(900);

/// Who receives what.
#[derive(Default)]
pub(crate) struct Receivers(Mutex<BTreeMap<&'static str, Arc<dyn Deliver>>>);

impl Receivers {
    fn put(&self, receiver: Arc<dyn Deliver>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(receiver.kind(), receiver);
    }

    fn all(&self) -> BTreeMap<&'static str, Arc<dyn Deliver>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Engine {
    /// Deliveries of its kind go to `receiver`, from the next start on.
    pub fn deliver_to(&self, receiver: Arc<dyn Deliver>) {
        self.receivers.put(receiver);
    }
}

/// A service delivers; a command only tells of events, so that they do not pile up where nobody ever serves.
pub(crate) async fn start(machine: &Machine) -> Result<()> {
    let receivers = begin(machine).await?;
    let mut events = outbox::EVENTS.to_vec();
    events.push(outbox::WEBHOOK_DISABLED);
    events.retain(|event| !receivers.contains_key(event));
    if !events.is_empty() {
        machine.spawn(webhooks::tell_all(machine.clone(), events));
    }
    for receiver in receivers.into_values().filter(|_| machine.is_service) {
        machine.spawn(deliver_all(machine.clone(), receiver));
    }
    Ok(())
}

/// For a command after which no service may ever come: deletes the files that wait for it now.
pub(crate) async fn erase_now(engine: &Engine) -> Result<()> {
    let machine = Machine::new(engine, None, CancellationToken::new());
    let receiver: Arc<dyn Deliver> = Arc::new(Erase(engine.objects.clone()));
    while deliver_some(&machine, &receiver).await? > 0 {}
    Ok(())
}

/// Who receives, and what the dead of a service had taken is free again.
async fn begin(machine: &Machine) -> Result<BTreeMap<&'static str, Arc<dyn Deliver>>> {
    let context: &Context = machine;
    for built_in in [Arc::new(Alerts) as Arc<dyn Deliver>, Arc::new(Erase(context.objects.clone()))] {
        if !context.receivers.all().contains_key(built_in.kind()) {
            context.receivers.put(built_in);
        }
    }
    let receivers = context.receivers.all();
    if machine.is_service {
        let (now, is_alone) = (machine.now(), !machine.lease.is_shared);
        let kinds: Vec<&str> = receivers.keys().copied().collect();
        let write = machine.store.write(move |tx| {
            kinds.iter().try_for_each(|kind| outbox::know_kind(tx, kind))?;
            if is_alone { outbox::release_all(tx, now) } else { Ok(0) }
        });
        write.await?;
    }
    Ok(receivers)
}

/// One kind, for as long as the machine runs.
async fn deliver_all(machine: Machine, receiver: Arc<dyn Deliver>) {
    loop {
        match deliver_some(&machine, &receiver).await {
            Ok(taken) if taken > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(kind = receiver.kind(), %error, "cannot deliver now"),
        }
        tokio::select! {
            () = machine.posted.notified() => {}
            () = machine.clock.sleep(LOOK) => {}
        }
    }
}

/// Takes what is due and tries it. Answers how much it was.
async fn deliver_some(machine: &Machine, receiver: &Arc<dyn Deliver>) -> Result<usize> {
    let now = machine.now();
    if !machine.lease.is_held(now) {
        return Ok(0);
    }
    let owner = machine.lease.owner().as_str().to_owned();
    let take = Take {
        kind: receiver.kind().to_owned(),
        owner: owner.clone(),
        in_order: receiver.in_order(),
        max: AT_ONCE,
        until: now.plus(TAKEN_FOR),
    };
    let until = take.until;
    let is_event = outbox::EVENTS.contains(&receiver.kind());
    let write = machine.store.write(move |tx| {
        let taken = outbox::take(tx, &take, now)?;
        // Endpoints hear of it whatever becomes of it at this receiver.
        if is_event {
            let ids: Vec<_> = taken.iter().map(|delivery| delivery.id.clone()).collect();
            palitra_store::webhooks::tell(tx, &ids, now)?;
        }
        Ok(taken)
    });
    let taken = write.await?;
    let count = taken.len();
    let round = Round { machine, receiver: receiver.as_ref(), owner: &owner, until };
    stream::iter(lines(taken, receiver.in_order()))
        .for_each_concurrent(usize::try_from(AT_ONCE).ok(), |line| round.deliver(line))
        .await;
    Ok(count)
}

/// Those that go one after another.
fn lines(taken: Vec<Delivery>, in_order: bool) -> Vec<Vec<Delivery>> {
    if !in_order {
        return taken.into_iter().map(|delivery| vec![delivery]).collect();
    }
    let mut lines: BTreeMap<_, Vec<Delivery>> = BTreeMap::new();
    for delivery in taken {
        lines.entry(delivery.account.clone()).or_default().push(delivery);
    }
    lines.into_values().collect()
}

/// What was taken at once.
struct Round<'a> {
    machine: &'a Machine,
    receiver: &'a dyn Deliver,
    owner: &'a str,
    until: Timestamp,
}

impl Round<'_> {
    async fn deliver(&self, line: Vec<Delivery>) {
        let mut held_up = false;
        for delivery in line {
            let of = Try { id: delivery.id.clone(), owner: self.owner.to_owned(), attempt: delivery.attempt };
            // Somebody before it has to come again first, or there is no time left to try it.
            if held_up || self.until.since(self.machine.now()) < TRY_TIME {
                let now = self.machine.now();
                self.record(of, move |tx, of| outbox::put_back(tx, of, now)).await;
                continue;
            }
            held_up = self.attempt(of, delivery).await;
        }
    }

    /// Answers whether it has to come again.
    async fn attempt(&self, of: Try, delivery: Delivery) -> bool {
        // A try that nothing was recorded of counts: what kills its process does not come for ever.
        if delivery.attempt > TRIES {
            let why = "nothing has come of its tries".to_owned();
            self.give_up(of, &delivery, why, self.machine.now()).await;
            return false;
        }
        let outcome = tokio::select! {
            outcome = AssertUnwindSafe(self.receiver.deliver(&delivery)).catch_unwind() => outcome.unwrap_or_else(|_| {
                Delivered::Again { why: "the receiver panicked".to_owned(), after: None }
            }),
            () = self.machine.clock.sleep(TRY_TIME) => Delivered::Again { why: "no answer in time".to_owned(), after: None },
        };
        let now = self.machine.now();
        match outcome {
            Delivered::Done => {
                self.record(of, move |tx, of| outbox::done(tx, of, now)).await;
                false
            }
            Delivered::Again { why, after } if delivery.attempt < TRIES => {
                tracing::warn!(delivery.id = %of.id, kind = delivery.kind, attempt = delivery.attempt, why, "not delivered, tried again later");
                let pause = after.unwrap_or_default().max(pause(delivery.attempt, self.machine.random()));
                self.record(of, move |tx, of| outbox::again(tx, of, &why, now.plus(pause))).await;
                true
            }
            Delivered::Again { why, .. } | Delivered::Never { why } => {
                self.give_up(of, &delivery, why, now).await;
                false
            }
        }
    }

    /// The operator is told in the same transaction; of an alert that cannot be told only the log speaks.
    async fn give_up(&self, of: Try, delivery: &Delivery, why: String, now: Timestamp) {
        tracing::error!(
            delivery.id = %of.id, kind = delivery.kind, account.id = %delivery.account, attempt = delivery.attempt, why,
            "a delivery is given up"
        );
        let words = format!("delivery {} of kind `{}` is given up: {why}", of.id, delivery.kind);
        let alert = (delivery.kind != ALERT).then(|| alert(self.machine, "delivery_dead", &words, now));
        self.record(of, move |tx, of| {
            let given_up = outbox::give_up(tx, of, &why, now)?;
            if let Some(alert) = alert.as_ref().filter(|_| given_up) {
                outbox::insert(tx, alert, now)?;
            }
            Ok(given_up)
        })
        .await;
        self.machine.posted.notify_waiters();
    }

    /// What cannot be recorded is delivered once more, under the same id, when its time is over.
    async fn record(
        &self,
        of: Try,
        write: impl Fn(&mut palitra_store::Tx<'_>, &Try) -> palitra_store::Result<bool> + Send + 'static,
    ) {
        let id = of.id.clone();
        match self.machine.store.post(move |tx| write(tx, &of)).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(delivery.id = %id, "the try took too long, somebody else has it now"),
            Err(error) => {
                tracing::warn!(delivery.id = %id, %error, "cannot record a delivery, it comes again")
            }
        }
    }
}

/// Five seconds, ten, twenty, … up to an hour, and up to half as much again by chance.
fn pause(attempt: i64, random: u128) -> Duration {
    let exponent = u32::try_from((attempt - 1).clamp(0, 10)).unwrap_or(10);
    let base_ms = (5_000u64 << exponent).min(3_600_000);
    let jitter_ms = u64::try_from(random % u128::from(base_ms / 2)).unwrap_or(0);
    Duration::from_millis(base_ms + jitter_ms)
}
