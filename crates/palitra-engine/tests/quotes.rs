//! A quote binds: whatever happens to the price book between the promise and the order, the charge is never more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use palitra_domain::{
    BoxFuture, Clock, Currency, ErrorCode, Livemode, Timestamp,
    catalogue::Catalogue,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, Polled, RemoteRef, Request, Submitted,
    },
    money::Millionths,
    objects::ByteStream,
    price::PriceSettings,
    state::Priority,
};
use palitra_engine::{
    Bounds, Engine, MarketPart, Parts, Points, Settings, UnknownPolicy,
    generations::{Quote, Wish},
};
use palitra_objects::Disk;
use palitra_store::Store;
use serde_json::json;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// A market that is never called: these tests stop before the scheduler.
struct Silent;

impl Market for Silent {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _: &'a str, _: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async { panic!("nothing may be submitted here") })
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(async { Polled::NotFound })
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async { CancelAnswer::Unsupported })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(async { Err(MarketError::new(ErrorClass::ResultExpired, "nothing")) })
    }
}

#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn advance(&self, duration: Duration) {
        self.0.fetch_add(palitra_domain::time::micros(duration), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000 + self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

async fn open(folder: &Path, clock: &Hand, usd_rate: i64, seed: u64) -> Engine {
    Engine::open(parts(folder, clock, usd_rate, seed)).await.unwrap()
}

fn parts(folder: &Path, clock: &Hand, usd_rate: i64, seed: u64) -> Parts {
    let dice = AtomicU64::new(seed);
    Parts {
        store: Store::sqlite(&folder.join("palitra.db"), 1).unwrap(),
        objects: Arc::new(Disk::open(&folder.join("objects")).unwrap()),
        markets: vec![MarketPart {
            name: "fal".to_owned(),
            adapter: Arc::new(Silent),
            keys: vec![palitra_engine::KeyPart { label: "main".to_owned(), slots: 1, rate: None }],
        }],
        catalogue: Catalogue::shipped(),
        clock: Arc::new(clock.clone()),
        random: Arc::new(move || u128::from(dice.fetch_add(1, Ordering::SeqCst))),
        points: Points::default(),
        examiner: None,
        preparer: None,
        settings: Settings {
            unknown: UnknownPolicy::Fail,
            refusals_max: 1,
            polls_max: 1,
            drain: Duration::ZERO,
            prices: PriceSettings {
                currency: Currency::RUB,
                usd_rate: Millionths::whole(usd_rate),
                credit_rate: Millionths(475_000),
                least: 0,
                markup: Millionths::whole(2),
                factor: Millionths::ONE,
            },
            bounds: Bounds::default(),
            retention: palitra_engine::Retention::default(),
            gifts: palitra_engine::Gifts::default(),
            sign_up: None,
            acceptance: palitra_domain::acceptance::Policy::default(),
            test_mode: false,
            commercial: false,
            prompts: palitra_engine::Prompts::on_the_sandbox(),
        },
    }
}

fn wish(engine: &Engine, prompt: &str) -> Wish {
    Wish {
        account: engine.house.id.clone(),
        livemode: Livemode::Live,
        model: "fal-ai/flux/dev".to_owned(),
        mode: "create".to_owned(),
        input: json!({ "prompt": prompt, "width": 1000, "height": 1000, "seed": 1 }),
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    }
}

async fn ordered_price(engine: &Engine, prompt: &str, quote: &Quote) -> Result<i64, String> {
    let created = engine.create(wish(engine, prompt), Some(quote.id.clone())).await;
    let id = created.map_err(|error| error.code.to_string())?;
    Ok(engine.generation(&id).await.unwrap().price)
}

#[tokio::test]
async fn the_charge_never_exceeds_the_quote_whatever_the_book_says_later() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::default();
    let engine = open(folder.path(), &clock, 95, 1).await;
    let quote = engine.quote(&wish(&engine, "a cat")).await.unwrap();
    assert_eq!(quote.price, 475);
    engine.store.close();
    // The operator doubles the rate: a new version of the price book.
    let engine = open(folder.path(), &clock, 190, 1_000).await;
    assert_eq!(engine.quote(&wish(&engine, "a cat")).await.unwrap().price, 950);
    assert_eq!(ordered_price(&engine, "a cat", &quote).await, Ok(475));
    assert_eq!(engine.book_problems().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_quote_is_taken_once_for_what_was_priced_and_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::default();
    let engine = open(folder.path(), &clock, 95, 1).await;
    let quote = engine.quote(&wish(&engine, "a cat")).await.unwrap();
    assert_eq!(
        ordered_price(&engine, "a dog", &quote).await,
        Err("quote_expired".to_owned()),
        "another wish"
    );
    assert_eq!(ordered_price(&engine, "a cat", &quote).await, Ok(475), "a refused order leaves it open");
    assert_eq!(ordered_price(&engine, "a cat", &quote).await, Err("quote_expired".to_owned()), "twice");
    let late = engine.quote(&wish(&engine, "a cat")).await.unwrap();
    clock.advance(Duration::from_secs(601));
    assert_eq!(ordered_price(&engine, "a cat", &late).await, Err("quote_expired".to_owned()), "too late");
    assert_eq!(engine.balances(Livemode::Live).await.unwrap()[0].1.held, 475, "refused orders hold nothing");
}

#[tokio::test]
async fn s3_17_test_money_runs_on_the_simulated_market_at_the_real_price() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path(), &Hand::default(), 95, 1).await;
    let test = Wish { livemode: Livemode::Test, ..wish(&engine, "a cat") };
    let id = engine.create(test, None).await.unwrap();
    let generation = engine.generation(&id).await.unwrap();
    assert_eq!((generation.market.as_str(), generation.model.as_str()), ("sandbox", "fal-ai/flux/dev"));
    assert_eq!((generation.livemode, generation.price), (Livemode::Test, 475));
    let held = |livemode| {
        let balances = engine.balances(livemode);
        async { balances.await.unwrap()[0].1.held }
    };
    assert_eq!((held(Livemode::Test).await, held(Livemode::Live).await), (475, 0));
}

/// S2-140: no model for research only ships, but a market may list one.
const RESEARCH: &str = r#"
market = "fal"
[[model]]
id = "fal-ai/study"
market_id = "fal-ai/study"
name = "Study"
category = "image"
languages = ["en", "ru"]
licence = "research"
[[model.mode]]
name = "create"
lane = "image"
longest_run_s = 60
usual_run_ms = 1000
price = { unit = "image", cost = "0.01", currency = "USD", source = "test" }
input = { prompt = { type = "string", from = "prompt", required = true } }
"#;

#[tokio::test]
async fn s2_140_what_is_for_research_only_is_not_sold() {
    for (commercial, expected) in [(false, Ok(190)), (true, Err(ErrorCode::ResearchOnly))] {
        let folder = tempfile::tempdir().unwrap();
        let mut parts = parts(folder.path(), &Hand::default(), 95, 1);
        parts.catalogue.add_pack("test", RESEARCH).unwrap();
        parts.settings.commercial = commercial;
        let engine = Engine::open(parts).await.unwrap();
        let study = Wish {
            model: "fal-ai/study".to_owned(),
            input: json!({"prompt": "a cell"}),
            ..wish(&engine, "")
        };
        let quoted = engine.quote(&study).await;
        assert_eq!(quoted.map(|quote| quote.price).map_err(|error| error.code), expected);
    }
}
