//! `palitra keys`: API keys of accounts.

use super::{Result, Session};
use crate::{
    args::{Keys, KeysCreate},
    failure::Failure,
};
use palitra_domain::{ErrorCode, KeyId, Livemode, Money, Timestamp};
use palitra_engine::{ApiKey, Budgets, Caller, KeyOwner, KeyShown, KeyWish, Spent};
use serde_json::{Value, json};
use std::time::Duration;

/// Where keys and the accounts they belong to can be seen.
pub(super) const KEYS_LS: &str = "`palitra keys ls`";

pub(super) async fn run(session: &Session, args: Keys) -> Result<()> {
    match args {
        Keys::Create(args) => create(session, args).await,
        Keys::Ls(args) => ls(session, args.account.as_deref()).await,
        Keys::Rotate { id, keep } => rotate(session, &id, keep).await,
        Keys::Revoke { id } => revoke(session, &id).await,
    }
}

async fn create(session: &Session, args: KeysCreate) -> Result<()> {
    let app = session.open().await?;
    let now = app.engine.clock.now();
    let wish = KeyWish {
        owner: KeyOwner::Named(args.account),
        livemode: if args.test { Livemode::Test } else { Livemode::Live },
        name: args.name,
        scopes: args.scopes,
        budgets: Budgets {
            day: args.budget_day_minor,
            month: args.budget_month_minor,
            total: args.budget_total_minor,
        },
        expires_at: args.expires.map(|moment| moment.ahead(now)),
        credit: args.credit_minor.map(|amount| money(session, amount)),
    };
    let issued = app.engine.create_key(wish.clone(), &Caller::operator(app.engine.house.id.clone())).await?;
    session.console.document(&json!({
        "key": issued.key, "account": issued.account, "id": issued.id, "name": wish.name.trim(), "mode": wish.livemode,
        "scopes": wish.scopes, "expires_at": wish.expires_at.map(Timestamp::rfc3339),
        "budgets": budgets(session, &wish.budgets, &Spent::default()),
    }));
    if !session.console.json {
        session.console.say(&session.console.text("key-created", &[("key", (&issued.key).into())]));
    }
    app.close().await;
    Ok(())
}

async fn ls(session: &Session, account: Option<&str>) -> Result<()> {
    let (keys, now) = match session.look().await? {
        Some(app) => (app.engine.keys_shown(None).await?, app.engine.clock.now()),
        None => (Vec::new(), Timestamp::default()),
    };
    let is_asked = |shown: &&KeyShown| account.is_none_or(|account| account == shown.key.account);
    let shown: Vec<_> = keys.iter().filter(is_asked).collect();
    let console = &session.console;
    console.document(&shown.iter().map(|shown| document(session, shown)).collect::<Vec<_>>());
    if console.json {
        return Ok(());
    }
    if shown.is_empty() {
        console.note(&console.text("keys-none", &[]));
    }
    for shown in shown {
        let key = &shown.key;
        console.say(&format!("{}  {:<9} {:<20} {}", key.id, state(key, now), key.hint, key.account));
        console.say(&format!("    {}", about(session, shown, now).join(" · ")));
    }
    Ok(())
}

fn state(key: &ApiKey, now: Timestamp) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|expires_at| expires_at <= now) {
        "expired"
    } else {
        "active"
    }
}

fn document(session: &Session, KeyShown { key, spent }: &KeyShown) -> Value {
    json!({
        "id": key.id, "account": key.account, "mode": key.livemode, "key": key.hint,
        "created_at": key.created_at.rfc3339(), "revoked_at": key.revoked_at.map(Timestamp::rfc3339),
        "name": key.name, "scopes": key.scopes, "expires_at": key.expires_at.map(Timestamp::rfc3339),
        "used_at": key.used_at.map(Timestamp::rfc3339), "old_until": key.old_until.map(Timestamp::rfc3339),
        "budgets": budgets(session, &key.budgets, spent),
    })
}

fn budgets(session: &Session, budgets: &Budgets, spent: &Spent) -> Value {
    let shown = |budget: Option<i64>, spent: i64| {
        budget.map(|budget| json!({ "budget": money(session, budget), "used": money(session, spent) }))
    };
    json!({
        "day": shown(budgets.day, spent.day), "month": shown(budgets.month, spent.month),
        "total": shown(budgets.total, spent.total),
    })
}

/// What can be said of a key beside its name, piece by piece.
fn about(session: &Session, KeyShown { key, spent }: &KeyShown, now: Timestamp) -> Vec<String> {
    let console = &session.console;
    let (scopes, time) = (key.scopes.to_string(), |at: Timestamp| at.rfc3339());
    let mut pieces: Vec<String> = (!key.name.is_empty()).then(|| key.name.clone()).into_iter().collect();
    pieces.push(console.text("key-may", &[("scopes", (&scopes).into())]));
    if let Some(expires_at) = key.expires_at {
        pieces.push(console.text("key-until", &[("time", (&time(expires_at)).into())]));
    }
    for (text, budget, spent) in [
        ("key-budget-day", key.budgets.day, spent.day),
        ("key-budget-month", key.budgets.month, spent.month),
        ("key-budget-total", key.budgets.total, spent.total),
    ] {
        let Some(budget) = budget else { continue };
        let (used, budget) = (money(session, spent).to_string(), money(session, budget).to_string());
        pieces.push(console.text(text, &[("used", (&used).into()), ("budget", (&budget).into())]));
    }
    pieces.push(match key.used_at {
        Some(used_at) => console.text("key-used", &[("time", (&time(used_at)).into())]),
        None => console.text("key-unused", &[]),
    });
    if let Some(until) = key.old_until.filter(|until| *until > now) {
        pieces.push(console.text("key-old", &[("time", (&time(until)).into())]));
    }
    pieces
}

async fn rotate(session: &Session, id: &str, keep: Duration) -> Result<()> {
    let id = parsed(id)?;
    let app = session.open().await?;
    let until = app.engine.clock.now().plus(keep);
    let by = Caller::operator(app.engine.house.id.clone());
    let issued = app.engine.rotate_key(&id, keep, &by).await.map_err(|error| not_found(&id, error))?;
    session.console.document(&json!({
        "key": issued.key, "account": issued.account, "id": issued.id, "old_until": until.rfc3339(),
    }));
    if !session.console.json {
        let (console, time) = (&session.console, until.rfc3339());
        console.say(&console.text("key-rotated", &[("key", (&issued.key).into())]));
        if !keep.is_zero() {
            console.say(&console.text("key-old", &[("time", (&time).into())]));
        }
    }
    app.close().await;
    Ok(())
}

async fn revoke(session: &Session, id: &str) -> Result<()> {
    let id = parsed(id)?;
    let app = session.open().await?;
    app.engine.revoke_key(&id).await.map_err(|error| not_found(&id, error))?;
    session.console.document(&json!({ "id": id, "revoked": true }));
    app.close().await;
    Ok(())
}

fn unknown(id: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", id).with("hint", KEYS_LS)
}

fn parsed(id: &str) -> Result<KeyId> {
    KeyId::parse(id).map_err(|_| unknown(&format!("`{id}`")))
}

fn not_found(id: &KeyId, error: palitra_engine::Error) -> Failure {
    match error.code {
        ErrorCode::NotFound => unknown(id.as_str()),
        _ => error.into(),
    }
}

fn money(session: &Session, amount: i64) -> Money {
    Money::new(amount, session.config().money.currency)
}
