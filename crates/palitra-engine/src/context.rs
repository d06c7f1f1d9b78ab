//! What every use case works with: store, objects, markets, catalogue, clock, randomness and settings.

use crate::{
    EngineEvent, Error, Points, Result, Retention, Webhooks,
    books::Books,
    callers::Callers,
    deliveries::Receivers,
    doubts::Doubts,
    early::EarlyPictures,
    endings::Endings,
    inputs::Validators,
    keys::Unwell,
    leader::Leadership,
    lease::Lease,
    lines::Lines,
    metrics::Metrics,
    news::Hub,
    runs::Runs,
    shelf::Shelf,
    turns::Turns,
    waits::{UnderWay, Waits},
    webhooks::Sending,
    work::examine::EXAMINED_MIB_MAX,
};
use palitra_domain::{
    AccountId, Clock, ErrorCode, KeyId, Livemode, Timestamp, WorkerId,
    acceptance::{Examiner, Policy},
    catalogue::{Catalogue, Licence, Mode, Model, Status},
    intake::Preparer,
    market::Market,
    objects::Objects,
    price::PriceSettings,
    recipe,
    state::Priority,
};
use palitra_store::{
    Dialect, Store, accounts::Account, bounds::Bounds, generations::NewGeneration, installation,
    markets::ConfiguredKey,
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, OnceLock, RwLock},
    time::Duration,
};
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, watch};

/// What to do with a submission whose outcome is unknown and cannot be looked up (design: `engine.unknown`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownPolicy {
    /// Once more, at the house's cost.
    ResubmitOnce,
    Fail,
}

/// The `[engine]`, `[money]` and `[retention]` settings that use cases need.
#[derive(Debug, Clone)]
pub struct Settings {
    pub unknown: UnknownPolicy,
    /// How often a submission that was refused unbilled is repeated.
    pub refusals_max: i64,
    /// Polls under way at once.
    pub polls_max: usize,
    /// How long a graceful stop waits for what is at a market.
    pub drain: Duration,
    pub prices: PriceSettings,
    /// What one account may have queued, at work and cost the house.
    pub bounds: Bounds,
    pub retention: Retention,
    pub gifts: crate::gifts::Gifts,
    /// `None`: only the operator makes accounts.
    pub sign_up: Option<crate::sign_up::SignUp>,
    /// Everything runs in test money on the simulated market in this process, and no market is called (S3-17).
    pub test_mode: bool,
    /// Refuse models whose results may not be sold (S2-140).
    pub commercial: bool,
    pub prompts: Prompts,
    /// What is wrong with a result, and what follows from it (D7).
    pub acceptance: Policy,
}

/// The text lane's work around prompts.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// Model or alias that translates prompts for models that do not speak their language.
    pub translator: String,
    /// Model or alias that writes and checks prompts.
    pub writer: String,
    /// Accounts pay for it; else the house does.
    pub billed: bool,
}

impl Prompts {
    /// Without a key, at nobody's cost.
    pub fn on_the_sandbox() -> Prompts {
        Prompts {
            translator: "sandbox/writer".to_owned(),
            writer: "sandbox/writer".to_owned(),
            billed: false,
        }
    }
}

/// A market that has keys, and its adapter.
pub struct MarketPart {
    pub name: String,
    pub adapter: Arc<dyn Market>,
    pub keys: Vec<KeyPart>,
}

/// A key of a market: how much of its work runs at once, and how much may start in a minute.
#[derive(Debug, Clone)]
pub struct KeyPart {
    pub label: String,
    pub slots: u32,
    pub rate: Option<crate::Rate>,
}

