//! `palitra accounts`: who there is, and on which terms they buy.

use super::{
    Result, Session,
    balance::{self, unknown},
    documents::{list, money, only, word},
    people,
};
use crate::{
    args::{Accounts, AccountsSet, Groups},
    control::{self, segment},
    failure::Failure,
};
use axum::http::Method;
use palitra_domain::ErrorCode;
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

/// Where the API shows an account by its name.
pub(super) fn place(name: &str) -> String {
    format!("/v1/accounts/{}", segment(name))
}

/// The account's document.
pub(super) async fn found(session: &Session, name: &str) -> Result<Value> {
    let shown = control::look(session, &place(name)).await;
    shown.map_err(|failure| balance::named(failure, Some(name)))?.ok_or_else(|| unknown(name))
}

async fn ls(session: &Session) -> Result<()> {
    let shown = control::look_at_all(session, "/v1/accounts", json!({})).await?.unwrap_or_default();
    session.console.document(&shown);
    if session.console.json {
        return Ok(());
    }
    if shown.is_empty() {
        session.console.note(&session.console.text("keys-none", &[]));
    }
    for account in &shown {
        let (cash, bonus) = (money(&account["cash"]).to_string(), money(&account["bonus"]).to_string());
        let bonus = session.console.text("movement-bonus", &[("amount", (&bonus).into())]);
        let name = word(&account["name"]);
        let line = format!("{name:<20}  {cash:>12}  {bonus:<18}  {}", terms(session, account));
        session.console.say(line.trim_end());
    }
    Ok(())
}

async fn show(session: &Session, name: &str) -> Result<()> {
    let shown = found(session, name).await?;
    session.console.document(&shown);
    if session.console.json {
        return Ok(());
    }
    let console = &session.console;
    let kind = console.text(&format!("account-kind-{}", word(&shown["kind"])), &[]);
    console.say(&format!("{}  {}  {kind}", word(&shown["id"]), word(&shown["name"])));
    console.say(&terms(session, &shown));
    balance::lines(session, name, &shown);
    let referred = shown["referred"].as_i64().unwrap_or(0);
    let args = [("code", word(&shown["referral_code"]).into()), ("count", referred.into())];
    console.say(&console.text("account-referral", &args));
    if let Some(by) = shown["referred_by"].as_str() {
        console.say(&console.text("account-referred", &[("name", by.into())]));
    }
    Ok(())
}

/// On which terms it buys, in words.
fn terms(session: &Session, account: &Value) -> String {
    let console = &session.console;
    if account["free_access"] == true {
        return console.text("account-free", &[]);
    }
    match account["group"].as_str() {
        Some(group) => {
            let args = [("group", group.into()), ("factor", word(&account["factor"]).into())];
            console.text("account-group", &args)
        }
        None => console.text("account-no-group", &[]),
    }
}

async fn set(session: &Session, args: AccountsSet) -> Result<()> {
    let AccountsSet { name, group, no_group, free, referral } = args;
    let mut change = json!({ "free_access": free, "referral_code": referral });
    if no_group || group.is_some() {
        change["group"] = json!(group);
    }
    let changed = control::tell(session, Method::PATCH, &place(&name), &change).await;
    let changed = changed.map_err(|failure| refused(session, failure, &name, group.as_deref()))?;
    session.console.document(&only(&changed, &["name", "group", "factor", "free_access", "referred_by"]));
    if !session.console.json {
        let console = &session.console;
        if no_group || group.is_some() || free.is_some() {
            let said = console.text("account-changed", &[("account", (&name).into())]);
            console.say(&format!("{said}: {}", terms(session, &changed)));
        }
        if referral.is_some() {
            let args = [("account", (&name).into()), ("name", word(&changed["referred_by"]).into())];
            console.say(&console.text("account-was-referred", &args));
        }
    }
    Ok(())
}

fn no_group(name: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", format!("`{name}`")).with("hint", GROUPS_LS)
}

/// What is not there is the account, the group or the code.
fn refused(session: &Session, failure: Failure, name: &str, group: Option<&str>) -> Failure {
    if failure.code() != ErrorCode::NotFound {
        return failure;
    }
    let texts = failure.texts(session.console.lang);
    let value =
        texts.iter().find(|(name, _)| *name == "value").map_or("", |(_, value)| value).trim_matches('`');
    match value {
        value if value == name => unknown(name),
        value if group == Some(value) => no_group(value),
        value => Failure::new(ErrorCode::NotFound)
            .with("value", format!("`{value}`"))
            .with("hint", "`palitra accounts show NAME`"),
    }
}

async fn groups(session: &Session, args: Groups) -> Result<()> {
    let console = &session.console;
    let line = |key: &str, name: &str, factor: &str, count: i64| {
        console.text(key, &[("group", name.into()), ("factor", factor.into()), ("count", count.into())])
    };
    let place = |name: &str| format!("/v1/price-groups/{}", segment(name));
    match args {
        Groups::Ls => {
            let shown = control::look(session, "/v1/price-groups").await?.unwrap_or_default();
            let groups = list(&shown["data"]);
            console.document(&groups);
            if !console.json && groups.is_empty() {
                console.note(&console.text("groups-none", &[]));
            }
            for it in groups.iter().filter(|_| !console.json) {
                let count = it["accounts"].as_i64().unwrap_or(0);
                console.say(&line("group-line", word(&it["name"]), word(&it["factor"]), count));
            }
        }
        Groups::Set { name, factor } => {
            let body = json!({ "factor": factor.to_string() });
            let set = control::tell(session, Method::PUT, &place(&name), &body).await?;
            console.document(&only(&set, &["name", "factor"]));
            if !console.json {
                console.say(&line("group-set", word(&set["name"]), word(&set["factor"]), 0));
            }
        }
        Groups::Rm { name } => {
            let removed = control::tell(session, Method::DELETE, &place(&name), &Value::Null).await;
            removed.map_err(|failure| match failure.code() {
                ErrorCode::NotFound => no_group(&name),
                _ => failure,
            })?;
            console.document(&json!({ "name": name, "removed": true }));
            if !console.json {
                console.say(&line("group-removed", &name, "1", 0));
            }
        }
    }
    Ok(())
}
