//! Markets that list, change and lose models.

use crate::{
    Engine, MarketPart,
    generations::Wish,
    town::{Town, order, service, wish},
};
use palitra_domain::{
    BoxFuture, Currency, ErrorCode,
    catalogue::Status,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Listed, ListedPrice, Market, MarketError, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
    price::{Coin, Unit},
};
use palitra_store::p;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

/// Lists what it is told to, and runs nothing.
#[derive(Default)]
struct Lister {
    list: Mutex<Vec<Listed>>,
    is_down: Mutex<bool>,
    asked: AtomicU32,
}

impl Market for Lister {
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

    fn list_models<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<Listed>>, MarketError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = if *self.is_down.lock().unwrap() {
            Err(MarketError::new(ErrorClass::Unavailable, "fal answered 503"))
        } else {
            Ok(Some(self.list.lock().unwrap().clone()))
        };
        Box::pin(async { answer })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(async { Err(MarketError::new(ErrorClass::ResultExpired, "nothing")) })
    }
}

struct Stage {
    _town: Town,
    market: Arc<Lister>,
    engine: Engine,
}

impl Stage {
    async fn new() -> Stage {
        let (town, market) = (Town::new(), Arc::new(Lister::default()));
        let keys = vec![crate::KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
        let part = MarketPart { name: "fal".to_owned(), adapter: market.clone(), keys };
        let engine = town.with(part).await;
        Stage { _town: town, market, engine }
    }

    fn list(&self, listed: &[Listed]) {
        *self.market.list.lock().unwrap() = listed.to_vec();
    }

    /// What a synchronization says has changed.
    async fn sync(&self) -> Vec<String> {
        let synced = self.engine.sync(None).await.unwrap();
        let changes = synced.into_iter().flat_map(|synced| synced.changes);
        changes.map(|(change, id, about)| format!("{change} {id} {about}").trim_end().to_owned()).collect()
    }

    fn status(&self, id: &str) -> Option<Status> {
        self.engine.catalogue().find(id).map(|model| model.status)
    }

    async fn alerts(&self) -> i64 {
        let read = self
            .engine
            .store
            .read(|tx| tx.query_one("select count(*) from outbox where kind = 'alert'", p![])?.get::<i64>(0));
        read.await.unwrap()
    }
}

fn new_thing() -> Listed {
    Listed {
        market_id: "fal-ai/new-thing".to_owned(),
        name: "New Thing".to_owned(),
        category: "text-to-image".to_owned(),
        schema: Some(
            json!({"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}),
        ),
        price: None,
        deprecated: false,
    }
}

/// flux/dev as its market lists it: as the pack says, unless something is changed.
fn flux(stage: &Stage, change: impl Fn(&mut Value)) -> Listed {
    let catalogue = stage.engine.catalogue();
    let mut schema = catalogue.find("fal-ai/flux/dev").unwrap().modes[0].input.schema();
    change(&mut schema);
    Listed {
        market_id: "fal-ai/flux/dev".to_owned(),
        name: "FLUX".to_owned(),
        schema: Some(schema),
        ..new_thing()
    }
}

#[tokio::test]
async fn s3_05_a_new_model_is_a_draft_until_it_is_priced_and_approved() {
    let stage = Stage::new().await;
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    assert_eq!(stage.sync().await, ["new fal-ai/new-thing"], "what ships is not new");
    assert_eq!(stage.sync().await, [] as [String; 0], "once");
    let refused = |error: crate::Error| error.code;
    let create = || stage.engine.model("fal-ai/new-thing", "create");
    assert_eq!(create().map(drop).map_err(refused), Err(ErrorCode::ModelUnpriced));
    let approve = || stage.engine.approve_model("fal-ai/new-thing");
    assert_eq!(approve().await.map_err(refused), Err(ErrorCode::ModelUnpriced));
    let price = ListedPrice { unit: Unit::Image, cost_micros: 40_000, coin: Coin::Money(Currency::USD) };
    let before = stage.engine.price_version();
    stage.engine.price_model("fal-ai/new-thing", price).await.unwrap();
    assert_eq!(
        create().map(drop).map_err(refused),
        Err(ErrorCode::ModelPaused),
        "a price alone sells nothing"
    );
    approve().await.unwrap();
    let (model, mode) = create().unwrap();
    // $0.04 × 95 × 2.
    let price = mode.price(&json!({"prompt": "a cat"}), &stage.engine.settings.prices).unwrap();
    assert_eq!((model.status, price.amount), (Status::Active, 760));
    assert!(stage.engine.price_version() > before, "the price book has a new version");
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    assert_eq!(stage.sync().await, [] as [String; 0], "the operator's price is no change of the market");
}

#[tokio::test]
async fn s3_48_a_market_that_would_refuse_us_pauses_its_model_and_raises_an_alert() {
    let stage = Stage::new().await;
    stage.list(&[flux(&stage, |_| {})]);
    stage.sync().await;
    stage.list(&[flux(&stage, |schema| schema["properties"]["style"] = json!({"type": "string"}))]);
    assert_eq!(stage.sync().await, ["changed fal-ai/flux/dev"], "a new field harms nobody");
    assert_eq!((stage.status("fal-ai/flux/dev"), stage.alerts().await), (Some(Status::Active), 0));
    stage.list(&[flux(&stage, |schema| schema["required"] = json!(["prompt", "style"]))]);
    assert_eq!(stage.sync().await, ["drift fal-ai/flux/dev create: `style` is required now"]);
    assert_eq!((stage.status("fal-ai/flux/dev"), stage.alerts().await), (Some(Status::Paused), 1));
    assert_eq!(stage.engine.model("fal-ai/flux/dev", "create").unwrap_err().code, ErrorCode::ModelPaused);
    stage.engine.approve_model("fal-ai/flux/dev").await.unwrap();
    assert_eq!(stage.status("fal-ai/flux/dev"), Some(Status::Active), "the operator knows better");
    order(&stage.engine, "a cat").await;
}

#[tokio::test]
async fn s3_03_what_is_gone_is_retired_and_may_return_and_all_of_it_is_remembered() {
    let stage = Stage::new().await;
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    stage.sync().await;
    stage.list(&[new_thing()]);
    assert_eq!(stage.sync().await, ["removed fal-ai/flux/dev"]);
    assert_eq!(stage.engine.model("fal-ai/flux/dev", "create").unwrap_err().code, ErrorCode::ModelRetired);
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    assert_eq!(stage.sync().await, ["returned fal-ai/flux/dev"]);
    let history = stage.engine.shelf_history(Some("fal"), 10).await.unwrap();
    let mut changes: Vec<&str> = history.iter().map(|change| change.change.as_str()).collect();
    changes.sort_unstable();
    assert_eq!(changes, ["new", "removed", "returned"]);
}

#[tokio::test]
async fn a_draft_that_was_away_is_a_draft_again_and_never_for_nothing() {
    let stage = Stage::new().await;
    let second = Listed { market_id: "fal-ai/other".to_owned(), ..new_thing() };
    stage.list(&[new_thing(), second.clone()]);
    stage.sync().await;
    stage.list(std::slice::from_ref(&second));
    assert_eq!(stage.sync().await, ["removed fal-ai/new-thing"]);
    stage.list(&[new_thing(), second]);
    assert_eq!(stage.sync().await, ["returned fal-ai/new-thing"]);
    assert_eq!(stage.status("fal-ai/new-thing"), Some(Status::Draft));
}

#[tokio::test]
async fn what_returns_changed_is_looked_at_first() {
    let stage = Stage::new().await;
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    stage.sync().await;
    stage.list(&[new_thing()]);
    stage.sync().await;
    stage.list(&[new_thing(), flux(&stage, |schema| schema["required"] = json!(["prompt", "style"]))]);
    assert_eq!(stage.sync().await, ["returned fal-ai/flux/dev create: `style` is required now"]);
    assert_eq!(stage.status("fal-ai/flux/dev"), Some(Status::Paused));
}

#[tokio::test]
async fn a_list_that_lacks_most_of_what_was_there_retires_nothing() {
    let stage = Stage::new().await;
    let others = ["a", "b"].map(|name| Listed { market_id: format!("fal-ai/{name}"), ..new_thing() });
    stage.list(&[&others[..], &[flux(&stage, |_| {})]].concat());
    stage.sync().await;
    for list in [&[][..], &others[..1]] {
        stage.list(list);
        let synced = stage.engine.sync(None).await.unwrap();
        assert!(synced[0].error.as_deref().is_some_and(|why| why.contains("of 3 models")), "{synced:?}");
        assert_eq!(stage.status("fal-ai/flux/dev"), Some(Status::Active));
    }
}

#[tokio::test]
async fn a_market_that_does_not_answer_changes_nothing() {
    let stage = Stage::new().await;
    stage.list(&[new_thing(), flux(&stage, |_| {})]);
    stage.sync().await;
    *stage.market.is_down.lock().unwrap() = true;
    let synced = stage.engine.sync(None).await.unwrap();
    assert_eq!((synced[0].listed, synced[0].error.as_deref()), (None, Some("fal answered 503")));
    assert_eq!(stage.status("fal-ai/flux/dev"), Some(Status::Active));
}

#[tokio::test]
async fn s3_07_the_leader_asks_every_six_hours_and_a_little() {
    let town = Town::new();
    let market = Arc::new(Lister::default());
    let keys = vec![crate::KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
    let engine = town.with(MarketPart { name: "fal".to_owned(), adapter: market.clone(), keys }).await;
    let asked = || market.asked.load(Ordering::SeqCst);
    for (turned, expected) in [(0, 1), (3_600, 1), (4 * 3_600, 1), (2 * 3_600, 2), (300, 2)] {
        town.clock.turn(turned);
        super::keep_up(service(&engine)).await.unwrap();
        assert_eq!(asked(), expected, "after {turned} s more");
    }
    assert_eq!(engine.syncs().await.unwrap().len(), 1, "the last run is seen");
}

/// The market's own price, in dollars for a picture.
fn at(cents: i64) -> Option<ListedPrice> {
    Some(ListedPrice { unit: Unit::Image, cost_micros: cents * 10_000, coin: Coin::Money(Currency::USD) })
}

#[tokio::test]
async fn d1_a_market_that_becomes_dearer_changes_the_next_price_and_no_promise() {
    let stage = Stage::new().await;
    let priced = |cents| Listed { price: at(cents), ..new_thing() };
    stage.list(&[priced(4)]);
    assert_eq!(stage.sync().await, ["new fal-ai/new-thing"]);
    stage.engine.approve_model("fal-ai/new-thing").await.unwrap();
    let model = "fal-ai/new-thing".to_owned();
    let wish = || Wish { model: model.clone(), ..wish(&stage.engine, "a lighthouse") };
    let (quote, book) = (stage.engine.quote(&wish()).await.unwrap(), stage.engine.price_version());
    assert_eq!(quote.price, 760, "$0.04 × 95 × 2");

    stage.list(&[priced(5)]);
    let alerts = stage.alerts().await;
    assert_eq!(stage.sync().await, ["dearer fal-ai/new-thing 0.04 USD / image → 0.05 USD / image"]);
    assert_eq!(stage.alerts().await, alerts + 1);
    assert_eq!(stage.sync().await, [] as [String; 0], "once");
    assert!(stage.engine.price_version() > book, "a new version of the price book");
    assert_eq!(stage.engine.quote(&wish()).await.unwrap().price, 950, "what is asked from now on");
    let id = stage.engine.create(wish(), Some(quote.id)).await.unwrap();
    assert_eq!(stage.engine.generation(&id).await.unwrap().price, 760, "what was promised");

    stage.list(&[priced(3)]);
    assert_eq!(stage.sync().await, ["repriced fal-ai/new-thing 0.05 USD / image → 0.03 USD / image"]);
    assert_eq!(stage.alerts().await, alerts + 1, "nobody need be told of a saving");

    stage.list(&[priced(0)]);
    assert_eq!(stage.sync().await, [] as [String; 0]);
    assert_eq!(
        stage.engine.quote(&wish()).await.unwrap().price,
        570,
        "nothing is sold for nothing by a slip of a list"
    );
}

#[tokio::test]
async fn a_price_that_somebody_has_said_stays_and_the_operator_hears_of_a_dearer_market() {
    let stage = Stage::new().await;
    let shipped = |cents| Listed { price: at(cents), ..flux(&stage, |_| {}) };
    let price = || stage.engine.catalogue().find("fal-ai/flux/dev").unwrap().modes[0].prices.base;
    let before = price();
    stage.list(&[shipped(1), Listed { price: at(4), ..new_thing() }]);
    stage.sync().await;
    stage.engine.price_model("fal-ai/new-thing", at(6).unwrap()).await.unwrap();
    stage.engine.approve_model("fal-ai/new-thing").await.unwrap();
    let alerts = stage.alerts().await;
    stage.list(&[shipped(1), Listed { price: at(5), ..new_thing() }]);
    assert_eq!(stage.sync().await, [] as [String; 0], "still below what is counted with");
    stage.list(&[shipped(1), Listed { price: at(7), ..new_thing() }]);
    assert_eq!(stage.sync().await, ["dearer fal-ai/new-thing 0.06 USD / image → 0.07 USD / image"]);
    assert_eq!(stage.alerts().await, alerts + 1);
    let model = stage.engine.catalogue().find("fal-ai/new-thing").cloned().unwrap();
    assert_eq!(model.modes[0].prices.base.cost_micros, 60_000, "the operator's word");
    assert_eq!(price().cost_micros, before.cost_micros, "the pack's");
}
