//! `palitra balance`: what an account has, money that comes in, is taken or goes back, and what moved it.

use super::{Result, Session, keys::KEYS_LS};
use crate::{
    args::{Balance, BalanceAction},
    failure::Failure,
    wiring::App,
};
use palitra_domain::{ErrorCode, GenerationId, Livemode, Money, Timestamp};
use palitra_engine::{
    Grant, Purse,
    accounts::{self, HOUSE},
    refunds::Movement,
};
use serde_json::{Value, json};

pub(super) async fn run(session: &Session, args: Balance) -> Result<()> {
    let name = args.account.as_deref().unwrap_or(HOUSE);
    match args.action {
        Some(BalanceAction::Add { amount_minor }) => {
            let app = session.open().await?;
            let account = account(&app, name).await?;
            let amount = Money::new(amount_minor, session.config().money.currency);
            let balance = app.engine.credit(&account.id, Livemode::Live, amount).await?;
            show(session, name, balance);
            app.close().await;
        }
        Some(BalanceAction::Take { amount_minor, note }) => {
            let app = session.open().await?;
            let account = account(&app, name).await?;
            let currency = session.config().money.currency;
            agree(session, "confirm-take", &[("account", name), ("amount", &money(session, amount_minor))])?;
            let amount = Money::new(-amount_minor, currency);
            let taken = app.engine.correct(&account.id, Livemode::Live, amount, &note).await;
            let balance = taken.map_err(|error| match error.code {
                ErrorCode::InsufficientFunds => Failure::new(error.code)
                    .with("account", format!("`{name}`"))
                    .with("value", money(session, amount_minor)),
                _ => error.into(),
            })?;
            show(session, name, balance);
            app.close().await;
        }
        Some(BalanceAction::Redeem { code }) => redeem(session, name, &code).await?,
        Some(BalanceAction::Refund { id, amount_minor, note }) => {
            refund(session, &id, amount_minor, &note).await?;
        }
        Some(BalanceAction::Ledger { limit }) => ledger(session, name, limit).await?,
        None => match session.look().await? {
            Some(app) => {
                let account = account(&app, name).await?;
                let balances = app.engine.balances(Livemode::Live).await?;
                let found = balances.into_iter().find(|(known, _)| known.id == account.id);
                let expiring = app.engine.expiring(&account.id, Livemode::Live).await?;
                if let Some((_, balance)) = found {
                    show_with(session, name, balance, Some(&expiring));
                }
            }
            None if name != HOUSE => return Err(unknown(name)),
            None => {
                let nothing = accounts::Balance { cash: 0, bonus: 0, held: 0, debt: 0 };
                show_with(session, name, nothing, Some(&[]));
            }
        },
    }
    Ok(())
}

/// The account of this name.
pub(super) async fn account(app: &App, name: &str) -> Result<accounts::Account> {
    app.engine.account(name).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(name),
        _ => error.into(),
    })
}

pub(super) fn unknown(name: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", format!("`{name}`")).with("hint", KEYS_LS)
}

/// A yes on a terminal, or `--yes`.
fn agree(session: &Session, key: &str, values: &[(&str, &str)]) -> Result<()> {
    if session.cli.yes {
        return Ok(());
    }
    if !session.console.is_interactive() {
        let moved = values.last().map_or("", |(_, value)| value);
        return Err(Failure::new(ErrorCode::NeedsConfirmation).with("value", moved));
    }
    let args: Vec<_> = values.iter().map(|(name, value)| (*name, (*value).into())).collect();
    let agreed = session.console.ask(&session.console.text(key, &args));
    if agreed { Ok(()) } else { Err(Failure::new(ErrorCode::Cancelled)) }
}

async fn redeem(session: &Session, name: &str, code: &str) -> Result<()> {
    let app = session.open().await?;
    let account = account(&app, name).await?;
    let given = app.engine.redeem(&account.id, code).await?;
    let amount = Money::new(given.amount, session.config().money.currency);
    let until = given.expires_at.map(Timestamp::rfc3339);
    session.console.document(&json!({
        "account": name, "purse": given.purse.as_str(), "amount": amount, "expires_at": until,
    }));
    if !session.console.json {
        let key = match (given.purse, &until) {
            (Purse::Cash, _) => "redeemed-cash",
            (Purse::Bonus, None) => "redeemed-bonus",
            (Purse::Bonus, Some(_)) => "redeemed-until",
        };
        let (amount, time) = (amount.to_string(), until.unwrap_or_default());
        let args = [("amount", (&amount).into()), ("account", name.into()), ("time", (&time).into())];
        session.console.say(&session.console.text(key, &args));
    }
    app.close().await;
    Ok(())
}

