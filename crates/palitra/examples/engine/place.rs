//! Where a measurement happens: a database, an engine on it, accounts with bonus and cash, and a price above zero.

use crate::{
    Options, Result,
    market::{Far, Log, Near},
};
use palitra::clock::{self, SystemClock};
use palitra::config::{Config, Inputs};
use palitra_domain::{
    AccountId, Clock, Currency, Livemode, TransferId, catalogue::Catalogue, market::Market,
    money::Millionths, price::PriceSettings, secret::Secret, state::Priority,
};
use palitra_engine::{Bounds, Engine, MarketPart, Parts, Points, Settings, UnknownPolicy, generations::Wish};
use palitra_objects::Disk;
use palitra_store::{
    PgSettings, Store, accounts,
    census::{self, Census},
    ledger::{self, Purse, TopUp},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Minor units of one generation.
pub(crate) const PRICE: i64 = 100;

/// `noop` at a price, and a model far away that usually runs for a minute.
const PACKS: [(&str, &str); 2] = [
    (
        "sandbox",
        r#"
market = "sandbox"
[[model]]
id = "sandbox/noop"
market_id = "noop"
name = "Nothing"
category = "text"
languages = ["en", "ru"]
mode = [{ name = "create", lane = "text", longest_run_s = 600, usual_run_ms = 1, input = { prompt = { type = "string", from = "prompt" } }, price = { unit = "run", cost = "1", currency = "RUB", source = "benchmark" } }]
"#,
    ),
    (
        "far",
        r#"
market = "far"
[[model]]
id = "far/slow"
market_id = "slow"
name = "Slow"
category = "text"
languages = ["en", "ru"]
mode = [{ name = "create", lane = "text", longest_run_s = 7200, usual_run_ms = 60000, input = { prompt = { type = "string", from = "prompt" } }, price = { unit = "run", cost = "1", currency = "RUB", source = "benchmark" } }]
"#,
    ),
];

/// Which market answers, and how.
pub(crate) enum Kind {
    /// The sandbox, at once; its calls are only counted.
    Counting,
    /// The sandbox, each run so long; its calls are kept.
    Keeping(Duration),
    /// One that takes work and is never done, but for the first so many.
    Far { at_once: usize },
}

pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log: Arc<Log>,
    pub(crate) accounts: Vec<AccountId>,
    model: &'static str,
}

impl Place {
    /// An engine on the database, which is made when it is not there.
    pub(crate) async fn open(options: &Options, kind: Kind) -> Result<Place> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(1));
        let log = Arc::new(Log::default());
        let (market, model): (Arc<dyn Market>, _) = match kind {
            Kind::Counting => (Arc::new(Near::new(&clock, &log, false, Duration::ZERO)), "sandbox/noop"),
            Kind::Keeping(takes) => (Arc::new(Near::new(&clock, &log, true, takes)), "sandbox/noop"),
            Kind::Far { at_once } => (Arc::new(Far { log: log.clone(), at_once }), "far/slow"),
        };
        let mut catalogue = Catalogue::default();
        for (name, pack) in PACKS {
            catalogue.add_pack(name, pack)?;
        }
        let market = MarketPart {
            name: model.split('/').next().unwrap_or_default().to_owned(),
            adapter: market,
            keys: vec![palitra_engine::KeyPart {
                label: "main".to_owned(),
                slots: options.slots,
                rate: None,
            }],
        };
        let engine = engine(options, &clock, vec![market], catalogue).await?;
        let accounts = accounts_of(&engine).await?;
        Ok(Place { engine, clock, log, accounts, model })
    }

    /// New accounts, each with `bonus` and `cash`.
    pub(crate) async fn add_accounts(&mut self, count: usize, bonus: i64, cash: i64) -> Result<()> {
        for number in 0..count {
            let now = self.clock.now();
            let account = AccountId::new(now, clock::random());
            let credits = [(Purse::Bonus, bonus), (Purse::Cash, cash)].map(|(purse, amount)| {
                credit(&account, TransferId::new(now, clock::random()), purse, amount)
            });
            let (id, name) = (account.clone(), format!("account {number}"));
            let write = self.engine.store.write(move |tx| {
                accounts::create(tx, &id, &name, false, now)?;
                credits
                    .iter()
                    .filter(|credit| credit.amount > 0)
                    .try_for_each(|credit| ledger::top_up(tx, credit, now))
            });
            write.await?;
            self.accounts.push(account);
        }
        Ok(())
    }

    /// One kopeck of bonus more.
    pub(crate) async fn add_bonus(&self, account: &AccountId) -> Result<()> {
        let now = self.clock.now();
        let credit = credit(account, TransferId::new(now, clock::random()), Purse::Bonus, 1);
        Ok(self.engine.store.write(move |tx| ledger::top_up(tx, &credit, now)).await?)
    }

    pub(crate) fn wish(&self, account: &AccountId, number: usize) -> Wish {
        Wish {
            account: account.clone(),
            livemode: Livemode::Live,
            model: self.model.to_owned(),
            mode: "create".to_owned(),
            input: json!({"prompt": format!("a cat on a warm roof, number {number}")}),
            priority: Priority::Standard,
            key: None,
            webhook: None,
            is_own: false,
        }
    }

    /// `count` generations from `producers` at once, each waiting for the answer to its last one.
    pub(crate) async fn produce(
        self: &Arc<Self>,
        producers: usize,
        count: usize,
        splits: bool,
    ) -> Result<()> {
        let producing = (0..producers).map(|producer| {
            let place = self.clone();
            tokio::spawn(async move {
                let account = &place.accounts[producer % place.accounts.len()];
                for number in (producer..count).step_by(producers) {
                    if splits {
                        place.add_bonus(account).await?;
                    }
                    place.engine.create(place.wish(account, number), None).await?;
                }
                Ok::<(), crate::Failed>(())
            })
        });
        for task in producing.collect::<Vec<_>>() {
            task.await??;
        }
        Ok(())
    }

    pub(crate) async fn census(&self) -> Result<Census> {
        Ok(self.engine.store.read(census::take).await?)
    }

    /// How many are at the market.
    pub(crate) async fn running(&self) -> Result<i64> {
        let count = "select count(*) from generation where owner is not null and state = 'running'";
        Ok(self.engine.store.read(move |tx| tx.query_one(count, palitra_store::p![])?.get(0)).await?)
    }

    /// What all accounts hold for work under way, minor units.
    pub(crate) async fn held(&self) -> Result<i64> {
        let accounts = self.accounts.clone();
        let read = self.engine.store.read(move |tx| {
            let held = |account: &AccountId| {
                ledger::balance(tx, account, Livemode::Live).map(|balance| balance.held)
            };
            accounts.iter().map(held).sum()
        });
        Ok(read.await?)
    }

    /// What all accounts have, bonus and cash together, minor units.
    pub(crate) async fn money(&self) -> Result<i64> {
        let accounts = self.accounts.clone();
        let read = self.engine.store.read(move |tx| {
            let all = |account: &AccountId| {
                ledger::balance(tx, account, Livemode::Live).map(|of| of.cash + of.bonus)
            };
            accounts.iter().map(all).sum()
        });
        Ok(read.await?)
    }

    /// Waits until `done` says so, looking every millisecond.
    pub(crate) async fn until(&self, what: &str, done: impl Fn(&Log) -> bool) -> Result<()> {
        // Ten minutes: more than any measurement takes.
        for _ in 0..600_000 {
            if done(&self.log) {
                return Ok(());
            }
            self.clock.sleep(Duration::from_millis(1)).await;
        }
        Err(format!("{what}: not within ten minutes").into())
    }
}

