//! `GET /metrics`: how this process and its database stand, for Prometheus.
//!
//! What the process counts costs nothing to show. What the database knows is one bounded look, at most every five seconds however many ask;
//! when it cannot be had, the page says so and shows the rest. Label values come from settings and enums, so their number is bounded.

pub mod families;
mod text;

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use families as of;
use palitra_domain::Timestamp;
use palitra_engine::Engine;
use palitra_store::figures::Figures;
use std::{sync::Arc, time::Duration};
use text::Page;
use tokio::sync::Mutex;

/// How old what the database said may be.
const FRESH: Duration = Duration::from_secs(5);

/// Prometheus gives up after ten seconds; the rest of the page is worth having.
const LOOK_WITHIN: Duration = Duration::from_secs(3);

struct Door {
    engine: Engine,
    looked: Mutex<Option<(Timestamp, Option<Figures>)>>,
}

pub(crate) fn router(engine: Engine) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Arc::new(Door { engine, looked: Mutex::default() }))
}

async fn show(State(door): State<Arc<Door>>) -> impl IntoResponse {
    let mut page = Page::default();
    process(&mut page, &door.engine);
    match door.figures().await {
        Some((at, figures)) => {
            page.add(&of::DATABASE_UP, &[], 1);
            database(&mut page, at, &figures);
        }
        None => page.add(&of::DATABASE_UP, &[], 0),
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.text())
}

impl Door {
    /// Whoever asks meanwhile waits for the same look.
    async fn figures(&self) -> Option<(Timestamp, Figures)> {
        let mut looked = self.looked.lock().await;
        let now = self.engine.clock.now();
        if looked.as_ref().is_none_or(|(at, _)| now.since(*at) >= FRESH) {
            let found = tokio::select! {
                found = self.engine.figures() => found.inspect_err(|error| tracing::warn!(%error, "no figures of the database")).ok(),
                () = self.engine.clock.sleep(LOOK_WITHIN) => None,
            };
            *looked = Some((now, found.map(|(_, figures)| figures)));
        }
        looked.clone().and_then(|(at, figures)| Some((at, figures?)))
    }
}

/// What this process knows by itself.
fn process(page: &mut Page, engine: &Engine) {
    page.add(&of::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1);
    let standing = engine.standing();
    page.add(&of::TIMERS, &[], standing.timers);
    page.add(&of::IN_HAND, &[], standing.under_way);
    if let Some(age) = standing.lease_age {
        page.time(&of::LEASE_AGE, &[], age);
    }
    let metrics = &engine.metrics;
    page.add(&of::LEASES_LOST, &[], metrics.leases_lost.get());
    page.add(&of::ADOPTED, &[], metrics.adopted.get());
    let books = engine.books().borrow().clone();
    if let Some(checked_at) = books.checked_at {
        page.add(&of::LEDGER_PROBLEMS, &[], books.problems.len());
        page.add(&of::LEDGER_DRIFT, &[], books.drift);
        page.time(&of::LEDGER_CHECKED, &[], engine.clock.now().since(checked_at));
    }
    for (callback, count) in metrics.callbacks() {
        page.add(&of::CALLBACKS, &[callback.as_str()], count.get());
    }
    for (market, counted) in metrics.markets() {
        for (outcome, count) in counted.submissions() {
            page.add(&of::SUBMISSIONS, &[market, outcome.as_str()], count.get());
        }
    }
    for (market, counted) in metrics.markets() {
        for (state, count) in counted.ends() {
            page.add(&of::ENDED, &[market, state.as_str()], count.get());
        }
    }
    for (market, counted) in metrics.markets() {
        for (class, count) in counted.errors() {
            page.add(&of::ERRORS, &[market, class.as_str()], count.get());
        }
    }
    for (market, counted) in metrics.markets() {
        for (lane, histogram) in counted.waits() {
            page.times(&of::WAIT, &[market, lane.as_str()], &histogram.observed());
        }
    }
    for (market, counted) in metrics.markets() {
        for (lane, histogram) in counted.runs() {
            page.times(&of::RUN, &[market, lane.as_str()], &histogram.observed());
        }
    }
    for at in engine.store.at_work() {
        page.add(&of::STORE_WAITING, &[at.name], at.waiting);
    }
    for at in engine.store.at_work() {
        page.add(&of::STORE_TURNED_AWAY, &[at.name], at.line.turned_away.get());
    }
    for at in engine.store.at_work() {
        page.times(&of::STORE_TIME, &[at.name], &at.line.took_us.observed());
    }
    for at in engine.store.at_work() {
        page.numbers(&of::STORE_GROUP, &[at.name], &at.line.group.observed());
    }
}

/// What the database says of all processes together.
fn database(page: &mut Page, now: Timestamp, figures: &Figures) {
    for depth in &figures.queued {
        let priority = depth.priority.to_string();
        page.add(&of::QUEUE_DEPTH, &[&depth.market, depth.lane.as_str(), &priority], depth.count);
    }
    for depth in &figures.queued {
        let priority = depth.priority.to_string();
        let labels = [depth.market.as_str(), depth.lane.as_str(), &priority];
        page.time(&of::QUEUE_OLDEST, &labels, now.since(depth.oldest));
    }
    page.add(&of::QUEUE_DELAYED, &[], figures.delayed);
    for (state, count) in &figures.under_way {
        page.add(&of::UNDER_WAY, &[state], *count);
    }
    for key in &figures.keys {
        page.add(&of::SLOTS_LIMIT, &[&key.market, &key.key], key.limit);
    }
    for key in &figures.keys {
        page.add(&of::SLOTS_TAKEN, &[&key.market, &key.key], key.taken);
    }
    for key in &figures.keys {
        page.add(&of::GHOSTS, &[&key.market, &key.key], key.ghosts);
    }
    page.add(&of::WORKERS, &["alive"], figures.workers_alive);
    page.add(&of::WORKERS, &["dead"], figures.workers_dead);
    for outbox in &figures.outbox {
        page.add(&of::OUTBOX_DEPTH, &[&outbox.kind], outbox.count);
    }
    for outbox in &figures.outbox {
        page.time(&of::OUTBOX_DUE, &[&outbox.kind], now.since(outbox.due));
    }
}
