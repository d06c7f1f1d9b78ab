//! Signals: the first one drains, the second one leaves at once. What was started is a row and continues next time.

use palitra_domain::ErrorCode;
use palitra_engine::Running;
use std::pin::pin;
use tokio::signal::unix::{self, Signal, SignalKind};
use tokio_util::sync::CancellationToken;

/// Resolves at the first signal, Ctrl-C or SIGTERM, after it has stopped new claims. A second signal ends the process. It is listened for from
/// the call on, before anybody waits.
pub(super) fn first_signal(stop: CancellationToken) -> impl Future<Output = ()> {
    let first = signal();
    async move {
        first.await;
        stop.cancel();
        let second = signal();
        tokio::spawn(async move {
            second.await;
            std::process::exit(i32::from(ErrorCode::Interrupted.exit_code()));
        });
    }
}

/// The first of Ctrl-C and SIGTERM from now on.
pub(super) fn signal() -> impl Future<Output = ()> {
    let listening = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| unix::signal(kind).ok());
    async move {
        let [interrupt, terminate] = listening;
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

async fn heard(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Carries the work of a one-shot command to its end. A first signal, which is `told`, stops new claims; what is under way may still
/// end, and then the token asks the work to end, too.
pub(super) async fn until_done<T, W: Future<Output = T>>(
    running: Running,
    told: impl FnOnce(),
    work: impl FnOnce(CancellationToken) -> W,
) -> T {
    let drained = CancellationToken::new();
    let mut work = pin!(work(drained.clone()));
    tokio::select! {
        done = &mut work => {
            running.abort().await;
            return done;
        }
        () = first_signal(running.stopper()) => told(),
    }
    let mut drain = pin!(running.drain());
    tokio::select! {
        done = &mut work => {
            drain.await;
            return done;
        }
        () = &mut drain => drained.cancel(),
    }
    work.await
}

/// The same of work that others do: a first signal tells the work, which is to end then; what it waits for goes on without it.
pub(super) async fn until_told<T, W: Future<Output = T>>(work: impl FnOnce(CancellationToken) -> W) -> T {
    let told = CancellationToken::new();
    let signal = first_signal(told.clone());
    let mut work = pin!(work(told));
    tokio::select! {
        done = &mut work => {
            // What is left to do is this process's own: a signal ends it.
            let later = self::signal();
            tokio::spawn(async move {
                later.await;
                std::process::exit(i32::from(ErrorCode::Interrupted.exit_code()));
            });
            return done;
        }
        () = signal => {}
    }
    work.await
}
