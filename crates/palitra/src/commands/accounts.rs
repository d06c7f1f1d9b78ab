//! `palitra accounts`: who there is, and on which terms they buy.

use super::{Result, Session, balance::unknown, people};
use crate::{
    args::{Accounts, AccountsSet, Groups},
    failure::{Failure, Phrase},
};
use palitra_domain::{ErrorCode, Livemode, Money, money::Millionths};
use palitra_engine::{Grant, Profile, TermsChange, accounts::Balance};
use serde_json::{Value, json};

/// Where price groups can be seen.
const GROUPS_LS: &str = "`palitra accounts groups ls`";

pub(super) async fn run(session: &Session, args: Accounts) -> Result<()> {
    match args {
        Accounts::Ls => ls(session).await,
        Accounts::Show { name } => show(session, &name).await,
        Accounts::Set(args) => set(session, args).await,
        Accounts::Export { name, out } => people::export(session, &name, out.as_deref()).await,
        Accounts::Delete { name } => people::delete(session, &name).await,
        Accounts::Audit(args) => people::audit(session, args).await,
        Accounts::Groups(args) => groups(session, args).await,
    }
}

async fn ls(session: &Session) -> Result<()> {
    let mut shown = Vec::new();
    if let Some(app) = session.look().await? {
        let balances = app.engine.balances(Livemode::Live).await?;
        for profile in app.engine.profiles().await? {
            // An account that was made in between is shown next time.
            let found = balances.iter().find(|(account, _)| account.id == profile.id);
            shown.extend(found.map(|(_, balance)| (profile, *balance)));
        }
    }
    session.console.document(&shown.iter().map(|(it, has)| document(session, it, *has)).collect::<Vec<_>>());
    if session.console.json {
        return Ok(());
    }
    if shown.is_empty() {
        session.console.note(&session.console.text("keys-none", &[]));
    }
    for (profile, has) in shown {
        let (cash, bonus) = (money(session, has.cash), money(session, has.bonus));
        let bonus = session.console.text("movement-bonus", &[("amount", (&bonus).into())]);
        let line = format!("{:<20}  {cash:>12}  {bonus:<18}  {}", profile.name, terms(session, &profile));
        session.console.say(line.trim_end());
    }
    Ok(())
}

async fn show(session: &Session, name: &str) -> Result<()> {
    let Some(app) = session.look().await? else { return Err(unknown(name)) };
    let profile = app.engine.profile(name).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(name),
        _ => error.into(),
    })?;
    let balances = app.engine.balances(Livemode::Live).await?;
    let found = balances.into_iter().find(|(account, _)| account.id == profile.id);
    let (_, has) = found.ok_or_else(|| unknown(name))?;
    let grants = app.engine.expiring(&profile.id, Livemode::Live).await?;
    let mut shown = document(session, &profile, has);
    shown["expiring"] = expiring(session, &grants);
    session.console.document(&shown);
    if session.console.json {
        return Ok(());
    }
    let console = &session.console;
    let kind = if profile.is_house { "account-kind-house" } else { "account-kind-customer" };
    console.say(&format!("{}  {}  {}", profile.id, profile.name, console.text(kind, &[])));
    console.say(&terms(session, &profile));
    super::balance::lines(session, name, has, &grants);
    let args = [("code", (&profile.referral_code).into()), ("count", profile.referred.into())];
    console.say(&console.text("account-referral", &args));
    if let Some(by) = &profile.referred_by {
        console.say(&console.text("account-referred", &[("name", by.into())]));
    }
    Ok(())
}

/// On which terms it buys, in words.
fn terms(session: &Session, profile: &Profile) -> String {
    let console = &session.console;
    if profile.terms.has_free_access {
        return console.text("account-free", &[]);
    }
    match &profile.group {
        Some(group) => {
            let factor = profile.terms.factor.to_string();
            console.text("account-group", &[("group", group.into()), ("factor", (&factor).into())])
        }
        None => console.text("account-no-group", &[]),
    }
}

fn document(session: &Session, profile: &Profile, has: Balance) -> Value {
    let money = |amount| Money::new(amount, session.config().money.currency);
    json!({
        "id": profile.id, "name": profile.name, "kind": if profile.is_house { "house" } else { "customer" },
        "group": profile.group, "factor": profile.terms.factor.to_string(), "free_access": profile.terms.has_free_access,
        "referral_code": profile.referral_code, "referred_by": profile.referred_by, "referred": profile.referred,
        "weight": profile.weight, "cash": money(has.cash), "bonus": money(has.bonus), "held": money(has.held),
        "debt": money(has.debt), "created_at": profile.created_at.rfc3339(),
    })
}

