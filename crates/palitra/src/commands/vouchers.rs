//! `palitra vouchers`: codes that give money.

use super::{
    Result, Session,
    documents::{self, in_flags, money, seen_in, short, word},
};
use crate::{
    args::{Vouchers, VouchersCreate},
    control::{self, segment},
};
use axum::http::Method;
use palitra_domain::Money;
use serde_json::{Value, json};

/// Where vouchers can be seen.
const VOUCHERS_LS: &str = "`palitra vouchers ls`";

/// What the API calls the flags of `vouchers create`.
const FLAGS: &[(&str, &str)] = &[("amount", "--amount"), ("expires_at", "--expires"), ("code", "--code")];

pub(super) async fn run(session: &Session, args: Vouchers) -> Result<()> {
    match args {
        Vouchers::Create(args) => create(session, args).await,
        Vouchers::Ls => ls(session).await,
        Vouchers::Revoke { id } => revoke(session, &id).await,
    }
}

async fn create(session: &Session, args: VouchersCreate) -> Result<()> {
    let wish = json!({
        "amount": Money::new(args.amount_minor, documents::currency(session).await?), "purse": if args.bonus { "bonus" } else { "cash" },
        "days": args.days, "uses": args.uses, "expires_at": args.expires, "code": args.code,
    });
    let made = control::tell(session, Method::POST, "/v1/vouchers", &wish).await;
    let made = made.map_err(|failure| in_flags(session, failure, FLAGS))?;
    session.console.document(&made);
    if !session.console.json {
        session
            .console
            .say(&session.console.text("voucher-created", &[("code", word(&made["code"]).into())]));
    }
    Ok(())
}

async fn ls(session: &Session) -> Result<()> {
    let vouchers = control::look_at_all(session, "/v1/vouchers", json!({})).await?.unwrap_or_default();
    let console = &session.console;
    console.document(&vouchers);
    if console.json {
        return Ok(());
    }
    if vouchers.is_empty() {
        console.note(&console.text("vouchers-none", &[]));
    }
    for it in &vouchers {
        let state = console.text(&format!("voucher-{}", word(&it["status"]).replace('_', "-")), &[]);
        let amount = money(&it["amount"]).to_string();
        let key = if it["purse"] == "bonus" { "voucher-line-bonus" } else { "voucher-line" };
        let count = |name: &str| it[name].as_i64().unwrap_or(0);
        let args =
            [("amount", (&amount).into()), ("uses", count("uses").into()), ("max", count("uses_max").into())];
        let until = it["expires_at"].as_str();
        let until = until.map(|time| console.text("voucher-until", &[("time", time.into())]));
        let line = format!(
            "{}  {:<6} {state:<9}  {}  {}",
            word(&it["id"]),
            word(&it["hint"]),
            console.text(key, &args),
            until.unwrap_or_default()
        );
        console.say(line.trim_end());
    }
    Ok(())
}

async fn revoke(session: &Session, id: &str) -> Result<()> {
    let path = format!("/v1/vouchers/{}/revoke", segment(id));
    let revoked = control::tell(session, Method::POST, &path, &Value::Null).await;
    let revoked = revoked.map_err(|failure| seen_in(failure, &format!("`{}`", short(id)), VOUCHERS_LS))?;
    session.console.document(&revoked);
    if !session.console.json {
        session.console.say(&session.console.text("voucher-was-revoked", &[("id", id.into())]));
    }
    Ok(())
}
