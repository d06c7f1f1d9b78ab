//! Events become deliveries: what the outbox holds of ends and late results is written down for everybody who hears of it, and closed,
//! in one transaction. A process that dies before its commit has told nobody and closed nothing.

use crate::{EngineEvent, Result, scheduler::Machine};
use palitra_store::webhooks;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

/// How long after one look for events the next one follows as long as nobody hears of any.
pub(crate) const LOOK_FOR_EVENTS: Duration = Duration::from_millis(2_700);

/// The same when somebody does, and nothing has ended in this process.
const LOOK: Duration = Duration::from_millis(800);

/// From an end to the look for it: what ends together is told together.
const AFTER_AN_END: Duration = Duration::from_millis(100);

/// Events that one transaction closes.
const EVENTS_AT_ONCE: u32 = 1_000;

/// For as long as the machine runs.
pub(crate) async fn tell_all(machine: Machine, kinds: Vec<&'static str>) {
    loop {
        // What ends from here on wakes the next look; what ended before is found by this one.
        let mut events = machine.events.subscribe();
        let mut is_heard = false;
        for kind in &kinds {
            match tell_some(&machine, kind).await {
                Ok(heard) => is_heard |= heard,
                Err(error) => tracing::warn!(%error, "cannot tell of events now"),
            }
        }
        wait(&machine, &mut events, is_heard).await;
    }
}

/// Until nothing is left. Answers whether anybody hears of anything.
pub(super) async fn tell_some(machine: &Machine, kind: &'static str) -> Result<bool> {
    loop {
        let now = machine.now();
        let write =
            machine.store.write(move |tx| webhooks::close_and_tell(tx, kind, EVENTS_AT_ONCE, now)).await?;
        if write.told > 0 {
            machine.posted.notify_waiters();
        }
        if !write.is_full {
            return Ok(machine.store.read(webhooks::is_heard).await?);
        }
    }
}

async fn wait(machine: &Machine, events: &mut Receiver<EngineEvent>, is_heard: bool) {
    if !is_heard {
        return machine.clock.sleep(LOOK_FOR_EVENTS).await;
    }
    let ended = async {
        while let Ok(EngineEvent::Started(_) | EngineEvent::Trouble(_)) = events.recv().await {}
        machine.clock.sleep(AFTER_AN_END).await;
    };
    tokio::select! {
        () = ended => {}
        () = machine.clock.sleep(LOOK) => {}
    }
}