/// What an engine is made of; the binary wires it.
pub struct Parts {
    pub store: Store,
    pub objects: Arc<dyn Objects>,
    pub markets: Vec<MarketPart>,
    pub catalogue: Catalogue,
    pub clock: Arc<dyn Clock>,
    /// 128 bits of the operating system's randomness.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
    pub points: Points,
    /// Looks at results before they are charged for; without one all are taken as they are.
    pub examiner: Option<Arc<dyn Examiner>>,
    /// Makes pictures of users fit for markets; without one they go as they came.
    pub preparer: Option<Arc<dyn Preparer>>,
    pub settings: Settings,
}

/// The engine: use cases are methods of the modules beside this one. Clones share everything but the key in whose name they act, for
/// the record; without one it is the operator.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Context>, pub(crate) Option<KeyId>);

impl std::ops::Deref for Engine {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

pub struct Context {
    pub store: Store,
    pub objects: Arc<dyn Objects>,
    pub clock: Arc<dyn Clock>,
    /// The operator's own account, `local`.
    pub house: Account,
    /// Signs links and callbacks of ours; the same in every process of the service.
    pub secret: [u8; 32],
    /// What ships with the program, and what is sold now.
    pub(crate) shipped: Catalogue,
    pub(crate) shelf: RwLock<Shelf>,
    pub(crate) lines: Lines,
    pub settings: Settings,
    pub(crate) markets: BTreeMap<String, Arc<dyn Market>>,
    /// Labels of each market's keys.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    pub(crate) random: Arc<dyn Fn() -> u128 + Send + Sync>,
    pub(crate) points: Points,
    pub(crate) examiner: Option<Arc<dyn Examiner>>,
    /// MiB of results that may be read to be looked at.
    pub(crate) examined: Semaphore,
    pub(crate) preparer: Option<Arc<dyn Preparer>>,
    /// Says to people where this process runs, and what it does.
    place: OnceLock<String>,
    roles: OnceLock<String>,
    pub(crate) lease: Lease,
    pub(crate) leadership: Leadership,
    pub(crate) events: broadcast::Sender<EngineEvent>,
    pub(crate) endings: Endings,
    pub(crate) early: Arc<EarlyPictures>,
    pub(crate) hub: Hub,
    /// Something may have become claimable.
    pub(crate) wake: Notify,
    pub(crate) waits: Waits,
    /// Set when this process sends webhooks.
    pub(crate) sending: OnceLock<Sending>,
    /// Set when this process takes callbacks of markets.
    pub(crate) webhooks: OnceLock<Webhooks>,
    /// A callback has left a reference with an attempt.
    pub(crate) called: Notify,
    /// There is news of an attempt that was given up, or a wish to cancel: housekeeping looks at once.
    pub(crate) nudge: Notify,
    pub(crate) runs: Runs,
    pub(crate) in_flight: UnderWay,
    /// Held from a transaction that takes work until that work is among what is under way.
    pub(crate) taking: Mutex<()>,
    /// An account has one while a part of an upload is counted and written.
    pub(crate) parts: Turns,
    pub(crate) doubts: Doubts,
    pub(crate) receivers: Receivers,
    pub(crate) books: watch::Sender<Books>,
    pub(crate) callers: Callers,
    /// A delivery has been written that is not to wait for the next look.
    pub(crate) posted: Notify,
    pub(crate) unwell: Unwell,
    pub(crate) validators: Validators,
    pub metrics: Metrics,
}

/// Events that a slow listener may be behind before it has to read the database again.
const EVENTS_KEPT: usize = 4096;

impl Engine {
    /// Migrates the database, brings keys and slots to the settings and opens the price book. Starts nothing yet. Where other processes
    /// are at work their keys and slots stay as they are, and only new keys are added.
    pub async fn open(parts: Parts) -> Result<Engine> {
        let now = parts.clock.now();
        parts.store.migrate(palitra_store::MIGRATIONS).await.map_err(foreign)?;
        let keys = configured_keys(&parts.markets, now, &*parts.random);
        let prices = parts.settings.prices;
        let (shipped, new_house) = (parts.catalogue.clone(), AccountId::new(now, (parts.random)()));
        let new_secret = secret(&*parts.random);
        let write = parts.store.write(move |tx| {
            installation::lock(tx)?;
            let house =
                palitra_store::accounts::ensure_house(tx, &new_house, (prices.currency, &new_secret), now)?;
            if installation::is_shared(tx)? {
                palitra_store::markets::add_keys(tx, &keys)?;
            } else {
                palitra_store::markets::configure_keys(tx, &keys)?;
            }
            Ok((house, installation::secret(tx)?, Shelf::stock(tx, &shipped, &prices, now)?))
        });
        let (house, secret, shelf) = write.await?;
        Ok(Engine::of(parts, (house, secret), shelf))
    }

