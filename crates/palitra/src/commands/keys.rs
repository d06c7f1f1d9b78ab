//! `palitra keys`: API keys of accounts.

use super::{
    Result, Session,
    documents::{self, in_flags, list, money, only, seen_in, short, word},
};
use crate::{
    args::{Keys, KeysCreate},
    clock::SystemClock,
    control::{self, segment},
    failure::Failure,
};
use axum::http::Method;
use palitra_domain::{Clock, ErrorCode, Money};
use serde_json::{Value, json};
use std::time::Duration;

/// Where keys and the accounts they belong to can be seen.
pub(super) const KEYS_LS: &str = "`palitra keys ls`";

/// What the API calls the flags of `keys create`.
const FLAGS: &[(&str, &str)] = &[
    ("account", "--account"),
    ("name", "--name"),
    ("scopes", "--scope"),
    ("expires_at", "--expires"),
    ("budgets.day", "--budget-day"),
    ("budgets.month", "--budget-month"),
    ("budgets.total", "--budget-total"),
];

/// What `keys ls` says of each.
const SHOWN: &[&str] = &[
    "id",
    "account",
    "mode",
    "key=hint",
    "created_at",
    "revoked_at",
    "name",
    "scopes",
    "expires_at",
    "used_at",
    "old_until",
    "budgets",
];

pub(super) async fn run(session: &Session, args: Keys) -> Result<()> {
    match args {
        Keys::Create(args) => create(session, args).await,
        Keys::Ls(args) => ls(session, args.account.as_deref()).await,
        Keys::Rotate { id, keep } => rotate(session, &id, keep).await,
        Keys::Revoke { id } => revoke(session, &id).await,
    }
}

async fn create(session: &Session, args: KeysCreate) -> Result<()> {
    if args.account.is_none() && session.cli.server.is_none() {
        return Err(Failure::new(ErrorCode::InvalidInput).with("value", "`--account`").with("limit", 100u32));
    }
    let mut wish = json!({
        "name": args.name, "scopes": args.scopes, "mode": args.test.then_some("test"), "budgets": {},
    });
    wish["account"] = json!(args.account);
    wish["expires_at"] = json!(args.expires);
    let credit = args.credit_minor.filter(|credit| *credit > 0);
    let budgets = [args.budget_day_minor, args.budget_month_minor, args.budget_total_minor];
    if credit.is_some() || budgets.iter().any(Option::is_some) {
        let currency = documents::currency(session).await?;
        let amount = |minor: Option<i64>| json!(minor.map(|minor| Money::new(minor, currency)));
        let [day, month, total] = budgets.map(amount);
        wish["credit"] = amount(credit);
        wish["budgets"] = json!({ "day": day, "month": month, "total": total });
    }
    let made = control::tell(session, Method::POST, "/v1/keys", &wish).await;
    let made = made.map_err(|failure| in_flags(session, failure, FLAGS))?;
    let names = ["key", "account=account_id", "id", "name", "mode", "scopes", "expires_at", "budgets"];
    session.console.document(&only(&made, &names));
    if !session.console.json {
        say_secret(session, "key-created", &made);
    }
    Ok(())
}

/// A secret that was made is heard once, or not at all.
fn say_secret(session: &Session, text: &str, made: &Value) {
    let console = &session.console;
    match made["key"].as_str() {
        Some(key) => console.say(&console.text(text, &[("key", key.into())])),
        None => console.note(&console.text("key-unheard", &[("id", word(&made["id"]).into())])),
    }
}

async fn ls(session: &Session, account: Option<&str>) -> Result<()> {
    let found = control::look_at_all(session, "/v1/keys", json!({ "account": account })).await;
    let keys = match found {
        // An account that is not there has no keys.
        Err(failure) if failure.code() == ErrorCode::NotFound => Vec::new(),
        found => found?.unwrap_or_default(),
    };
    // Oldest first, as they were made.
    let keys: Vec<Value> = keys.iter().rev().map(|key| only(key, SHOWN)).collect();
    let console = &session.console;
    console.document(&keys);
    if console.json {
        return Ok(());
    }
    if keys.is_empty() {
        console.note(&console.text("keys-none", &[]));
    }
    let now = SystemClock::new(1).now().rfc3339();
    for key in &keys {
        let state = state(key, &now);
        console.say(&format!(
            "{}  {state:<9} {:<20} {}",
            word(&key["id"]),
            word(&key["key"]),
            word(&key["account"])
        ));
        console.say(&format!("    {}", about(session, key, &now).join(" · ")));
    }
    Ok(())
}

/// Times of one form are ordered as texts.
fn state(key: &Value, now: &str) -> &'static str {
    if !key["revoked_at"].is_null() {
        "revoked"
    } else if key["expires_at"].as_str().is_some_and(|expires_at| expires_at <= now) {
        "expired"
    } else {
        "active"
    }
}

/// What can be said of a key beside its name, piece by piece.
fn about(session: &Session, key: &Value, now: &str) -> Vec<String> {
    let console = &session.console;
    let scopes = list(&key["scopes"]).iter().map(word).collect::<Vec<_>>().join(",");
    let name = word(&key["name"]);
    let mut pieces: Vec<String> = (!name.is_empty()).then(|| name.to_owned()).into_iter().collect();
    pieces.push(console.text("key-may", &[("scopes", (&scopes).into())]));
    if let Some(expires_at) = key["expires_at"].as_str() {
        pieces.push(console.text("key-until", &[("time", expires_at.into())]));
    }
    for (text, budget) in
        [("key-budget-day", "day"), ("key-budget-month", "month"), ("key-budget-total", "total")]
    {
        let budget = &key["budgets"][budget];
        if budget.is_null() {
            continue;
        }
        let (used, budget) = (money(&budget["used"]).to_string(), money(&budget["budget"]).to_string());
        pieces.push(console.text(text, &[("used", (&used).into()), ("budget", (&budget).into())]));
    }
    pieces.push(match key["used_at"].as_str() {
        Some(used_at) => console.text("key-used", &[("time", used_at.into())]),
        None => console.text("key-unused", &[]),
    });
    if let Some(until) = key["old_until"].as_str().filter(|until| *until > now) {
        pieces.push(console.text("key-old", &[("time", until.into())]));
    }
    pieces
}

async fn rotate(session: &Session, id: &str, keep: Duration) -> Result<()> {
    let path = format!("/v1/keys/{}/rotate", segment(id));
    let made = control::tell(session, Method::POST, &path, &json!({ "keep_s": keep.as_secs() })).await;
    let made = made.map_err(|failure| unknown(failure, id))?;
    session.console.document(&only(&made, &["key", "account=account_id", "id", "old_until"]));
    if !session.console.json {
        let console = &session.console;
        say_secret(session, "key-rotated", &made);
        if !keep.is_zero() {
            console.say(&console.text("key-old", &[("time", word(&made["old_until"]).into())]));
        }
    }
    Ok(())
}

async fn revoke(session: &Session, id: &str) -> Result<()> {
    let path = format!("/v1/keys/{}/revoke", segment(id));
    let revoked = control::tell(session, Method::POST, &path, &Value::Null).await;
    let revoked = revoked.map_err(|failure| unknown(failure, id))?;
    session.console.document(&revoked);
    Ok(())
}

fn unknown(failure: Failure, id: &str) -> Failure {
    seen_in(failure, &format!("`{}`", short(id)), KEYS_LS)
}
