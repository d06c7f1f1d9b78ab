//! Gifts, vouchers, payments and their referrer's share, holds, charges, refunds and the passing of time in any order, against a model
//! that keeps every lot of bonus money and spends it at once. The store works lots out when it has to: after each step it must have come
//! to the same, and the books balance.

use super::{
    harness::{Fresh, on_every_database},
    property,
    shop::{anna, at, balance, boris, charge, commit, create, id, is_rule, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, accounts,
    generations::NewGeneration,
    ledger::{self, Balance, Gift, GiftKind, Purse, Refund, TakeBack, TopUp},
    p, referrals,
    vouchers::{self, NewVoucher, Redeem},
};
use palitra_domain::{AccountId, Currency, ErrorCode, GenerationId, Livemode, codes, money::percent_down};
use proptest::{collection::vec, option, prelude::*, sample::Index};
use std::time::Duration;

on_every_database!(MIGRATIONS => whatever_happens_to_a_bonus_its_lots_are_where_the_model_is);

/// Whose: Anna's, who pays, or Boris's, who has brought her.
type Whose = usize;

#[derive(Debug, Clone)]
enum Op {
    /// A bonus that lasts so long.
    Gift(Whose, i64, Option<i64>),
    Redeem(Whose, usize),
    Pay(i64),
    TakeBack(Index, Option<i64>),
    Hold(Whose, i64),
    /// How much is charged; `None` is a void.
    End(Whose, Index, Option<i64>),
    Refund(Whose, Index, Option<i64>),
    Tick(i64),
    Expire,
}

fn op() -> impl Strategy<Value = Op> {
    let whose = || 0usize..2;
    prop_oneof![
        4 => (whose(), 1i64..100, option::weighted(0.8, 1i64..60)).prop_map(|(whose, amount, lasts)| Op::Gift(whose, amount, lasts)),
        2 => (whose(), 0usize..VOUCHERS.len()).prop_map(|(whose, which)| Op::Redeem(whose, which)),
        2 => (1i64..400).prop_map(Op::Pay),
        2 => (any::<Index>(), option::of(-5i64..300)).prop_map(|(which, amount)| Op::TakeBack(which, amount)),
        5 => (whose(), 0i64..120).prop_map(|(whose, price)| Op::Hold(whose, price)),
        5 => (whose(), any::<Index>(), option::weighted(0.8, 0i64..150)).prop_map(|(whose, which, amount)| Op::End(whose, which, amount)),
        2 => (whose(), any::<Index>(), option::of(1i64..100)).prop_map(|(whose, which, amount)| Op::Refund(whose, which, amount)),
        4 => (1i64..40).prop_map(Op::Tick),
        3 => Just(Op::Expire),
    ]
}

/// Amount, whether it is a bonus, how long that lasts, how often it can be used.
const VOUCHERS: [(i64, bool, Option<i64>, u32); 4] =
    [(50, true, Some(20), 2), (70, false, None, 1), (30, true, None, 2), (20, true, Some(45), 1)];
const CODES: [&str; 4] = ["SPRING", "SUMMER", "AUTUMN", "WINTER"];
const PERCENT: u32 = 10;
const NEVER: i64 = i64::MAX;

#[derive(Debug, Clone)]
struct Lot {
    expires_at: i64,
    n: u64,
    left: i64,
}

/// Bonus and cash.
type Pair = [i64; 2];

#[derive(Debug, Default, Clone)]
struct Purses {
    /// By when they expire.
    lots: Vec<Lot>,
    cash: i64,
    debt: i64,
    held: Vec<(u64, Pair)>,
    charged: Vec<(u64, Pair)>,
    redeemed: Vec<usize>,
}

impl Purses {
    fn bonus(&self) -> i64 {
        self.lots.iter().map(|lot| lot.left).sum()
    }

    fn held(&self, purse: usize) -> i64 {
        self.held.iter().map(|(_, pair)| pair[purse]).sum()
    }

    fn gain(&mut self, n: u64, amount: i64, expires_at: i64) {
        self.lots.push(Lot { expires_at, n, left: amount });
        self.lots.sort_by_key(|lot| (lot.expires_at, lot.n));
    }

    fn spend(&mut self, mut amount: i64) {
        for lot in &mut self.lots {
            let gone = lot.left.min(amount);
            (lot.left, amount) = (lot.left - gone, amount - gone);
        }
        assert_eq!(amount, 0, "the model spends what is not there");
    }

    fn receive(&mut self, cash: i64) {
        let paid = cash.min(self.debt);
        (self.debt, self.cash) = (self.debt - paid, self.cash + cash - paid);
    }

    /// Takes cash, or leaves a debt.
    fn lose(&mut self, cash: i64) {
        let taken = cash.min(self.cash - self.held(1));
        (self.cash, self.debt) = (self.cash - taken, self.debt + cash - taken);
    }

    fn expire(&mut self, now: i64) {
        let mut held = self.held(0);
        for lot in &mut self.lots {
            let stays = lot.left.min(held);
            held -= stays;
            if lot.expires_at <= now {
                lot.left = stays;
            }
        }
    }

    fn balance(&self) -> Balance {
        let held = self.held(0) + self.held(1);
        Balance { bonus: self.bonus(), cash: self.cash, held, debt: self.debt }
    }

    fn expiring(&self) -> Vec<(i64, i64)> {
        let open = self.lots.iter().filter(|lot| lot.expires_at < NEVER && lot.left > 0);
        open.map(|lot| (lot.left, lot.expires_at)).collect()
    }
}

#[derive(Debug, Default)]
struct Model {
    of: [Purses; 2],
    /// What came in by each payment and stays, and what of its share does.
    paid: Vec<(u64, i64, i64)>,
    uses: [u32; 4],
    now: i64,
    next: u64,
}

fn account(whose: Whose) -> AccountId {
    [anna(), boris()][whose].clone()
}

async fn whatever_happens_to_a_bonus_its_lots_are_where_the_model_is(fresh: Fresh) {
    property::check(&fresh, 32, vec(op(), 1..50), async |ops| {
        commit(&fresh, begin).await;
        let mut model = Model { next: 1_000, ..Model::default() };
        for op in ops {
            happen(&fresh, &mut model, &op).await;
            for (whose, purses) in model.of.iter().enumerate() {
                assert_eq!(balance(&fresh, account(whose)).await, purses.balance(), "{whose} after {op:?}");
                let read = fresh
                    .store
                    .read(move |tx| ledger::grants(tx, &account(whose), Livemode::Live))
                    .await
                    .unwrap();
                let found: Vec<_> = read.iter().map(|it| (it.remains, seconds(it.expires_at))).collect();
                assert_eq!(found, purses.expiring(), "{whose} after {op:?}");
            }
            assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]), "after {op:?}");
        }
    });
}

