//! The store's side of the model: the same steps in transactions, and the same lines read from the tables.

use super::{
    News, Op, Said, keys,
    world::{Batch, CASH, World},
};
use crate::{
    Error, Result, Tx, accounts,
    batches::{self, NewBatch},
    generations::{
        self, Adoption, CancelOutcome, Child, Claim, Failure, Fence, Fill, Ghost, Late, NewGeneration,
        Settlement,
    },
    ledger::Purse,
    markets,
    tests::{
        deck::{self, deck, run},
        harness::Fresh,
        shop::{
            self, LONGEST_RUN, PRICE, anna, at, boris, claiming, failure, found, id, is_rule, key,
            settlement, trouble,
        },
    },
};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, WorkerId,
    state::{AttemptState, BatchState, Event, GenerationState, Priority, StepKind},
};

pub(super) const KEYS: [&str; 2] = ["one", "two"];

pub(super) fn account(n: usize) -> AccountId {
    if n == 0 { anna() } else { boris() }
}

fn configure(tx: &mut Tx, limits: [u32; 2]) -> Result<()> {
    markets::configure_keys(tx, &[key(KEYS[0], 1, limits[0]), key(KEYS[1], 2, limits[1])])
}

pub(super) async fn open(fresh: &Fresh) {
    let write = |tx: &mut Tx<'_>| {
        for (n, transfer) in [(0, 900_000), (1, 900_001)] {
            accounts::create(tx, &account(n), &format!("account {n}"), false, at(0))?;
            shop::top_up(tx, transfer, &account(n), Purse::Cash, CASH)?;
        }
        configure(tx, World::default().limits)
    };
    fresh.store.write(write).await.unwrap();
}

pub(super) async fn happen(fresh: &Fresh, world: &mut World, op: &Op) {
    let now = at(world.now);
    match op.clone() {
        Op::Create { account, prices, family } => create(fresh, world, account, &prices, family).await,
        Op::Start { items, gate, workers, barrier } => {
            start(fresh, world, items, (gate, workers, barrier)).await
        }
        Op::Claim { max } => claim(fresh, world, max).await,
        Op::Market { which, said, stale } => market(fresh, world, which, said, stale).await,
        Op::Cancel { which } => {
            let Some(n) = pick(which, world.gens.keys().copied().collect()) else { return };
            let outcome = fresh.store.write(move |tx| generations::cancel(tx, &id(n), now)).await.unwrap();
            assert_eq!(
                outcome,
                match world.gens[&n].state {
                    GenerationState::Queued => CancelOutcome::Cancelled,
                    state if state.is_terminal() => CancelOutcome::AlreadyFinished(state),
                    _ => CancelOutcome::Requested,
                }
            );
            world.cancel(n);
        }
        Op::StopBatch { which, by_hand } => stop_batch(fresh, world, which, by_hand).await,
        Op::Adopt => {
            world.adopt();
            let owner = id::<WorkerId>(world.owner);
            let adoption =
                fresh.store.write(move |tx| generations::adopt(tx, &owner, &Adoption::EveryoneElse, now));
            let adopted = adoption.await.unwrap();
            let fences: Vec<_> =
                adopted.into_iter().map(|work| (work.fence.id, work.fence.epoch, work.fence.from)).collect();
            let live = world.live().into_iter().map(|n| (id(n), world.gens[&n].epoch, world.gens[&n].state));
            assert_eq!(fences, live.collect::<Vec<_>>());
        }
        Op::ExpireGhosts => {
            let freed = fresh.store.write(move |tx| generations::expire_ghosts(tx, now)).await;
            assert_eq!(freed, Ok(world.expire_ghosts()));
        }
        Op::News { which, news } => hear_of_ghost(fresh, world, which, news).await,
        Op::Tick { seconds } => world.now += seconds,
        Op::Resize { limits } => {
            fresh.store.write(move |tx| configure(tx, limits)).await.unwrap();
            world.limits = limits;
        }
        Op::Key(op) => keys::happen(fresh, world, &op).await,
        Op::Bound { account: of, running } => {
            let bound = move |tx: &mut Tx<'_>| accounts::set_limits(tx, &account(of), None, Some(running));
            fresh.store.write(bound).await.unwrap();
            world.running_max[of] = usize::try_from(running).unwrap();
        }
    }
}

/// Fast and standard, as it comes.
fn line(price: i64) -> Priority {
    if price % 3 == 0 { Priority::Fast } else { Priority::Standard }
}

fn pick(which: proptest::sample::Index, among: Vec<u64>) -> Option<u64> {
    (!among.is_empty()).then(|| *which.get(&among))
}