/// An engine with this to sell.
pub(crate) async fn engine(
    options: &Options,
    clock: &Arc<dyn Clock>,
    markets: Vec<MarketPart>,
    catalogue: Catalogue,
) -> Result<Engine> {
    std::fs::create_dir_all(&options.folder)?;
    let parts = Parts {
        store: store(options, clock).await?,
        objects: Arc::new(Disk::open(&options.folder.join("objects"))?),
        markets,
        catalogue,
        clock: clock.clone(),
        random: Arc::new(clock::random),
        points: Points::default(),
        examiner: None,
        preparer: None,
        settings: settings(options)?,
    };
    Ok(Engine::open(parts).await?)
}

async fn store(options: &Options, clock: &Arc<dyn Clock>) -> Result<Store> {
    let Some(url) = options.url.clone() else {
        return Ok(Store::sqlite(&options.folder.join("palitra.db"), 2)?);
    };
    let settings = PgSettings::new(Secret::new(url), clock.clone(), Arc::new(clock::random));
    Ok(tokio::task::spawn_blocking(move || Store::postgres(&settings)).await??)
}

fn settings(options: &Options) -> Result<Settings> {
    let bounds = if options.bounds {
        Config::load(&Inputs::bare(&options.folder))
            .map_err(|error| error.to_string())?
            .config
            .engine
            .bounds()
    } else {
        Bounds::default()
    };
    Ok(Settings {
        acceptance: palitra_domain::acceptance::Policy::default(),
        unknown: UnknownPolicy::ResubmitOnce,
        refusals_max: 5,
        polls_max: 64,
        drain: Duration::from_secs(10),
        prices: PriceSettings {
            currency: Currency::RUB,
            usd_rate: Millionths::whole(95),
            credit_rate: Millionths(475_000),
            least: 0,
            markup: Millionths::ONE,
            factor: Millionths::ONE,
        },
        bounds,
        retention: palitra_engine::Retention::default(),
        gifts: palitra_engine::Gifts::default(),
        sign_up: None,
        test_mode: false,
        commercial: false,
        prompts: palitra_engine::Prompts::on_the_sandbox(),
    })
}

fn credit(account: &AccountId, transfer: TransferId, purse: Purse, amount: i64) -> TopUp {
    TopUp {
        transfer,
        account: account.clone(),
        livemode: Livemode::Live,
        purse,
        amount,
        source: "topup:benchmark".to_owned(),
        note: String::new(),
    }
}

/// Those of an earlier process on the same database, without the house.
async fn accounts_of(engine: &Engine) -> Result<Vec<AccountId>> {
    let found = engine.balances(Livemode::Live).await?;
    Ok(found
        .into_iter()
        .filter(|(account, _)| account.name != accounts::HOUSE)
        .map(|(account, _)| account.id)
        .collect())
}
