//! Our own copy of a result, then the charge: download, true type, object, settlement.

use super::{Ticket, again, answers, commit, end, ended, examine};
use crate::{batches, losses, scheduler::Machine, trouble::Patience};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use palitra_domain::{
    AssetId, Currency, DeliveryId, ErrorCode, GenerationId, MarketCost,
    catalogue::Lane,
    market::{ErrorClass, MarketError, OutputFile, Outputs},
    media_type::{self, Kind, MediaType},
    money::{Millionths, scale_up},
    objects::{ByteStream, Folder, object_key},
    price::{Coin, Unit},
    state::{AttemptState, Event, GenerationState},
};
use palitra_store::generations::{self, Claimed, Fill, Generation, NewAsset, Settlement};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Downloads of one file; a failure repeats the download, never the generation.
const DOWNLOAD_TRIES: u32 = 5;

/// How much of a file is looked at to tell its type and size.
const HEAD_BYTES: usize = 64 * 1024;

/// What is recorded of a result, so that it can be had again after a crash.
#[derive(Serialize, Deserialize)]
struct Recorded {
    links: Vec<String>,
    text: Option<String>,
    cost_micros: Option<i64>,
    cost_currency: Option<String>,
    billable_units: Option<i64>,
    #[serde(default)]
    kilo_tokens: Option<i64>,
    seed: Option<i64>,
}

/// Whether the record of a result says all of it.
pub(super) fn is_recorded(outputs: &Outputs) -> bool {
    outputs.files.iter().all(|file| matches!(file, OutputFile::Link(_)))
}

/// `None` when the result exists in this process only.
pub(super) fn recorded(outputs: &Outputs) -> Option<String> {
    let link = |file: &OutputFile| match file {
        OutputFile::Link(link) => Some(link.clone()),
        OutputFile::Bytes(_) => None,
    };
    let recorded = Recorded {
        links: outputs.files.iter().map(link).collect::<Option<_>>()?,
        text: outputs.text.clone(),
        cost_micros: outputs.cost.map(|cost| cost.micros),
        cost_currency: outputs.cost.map(|cost| cost.currency.as_str().to_owned()),
        billable_units: outputs.billable_units.map(|units| units.0),
        kilo_tokens: outputs.kilo_tokens.map(|tokens| tokens.0),
        seed: outputs.seed,
    };
    serde_json::to_string(&recorded).ok()
}

pub(super) fn restored(text: &str) -> Option<Outputs> {
    let recorded: Recorded = serde_json::from_str(text).ok()?;
    let currency = recorded.cost_currency.as_deref().and_then(Currency::parse);
    Some(Outputs {
        files: recorded.links.into_iter().map(OutputFile::Link).collect(),
        text: recorded.text,
        cost: recorded.cost_micros.zip(currency).map(|(micros, currency)| MarketCost { micros, currency }),
        billable_units: recorded.billable_units.map(Millionths),
        kilo_tokens: recorded.kilo_tokens.map(Millionths),
        seed: recorded.seed,
    })
}

/// Whether the answer itself is the whole result: a text that nobody waits for. There is no file to store and no step to fill in.
pub(super) fn is_all(claimed: &Claimed, outputs: &Outputs) -> bool {
    let text = outputs.text.as_deref().unwrap_or_default();
    claimed.lane == Lane::Text
        && !claimed.facts.is_parent
        && outputs.files.is_empty()
        && !text.trim().is_empty()
}

/// Records such an answer, stores it and charges for it in one commit. Until then it exists in this process only, as any answer does
/// before it is recorded.
pub(super) async fn tell(machine: &Machine, ticket: Ticket, claimed: Claimed, outputs: Outputs) {
    let settlement = Settlement {
        fence: ticket.fence.clone(),
        assets: Vec::new(),
        cost: cost(machine, (&claimed.model, &claimed.mode), &outputs),
        output: outputs.text,
        charge: None,
        fills: Vec::new(),
        delivery: DeliveryId::of_generation(ticket.id()),
    };
    let (facts, now) = (claimed.facts, machine.now());
    machine.points.before(GenerationState::Submitting, Event::Answer);
    let of = (claimed.mode.as_str(), facts.price);
    let given = losses::of_given(machine, &settlement.fence, of, settlement.cost);
    let engine = machine.engine.clone();
    let told = move |tx: &mut palitra_store::Tx<'_>| {
        let finished = generations::settle_answer(tx, &settlement, &facts, now)?;
        losses::record(tx, &engine, &settlement.fence.id, given.as_ref(), now)?;
        Ok(finished)
    };
    if answers::record(machine, &ticket, told).await.is_none() {
        return;
    }
    machine.points.after(GenerationState::Storing, Event::Settle);
    answers::let_go(machine, &ticket).await;
    ended(machine, ticket, GenerationState::Succeeded, None);
}

