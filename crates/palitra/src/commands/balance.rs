//! `palitra balance`: what an account has, money that comes in, is taken or goes back, and what moved it.

use super::{
    Result, Session,
    documents::{self, list, money, only, short, word},
    keys::KEYS_LS,
};
use crate::{
    args::{Balance, BalanceAction},
    control::{self, query, segment},
    failure::Failure,
};
use axum::http::Method;
use palitra_domain::{ErrorCode, Money};
use palitra_engine::accounts::HOUSE;
use serde_json::{Value, json};

pub(super) async fn run(session: &Session, args: Balance) -> Result<()> {
    let account = args.account.as_deref();
    match args.action {
        Some(BalanceAction::Add { amount_minor }) => {
            let amount = Money::new(amount_minor, documents::currency(session).await?);
            moved(session, account, "credit", &json!({ "amount": amount })).await
        }
        Some(BalanceAction::Take { amount_minor, note }) => {
            let amount = Money::new(amount_minor, documents::currency(session).await?);
            let taken = amount.to_string();
            agree(session, "confirm-take", &[("account", account.unwrap_or(HOUSE)), ("amount", &taken)])?;
            moved(session, account, "debit", &json!({ "amount": amount, "note": note })).await
        }
        Some(BalanceAction::Redeem { code }) => redeem(session, account, &code).await,
        Some(BalanceAction::Refund { id, amount_minor, note }) => {
            refund(session, &id, amount_minor, &note).await
        }
        Some(BalanceAction::Ledger { limit }) => ledger(session, account, limit).await,
        None => look(session, account).await,
    }
}

/// Where the API shows an account: the one that is named, or the one that is acted for.
fn place(account: Option<&str>) -> String {
    account.map_or_else(|| "/v1/account".to_owned(), |name| format!("/v1/accounts/{}", segment(name)))
}

/// An account that is not there, said with where they can be seen.
pub(super) fn named(failure: Failure, name: Option<&str>) -> Failure {
    match name {
        Some(name) if failure.code() == ErrorCode::NotFound => unknown(name),
        _ => failure,
    }
}

pub(super) fn unknown(name: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", format!("`{name}`")).with("hint", KEYS_LS)
}

async fn look(session: &Session, account: Option<&str>) -> Result<()> {
    let shown = control::look(session, &place(account)).await;
    let shown = match shown.map_err(|failure| named(failure, account))? {
        Some(shown) => shown,
        None if account.is_some_and(|name| name != HOUSE) => {
            return Err(unknown(account.unwrap_or_default()));
        }
        None => {
            let nothing = Money::new(0, session.config().money.currency);
            json!({ "name": HOUSE, "cash": nothing, "bonus": nothing, "held": nothing, "debt": nothing, "expiring": [] })
        }
    };
    show(session, &only(&shown, &["account=name", "cash", "bonus", "held", "debt", "expiring"]));
    Ok(())
}

