//! For tests: any number of processes on one database, as far as they can tell, with a clock that the test turns. The leases themselves
//! are by the database's clock: a test ends one by hand.

use crate::{
    Bounds, Engine, MarketPart, Parts, Points, Retention, Settings, UnknownPolicy, generations::Wish,
    scheduler::Machine,
};
use palitra_domain::{
    BoxFuture, Clock, Currency, GenerationId, Livemode, Timestamp,
    catalogue::Catalogue,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, Polled, RemoteRef, Request, Submitted,
    },
    money::Millionths,
    objects::ByteStream,
    price::PriceSettings,
    state::Priority,
};
use palitra_objects::Disk;
use palitra_store::{Store, p};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Takes everything and finishes nothing.
#[derive(Default)]
pub(crate) struct Slow {
    pub(crate) submitted: AtomicU32,
}

impl Market for Slow {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        self.submitted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Submitted::Accepted(RemoteRef(request.generation.clone())) })
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(std::future::pending())
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async { CancelAnswer::Unsupported })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::result::Result<ByteStream, MarketError>> {
        Box::pin(async { Err(MarketError::new(ErrorClass::ResultExpired, "nothing")) })
    }
}

/// Stands still until it is turned, and knows who sleeps by it: for how long, and until when.
#[derive(Clone)]
pub(crate) struct Hand {
    time: watch::Sender<Timestamp>,
    asleep: Arc<Mutex<Vec<(Duration, Timestamp)>>>,
}

/// Awake when dropped.
pub(crate) struct Sleeper {
    hand: Hand,
    this: (Duration, Timestamp),
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut asleep = self.hand.asleep.lock().unwrap();
        let at = asleep.iter().position(|sleeper| *sleeper == self.this).unwrap();
        asleep.swap_remove(at);
    }
}

impl Hand {
    pub(crate) fn new() -> Hand {
        Hand { time: watch::channel(Timestamp::from_micros(1_700_000_000_000_000)).0, asleep: Arc::default() }
    }

    pub(crate) fn turn(&self, seconds: u64) {
        self.time.send_modify(|now| *now = now.plus(Duration::from_secs(seconds)));
    }

    /// How many sleep for that long and will not wake by themselves.
    pub(crate) fn asleep_for(&self, duration: Duration) -> usize {
        let now = self.now();
        self.asleep.lock().unwrap().iter().filter(|(length, due)| *length == duration && *due > now).count()
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.time.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (due, mut time) = (self.now().plus(duration), self.time.subscribe());
        self.asleep.lock().unwrap().push((duration, due));
        let sleeper = Sleeper { hand: self.clone(), this: (duration, due) };
        Box::pin(async move {
            time.wait_for(|now| *now >= due).await.ok();
            drop(sleeper);
        })
    }
}

/// A database, a market and a clock for any number of processes.
pub(crate) struct Town {
    folder: TempDir,
    pub(crate) clock: Hand,
    pub(crate) market: Arc<Slow>,
    dice: Arc<AtomicU64>,
}

impl Town {
    pub(crate) fn new() -> Town {
        let folder = tempfile::tempdir().unwrap();
        Town { folder, clock: Hand::new(), market: Arc::default(), dice: Arc::new(AtomicU64::new(1)) }
    }

    /// A process that knows of others.
    pub(crate) async fn process(&self) -> Engine {
        let mut engine = self.alone().await;
        let context = Arc::get_mut(&mut engine.0).unwrap();
        context.lease.is_shared = true;
        engine
    }

    /// A process with the database to itself.
    pub(crate) async fn alone(&self) -> Engine {
        let keys = vec![crate::KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
        self.with(MarketPart { name: "fal".to_owned(), adapter: self.market.clone(), keys }).await
    }

    /// The same, with another market.
    pub(crate) async fn with(&self, market: MarketPart) -> Engine {
        let dice = self.dice.clone();
        let prices = PriceSettings {
            currency: Currency::RUB,
            usd_rate: Millionths::whole(95),
            credit_rate: Millionths(475_000),
            least: 0,
            markup: Millionths::whole(2),
            factor: Millionths::ONE,
        };
        let parts = Parts {
            store: Store::sqlite(&self.folder.path().join("palitra.db"), 1).unwrap(),
            objects: Arc::new(Disk::open(&self.folder.path().join("objects")).unwrap()),
            markets: vec![market],
            catalogue: Catalogue::shipped(),
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(move || u128::from(dice.fetch_add(1, Ordering::SeqCst))),
            points: Points::default(),
            examiner: None,
            preparer: None,
            settings: Settings {
                unknown: UnknownPolicy::Fail,
                refusals_max: 1,
                polls_max: 1,
                drain: Duration::ZERO,
                prices,
                bounds: Bounds::default(),
                retention: days_of(1, 2),
                gifts: crate::Gifts::default(),
                sign_up: None,
                acceptance: palitra_domain::acceptance::Policy::default(),
                test_mode: false,
                commercial: false,
                prompts: crate::Prompts::on_the_sandbox(),
            },
        };
        Engine::open(parts).await.unwrap()
    }
}

/// Results and deliveries are kept for so many days, rows of what has ended for that many.
fn days_of(results: u64, finished: u64) -> Retention {
    let days = |count: u64| Some(Duration::from_secs(count * 86_400));
    Retention {
        results: days(results),
        uploads: days(results),
        faces: days(results),
        events: days(results),
        finished: days(finished),
    }
}

pub(crate) fn service(engine: &Engine) -> Machine {
    Machine::new(engine, None, CancellationToken::new())
}

pub(crate) async fn order(engine: &Engine, prompt: &str) -> GenerationId {
    engine.create(wish(engine, prompt), None).await.unwrap()
}

pub(crate) fn wish(engine: &Engine, prompt: &str) -> Wish {
    Wish {
        account: engine.house.id.clone(),
        livemode: Livemode::Live,
        model: "fal-ai/flux/dev".to_owned(),
        mode: "create".to_owned(),
        input: serde_json::json!({ "prompt": prompt, "width": 1000, "height": 1000, "seed": 1 }),
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    }
}

/// As if nothing had been heard of any process for longer than its lease.
pub(crate) async fn end_all_leases(engine: &Engine) {
    engine.store.write(|tx| tx.send("update worker set lease_until = 0", p![])).await.unwrap();
}

pub(crate) async fn until(happened: impl Fn() -> bool) {
    while !happened() {
        tokio::task::yield_now().await;
    }
}
