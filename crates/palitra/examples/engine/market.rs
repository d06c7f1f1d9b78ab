//! The markets of a benchmark: the sandbox with a log of its calls, and one far away that takes work and is never done with it.

use palitra_domain::{
    BoxFuture, Clock, Timestamp,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, Outputs, Polled, RemoteRef, Request,
        Submitted,
    },
    objects::ByteStream,
};
use palitra_sim::sandbox::{Pace, Sandbox};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// What a market has seen.
#[derive(Default)]
pub(crate) struct Log {
    submitted: AtomicUsize,
    polled: AtomicUsize,
    calls: Mutex<Vec<(String, Timestamp)>>,
}

impl Log {
    pub(crate) fn submitted(&self) -> usize {
        self.submitted.load(Ordering::Relaxed)
    }

    pub(crate) fn polled(&self) -> usize {
        self.polled.load(Ordering::Relaxed)
    }

    /// The generations that were submitted, in that order; only of markets that keep them.
    pub(crate) fn calls(&self) -> Vec<(String, Timestamp)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn call(&self, request: &Request, now: Timestamp) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push((request.generation.clone(), now));
    }
}

/// The sandbox as it ships.
pub(crate) struct Near {
    sandbox: Sandbox,
    clock: Arc<dyn Clock>,
    log: Arc<Log>,
    keeps_calls: bool,
    /// How long each run takes.
    takes: Duration,
}

impl Near {
    pub(crate) fn new(clock: &Arc<dyn Clock>, log: &Arc<Log>, keeps_calls: bool, takes: Duration) -> Near {
        let sandbox = Sandbox::new(clock.clone(), Pace::default(), 1);
        Near { sandbox, clock: clock.clone(), log: log.clone(), keeps_calls, takes }
    }
}

impl Market for Near {
    fn capabilities(&self) -> Capabilities {
        self.sandbox.capabilities()
    }

    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        if self.keeps_calls {
            self.log.call(request, self.clock.now());
        }
        self.log.submitted.fetch_add(1, Ordering::Relaxed);
        if self.takes.is_zero() {
            return self.sandbox.submit(key, request);
        }
        Box::pin(async move {
            self.clock.sleep(self.takes).await;
            self.sandbox.submit(key, request).await
        })
    }

    fn poll<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        self.sandbox.poll(key, remote)
    }

    fn cancel<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        self.sandbox.cancel(key, remote)
    }

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        self.sandbox.fetch(link)
    }
}

/// Takes everything, calls back when asked to, and is never done but with the first `at_once`.
pub(crate) struct Far {
    pub(crate) log: Arc<Log>,
    pub(crate) at_once: usize,
}

impl Market for Far {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: true, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        if self.log.submitted.fetch_add(1, Ordering::Relaxed) < self.at_once {
            let outputs = Outputs { text: Some("done".to_owned()), ..Outputs::default() };
            return Box::pin(std::future::ready(Submitted::Done(outputs)));
        }
        // As long as fal's: an id and three addresses.
        let place = format!("https://queue.market.example/company/model/requests/{}", request.generation);
        let reference = format!(
            r#"{{"request_id":"{}","response_url":"{place}","status_url":"{place}/status","cancel_url":"{place}/cancel"}}"#,
            request.generation
        );
        Box::pin(std::future::ready(Submitted::Accepted(RemoteRef(reference))))
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        self.log.polled.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Polled::Pending { position: None }))
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(std::future::ready(Err(MarketError::new(ErrorClass::ResultExpired, "there is none"))))
    }
}