async fn create(fresh: &Fresh, world: &mut World, of: usize, prices: &[i64], family: bool) {
    let first = world.next();
    let new: Vec<_> = (first..).zip(prices.to_vec()).collect();
    let parents = move |n: u64| if family { (first..n).collect::<Vec<u64>>() } else { Vec::new() };
    let rows: Vec<_> = new
        .iter()
        .map(|(n, price)| NewGeneration {
            price: *price,
            priority: line(*price),
            ..shop::child(*n, &parents(*n))
        })
        .collect();
    let answer = fresh.store.write(move |tx| shop::create(tx, &account(of), &rows)).await;
    let is_poor = prices.iter().sum::<i64>() > world.room(of);
    if is_poor || world.keys.stopped.is_some() {
        refused(world, &answer.unwrap_err(), is_poor);
    } else {
        answer.unwrap();
        new.into_iter().for_each(|(n, price)| world.create(n, of, price, parents(n), None));
    }
}

/// For one of the reasons there are.
fn refused(world: &World, error: &Error, is_poor: bool) {
    let is_stopped = world.keys.stopped.is_some_and(|code| is_rule(error, code));
    assert!(is_stopped || is_poor && is_rule(error, ErrorCode::InsufficientFunds), "{error}");
}

async fn start(fresh: &Fresh, world: &mut World, items: u64, (gate, workers, barrier): (u32, u32, bool)) {
    let (batch, first) = (world.next_batch(), world.next());
    let steps = |item: u64| [(first + 2 * item, StepKind::Prompt), (first + 2 * item + 1, StepKind::Picture)];
    let items: Vec<_> = (0..items).map(steps).collect();
    let rows = deck(
        batch,
        items.iter().map(|steps| steps.iter().map(|(n, kind)| run(*n, *kind)).collect()).collect(),
    );
    let of = |kind| deck::workers(batch, kind, workers, 0);
    let rows = NewBatch {
        gate_percent: gate,
        barrier,
        workers: StepKind::ALL.iter().map(|kind| of(*kind)).collect(),
        ..rows
    };
    let price = PRICE * 2 * i64::try_from(items.len()).unwrap();
    let answer = fresh.store.write(move |tx| deck::start(tx, &rows)).await;
    let is_poor = price > world.room(0);
    if is_poor || world.keys.stopped.is_some() {
        return refused(world, &answer.unwrap_err(), is_poor);
    }
    answer.unwrap();
    let (gate, workers) = (i64::from(gate), usize::try_from(workers).unwrap());
    world.batches.insert(batch, Batch { gate, workers, barrier, stop: None, state: BatchState::Processing });
    for [(prompt, _), (picture, _)] in items {
        world.create(prompt, 0, PRICE, Vec::new(), Some((batch, StepKind::Prompt)));
        world.create(picture, 0, PRICE, vec![prompt], Some((batch, StepKind::Picture)));
    }
}

async fn claim(fresh: &Fresh, world: &mut World, max: u32) {
    let owner = id::<WorkerId>(world.owner).to_string();
    let claim = Claim { owner, max, ..claiming() };
    let now = at(world.now);
    let claims = fresh.store.write(move |tx| generations::claim(tx, &claim, now)).await.unwrap();
    assert_eq!(claims.claimed.len(), world.claimable(max));
    for claimed in claims.claimed {
        let n = number(world, &claimed.id);
        world.claim(n, KEYS.iter().position(|key| *key == claimed.key).unwrap());
        let of = &world.gens[&n];
        assert_eq!((claimed.epoch, claimed.attempt), (of.epoch, of.attempt()));
    }
}

fn number(world: &World, of: &GenerationId) -> u64 {
    *world.gens.keys().find(|n| id::<GenerationId>(**n) == *of).unwrap()
}

/// A market's word, by the owner or by one that has lost the generation. What the state does not allow must
/// fail.
async fn market(fresh: &Fresh, world: &mut World, which: proptest::sample::Index, said: Said, stale: bool) {
    let allows =
        |state: GenerationState| state != GenerationState::Queued && state.advance(said.event()).is_ok();
    let fitting: Vec<u64> = world.gens.iter().filter(|(_, of)| allows(of.state)).map(|(n, _)| *n).collect();
    let among = if fitting.is_empty() { world.gens.keys().copied().collect() } else { fitting };
    let Some(n) = pick(which, among) else { return };
    let (of, now) = (&world.gens[&n], world.now);
    let from = if allows(of.state) {
        of.state
    } else {
        *GenerationState::ALL.iter().find(|state| allows(**state)).unwrap()
    };
    let epoch = of.epoch - i64::from(stale);
    let fence = Fence { id: id(n), epoch, attempt: i64::try_from(of.present()).unwrap(), from };
    let price = of.price;
    let answer = fresh.store.write(move |tx| hear(tx, &fence, (n, price), said, now)).await;
    if stale || from != of.state {
        assert!(matches!(answer, Err(Error::Rows { .. })), "{answer:?}");
    } else {
        answer.unwrap();
        world.hear(n, said);
    }
}

