//! `palitra vouchers`: codes that give money.

use super::{Result, Session};
use crate::{
    args::{Vouchers, VouchersCreate},
    failure::{Failure, Phrase},
};
use palitra_domain::{ErrorCode, Money, Timestamp, VoucherId};
use palitra_engine::{Purse, Voucher, VoucherWish};
use serde_json::{Value, json};
use std::time::Duration;

/// Where vouchers can be seen.
const VOUCHERS_LS: &str = "`palitra vouchers ls`";

const DAY: Duration = Duration::from_secs(86_400);

pub(super) async fn run(session: &Session, args: Vouchers) -> Result<()> {
    match args {
        Vouchers::Create(args) => create(session, args).await,
        Vouchers::Ls => ls(session).await,
        Vouchers::Revoke { id } => revoke(session, &id).await,
    }
}

async fn create(session: &Session, args: VouchersCreate) -> Result<()> {
    let app = session.open().await?;
    let now = app.engine.clock.now();
    let wish = VoucherWish {
        amount: Money::new(args.amount_minor, session.config().money.currency),
        purse: if args.bonus { Purse::Bonus } else { Purse::Cash },
        lasts: args.days.map(|days| DAY * days),
        uses_max: args.uses,
        expires_at: args.expires.map(|moment| moment.to(now)),
        code: args.code,
    };
    let issued = app.engine.create_voucher(wish).await.map_err(explained)?;
    session.console.document(&json!({ "id": issued.id, "code": issued.code }));
    if !session.console.json {
        session.console.say(&session.console.text("voucher-created", &[("code", (&issued.code).into())]));
    }
    app.close().await;
    Ok(())
}

/// What would do instead.
fn explained(error: palitra_engine::Error) -> Failure {
    let flag = error.args.first().map(|(_, value)| value.clone()).unwrap_or_default();
    let key = match flag.as_str() {
        "`--code`" => "voucher-hint-code",
        "`--expires`" => "voucher-hint-expires",
        "`--amount`" => "voucher-hint-amount",
        _ => return error.into(),
    };
    Failure::new(error.code).with("value", flag).with("hint", Phrase::new(key))
}

async fn ls(session: &Session) -> Result<()> {
    let (vouchers, now) = match session.look().await? {
        Some(app) => (app.engine.vouchers().await?, app.engine.clock.now()),
        None => (Vec::new(), Timestamp::default()),
    };
    let console = &session.console;
    console.document(&vouchers.iter().map(|it| document(session, it, now)).collect::<Vec<_>>());
    if console.json {
        return Ok(());
    }
    if vouchers.is_empty() {
        console.note(&console.text("vouchers-none", &[]));
    }
    for it in &vouchers {
        let state = console.text(&format!("voucher-{}", status(it, now).replace('_', "-")), &[]);
        let amount = Money::new(it.amount, session.config().money.currency).to_string();
        let key = if it.purse == Purse::Bonus { "voucher-line-bonus" } else { "voucher-line" };
        let args = [("amount", (&amount).into()), ("uses", it.uses.into()), ("max", it.uses_max.into())];
        let until = it.expires_at.map(Timestamp::rfc3339);
        let until = until.map(|time| console.text("voucher-until", &[("time", (&time).into())]));
        let line = format!(
            "{}  {:<6} {state:<9}  {}  {}",
            it.id,
            it.hint,
            console.text(key, &args),
            until.unwrap_or_default()
        );
        console.say(line.trim_end());
    }
    Ok(())
}

fn status(it: &Voucher, now: Timestamp) -> &'static str {
    if it.revoked_at.is_some() {
        "revoked"
    } else if it.uses >= it.uses_max {
        "used_up"
    } else if it.expires_at.is_some_and(|at| at <= now) {
        "expired"
    } else {
        "active"
    }
}

fn document(session: &Session, it: &Voucher, now: Timestamp) -> Value {
    let days = it.lasts.map(|lasts| lasts.as_secs() / DAY.as_secs());
    json!({
        "id": it.id, "hint": it.hint, "status": status(it, now), "purse": it.purse.as_str(),
        "amount": Money::new(it.amount, session.config().money.currency), "days": days, "uses": it.uses, "uses_max": it.uses_max,
        "created_at": it.created_at.rfc3339(), "expires_at": it.expires_at.map(Timestamp::rfc3339),
        "revoked_at": it.revoked_at.map(Timestamp::rfc3339),
    })
}

async fn revoke(session: &Session, id: &str) -> Result<()> {
    let unknown = |id: &str| Failure::new(ErrorCode::NotFound).with("value", id).with("hint", VOUCHERS_LS);
    let id = VoucherId::parse(id)
        .map_err(|_| unknown(&format!("`{}`", id.chars().take(60).collect::<String>())))?;
    let app = session.open().await?;
    app.engine.revoke_voucher(&id).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(id.as_str()),
        _ => error.into(),
    })?;
    session.console.document(&json!({ "id": id, "revoked": true }));
    if !session.console.json {
        session.console.say(&session.console.text("voucher-was-revoked", &[("id", id.as_str().into())]));
    }
    app.close().await;
    Ok(())
}
