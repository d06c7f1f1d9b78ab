//! The running machine: one loop claims, one looks at waiting work, one keeps house. All of it ends by `drain` or `abort`.

use crate::{
    Context, Engine, Result,
    claims::claims,
    deliveries, leader, lease, neighbours, shelf,
    waits::{InFlight, Waits},
    webhooks, work,
};
use palitra_store::generations::{self, Fence};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long nothing may happen before the queue is looked at anyway.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

/// Rounds of housekeeping between two looks at the shelf: a change of the catalogue is heard of within half a minute.
const SHELF_ROUNDS: u32 = 30;

/// The machine at work. Dropping it leaves tasks behind: end it with [`Running::drain`] or [`Running::abort`].
pub struct Running {
    machine: Machine,
    claims: JoinHandle<()>,
}

impl Engine {
    /// Takes over what a dead process left, then starts claiming. With a `focus` only that batch or generation is claimed: a one-shot
    /// command does not start other people's work.
    pub async fn start(&self, focus: Option<String>) -> Result<Running> {
        self.begin(focus, CancellationToken::new()).await
    }

    /// As [`Engine::start`], but nothing is claimed: what is at the markets is brought to its end and nothing else.
    pub(crate) async fn start_without_claims(&self) -> Result<Running> {
        let stop = CancellationToken::new();
        stop.cancel();
        self.begin(None, stop).await
    }

    async fn begin(&self, focus: Option<String>, stop: CancellationToken) -> Result<Running> {
        let machine = Machine::new(self, focus, stop);
        work::adopt(&machine).await?;
        deliveries::start(&machine).await?;
        webhooks::start(&machine).await?;
        if machine.lease.is_shared {
            machine.spawn(lease::heartbeat(machine.clone()));
        }
        machine.spawn(looks(machine.clone()));
        machine.spawn(housekeeping(machine.clone()));
        machine.spawn(neighbours::listen(machine.clone()));
        leader::start(&machine);
        let claims = machine.spawn(claims(machine.clone()));
        Ok(Running { machine, claims })
    }
}

impl Running {
    /// A handle that stops new claims from elsewhere, such as a signal handler.
    pub fn stopper(&self) -> CancellationToken {
        self.machine.stop.clone()
    }

    /// What this run works on, to be moved on.
    pub fn focus(&self) -> Focus {
        self.machine.focus.clone()
    }

    /// Starts nothing new and waits until what is at the markets has ended, at most the `drain` of the settings. What is still
    /// under way then is a row, and the next process continues it.
    pub async fn drain(mut self) {
        self.machine.stop.cancel();
        let mut under_way = self.machine.in_flight.subscribe();
        let ended = async {
            // A claim that is being committed counts as under way only afterwards.
            (&mut self.claims).await.ok();
            under_way.wait_for(|under_way| under_way.is_empty()).await.ok();
        };
        tokio::select! {
            () = ended => {}
            () = self.machine.clock.sleep(self.machine.settings.drain) => {}
        }
        self.abort().await;
    }

    /// Ends every task at once, wherever it waits. What has been handed to the database is still written.
    pub async fn abort(self) {
        let Machine { engine, tasks, stop, abort, .. } = self.machine;
        stop.cancel();
        abort.cancel();
        engine.waits.clear();
        tasks.close();
        tasks.wait().await;
        lease::leave(&engine).await;
    }
}

/// The one batch or generation, with what it waits for, that a one-shot command works on; a command that asks one thing after another
/// moves it on.
#[derive(Clone)]
pub struct Focus {
    engine: Engine,
    of: Arc<Mutex<Option<String>>>,
}

impl Focus {
    pub fn on(&self, id: impl std::fmt::Display) {
        *self.of.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_string());
        self.engine.work_is_there();
    }

    pub(crate) fn get(&self) -> Option<String> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the loops share.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    tasks: TaskTracker,
    /// No new claims.
    pub(crate) stop: CancellationToken,
    /// Everything ends at its next await.
    abort: CancellationToken,
    pub(crate) focus: Focus,
    /// Nobody is there to start it again.
    pub(crate) is_service: bool,
}

impl Machine {
    pub(crate) fn new(engine: &Engine, focus: Option<String>, stop: CancellationToken) -> Machine {
        let is_service = focus.is_none() && !stop.is_cancelled();
        let (tasks, abort) = (TaskTracker::new(), CancellationToken::new());
        let focus = Focus { engine: engine.clone(), of: Arc::new(Mutex::new(focus)) };
        Machine { engine: engine.clone(), tasks, stop, abort, focus, is_service }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let abort = self.abort.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = abort.cancelled() => {}
            }
        })
    }
}

impl std::ops::Deref for Machine {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.engine
    }
}

/// Looks at waiting work when it is due, a bounded number at once.
async fn looks(machine: Machine) {
    let permits = Arc::new(Semaphore::new(machine.settings.polls_max.max(1)));
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let waiting = next_due(&machine, &machine.waits).await;
        let look = work::look(machine.clone(), waiting);
        machine.spawn(async move {
            look.await;
            drop(permit);
        });
    }
}

async fn next_due(machine: &Machine, waits: &Waits) -> crate::waits::Waiting {
    loop {
        match waits.take_due(machine.now()) {
            Ok(waiting) => return waiting,
            Err(next) => {
                let pause = next.map_or(Duration::from_secs(3600), |next| next.since(machine.now()));
                tokio::select! {
                    () = waits.changed.notified() => {}
                    () = machine.clock.sleep(pause) => {}
                }
            }
        }
    }
}

/// Every second, and when there is news: work that was given up is looked at where it is known, wishes to cancel are carried to the
/// markets, and work that nobody carries on is taken over. What needs doing once for all processes is a chore of the leader.
async fn housekeeping(machine: Machine) {
    let mut asked = std::collections::HashSet::new();
    let mut rounds = 0u32;
    loop {
        tokio::select! {
            () = machine.clock.sleep(IDLE) => {}
            () = machine.nudge.notified() => {}
        }
        let (now, owner) = (machine.now(), machine.lease.owner().as_str().to_owned());
        if !machine.lease.is_held(now) {
            continue;
        }
        if rounds.is_multiple_of(SHELF_ROUNDS)
            && let Err(error) = shelf::look(&machine).await
        {
            tracing::warn!(%error, "cannot see whether the catalogue has changed");
        }
        rounds = rounds.wrapping_add(1);
        if let Err(error) = take_over(&machine).await {
            tracing::error!(%error, "cannot take over work");
        }
        if let Err(error) = work::look_at_ghosts(&machine).await {
            tracing::error!(%error, "cannot look at work that was given up");
        }
        match machine.store.read(move |tx| generations::cancel_wishes(tx, &owner)).await {
            Ok(wishes) => {
                // A market is asked once; the wish stays until the generation has ended.
                asked.retain(|id| wishes.iter().any(|wish| wish.id == *id));
                for wish in wishes {
                    if asked.insert(wish.id.clone()) {
                        machine.spawn(work::ask_to_cancel(machine.clone(), wish));
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot see what is to be cancelled"),
        }
    }
}

async fn take_over(machine: &Machine) -> Result<()> {
    if machine.lease.is_shared {
        work::adopt_dead(machine).await?;
    }
    if machine.doubts.take() {
        work::recover(machine).await.inspect_err(|_| machine.doubts.raise())?;
    }
    Ok(())
}

impl Context {
    pub(crate) fn in_flight(&self, fence: &Fence) -> InFlight {
        InFlight::new(&self.in_flight, fence)
    }
}