/// What of a bonus has an end.
pub(super) fn expiring(session: &Session, grants: &[Grant]) -> Value {
    let money = |amount| Money::new(amount, session.config().money.currency);
    let shown = |it: &Grant| json!({ "amount": money(it.remains), "expires_at": it.expires_at.rfc3339() });
    grants.iter().map(shown).collect()
}

fn money(session: &Session, amount: i64) -> String {
    Money::new(amount, session.config().money.currency).to_string()
}

async fn set(session: &Session, args: AccountsSet) -> Result<()> {
    let app = session.open().await?;
    let account = super::balance::account(&app, &args.name).await?;
    let group = if args.no_group { Some(None) } else { args.group.map(Some) };
    let change = TermsChange { group: group.clone(), has_free_access: args.free };
    let is_of_terms = group.is_some() || args.free.is_some();
    let changed = app.engine.change_account(&account.id, change, args.referral.as_deref()).await;
    let referrer = changed.map_err(|error| refused(error, group.flatten().as_deref()))?;
    let profile = app.engine.profile(&args.name).await?;
    session.console.document(&json!({
        "name": profile.name, "group": profile.group, "factor": profile.terms.factor.to_string(),
        "free_access": profile.terms.has_free_access, "referred_by": profile.referred_by,
    }));
    if !session.console.json {
        let console = &session.console;
        let account = [("account", (&args.name).into())];
        if is_of_terms {
            let changed = console.text("account-changed", &account);
            console.say(&format!("{changed}: {}", terms(session, &profile)));
        }
        if let Some(referrer) = &referrer {
            let args = [("account", (&args.name).into()), ("name", (&referrer.name).into())];
            console.say(&console.text("account-was-referred", &args));
        }
    }
    app.close().await;
    Ok(())
}

fn no_group(name: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", format!("`{name}`")).with("hint", GROUPS_LS)
}

/// Rules speak of the group, of the code, or say why in a word.
fn refused(error: palitra_engine::Error, group: Option<&str>) -> Failure {
    let word = error.args.first().map(|(_, value)| value.clone()).unwrap_or_default();
    match error.code {
        ErrorCode::ReferralRefused => {
            Failure::new(error.code).with("why", Phrase::new(format!("referral-{word}")))
        }
        ErrorCode::NotFound if group == Some(word.as_str()) => no_group(&word),
        ErrorCode::NotFound => Failure::new(error.code)
            .with("value", format!("`{word}`"))
            .with("hint", "`palitra accounts show NAME`"),
        _ => error.into(),
    }
}

async fn groups(session: &Session, args: Groups) -> Result<()> {
    let console = &session.console;
    let line = |key: &str, name: &str, factor: Millionths, count: i64| {
        let factor = factor.to_string();
        console.text(key, &[("group", name.into()), ("factor", (&factor).into()), ("count", count.into())])
    };
    match args {
        Groups::Ls => {
            let groups = match session.look().await? {
                Some(app) => app.engine.price_groups().await?,
                None => Vec::new(),
            };
            let shown: Vec<_> = groups
                .iter()
                .map(
                    |it| json!({ "name": it.name, "factor": it.factor.to_string(), "accounts": it.accounts }),
                )
                .collect();
            console.document(&shown);
            if !console.json && groups.is_empty() {
                console.note(&console.text("groups-none", &[]));
            }
            for it in groups.iter().filter(|_| !console.json) {
                console.say(&line("group-line", &it.name, it.factor, it.accounts));
            }
        }
        Groups::Set { name, factor } => {
            let app = session.open().await?;
            app.engine.set_price_group(&name, factor).await?;
            console.document(&json!({ "name": name.trim(), "factor": factor.to_string() }));
            if !console.json {
                console.say(&line("group-set", name.trim(), factor, 0));
            }
            app.close().await;
        }
        Groups::Rm { name } => {
            let app = session.open().await?;
            app.engine.remove_price_group(&name).await.map_err(|error| match error.code {
                ErrorCode::NotFound => no_group(&name),
                ErrorCode::GroupInUse => Failure::new(error.code).with("value", format!("`{name}`")),
                _ => error.into(),
            })?;
            console.document(&json!({ "name": name, "removed": true }));
            if !console.json {
                console.say(&line("group-removed", &name, Millionths::ONE, 0));
            }
            app.close().await;
        }
    }
    Ok(())
}