async fn refund(session: &Session, id: &str, amount_minor: Option<i64>, note: &str) -> Result<()> {
    let not_found = || {
        Failure::new(ErrorCode::NotFound)
            .with("value", format!("`{}`", id.chars().take(60).collect::<String>()))
    };
    let id = GenerationId::parse(id).map_err(|_| not_found())?;
    let app = session.open().await?;
    let currency = session.config().money.currency;
    // What is asked for, or what it cost at most: the books say how much of it goes back.
    let price = app.engine.generation(&id).await.map_err(|_| not_found())?.price;
    agree(
        session,
        "confirm-refund",
        &[("id", id.as_str()), ("amount", &money(session, amount_minor.unwrap_or(price)))],
    )?;
    let amount = amount_minor.map(|amount| Money::new(amount, currency));
    let refunded = app.engine.refund(&id, amount, note).await?;
    session.console.document(&json!({
        "generation": id, "account": refunded.account,
        "cash": Money::new(refunded.back.cash, currency), "bonus": Money::new(refunded.back.bonus, currency),
        "left": Money::new(refunded.left, currency),
    }));
    if !session.console.json {
        let (cash, bonus) = (money(session, refunded.back.cash), money(session, refunded.back.bonus));
        let args = [("id", id.as_str().into()), ("cash", (&cash).into()), ("bonus", (&bonus).into())];
        session.console.say(&session.console.text("refunded", &args));
    }
    app.close().await;
    Ok(())
}

async fn ledger(session: &Session, name: &str, limit: u32) -> Result<()> {
    let mut movements = Vec::new();
    match session.look().await? {
        Some(app) => {
            let account = account(&app, name).await?;
            movements = app.engine.movements(&account.id, Livemode::Live, None, limit).await?;
        }
        None if name != HOUSE => return Err(unknown(name)),
        None => {}
    }
    session.console.document(&movements.iter().map(|it| document(session, it)).collect::<Vec<_>>());
    if session.console.json {
        return Ok(());
    }
    if movements.is_empty() {
        session.console.note(&session.console.text("ledger-none", &[]));
    }
    for it in movements {
        let kind = session.console.text(&format!("movement-{}-{}", it.kind, it.state), &[]);
        let what = it.generation.as_ref().map_or(it.id.as_str(), GenerationId::as_str);
        let (cash, bonus) = (money(session, it.cash), money(session, it.bonus));
        let bonus = session.console.text("movement-bonus", &[("amount", (&bonus).into())]);
        let line =
            format!("{}  {what}  {kind:<16} {cash:>12}  {bonus}  {}", it.created_at.rfc3339(), it.note);
        session.console.say(line.trim_end());
    }
    Ok(())
}

fn document(session: &Session, it: &Movement) -> Value {
    let money = |amount| Money::new(amount, session.config().money.currency);
    json!({
        "id": it.id, "kind": it.kind, "state": it.state, "cash": money(it.cash), "bonus": money(it.bonus),
        "generation": it.generation, "reverses": it.reverses, "note": it.note,
        "created_at": it.created_at.rfc3339(), "closed_at": it.closed_at.map(Timestamp::rfc3339),
    })
}

fn money(session: &Session, amount: i64) -> String {
    Money::new(amount, session.config().money.currency).to_string()
}

fn show(session: &Session, name: &str, balance: accounts::Balance) {
    show_with(session, name, balance, None);
}

/// `expiring`: what of the bonus has an end, where that was looked up.
fn show_with(session: &Session, name: &str, balance: accounts::Balance, expiring: Option<&[Grant]>) {
    let minor = |amount| Money::new(amount, session.config().money.currency);
    let mut document = json!({
        "account": name, "cash": minor(balance.cash), "bonus": minor(balance.bonus), "held": minor(balance.held),
        "debt": minor(balance.debt),
    });
    if let Some(expiring) = expiring {
        document["expiring"] = super::accounts::expiring(session, expiring);
    }
    session.console.document(&document);
    if !session.console.json {
        lines(session, name, balance, expiring.unwrap_or_default());
    }
}

/// The same for people.
pub(super) fn lines(session: &Session, name: &str, balance: accounts::Balance, expiring: &[Grant]) {
    let of = |amount| money(session, amount);
    let (cash, bonus, held, debt) = (of(balance.cash), of(balance.bonus), of(balance.held), of(balance.debt));
    let args = [
        ("account", name.into()),
        ("cash", (&cash).into()),
        ("bonus", (&bonus).into()),
        ("held", (&held).into()),
        ("debt", (&debt).into()),
    ];
    session.console.say(&session.console.text("balance-line", &args));
    for grant in expiring {
        let (amount, time) = (money(session, grant.remains), grant.expires_at.rfc3339());
        let args = [("amount", (&amount).into()), ("time", (&time).into())];
        session.console.say(&session.console.text("balance-expiring", &args));
    }
    if balance.debt > 0 {
        session.console.say(&session.console.text("balance-debt", &args));
    }
}