    /// Beside a running process, to look and never to write: nothing is migrated, nothing can be started.
    pub async fn look(parts: Parts) -> Result<Engine> {
        let house =
            parts.store.read(|tx| palitra_store::accounts::find(tx, palitra_store::accounts::HOUSE)).await?;
        let house = house
            .ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", palitra_store::accounts::HOUSE))?;
        let shipped = parts.catalogue.clone();
        let read = parts.store.read(move |tx| Ok((installation::secret(tx)?, Shelf::look(tx, &shipped)?)));
        let (secret, shelf) = read.await?;
        Ok(Engine::of(parts, (house, secret), shelf))
    }

    fn of(parts: Parts, (house, secret): (Account, [u8; 32]), shelf: Shelf) -> Engine {
        let Parts { store, objects, markets, catalogue, clock, random, points, examiner, preparer, settings } =
            parts;
        let lease = Lease::new(WorkerId::new(clock.now(), random()), store.dialect() == Dialect::Pg);
        let labels = |market: &MarketPart| market.keys.iter().map(|key| key.label.clone()).collect();
        let keys = markets.iter().map(|market| (market.name.clone(), labels(market))).collect();
        let metrics = Metrics::new(markets.iter().map(|market| &market.name));
        let context = Context {
            store,
            objects,
            clock,
            house,
            secret,
            shipped: catalogue,
            shelf: RwLock::new(shelf),
            lines: Lines::default(),
            settings,
            markets: markets.into_iter().map(|market| (market.name, market.adapter)).collect(),
            keys,
            random,
            points,
            examiner,
            examined: Semaphore::new(EXAMINED_MIB_MAX as usize),
            preparer,
            place: OnceLock::new(),
            roles: OnceLock::new(),
            lease,
            leadership: Leadership::default(),
            events: broadcast::channel(EVENTS_KEPT).0,
            endings: Endings::default(),
            early: Arc::default(),
            hub: Hub::default(),
            wake: Notify::new(),
            waits: Waits::default(),
            sending: OnceLock::new(),
            webhooks: OnceLock::new(),
            called: Notify::new(),
            nudge: Notify::new(),
            runs: Runs::default(),
            in_flight: Arc::new(watch::channel(HashSet::new()).0),
            taking: Mutex::new(()),
            parts: Turns::new(1),
            doubts: Doubts::default(),
            receivers: Receivers::default(),
            books: watch::channel(Books::default()).0,
            callers: Callers::default(),
            posted: Notify::new(),
            unwell: Unwell::default(),
            validators: Validators::default(),
            metrics,
        };
        Engine(Arc::new(context), None)
    }

    /// Where this process runs, for people who look at the list of workers. Once, before the start; likewise what it does.
    pub fn runs_at(&self, place: String) {
        self.place.get_or_init(|| place);
    }

    pub fn does(&self, roles: String) {
        self.roles.get_or_init(|| roles);
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }
}

/// 256 random bits.
fn secret(random: &dyn Fn() -> u128) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..16].copy_from_slice(&random().to_be_bytes());
    secret[16..].copy_from_slice(&random().to_be_bytes());
    secret
}