/// Money that comes in or is taken, and what is there then.
async fn moved(session: &Session, account: Option<&str>, verb: &str, body: &Value) -> Result<()> {
    let name = account.unwrap_or(HOUSE);
    let path = format!("/v1/accounts/{}/{verb}", segment(name));
    let has = control::tell(session, Method::POST, &path, body).await;
    let has = has.map_err(|failure| named(failure, Some(name)))?;
    let [cash, bonus, held, debt] = ["cash", "bonus", "held", "debt"].map(|purse| &has[purse]);
    show(session, &json!({ "account": name, "cash": cash, "bonus": bonus, "held": held, "debt": debt }));
    Ok(())
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

async fn redeem(session: &Session, account: Option<&str>, code: &str) -> Result<()> {
    let path = match account {
        Some(name) => format!("{}/redeem", place(Some(name))),
        None => "/v1/vouchers/redeem".to_owned(),
    };
    let given = control::tell(session, Method::POST, &path, &json!({ "code": code })).await;
    let given = given.map_err(|failure| named(failure, account))?;
    session.console.document(&given);
    if !session.console.json {
        let (amount, until) = (money(&given["amount"]).to_string(), given["expires_at"].as_str());
        let key = match (word(&given["purse"]), until) {
            ("bonus", None) => "redeemed-bonus",
            ("bonus", Some(_)) => "redeemed-until",
            _ => "redeemed-cash",
        };
        let args = [
            ("amount", (&amount).into()),
            ("account", word(&given["account"]).into()),
            ("time", until.unwrap_or_default().into()),
        ];
        session.console.say(&session.console.text(key, &args));
    }
    Ok(())
}

async fn refund(session: &Session, id: &str, amount_minor: Option<i64>, note: &str) -> Result<()> {
    let not_found = |failure: Failure| match failure.code() {
        ErrorCode::NotFound => Failure::new(ErrorCode::NotFound).with("value", format!("`{}`", short(id))),
        _ => failure,
    };
    let path = format!("/v1/generations/{}", segment(id));
    let shown = control::look(session, &path).await.map_err(not_found)?;
    let shown = shown.ok_or_else(|| not_found(Failure::new(ErrorCode::NotFound)))?;
    // What is asked for, or what it cost at most: the books say how much of it goes back.
    let price = money(&shown["price"]);
    let amount = amount_minor.map(|amount| Money::new(amount, price.currency));
    agree(session, "confirm-refund", &[("id", id), ("amount", &amount.unwrap_or(price).to_string())])?;
    let body = json!({ "amount": amount, "note": note });
    let back = control::tell(session, Method::POST, &format!("{path}/refund"), &body).await;
    let back = back.map_err(not_found)?;
    session.console.document(&json!({
        "generation": back["generation_id"], "account": back["account_id"], "cash": back["cash"], "bonus": back["bonus"],
        "left": back["left"],
    }));
    if !session.console.json {
        let (cash, bonus) = (money(&back["cash"]).to_string(), money(&back["bonus"]).to_string());
        let args = [("id", id.into()), ("cash", (&cash).into()), ("bonus", (&bonus).into())];
        session.console.say(&session.console.text("refunded", &args));
    }
    Ok(())
}

async fn ledger(session: &Session, account: Option<&str>, limit: u32) -> Result<()> {
    let place =
        account.map_or_else(|| "/v1/ledger".to_owned(), |name| format!("{}/ledger", place(Some(name))));
    let page = control::look(session, &format!("{place}{}", query(&json!({ "limit": limit })))).await;
    let page = match page.map_err(|failure| named(failure, account))? {
        None if account.is_some_and(|name| name != HOUSE) => {
            return Err(unknown(account.unwrap_or_default()));
        }
        page => page.unwrap_or_default(),
    };
    let movements: Vec<Value> = list(&page["data"]).iter().map(|it| only(it, MOVEMENT)).collect();
    session.console.document(&movements);
    if session.console.json {
        return Ok(());
    }
    if movements.is_empty() {
        session.console.note(&session.console.text("ledger-none", &[]));
    }
    for it in &movements {
        let kind =
            session.console.text(&format!("movement-{}-{}", word(&it["kind"]), word(&it["state"])), &[]);
        let what = it["generation"].as_str().unwrap_or(word(&it["id"]));
        let (cash, bonus) = (money(&it["cash"]).to_string(), money(&it["bonus"]).to_string());
        let bonus = session.console.text("movement-bonus", &[("amount", (&bonus).into())]);
        let (at, note) = (word(&it["created_at"]), word(&it["note"]));
        let line = format!("{at}  {what}  {kind:<16} {cash:>12}  {bonus}  {note}");
        session.console.say(line.trim_end());
    }
    Ok(())
}

/// What `balance ledger` says of each.
const MOVEMENT: &[&str] = &[
    "id",
    "kind",
    "state",
    "cash",
    "bonus",
    "generation=generation_id",
    "reverses",
    "note",
    "created_at",
    "closed_at",
];

fn show(session: &Session, document: &Value) {
    session.console.document(document);
    if !session.console.json {
        lines(session, word(&document["account"]), document);
    }
}

/// The same for people: `expiring` is what of the bonus has an end, where that was looked up.
pub(super) fn lines(session: &Session, name: &str, has: &Value) {
    let of = |purse: &str| money(&has[purse]).to_string();
    let (cash, bonus, held, debt) = (of("cash"), of("bonus"), of("held"), of("debt"));
    let args = [
        ("account", name.into()),
        ("cash", (&cash).into()),
        ("bonus", (&bonus).into()),
        ("held", (&held).into()),
        ("debt", (&debt).into()),
    ];
    session.console.say(&session.console.text("balance-line", &args));
    for grant in list(&has["expiring"]) {
        let amount = money(&grant["amount"]).to_string();
        let args = [("amount", (&amount).into()), ("time", word(&grant["expires_at"]).into())];
        session.console.say(&session.console.text("balance-expiring", &args));
    }
    if has["debt"]["amount"].as_i64().unwrap_or(0) > 0 {
        session.console.say(&session.console.text("balance-debt", &args));
    }
}