fn hear(tx: &mut Tx, fence: &Fence, (n, price): (u64, i64), said: Said, now: i64) -> Result<()> {
    let ghost_until = at(now).plus(LONGEST_RUN);
    let now = at(now);
    match said {
        Said::Accept => generations::accept(tx, fence, "ref", now),
        Said::Answer => generations::answer(tx, fence, None, now),
        Said::Finish => generations::finish(tx, fence, "{}", now),
        Said::Settle { half, spoil } => {
            let to = if spoil {
                Err(ErrorCode::EmptyPrompt)
            } else {
                Ok(generations::Told::Whole { input: "{}".to_owned(), recipe: "recipe".to_owned() })
            };
            let fill = |child: Child| Fill { child: child.id, to: to.clone() };
            let fills = generations::children(tx, &fence.id)?.into_iter().map(fill).collect();
            let charge = half.then_some(price / 2);
            generations::settle(tx, &Settlement { fills, charge, ..settlement(fence, n) }, now).map(drop)
        }
        Said::Fail { critical, .. } => {
            let code = if critical { ErrorCode::MarketAuth } else { ErrorCode::GenerationFailed };
            let failure = Failure { critical, code, ..failure(fence, n, Event::Fail, said.attempt()) };
            generations::fail(tx, &failure, now).map(drop)
        }
        Said::Cancelled | Said::TimeOut => {
            generations::fail(tx, &failure(fence, n, said.event(), said.attempt()), now).map(drop)
        }
        Said::Refuse { wait } => {
            let next_at = now.plus(std::time::Duration::from_secs(wait.unsigned_abs()));
            generations::refuse(tx, fence, &trouble(), next_at, now).map(drop)
        }
        Said::Resubmit => generations::resubmit(tx, fence, &trouble(), ghost_until, now).map(drop),
        Said::Restart => generations::restart(tx, fence, now).map(drop),
        Said::Reject => generations::reject(tx, fence, &trouble(), None, now).map(drop),
    }
}

async fn hear_of_ghost(fresh: &Fresh, world: &mut World, which: proptest::sample::Index, news: News) {
    let given_up = world.given_up();
    if given_up.is_empty() {
        return;
    }
    let (n, attempt) = *which.get(&given_up);
    let (state, now, owner) = (world.gens[&n].state, at(world.now), id::<WorkerId>(world.owner));
    let learned = fresh.store.write(move |tx| {
        let ghost = found(tx, n, i64::try_from(attempt).unwrap(), now)?;
        assert_eq!(ghost.state, state);
        match (news, state) {
            (News::Ended, _) => {
                generations::close_ghost(tx, &ghost.id, ghost.attempt, AttemptState::Failed, None, now)
                    .map(drop)
            }
            (_, GenerationState::Queued) => generations::adopt_known(tx, &ghost, &owner, now).map(drop),
            (News::Result, GenerationState::Submitting | GenerationState::Running) => {
                let fence = generations::overtake(tx, &ghost, &owner, now)?;
                let fill = |child: Child| Fill {
                    child: child.id,
                    to: Ok(generations::Told::Whole { input: "{}".to_owned(), recipe: "recipe".to_owned() }),
                };
                let fills = generations::children(tx, &fence.id)?.into_iter().map(fill).collect();
                generations::settle(tx, &Settlement { fills, ..settlement(&fence, n) }, now).map(drop)
            }
            (News::Result, _) => {
                let of = 100_000 + 100 * n + u64::try_from(attempt).unwrap();
                let settlement = settlement(&fence_of(&ghost), of);
                let late = Late {
                    generation: ghost.id.clone(),
                    attempt: ghost.attempt,
                    assets: settlement.assets,
                    output: None,
                    cost: None,
                    delivery: id(of),
                };
                if state.is_terminal() {
                    assert!(generations::late(tx, &late, now)?);
                } else {
                    generations::look_later(tx, &ghost, None, false, now)?;
                }
                Ok(())
            }
            (News::Found, _) => generations::look_later(tx, &ghost, None, true, now),
        }
    });
    learned.await.unwrap();
    world.learn(n, attempt, news);
}

fn fence_of(ghost: &Ghost) -> Fence {
    Fence { id: ghost.id.clone(), epoch: ghost.epoch, attempt: ghost.attempt, from: ghost.state }
}

async fn stop_batch(fresh: &Fresh, world: &mut World, which: proptest::sample::Index, by_hand: bool) {
    let Some(n) = pick(which, world.batches.keys().copied().collect()) else { return };
    let (now, open) = (at(world.now), world.batches[&n].state == BatchState::Processing);
    if by_hand {
        let asked = fresh.store.write(move |tx| batches::cancel(tx, &id(n), now)).await;
        assert_eq!(asked, Ok(open));
    } else {
        fresh.store.write(move |tx| batches::stop(tx, &id(n), ErrorCode::GateFailed, now)).await.unwrap();
    }
    if open {
        world.stop(n, if by_hand { ErrorCode::Cancelled } else { ErrorCode::GateFailed });
        if by_hand {
            let live = world.live().into_iter();
            let of_batch = live.filter(|gen_n| world.gens[gen_n].is_in(n)).collect::<Vec<_>>();
            of_batch.into_iter().for_each(|gen_n| world.cancel(gen_n));
        }
        world.close(n);
    }
}
