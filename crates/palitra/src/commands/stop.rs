//! Signals: the first one drains, the second one leaves at once. What was started is a row and continues next time.

use crate::console::Console;
use palitra_domain::ErrorCode;
use palitra_engine::Running;
use tokio_util::sync::CancellationToken;

/// Resolves at the first signal, Ctrl-C or SIGTERM, after it has stopped new claims. A second signal ends the process.
pub(super) async fn first_signal(stop: CancellationToken, console: Console) {
    signal().await;
    stop.cancel();
    console.note(&console.text("draining", &[]));
    tokio::spawn(async {
        signal().await;
        std::process::exit(i32::from(ErrorCode::Interrupted.exit_code()));
    });
}

/// The first of Ctrl-C and SIGTERM.
pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// Waits for the work of a one-shot command. `None`: it was interrupted, and has been drained.
pub(super) async fn until_done<T>(
    running: Running,
    console: Console,
    work: impl Future<Output = T>,
) -> Option<T> {
    let stop = running.stopper();
    tokio::select! {
        done = work => {
            running.abort().await;
            Some(done)
        }
        () = first_signal(stop, console) => {
            running.drain().await;
            None
        }
    }
}
