//! Money in any order: holds, charges in full and in part, voids, refunds, top-ups, what is taken back, corrections, against a small model.
//! After each step the balance is the model's, and the books balance.

use super::{
    harness::{Fresh, on_every_database},
    property,
    shop::{anna, at, balance, charge, commit, create, id, is_rule, top_up, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, accounts,
    generations::NewGeneration,
    ledger::{self, Adjustment, Balance, Purse, Refund, TakeBack},
    p,
};
use palitra_domain::{ErrorCode, Livemode};
use proptest::{collection::vec, option, prelude::*, sample::Index};

on_every_database!(MIGRATIONS => whatever_moves_the_purses_are_where_the_model_is);

#[derive(Debug, Clone)]
enum Op {
    TopUp(bool, i64),
    Hold(i64),
    /// How much is charged; `None` is a void.
    End(Index, Option<i64>),
    Refund(Index, Option<i64>),
    TakeBack(Index, Option<i64>),
    Adjust(bool, i64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (any::<bool>(), 1i64..200).prop_map(|(bonus, amount)| Op::TopUp(bonus, amount)),
        4 => (0i64..120).prop_map(Op::Hold),
        4 => (any::<Index>(), option::weighted(0.8, 0i64..150)).prop_map(|(which, amount)| Op::End(which, amount)),
        3 => (any::<Index>(), option::of(-5i64..100)).prop_map(|(which, amount)| Op::Refund(which, amount)),
        2 => (any::<Index>(), option::of(-5i64..150)).prop_map(|(which, amount)| Op::TakeBack(which, amount)),
        1 => (any::<bool>(), -80i64..80).prop_map(|(bonus, amount)| Op::Adjust(bonus, amount)),
    ]
}

/// Bonus and cash.
type Pair = [i64; 2];

#[derive(Default)]
struct Model {
    /// Bonus, cash, debt.
    has: Pair,
    debt: i64,
    /// Holds by generation: what is held, and what was charged of it, less what went back.
    held: Vec<(u64, Pair)>,
    charged: Vec<(u64, Pair)>,
    /// Cash that came in, less what was taken back.
    came: Vec<(u64, i64)>,
    next: u64,
}

impl Model {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn free(&self) -> Pair {
        let held = |purse: usize| self.held.iter().map(|(_, pair)| pair[purse]).sum::<i64>();
        [self.has[0] - held(0), self.has[1] - held(1) - self.debt]
    }

    fn receive(&mut self, [bonus, cash]: Pair) {
        let paid = cash.clamp(0, self.debt);
        self.debt -= paid;
        self.has = [self.has[0] + bonus, self.has[1] + cash - paid];
    }

    fn balance(&self) -> Balance {
        let held = self.held.iter().map(|(_, pair)| pair[0] + pair[1]).sum();
        Balance { bonus: self.has[0], cash: self.has[1], held, debt: self.debt }
    }
}

async fn whatever_moves_the_purses_are_where_the_model_is(fresh: Fresh) {
    property::check(&fresh, 32, vec(op(), 1..40), async |ops| {
        commit(&fresh, |tx| accounts::create(tx, &anna(), "anna", false, at(0))).await;
        let mut model = Model::default();
        for op in ops {
            happen(&fresh, &mut model, &op).await;
            assert_eq!(balance(&fresh, anna()).await, model.balance(), "after {op:?}");
            assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]), "after {op:?}");
        }
    });
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

fn purse(bonus: bool) -> Purse {
    if bonus { Purse::Bonus } else { Purse::Cash }
}

fn pair(bonus: bool, amount: i64) -> Pair {
    if bonus { [amount, 0] } else { [0, amount] }
}