fn seconds(at: palitra_domain::Timestamp) -> i64 {
    at.micros() / 1_000_000
}

fn begin(tx: &mut Tx<'_>) -> Result<()> {
    accounts::ensure_house(tx, &id(3), (Currency::RUB, &[7; 32]), at(0))?;
    accounts::create(tx, &anna(), "anna", false, at(0))?;
    accounts::create(tx, &boris(), "boris", false, at(0))?;
    referrals::refer(tx, &anna(), &codes::referral_code(&boris()))?;
    for (n, (code, (amount, bonus, lasts, uses_max))) in (1..).zip(CODES.iter().zip(VOUCHERS)) {
        let purse = if bonus { Purse::Bonus } else { Purse::Cash };
        let lasts = lasts.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
        let (hash, hint) = (codes::code_hash(code), codes::code_hint(code));
        let new = NewVoucher { id: id(n), hash, hint, purse, amount, lasts, uses_max, expires_at: None };
        vouchers::insert(tx, &new, at(0))?;
    }
    Ok(())
}

/// Does it, or must be refused with the code.
async fn write<T: Send + 'static>(
    fresh: &Fresh,
    refusal: Option<ErrorCode>,
    closure: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> bool {
    match (fresh.store.write(closure).await.map(drop), refusal) {
        (Ok(()), None) => true,
        (Err(error), Some(code)) if is_rule(&error, code) => false,
        (answer, refusal) => panic!("{answer:?} instead of {refusal:?}"),
    }
}

