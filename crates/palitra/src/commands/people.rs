//! `palitra accounts export`, `delete` and `audit`: everything of an account, its end, and what operators have done.

use super::{
    Result, Session, accounts,
    balance::{self, unknown},
    documents::{list, money, word},
};
use crate::{
    args::AccountsAudit,
    control::{self, Service, query},
    failure::Failure,
};
use axum::http::Method;
use futures_util::StreamExt;
use palitra_domain::{AccountId, ErrorCode, objects::ByteStream};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

pub(super) async fn export(session: &Session, name: &str, out: Option<&Path>) -> Result<()> {
    let path = format!("{}/export", accounts::place(name));
    let parts = control::stream(session, &path).await;
    let parts = parts.map_err(|failure| balance::named(failure, Some(name)))?;
    match out {
        None => {
            let failed = |error: io::Error| not_written("stdout", &error);
            write_all(parts, &mut io::stdout().lock(), failed).await
        }
        Some(file) => {
            let place = file.display().to_string();
            let failed = |error: io::Error| not_written(&place, &error);
            let mut written = File::create_new(file).map_err(failed)?;
            write_all(parts, &mut written, failed).await?;
            written.sync_all().map_err(failed)?;
            let console = &session.console;
            console.document(&json!({ "account": name, "file": place }));
            if !console.json {
                let args = [("file", (&place).into()), ("account", name.into())];
                console.say(&console.text("account-exported", &args));
            }
            Ok(())
        }
    }
}

/// The document as it comes. One that breaks off is no document.
async fn write_all(
    mut parts: ByteStream,
    out: &mut impl Write,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<()> {
    let broken_off = |error: io::Error| {
        Failure::new(ErrorCode::ServiceAway).with("value", "`export`").with("why", error.to_string())
    };
    while let Some(part) = parts.next().await {
        out.write_all(&part.map_err(broken_off)?).map_err(&failed)?;
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
    let place = accounts::place(name);
    let account = accounts::found(session, name).await?;
    let lost = control::look(session, &format!("{place}/holdings")).await;
    let lost = lost.map_err(|failure| balance::named(failure, Some(name)))?.ok_or_else(|| unknown(name))?;
    if account["kind"] != "house" {
        agree(session, name, &lost)?;
    }
    let (deleted, is_over) =
        deleted(session, &place).await.map_err(|failure| balance::named(failure, Some(name)))?;
    let console = &session.console;
    console.document(&json!({ "account": name, "deleted": is_over, "lost": deleted["lost"] }));
    if !console.json {
        let key = if is_over { "account-deleted" } else { "account-leaves" };
        console.say(&console.text(key, &[("account", name.into())]));
    }
    Ok(())
}

/// A service goes on with a deletion by itself; here nobody may follow, so it is carried as far as it goes. Answers whether it is over.
async fn deleted(session: &Session, place: &str) -> Result<(Value, bool)> {
    let nothing = &Value::Null;
    if let Some(service) = Service::named(session)? {
        return Ok((service.ask(session, "DELETE", place, nothing).await?, false));
    }
    let app = match session.open().await {
        Ok(app) => app,
        Err(failure) => {
            return Ok((control::ask(session, Err(failure), Method::DELETE, place, nothing).await?, false));
        }
    };
    let deleted = control::ask(session, Ok(&app), Method::DELETE, place, nothing).await?;
    let is_over = match AccountId::parse(word(&deleted["id"])) {
        Ok(id) => app.engine.go_on_deleting(&id).await?,
        Err(_) => false,
    };
    app.close().await;
    Ok((deleted, is_over))
}

/// A yes on a terminal to what will be lost, or `--yes`.
fn agree(session: &Session, name: &str, lost: &Value) -> Result<()> {
    let console = &session.console;
    let count = |name: &str| lost[name].as_i64().unwrap_or(0);
    let (cash, bonus) = (money(&lost["cash"]).to_string(), money(&lost["bonus"]).to_string());
    let args = [
        ("account", name.into()),
        ("cash", (&cash).into()),
        ("bonus", (&bonus).into()),
        ("files", count("files").into()),
        ("megabytes", (count("bytes") / (1024 * 1024)).into()),
        ("keys", count("keys").into()),
        ("work", count("waiting").saturating_add(count("running")).into()),
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
    let words = query(&json!({ "subject": subject, "action": action, "limit": limit }));
    let page = control::look(session, &format!("/v1/audit{words}")).await?.unwrap_or_default();
    let entries = list(&page["data"]);
    let console = &session.console;
    console.document(&entries);
    if console.json {
        return Ok(());
    }
    if entries.is_empty() {
        console.note(&console.text("audit-none", &[]));
    }
    for it in entries {
        let [at, action, who] = ["at", "action", "who"].map(|name| word(&it[name]));
        let line = format!("{at}  {action:<14} {who}  {}  {}", word(&it["subject"]), word(&it["about"]));
        console.say(line.trim_end());
    }
    Ok(())
}
