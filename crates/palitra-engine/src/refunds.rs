//! Use cases of money that goes back, of corrections, and of an account's movements.

use crate::{
    Engine, Error, Result,
    once::{Made, OnceOf, answered, claimed},
};
use palitra_domain::{AccountId, ErrorCode, GenerationId, Livemode, Money, TransferId, audit::Action};
use palitra_store::{
    audit,
    ledger::{self, Adjustment, Purse, Refund, TakeBack},
};

pub use ledger::{Movement, Refunded};

/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 500;

impl Engine {
    /// Gives back what was charged for a generation, or a part of it: never more than was charged, however often it is asked for.
    /// Cash goes back before bonus, the reverse of charging. [`ErrorCode::RefundTooLarge`] says how much can go back. What is `told` of it is
    /// kept under the key of a request that refunds once.
    pub async fn refund(
        &self,
        generation: &GenerationId,
        amount: Option<Money>,
        note: &str,
        (once, told): (Option<OnceOf>, impl Fn(&Refunded) -> String + Send + Sync + 'static),
    ) -> Result<Made<Refunded>> {
        let now = self.now();
        let refund = Refund {
            transfer: TransferId::new(now, self.random()),
            generation: generation.clone(),
            amount: amount.map(|money| money.amount),
            note: checked_note(note)?,
        };
        let about = amount.map_or_else(|| "all that is left".to_owned(), |amount| amount.to_string());
        let entry = self.entry(Action::Refund, generation, about);
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), refund.transfer.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            let refunded = ledger::refund(tx, &refund, now)?;
            if once.is_some() {
                answered(tx, once.as_ref(), &told(&refunded))?;
            }
            audit::insert(tx, &entry)?;
            Ok(Made::New(refunded))
        });
        let write = write.await;
        write.map_err(|error| self.too_large(error))
    }

    /// Takes a top-up back after its payment was given back by whoever took it. What has been spent of it becomes a debt, which the
    /// account sees and which later money pays first. Answers how much is newly owed.
    pub async fn take_back(&self, top_up: &TransferId, amount: Option<Money>, note: &str) -> Result<Money> {
        let now = self.now();
        let take = TakeBack {
            transfer: TransferId::new(now, self.random()),
            top_up: top_up.clone(),
            amount: amount.map(|money| money.amount),
            note: checked_note(note)?,
        };
        let about = amount.map_or_else(|| "all of it".to_owned(), |amount| amount.to_string());
        let entry = self.entry(Action::TakeBack, top_up, about);
        let write = self.store.write(move |tx| {
            let owed = ledger::take_back(tx, &take, now)?;
            audit::insert(tx, &entry)?;
            Ok(owed)
        });
        let write = write.await;
        let owed = write.map_err(|error| self.too_large(error))?;
        Ok(Money::new(owed, self.settings.prices.currency))
    }

    /// A correction of the cash purse on account of the house; below zero it takes, and no more than is free.
    pub async fn correct(
        &self,
        (account, livemode): (&AccountId, Livemode),
        amount: Money,
        note: &str,
        once: Option<OnceOf>,
    ) -> Result<Made<()>> {
        let now = self.now();
        let adjustment = Adjustment {
            transfer: TransferId::new(now, self.random()),
            account: account.clone(),
            livemode,
            purse: Purse::Cash,
            amount: amount.amount,
            note: checked_note(note)?,
        };
        let entry = self.entry(Action::Correct, account, format!("{} {amount}", livemode.as_str()));
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), adjustment.transfer.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            ledger::adjust(tx, &adjustment, now)?;
            audit::insert(tx, &entry)?;
            Ok(Made::New(()))
        });
        Ok(write.await?)
    }

    /// Movements of an account, newest first, older than `before`.
    pub async fn movements(
        &self,
        account: &AccountId,
        livemode: Livemode,
        before: Option<TransferId>,
        limit: u32,
    ) -> Result<Vec<Movement>> {
        let account = account.clone();
        let read = self.store.read(move |tx| ledger::history(tx, &account, livemode, before.as_ref(), limit));
        Ok(read.await?)
    }

    /// The rule names the amount in minor units; people read money.
    fn too_large(&self, error: palitra_store::Error) -> Error {
        match error {
            palitra_store::Error::Rule { code: ErrorCode::RefundTooLarge, value } => {
                let left = Money::new(value.parse().unwrap_or(0), self.settings.prices.currency);
                Error::new(ErrorCode::RefundTooLarge).with("value", left)
            }
            other => other.into(),
        }
    }
}

fn checked_note(note: &str) -> Result<String> {
    let note = note.trim();
    if note.chars().count() > NOTE_CHARS_MAX || note.chars().any(char::is_control) {
        return Err(Error::new(ErrorCode::InvalidInput)
            .with("value", "`note`")
            .with("limit", NOTE_CHARS_MAX));
    }
    Ok(note.to_owned())
}