/// Stores the result and charges for it, in that order. Where the result is has been recorded: whatever happens here, it can be
/// fetched again.
pub(super) async fn keep(machine: &Machine, ticket: Ticket, outputs: Outputs) {
    let mut patience = Patience::default();
    loop {
        // A process that was stopped may wake in the middle of storing what another attempt has replaced.
        let own_name = machine.lease.is_shared.then_some(ticket.fence.attempt);
        let made = Made { id: ticket.id(), market: &ticket.market, own_name };
        let error = match store(machine, made, &outputs).await {
            Ok(stored) => match judged(machine, &ticket, stored, &outputs).await {
                Ok(Judged::Good(generation, assets, fills)) => {
                    return settle(machine, ticket, &generation, outputs, assets, fills).await;
                }
                Ok(Judged::Refused(error, cost)) => return again::reject(machine, ticket, error, cost).await,
                Ok(Judged::RefusedAgain(error, cost)) => {
                    let mut failure = end::failure(machine, &ticket, error, AttemptState::Failed);
                    (failure.code, failure.cost) = (ErrorCode::UnacceptableResult, cost);
                    return end::fail(machine, ticket, failure).await;
                }
                Err(error) => error,
            },
            Err(Trouble::Market(error, code, cost)) => {
                let mut failure = end::failure(machine, &ticket, error, AttemptState::Failed);
                (failure.code, failure.cost) = (code, cost);
                return end::fail(machine, ticket, failure).await;
            }
            Err(Trouble::Here(error)) => error,
        };
        if !patience.has_more(machine, &error).await {
            return;
        }
    }
}

/// What a stored result is worth.
enum Judged {
    Good(Box<Generation>, Vec<NewAsset>, Vec<Fill>),
    Refused(MarketError, Option<MarketCost>),
    /// The house has paid for a try already.
    RefusedAgain(MarketError, Option<MarketCost>),
}

async fn judged(
    machine: &Machine,
    ticket: &Ticket,
    mut stored: Stored,
    outputs: &Outputs,
) -> crate::Result<Judged> {
    let refused = examine::examine(machine, ticket, &mut stored).await?;
    let Stored { generation, assets, .. } = stored;
    if let Some(error) = refused {
        // Its files go first: should this process die now, they are stored and looked at again.
        for asset in &assets {
            machine.objects.delete(&asset.object_key).await?;
        }
        let cost = cost(machine, (&generation.model, &generation.mode), outputs);
        let id = ticket.id().clone();
        let again = machine.store.read(move |tx| generations::was_on_the_house(tx, &id)).await?;
        return Ok(if again { Judged::RefusedAgain(error, cost) } else { Judged::Refused(error, cost) });
    }
    let fills = fills(machine, ticket.id(), outputs, &assets).await?;
    Ok(Judged::Good(Box::new(generation), assets, fills))
}

/// Whose result it is.
#[derive(Clone, Copy)]
pub(super) struct Made<'a> {
    pub(super) id: &'a GenerationId,
    pub(super) market: &'a str,
    /// The attempt, where another may store its own at the same time: then its files have names of their own.
    pub(super) own_name: Option<i64>,
}

/// Whose fault it was: the market's ends the generation, ours waits for a better day.
pub(super) enum Trouble {
    Market(MarketError, ErrorCode, Option<MarketCost>),
    Here(crate::Error),
}

impl From<palitra_store::Error> for Trouble {
    fn from(error: palitra_store::Error) -> Trouble {
        Trouble::Here(error.into())
    }
}

/// A result whose files are in our storage.
pub(super) struct Stored {
    pub(super) generation: Generation,
    pub(super) assets: Vec<NewAsset>,
    /// Of each file its bytes, when they are at hand: what came as bytes, or came short.
    pub(super) at_hand: Vec<Option<Bytes>>,
}

fn of_market(error: MarketError, code: ErrorCode) -> Trouble {
    Trouble::Market(error, code, None)
}

fn bad_result(message: &str) -> Trouble {
    of_market(MarketError::new(ErrorClass::Protocol, message), ErrorCode::BadResult)
}