async fn happen(fresh: &Fresh, model: &mut Model, op: &Op) {
    model.next += 1;
    let (n, now) = (model.next, model.now);
    match op.clone() {
        Op::Gift(whose, amount, lasts) => {
            let expires_at = lasts.map(|lasts| now + lasts);
            write(fresh, None, move |tx| ledger::give(tx, &gift(n, whose, amount, expires_at), at(now)))
                .await;
            model.of[whose].gain(n, amount, expires_at.unwrap_or(NEVER));
        }
        Op::Redeem(whose, which) => redeem(fresh, model, whose, which).await,
        Op::Pay(amount) => {
            write(fresh, None, move |tx| ledger::top_up_rewarded(tx, &payment(n, amount), PERCENT, at(now)))
                .await;
            let share = percent_down(amount, PERCENT).unwrap();
            model.of[0].receive(amount);
            model.of[1].gain(n, share, NEVER);
            model.paid.push((n, amount, share));
        }
        Op::TakeBack(which, amount) => take_back(fresh, model, &which, amount).await,
        Op::Hold(whose, price) => {
            let purses = &mut model.of[whose];
            let (bonus, cash) = (purses.bonus() - purses.held(0), purses.cash - purses.held(1) - purses.debt);
            let taken = [price.min(bonus), price - price.min(bonus)];
            let refusal = (price > 0 && taken[1] > cash).then_some(ErrorCode::InsufficientFunds);
            let create =
                move |tx: &mut Tx<'_>| create(tx, &account(whose), &[NewGeneration { price, ..wanted(n) }]);
            if write(fresh, refusal, create).await {
                purses.held.push((n, taken));
            }
        }
        Op::End(whose, which, amount) => {
            let purses = &mut model.of[whose];
            if purses.held.is_empty() {
                return;
            }
            let (n, held) = purses.held.remove(which.index(purses.held.len()));
            write(fresh, None, move |tx| end(tx, n, amount)).await;
            if let Some(amount) = amount {
                let bonus = amount.min(held[0]);
                let charged = [bonus, (amount - bonus).min(held[1])];
                purses.spend(charged[0]);
                purses.cash -= charged[1];
                purses.charged.push((n, charged));
            }
        }
        Op::Refund(whose, which, amount) => {
            let purses = &mut model.of[whose];
            if purses.charged.is_empty() {
                return;
            }
            let at_index = which.index(purses.charged.len());
            let (generation, left) = purses.charged[at_index];
            let back = amount.unwrap_or(left[0] + left[1]);
            let refusal = (back < 1 || back > left[0] + left[1]).then_some(ErrorCode::RefundTooLarge);
            let refund = move |tx: &mut Tx<'_>| {
                let generation = id(generation);
                let refund = Refund { transfer: id(n), generation, amount, note: String::new() };
                ledger::refund(tx, &refund, at(now))
            };
            if write(fresh, refusal, refund).await {
                let cash = back.min(left[1]);
                purses.charged[at_index].1 = [left[0] - (back - cash), left[1] - cash];
                purses.receive(cash);
                purses.gain(n, back - cash, NEVER);
            }
        }
        Op::Tick(seconds) => model.now += seconds,
        Op::Expire => {
            let due = fresh.store.read(move |tx| ledger::due(tx, None, 1_000, at(now))).await.unwrap();
            for due in due {
                model.next += 1;
                let n = model.next;
                write(fresh, None, move |tx| ledger::expire(tx, &due.grant, &id(n), at(now))).await;
            }
            model.of.iter_mut().for_each(|purses| purses.expire(now));
        }
    }
}

fn gift(n: u64, whose: Whose, amount: i64, expires_at: Option<i64>) -> Gift {
    Gift {
        transfer: id(n),
        account: account(whose),
        livemode: Livemode::Live,
        kind: GiftKind::Welcome,
        purse: Purse::Bonus,
        amount,
        note: String::new(),
        expires_at: expires_at.map(at),
    }
}

fn payment(n: u64, amount: i64) -> TopUp {
    let (source, note) = ("topup:stars".to_owned(), String::new());
    let (account, livemode, purse) = (anna(), Livemode::Live, Purse::Cash);
    TopUp { transfer: id(n), account, livemode, purse, amount, source, note }
}

async fn redeem(fresh: &Fresh, model: &mut Model, whose: Whose, which: usize) {
    let (n, now) = (model.next, model.now);
    let (amount, is_bonus, lasts, uses_max) = VOUCHERS[which];
    let refusal = if model.of[whose].redeemed.contains(&which) {
        Some(ErrorCode::VoucherUsed)
    } else {
        (model.uses[which] == uses_max).then_some(ErrorCode::VoucherOver)
    };
    let redeem = move |tx: &mut Tx<'_>| {
        let hash = codes::code_hash(CODES[which]);
        vouchers::redeem(tx, &Redeem { account: account(whose), hash, transfer: id(n) }, at(now))
    };
    if write(fresh, refusal, redeem).await {
        model.uses[which] += 1;
        let purses = &mut model.of[whose];
        purses.redeemed.push(which);
        if is_bonus {
            purses.gain(n, amount, lasts.map_or(NEVER, |lasts| now + lasts));
        } else {
            purses.receive(amount);
        }
    }
}

async fn take_back(fresh: &Fresh, model: &mut Model, which: &Index, amount: Option<i64>) {
    if model.paid.is_empty() {
        return;
    }
    let (n, now) = (model.next, model.now);
    let at_index = which.index(model.paid.len());
    let (top_up, left, share) = model.paid[at_index];
    let back = amount.unwrap_or(left);
    let refusal = (back < 1 || back > left).then_some(ErrorCode::RefundTooLarge);
    let take = move |tx: &mut Tx<'_>| {
        let take = TakeBack { transfer: id(n), top_up: id(top_up), amount, note: String::new() };
        ledger::take_back(tx, &take, at(now))
    };
    if write(fresh, refusal, take).await {
        let stays = percent_down(left - back, PERCENT).unwrap();
        model.paid[at_index] = (top_up, left - back, stays);
        model.of[0].lose(back);
        let referrer = &mut model.of[1];
        let unspent = (share - stays).min(referrer.bonus() - referrer.held(0));
        referrer.spend(unspent);
        referrer.lose(share - stays - unspent);
    }
}

/// The ledger alone: the generation's row is brought along by hand.
fn end(tx: &mut Tx, n: u64, amount: Option<i64>) -> Result<()> {
    let generation: GenerationId = id(n);
    let to = if amount.is_some() { "succeeded" } else { "failed" };
    tx.must(1, "update generation set state = $1 where id = $2", p![to, generation.as_str()])?;
    match amount {
        Some(amount) => charge(tx, n, amount, at(1)),
        None => ledger::void(tx, &[generation], at(1)),
    }
}
