//! `palitra keys`: API keys of accounts.

use super::{Result, Session};
use crate::{args::Keys, failure::Failure};
use palitra_domain::{ErrorCode, KeyId, Livemode, Money};
use serde_json::json;

/// Where keys and the accounts they belong to can be seen.
pub(super) const KEYS_LS: &str = "`palitra keys ls`";

pub(super) async fn run(session: &Session, args: Keys) -> Result<()> {
    match args {
        Keys::Create(args) => {
            let app = session.open().await?;
            let livemode = if args.test { Livemode::Test } else { Livemode::Live };
            let credit = args.credit_minor.map(|amount| Money::new(amount, session.config().money.currency));
            let issued = app.engine.issue_key(&args.account, livemode, credit).await?;
            session.console.document(&json!({ "key": issued.key, "account": issued.account }));
            if !session.console.json {
                session.console.say(&session.console.text("key-created", &[("key", (&issued.key).into())]));
            }
            app.close().await;
        }
        Keys::Ls(args) => {
            let keys = match session.look().await? {
                Some(app) => app.engine.keys().await?,
                None => Vec::new(),
            };
            let shown: Vec<_> = keys
                .iter()
                .filter(|key| args.account.as_deref().is_none_or(|account| account == key.account))
                .collect();
            let document: Vec<_> = shown
                .iter()
                .map(|key| {
                    json!({
                        "id": key.id, "account": key.account, "mode": key.livemode, "key": key.hint,
                        "created_at": key.created_at.rfc3339(), "revoked_at": key.revoked_at.map(|at| at.rfc3339()),
                    })
                })
                .collect();
            session.console.document(&document);
            if shown.is_empty() && !session.console.json {
                session.console.note(&session.console.text("keys-none", &[]));
            }
            for key in shown {
                let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
                let line = format!("{}  {:<9} {:<20} {}", key.id, state, key.hint, key.account);
                if !session.console.json {
                    session.console.say(&line);
                }
            }
        }
        Keys::Revoke { id } => {
            let unknown =
                |id: &str| Failure::new(ErrorCode::NotFound).with("value", id).with("hint", KEYS_LS);
            let id = KeyId::parse(&id).map_err(|_| unknown(&format!("`{id}`")))?;
            let app = session.open().await?;
            app.engine.revoke_key(&id).await.map_err(|error| match error.code {
                ErrorCode::NotFound => unknown(id.as_str()),
                _ => error.into(),
            })?;
            session.console.document(&json!({ "id": id, "revoked": true }));
            app.close().await;
        }
    }
    Ok(())
}