/// Puts the files of a result into our storage.
pub(super) async fn store(machine: &Machine, made: Made<'_>, outputs: &Outputs) -> Result<Stored, Trouble> {
    let id = made.id.clone();
    let found = machine.store.look(move |tx| generations::find(tx, &id)).await?;
    let generation = found.ok_or_else(|| Trouble::Here(crate::Error::new(ErrorCode::NotFound)))?;
    match store_files(machine, made, &generation, outputs).await {
        Ok(files) => {
            let (assets, at_hand) = files.into_iter().unzip();
            Ok(Stored { generation, assets, at_hand })
        }
        // What the market took is recorded although its result was no good.
        Err(Trouble::Market(error, code, _)) => {
            Err(Trouble::Market(error, code, cost(machine, (&generation.model, &generation.mode), outputs)))
        }
        Err(trouble) => Err(trouble),
    }
}

/// What the steps that wait for this one are told.
pub(super) async fn fills(
    machine: &Machine,
    parent: &GenerationId,
    outputs: &Outputs,
    assets: &[NewAsset],
) -> crate::Result<Vec<Fill>> {
    let parent = parent.clone();
    let children = machine.store.read(move |tx| generations::children(tx, &parent)).await?;
    let made = batches::Made {
        text: assets.is_empty().then(|| outputs.text.as_deref().unwrap_or_default()),
        files: assets.iter().map(|asset| (&asset.id, asset.mime)).collect(),
    };
    Ok(children.iter().map(|child| batches::fill(child, &made)).collect())
}

async fn store_files(
    machine: &Machine,
    made: Made<'_>,
    generation: &Generation,
    outputs: &Outputs,
) -> Result<Vec<(NewAsset, Option<Bytes>)>, Trouble> {
    let text_only = generation.lane == Lane::Text;
    let empty = if text_only {
        outputs.text.as_deref().is_none_or(|text| text.trim().is_empty())
    } else {
        outputs.files.is_empty()
    };
    if empty {
        return Err(bad_result("the result is empty"));
    }
    let mut files = Vec::with_capacity(outputs.files.len());
    for (n, file) in outputs.files.iter().enumerate() {
        let mut round = 0;
        let stored = loop {
            match store_file(machine, made, generation, n, file).await {
                Err(Trouble::Market(error, ..)) if round + 1 < DOWNLOAD_TRIES && is_passing(&error) => {
                    tracing::warn!(generation.id = %generation.id, error.message = error.message, "download failed, trying again");
                    machine.clock.sleep(Duration::from_millis(200) * 2u32.pow(round)).await;
                    round += 1;
                }
                other => break other?,
            }
        };
        files.push(stored);
    }
    Ok(files)
}

fn is_passing(error: &MarketError) -> bool {
    error.class.is_retried() || error.class == ErrorClass::Timeout
}

async fn store_file(
    machine: &Machine,
    made: Made<'_>,
    generation: &Generation,
    n: usize,
    file: &OutputFile,
) -> Result<(NewAsset, Option<Bytes>), Trouble> {
    let market = machine.market(made.market).map_err(Trouble::Here)?;
    let body: ByteStream = match file {
        OutputFile::Bytes(bytes) => Box::pin(stream::iter([Ok(bytes.clone())])),
        OutputFile::Link(link) => market.fetch(link).await.map_err(|error| {
            let code = error.class.code();
            of_market(error, code)
        })?,
    };
    let Peeked { head, is_all, body } = peek(body).await.map_err(|error| {
        let error = MarketError::new(ErrorClass::Unavailable, format!("the download broke off: {error}"));
        of_market(error, ErrorCode::MarketUnavailable)
    })?;
    let media = media_type::sniff(&head).filter(|media| fits(generation.lane, media.kind));
    let media = media.ok_or_else(|| bad_result("the result is not the kind of media that was asked for"))?;
    let size = imagesize::blob_size(&head).ok();
    let side = |side: usize| u32::try_from(side).ok();
    let id = asset_id(generation, made.own_name.or(generation.adopted), n);
    let key = object_key(folder(media), generation.created_at, id.as_str(), media.extension);
    let stored = machine.objects.put(&key, body).await.map_err(broken)?;
    let at_hand = match file {
        OutputFile::Bytes(bytes) => Some(bytes.clone()),
        OutputFile::Link(_) => is_all.then(|| Bytes::from(head)),
    };
    let asset = NewAsset {
        id,
        kind: media.kind.as_str(),
        mime: media.mime,
        object_key: key,
        bytes: stored.bytes,
        sha256: stored.sha256,
        width: size.and_then(|size| side(size.width)),
        height: size.and_then(|size| side(size.height)),
        duration_ms: None,
        blurhash: None,
        dhash: None,
        thumbnails: String::new(),
    };
    Ok((asset, at_hand))
}

