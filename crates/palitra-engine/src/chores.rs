//! What has to be done once for all processes, on the leader alone (`leader`): one line each.
//!
//! A chore takes no input, finds out by itself what is to be done, and may be broken off at any await or, when a process is stopped for
//! longer than its lease, be done twice at the same time: so each of its transactions is whole and harmless when repeated. It runs when
//! this process begins to lead and then again and again.

use crate::{
    Result, books, gifts, keys, people, retention, scheduler::Machine, sync, uploads, work::answers,
};
use palitra_domain::BoxFuture;
use palitra_store::generations;
use std::time::Duration;

pub(crate) struct Chore {
    /// For logs.
    pub(crate) name: &'static str,
    /// From the end of one run to the start of the next.
    pub(crate) every: Duration,
    pub(crate) run: fn(Machine) -> BoxFuture<'static, Result<()>>,
}

pub(crate) const CHORES: &[Chore] = &[
    Chore { name: "ghosts", every: Duration::from_secs(2), run: |machine| Box::pin(expire_ghosts(machine)) },
    Chore {
        name: "stopped markets",
        every: Duration::from_secs(2),
        run: |machine| Box::pin(keys::drain_stopped(machine)),
    },
    Chore {
        name: "answers",
        every: Duration::from_secs(60),
        run: |machine| Box::pin(answers::sweep(machine)),
    },
    Chore {
        name: "books",
        every: Duration::from_secs(60),
        run: |machine| Box::pin(books::reconcile(machine)),
    },
    Chore { name: "sync", every: Duration::from_secs(300), run: |machine| Box::pin(sync::keep_up(machine)) },
    Chore {
        name: "bonuses that expire",
        every: Duration::from_secs(60),
        run: |machine| Box::pin(gifts::expire(machine)),
    },
    Chore {
        name: "uploads",
        every: Duration::from_secs(6 * 3600),
        run: |machine| Box::pin(uploads::sweep(machine)),
    },
    Chore {
        name: "accounts that leave",
        every: Duration::from_secs(4),
        run: |machine| Box::pin(people::go_on(machine)),
    },
    Chore {
        name: "retention",
        every: Duration::from_secs(300),
        run: |machine| Box::pin(retention::let_go(machine)),
    },
];

/// Ghosts whose time has passed give their slots back.
async fn expire_ghosts(machine: Machine) -> Result<()> {
    let now = machine.now();
    if machine.store.write(move |tx| generations::expire_ghosts(tx, now)).await? > 0 {
        machine.work_is_there();
    }
    Ok(())
}