/// A database that cannot be migrated is not ours, or is newer.
fn foreign(error: palitra_store::Error) -> Error {
    match error {
        palitra_store::Error::Refused(why) => Error::new(ErrorCode::ForeignDatabase).with("place", why),
        other => other.into(),
    }
}

fn configured_keys(markets: &[MarketPart], now: Timestamp, random: &dyn Fn() -> u128) -> Vec<ConfiguredKey> {
    let keys = markets.iter().flat_map(|market| market.keys.iter().map(move |key| (&market.name, key)));
    keys.map(|(market, key)| ConfiguredKey {
        id: KeyId::new(now, random()),
        market: market.clone(),
        label: key.label.clone(),
        slots: key.slots,
        rate: key.rate,
    })
    .collect()
}

impl Context {
    pub(crate) fn place(&self) -> &str {
        self.place.get().map_or("somewhere", String::as_str)
    }

    pub(crate) fn roles(&self) -> &str {
        self.roles.get().map_or("command", String::as_str)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random(&self) -> u128 {
        (self.random)()
    }

    pub(crate) fn market(&self, name: &str) -> Result<&Arc<dyn Market>> {
        self.markets.get(name).ok_or_else(|| {
            Error::new(ErrorCode::NoKey).with("value", name).with("hint", crate::markets::key_setting(name))
        })
    }

    /// A model by id, prefixed id or alias, with the mode asked for; an unknown one names the nearest. It can be used: its market has a
    /// key, or the run is a test.
    pub fn model(&self, id: &str, mode: &str) -> Result<(Arc<Model>, Arc<Mode>)> {
        self.model_for(Livemode::Live, id, mode)
    }

    /// The model and the mode that a wish means.
    pub fn model_of(&self, wish: &crate::generations::Wish) -> Result<(Arc<Model>, Arc<Mode>)> {
        self.model_for(wish.livemode, &wish.model, &wish.mode)
    }

    pub(crate) fn model_for(
        &self,
        livemode: Livemode,
        id: &str,
        mode: &str,
    ) -> Result<(Arc<Model>, Arc<Mode>)> {
        let catalogue = self.catalogue();
        let is_test = self.is_test(livemode);
        let has_key = |model: &Model| is_test || self.markets.contains_key(&model.market);
        let found = catalogue.resolve(id, mode, |model| has_key(model) && model.status == Status::Active);
        let (model, mode) = found.ok_or_else(|| self.no_model(id, mode))?;
        let refused = |code| Err(Error::new(code).with("value", format!("`{}`", model.id)));
        match model.status {
            Status::Active => {}
            // It stands in a command that the hint names.
            Status::Draft if mode.prices.base.cost_micros == 0 => {
                return Err(Error::new(ErrorCode::ModelUnpriced).with("value", &model.id));
            }
            Status::Draft | Status::Paused => return refused(ErrorCode::ModelPaused),
            Status::Retired => return refused(ErrorCode::ModelRetired),
        }
        if self.settings.commercial && model.licence == Some(Licence::Research) {
            return refused(ErrorCode::ResearchOnly);
        }
        if !is_test {
            self.market(&model.market)?;
        }
        Ok((model.clone(), mode.clone()))
    }

    /// There is no such model, or it does something else.
    fn no_model(&self, id: &str, mode: &str) -> Error {
        let catalogue = self.catalogue();
        let modes: Vec<&str> = match (catalogue.find(id), catalogue.aliases().get(id)) {
            (_, Some(alias)) => alias.modes.keys().map(String::as_str).collect(),
            (Some(model), None) => model.modes.iter().map(|mode| mode.name.as_str()).collect(),
            (None, None) => {
                let nearest: Vec<String> = catalogue.nearest(id).iter().map(|id| format!("`{id}`")).collect();
                return Error::new(ErrorCode::UnknownModel)
                    .with("value", format!("`{id}`"))
                    .with("hint", nearest.join(", "));
            }
        };
        Error::new(ErrorCode::UnknownMode)
            .with("value", format!("`{id}`"))
            .with("mode", mode)
            .with("hint", modes.join(", "))
    }

    /// Test money, or test mode for everything: no market outside this process hears of it.
    pub fn is_test(&self, livemode: Livemode) -> bool {
        self.settings.test_mode || livemode == Livemode::Test
    }

    /// Whether there is a key for it, or it needs none.
    pub fn has_market(&self, market: &str) -> bool {
        self.markets.contains_key(market)
    }

    /// Whether live work of the model leaves this process, so that it may cost real money.
    pub fn is_real_market(&self, model: &str, mode: &str) -> bool {
        let found = self.model(model, mode).ok().filter(|_| !self.settings.test_mode);
        let market = found.and_then(|(model, _)| self.markets.get(&model.market));
        market.is_some_and(|market| !market.capabilities().in_process)
    }

    /// Where a run is carried out: at the model's market, or, of a test, by what the sandbox has for the mode.
    fn carrier(&self, livemode: Livemode, model: &Arc<Model>, mode: &Mode) -> Result<Arc<Model>> {
        if !self.is_test(livemode) || [SANDBOX, LOCAL].contains(&model.market.as_str()) {
            return Ok(model.clone());
        }
        let catalogue = self.catalogue();
        let mut simulated = catalogue.models().iter().filter(|model| model.market == SANDBOX);
        let found = simulated.find(|model| model.mode(&mode.name).is_some());
        found.cloned().ok_or_else(|| Error::new(ErrorCode::NoTestMode).with("value", mode.name.as_str()))
    }

    /// Whether the house pays what the engine itself asks of this model about a prompt: of the one that the settings name for it, and only
    /// of that. The same question of anybody else is priced as any.
    pub(crate) fn is_on_the_house(&self, livemode: Livemode, model: &Model, mode: &Mode) -> bool {
        let is_named =
            |named| self.model_for(livemode, named, &mode.name).is_ok_and(|(named, _)| named.id == model.id);
        !self.settings.prompts.billed && self.prompt_model(&mode.name).is_some_and(is_named)
    }

    /// The model that is asked about prompts in this mode; `None`: it is no such mode.
    pub(crate) fn prompt_model(&self, mode: &str) -> Option<&str> {
        let prompts = &self.settings.prompts;
        match mode {
            "translate" => Some(&prompts.translator),
            "compose" | "check" => Some(&prompts.writer),
            _ => None,
        }
    }

    /// A row for the queue: priced as for whoever pays himself, with its recipe and fresh ids. `input` is in our words.
    pub(crate) fn new_generation(
        &self,
        livemode: Livemode,
        (model, mode): (&Arc<Model>, &Mode),
        input: &serde_json::Value,
    ) -> Result<NewGeneration> {
        let now = self.now();
        let carrier = self.carrier(livemode, model, mode)?;
        let is_own = carrier.id == model.id;
        let (price, cost) = mode.price_and_cost(input, &self.settings.prices)?;
        Ok(NewGeneration {
            id: palitra_domain::GenerationId::new(now, self.random()),
            market: carrier.market.clone(),
            model: model.id.clone(),
            market_model: carrier.market_id.clone(),
            mode: mode.name.clone(),
            lane: mode.lane,
            priority: Priority::Standard,
            usual_run: mode.usual_run,
            longest_run: mode.longest_run,
            input: input.to_string(),
            recipe: recipe::recipe_hash(&model.id, &mode.name, input),
            price: price.amount,
            price_version: self.price_version(),
            cost: if is_own { cost.amount } else { 0 },
            batch: None,
            model_scope: (is_own && (model.parallel.is_some() || model.rate.is_some()))
                .then(|| palitra_store::markets::model_scope(&model.id)),
            parents: Vec::new(),
            key: None,
        })
    }
}

/// The market inside this process.
const SANDBOX: &str = "sandbox";

/// What this process does by itself, in test money as in any other.
const LOCAL: &str = "local";