/// A body that breaks off comes through the object store as an error of another kind than its own.
fn broken(error: palitra_domain::objects::ObjectError) -> Trouble {
    use std::io::ErrorKind;
    let here = [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::PermissionDenied,
        ErrorKind::ReadOnlyFilesystem,
    ];
    if here.contains(&error.source.kind()) {
        return Trouble::Here(error.into());
    }
    let error =
        MarketError::new(ErrorClass::Unavailable, format!("the download broke off: {}", error.source));
    of_market(error, ErrorCode::MarketUnavailable)
}

/// A body whose first bytes are known.
struct Peeked {
    head: Vec<u8>,
    /// There is nothing behind them.
    is_all: bool,
    /// The whole of it again.
    body: ByteStream,
}

/// Looks at the first bytes.
async fn peek(mut body: ByteStream) -> std::io::Result<Peeked> {
    let mut head = Vec::new();
    let mut chunks: Vec<Bytes> = Vec::new();
    let mut is_all = false;
    while head.len() < HEAD_BYTES {
        let Some(chunk) = body.next().await else {
            is_all = true;
            break;
        };
        let chunk = chunk?;
        head.extend_from_slice(&chunk[..chunk.len().min(HEAD_BYTES)]);
        chunks.push(chunk);
    }
    let whole = stream::iter(chunks.into_iter().map(Ok)).chain(body);
    Ok(Peeked { head, is_all, body: Box::pin(whole) })
}

fn fits(lane: Lane, kind: Kind) -> bool {
    match lane {
        Lane::Image => kind == Kind::Image,
        Lane::Audio => kind == Kind::Audio,
        Lane::Video => kind == Kind::Video,
        Lane::Text => false,
    }
}

fn folder(media: MediaType) -> Folder {
    match media.kind {
        Kind::Image => Folder::Images,
        Kind::Audio => Folder::Audio,
        Kind::Video => Folder::Video,
    }
}

/// The same id whenever the same result is stored again, so that a crash between object and commit leaves nothing behind. The
/// generation's own id is not guessable, so neither is this.
fn asset_id(generation: &Generation, own_name: Option<i64>, n: usize) -> AssetId {
    let name = match own_name {
        None => format!("{} {n}", generation.id),
        Some(attempt) => format!("{}.{attempt} {n}", generation.id),
    };
    let digest = Sha256::digest(name);
    let random = digest.iter().take(16).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    AssetId::new(generation.created_at, random)
}

/// What the market says it took: exact, or units by the unit cost of the catalogue.
pub(super) fn cost(machine: &Machine, (model, mode): (&str, &str), outputs: &Outputs) -> Option<MarketCost> {
    let rule = machine.catalogue().find(model)?.mode(mode)?.prices.base;
    let by_units = |units: Millionths| match rule.coin {
        Coin::Money(currency) => {
            Some(MarketCost { micros: scale_up(rule.cost_micros, &[units], 1).ok()?, currency })
        }
        Coin::Credits => None,
    };
    let tokens = outputs.kilo_tokens.filter(|_| rule.unit == Unit::KiloTokens);
    outputs.cost.or_else(|| outputs.billable_units.or(tokens).and_then(by_units))
}

async fn settle(
    machine: &Machine,
    ticket: Ticket,
    generation: &Generation,
    outputs: Outputs,
    assets: Vec<NewAsset>,
    fills: Vec<Fill>,
) {
    let child_fails = fills.iter().any(|fill| fill.to.is_err());
    let settlement = Settlement {
        fence: ticket.fence.clone(),
        assets,
        cost: cost(machine, (&generation.model, &generation.mode), &outputs),
        output: outputs.text,
        charge: None,
        fills,
        delivery: DeliveryId::of_generation(ticket.id()),
    };
    let of = (generation.mode.as_str(), generation.price);
    let given = losses::of_given(machine, &settlement.fence, of, settlement.cost);
    let now = machine.now();
    if child_fails {
        machine.points.before(GenerationState::Queued, Event::Fail);
    }
    machine.points.before(GenerationState::Storing, Event::Settle);
    let engine = machine.engine.clone();
    let finished = commit(machine, ticket.id(), move |tx| {
        let finished = generations::settle(tx, &settlement, now)?;
        losses::record(tx, &engine, &settlement.fence.id, given.as_ref(), now)?;
        Ok(finished)
    })
    .await;
    if finished.is_none() {
        return;
    }
    machine.points.after(GenerationState::Storing, Event::Settle);
    if child_fails {
        machine.points.after(GenerationState::Queued, Event::Fail);
    }
    answers::let_go(machine, &ticket).await;
    ended(machine, ticket, GenerationState::Succeeded, None);
}
