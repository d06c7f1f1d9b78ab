//! Use cases of terms: price groups, free access, what an order costs on them, and what the operator sees of an account.

use crate::{
    Engine, Error, Result,
    accounts::{Account, Balance},
    gifts::Grant,
    referrals,
};
use palitra_domain::{AccountId, ErrorCode, Livemode, audit::Action, money::Millionths, terms::FACTOR_MAX};
use palitra_store::{audit, generations::NewGeneration, ledger, profiles, terms as rows};

pub use palitra_domain::terms::Terms;
pub use profiles::Profile;
pub use rows::{Change as TermsChange, PriceGroup};

/// The longest name of a group, in characters.
const NAME_CHARS_MAX: usize = 40;

/// An account as it is shown to itself and to the operator.
#[derive(Debug, Clone)]
pub struct AccountView {
    pub profile: Profile,
    pub has: Balance,
    /// What of its bonus ends, soonest first; not in lists.
    pub expiring: Vec<Grant>,
}

impl Engine {
    /// What a row, priced by the settings alone, costs on these terms.
    pub(crate) fn price_on_terms(&self, row: &NewGeneration, terms: &Terms) -> palitra_store::Result<i64> {
        // What the house pays for, nobody pays on any terms.
        if *terms == Terms::default() || row.price == 0 {
            return Ok(row.price);
        }
        let refused = |code, value: &str| palitra_store::Error::Rule { code, value: value.to_owned() };
        let catalogue = self.catalogue();
        let mode = catalogue.find(&row.model).and_then(|model| model.mode(&row.mode));
        let mode = mode.ok_or_else(|| refused(ErrorCode::UnknownModel, &row.model))?;
        let input =
            serde_json::from_str(&row.input).map_err(|_| refused(ErrorCode::InvalidInput, "input"))?;
        let price = mode.price(&input, &terms.priced(&self.settings.prices));
        price.map(|price| price.amount).map_err(|_| refused(ErrorCode::InvalidInput, "amount"))
    }

    /// Accounts by name, those after this one, with what they have.
    pub async fn account_views(
        &self,
        livemode: Livemode,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AccountView>> {
        let after = after.to_owned();
        let read = self.store.read(move |tx| {
            let profiles = profiles::list(tx, &after, limit)?;
            let mut views = Vec::with_capacity(profiles.len());
            for profile in profiles {
                let has = ledger::balance(tx, &profile.id, livemode)?;
                views.push(AccountView { profile, has, expiring: Vec::new() });
            }
            Ok(views)
        });
        Ok(read.await?)
    }

    /// `not_found` when there is no such account, or none any more.
    pub async fn account_view(&self, account: &AccountId, livemode: Livemode) -> Result<AccountView> {
        let wanted = account.clone();
        let read = self.store.read(move |tx| {
            let Some(profile) = profiles::of(tx, &wanted)? else { return Ok(None) };
            let has = ledger::balance(tx, &wanted, livemode)?;
            Ok(Some(AccountView { profile, has, expiring: ledger::grants(tx, &wanted, livemode)? }))
        });
        read.await?.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", account))
    }

    /// From the next quote or order on. With the referral code of whoever has brought it, all or nothing; answers who that is.
    pub async fn change_account(
        &self,
        account: &AccountId,
        change: TermsChange,
        referral: Option<&str>,
    ) -> Result<Option<Account>> {
        let unknown = |group: &&String| group.contains(char::is_control);
        if let Some(group) = change.group.iter().flatten().find(unknown) {
            return Err(Error::new(ErrorCode::NotFound).with("value", group));
        }
        let account = account.clone();
        let code = referral.map(referrals::checked_code).transpose()?;
        let entry = self.entry(Action::AccountChange, &account, changed(&change, code.as_deref()));
        let write = self.store.write(move |tx| {
            rows::change(tx, &account, &change)?;
            audit::insert(tx, &entry)?;
            code.as_ref().map(|code| palitra_store::referrals::refer(tx, &account, code)).transpose()
        });
        Ok(write.await?)
    }

    /// Every price group, by name.
    pub async fn price_groups(&self) -> Result<Vec<PriceGroup>> {
        Ok(self.store.read(rows::groups).await?)
    }

    /// Makes a group, or gives it another factor.
    pub async fn set_price_group(&self, name: &str, factor: Millionths) -> Result<()> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("value", "`name`")
                .with("limit", NAME_CHARS_MAX));
        }
        if !(0..=FACTOR_MAX.0).contains(&factor.0) {
            return Err(Error::new(ErrorCode::InvalidInput).with("value", "`factor`"));
        }
        let now = self.now();
        let entry = self.entry(Action::GroupSet, &name, factor);
        let write = self.store.write(move |tx| {
            rows::set_group(tx, &name, factor, now)?;
            audit::insert(tx, &entry)
        });
        Ok(write.await?)
    }

    /// Refused while accounts are in it.
    pub async fn remove_price_group(&self, name: &str) -> Result<()> {
        if name.contains(char::is_control) {
            return Err(Error::new(ErrorCode::NotFound).with("value", name));
        }
        let name = name.to_owned();
        let entry = self.entry(Action::GroupRemove, &name, "");
        let write = self.store.write(move |tx| {
            rows::remove_group(tx, &name)?;
            audit::insert(tx, &entry)
        });
        Ok(write.await?)
    }
}

/// A change in a few words.
fn changed(change: &TermsChange, referral: Option<&str>) -> String {
    let group = change.group.as_ref().map(|group| match group {
        Some(group) => format!("group {group}"),
        None => "no group".to_owned(),
    });
    let free =
        change.has_free_access.map(|is_free| format!("free access {}", if is_free { "on" } else { "off" }));
    let referral = referral.map(|code| format!("referred by {code}"));
    [group, free, referral].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
