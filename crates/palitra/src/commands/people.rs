//! `palitra accounts export`, `delete` and `audit`: everything of an account, its end, and what operators have done.

use super::{Result, Session, balance};
use crate::{
    args::AccountsAudit,
    failure::{Failure, Phrase},
};
use palitra_domain::{ErrorCode, Money};
use palitra_engine::{AccountExport, AuditFilter, Caller, Holdings};
use serde_json::json;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

pub(super) async fn export(session: &Session, name: &str, out: Option<&Path>) -> Result<()> {
    let app = session.open().await?;
    let account = balance::account(&app, name).await?;
    let mut export = app.engine.export_account(&account.id).await?;
    match out {
        None => {
            let failed = |error: io::Error| not_written("stdout", &error);
            write_all(&mut export, &mut io::stdout().lock(), failed).await?;
        }
        Some(file) => {
            let place = file.display().to_string();
            let failed = |error: io::Error| not_written(&place, &error);
            let mut written = File::create_new(file).map_err(failed)?;
            write_all(&mut export, &mut written, failed).await?;
            written.sync_all().map_err(failed)?;
            let console = &session.console;
            console.document(&json!({ "account": name, "file": place }));
            if !console.json {
                let args = [("file", (&place).into()), ("account", name.into())];
                console.say(&console.text("account-exported", &args));
            }
        }
    }
    app.close().await;
    Ok(())
}

async fn write_all(
    export: &mut AccountExport,
    out: &mut impl Write,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<()> {
    while let Some(piece) = export.next().await? {
        out.write_all(piece.as_bytes()).map_err(&failed)?;
    }
    out.flush().map_err(failed)
}

fn not_written(place: &str, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::NotWritable,
    };
    Failure::new(code).with("place", place).with("why", error.to_string())
}

pub(super) async fn delete(session: &Session, name: &str) -> Result<()> {
    let app = session.open().await?;
    let account = balance::account(&app, name).await?;
    let lost = app.engine.holdings(&account.id).await?;
    if account.id != app.engine.house.id {
        agree(session, name, &lost)?;
    }
    let operator = Caller::operator(app.engine.house.id.clone());
    app.engine.delete_account(&account.id, &operator).await.map_err(|error| match error.code {
        ErrorCode::InvalidInput => Failure::new(error.code)
            .with("value", format!("`{name}`"))
            .with("hint", Phrase::new("account-house-stays")),
        _ => error.into(),
    })?;
    let is_over = app.engine.go_on_deleting(&account.id).await?;
    let money = |amount| Money::new(amount, session.config().money.currency);
    let console = &session.console;
    console.document(&json!({
        "account": name, "deleted": is_over, "lost": {
            "cash": money(lost.cash), "bonus": money(lost.bonus), "files": lost.files, "bytes": lost.bytes,
            "waiting": lost.waiting, "running": lost.running, "keys": lost.keys,
        },
    }));
    if !console.json {
        let key = if is_over { "account-deleted" } else { "account-leaves" };
        console.say(&console.text(key, &[("account", name.into())]));
    }
    app.close().await;
    Ok(())
}

/// A yes on a terminal to what will be lost, or `--yes`.
fn agree(session: &Session, name: &str, lost: &Holdings) -> Result<()> {
    let console = &session.console;
    let money = |amount| Money::new(amount, session.config().money.currency).to_string();
    let (cash, bonus) = (money(lost.cash), money(lost.bonus));
    let args = [
        ("account", name.into()),
        ("cash", (&cash).into()),
        ("bonus", (&bonus).into()),
        ("files", lost.files.into()),
        ("megabytes", (lost.bytes / (1024 * 1024)).into()),
        ("keys", lost.keys.into()),
        ("work", lost.waiting.saturating_add(lost.running).into()),
    ];
    let question = console.text("confirm-delete", &args);
    if session.cli.yes {
        return Ok(());
    }
    if !console.is_interactive() {
        console.note(&question);
        return Err(
            Failure::new(ErrorCode::NeedsYes).with("value", format!("`palitra accounts delete {name}`"))
        );
    }
    if console.ask(&question) { Ok(()) } else { Err(Failure::new(ErrorCode::Cancelled)) }
}

pub(super) async fn audit(session: &Session, args: AccountsAudit) -> Result<()> {
    let AccountsAudit { subject, action, limit } = args;
    let entries = match session.look().await? {
        Some(app) => app.engine.audited(AuditFilter { subject, action, before: None, limit }).await?,
        None => Vec::new(),
    };
    let console = &session.console;
    let documents: Vec<_> = entries
        .iter()
        .map(|it| {
            json!({
                "id": it.id, "at": it.at.rfc3339(), "who": it.who, "action": it.action, "subject": it.subject, "about": it.about,
            })
        })
        .collect();
    console.document(&documents);
    if console.json {
        return Ok(());
    }
    if entries.is_empty() {
        console.note(&console.text("audit-none", &[]));
    }
    for it in &entries {
        let line = format!("{}  {:<14} {}  {}  {}", it.at.rfc3339(), it.action, it.who, it.subject, it.about);
        console.say(line.trim_end());
    }
    Ok(())
}