async fn happen(fresh: &Fresh, model: &mut Model, op: &Op) {
    let n = model.number();
    match op.clone() {
        Op::TopUp(bonus, amount) => {
            write(fresh, None, move |tx| top_up(tx, n, &anna(), purse(bonus), amount)).await;
            model.receive(pair(bonus, amount));
            if !bonus {
                model.came.push((n, amount));
            }
        }
        Op::Hold(price) => {
            let [bonus, cash] = model.free();
            let taken = [price.min(bonus), price - price.min(bonus)];
            let refusal = (price > 0 && taken[1] > cash).then_some(ErrorCode::InsufficientFunds);
            let create = move |tx: &mut Tx<'_>| create(tx, &anna(), &[NewGeneration { price, ..wanted(n) }]);
            if write(fresh, refusal, create).await {
                model.held.push((n, taken));
            }
        }
        Op::End(which, amount) => {
            if model.held.is_empty() {
                return;
            }
            let (n, held) = model.held.remove(which.index(model.held.len()));
            write(fresh, None, move |tx| end(tx, n, amount)).await;
            if let Some(amount) = amount {
                let bonus = amount.min(held[0]);
                let charged = [bonus, (amount - bonus).min(held[1])];
                model.has = [model.has[0] - charged[0], model.has[1] - charged[1]];
                model.charged.push((n, charged));
            }
        }
        Op::Refund(which, amount) => {
            if model.charged.is_empty() {
                return;
            }
            let at_index = which.index(model.charged.len());
            let (generation, left) = model.charged[at_index];
            let wanted = amount.unwrap_or(left[0] + left[1]);
            let refusal = (wanted < 1 || wanted > left[0] + left[1]).then_some(ErrorCode::RefundTooLarge);
            let refund = move |tx: &mut Tx<'_>| {
                let refund =
                    Refund { transfer: id(n), generation: id(generation), amount, note: String::new() };
                ledger::refund(tx, &refund, at(1))
            };
            if write(fresh, refusal, refund).await {
                let cash = wanted.min(left[1]);
                model.charged[at_index].1 = [left[0] - (wanted - cash), left[1] - cash];
                model.receive([wanted - cash, cash]);
            }
        }
        Op::TakeBack(which, amount) => {
            if model.came.is_empty() {
                return;
            }
            let at_index = which.index(model.came.len());
            let (came, left) = model.came[at_index];
            let wanted = amount.unwrap_or(left);
            let refusal = (wanted < 1 || wanted > left).then_some(ErrorCode::RefundTooLarge);
            let take = move |tx: &mut Tx<'_>| {
                let take = TakeBack { transfer: id(n), top_up: id(came), amount, note: String::new() };
                ledger::take_back(tx, &take, at(1))
            };
            if write(fresh, refusal, take).await {
                let taken = wanted.min(model.free()[1] + model.debt);
                model.came[at_index].1 -= wanted;
                model.has[1] -= taken;
                model.debt += wanted - taken;
            }
        }
        Op::Adjust(bonus, amount) => {
            let free = model.free()[usize::from(!bonus)];
            let refusal = match amount {
                0 => Some(ErrorCode::InvalidInput),
                amount if amount < 0 && free < -amount => Some(ErrorCode::InsufficientFunds),
                _ => None,
            };
            let adjust = move |tx: &mut Tx<'_>| {
                let (purse, note) = (purse(bonus), String::new());
                let adjustment = Adjustment {
                    transfer: id(n),
                    account: anna(),
                    livemode: Livemode::Live,
                    purse,
                    amount,
                    note,
                };
                ledger::adjust(tx, &adjustment, at(1))
            };
            if write(fresh, refusal, adjust).await {
                model.receive(pair(bonus, amount));
            }
        }
    }
}

/// The ledger alone: the generation's row is brought along by hand.
fn end(tx: &mut Tx, n: u64, amount: Option<i64>) -> Result<()> {
    let generation: palitra_domain::GenerationId = id(n);
    let to = if amount.is_some() { "succeeded" } else { "failed" };
    tx.must(
        1,
        "update generation set state = $1 where id = $2 and state = 'queued'",
        p![to, generation.as_str()],
    )?;
    match amount {
        Some(amount) => charge(tx, n, amount, at(1)),
        None => ledger::void(tx, &[generation], at(1)),
    }
}
