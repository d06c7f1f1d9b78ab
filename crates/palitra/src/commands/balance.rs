//! `palitra balance` and `palitra balance add`: what an account has.

use super::{Result, Session, keys::KEYS_LS};
use crate::{
    args::{Balance, BalanceAction},
    failure::Failure,
    wiring::App,
};
use palitra_domain::{ErrorCode, Livemode, Money};
use palitra_engine::accounts::{self, HOUSE};
use serde_json::json;

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
        None => match session.look().await? {
            Some(app) => {
                let account = account(&app, name).await?;
                let balances = app.engine.balances(Livemode::Live).await?;
                let found = balances.into_iter().find(|(known, _)| known.id == account.id);
                if let Some((_, balance)) = found {
                    show(session, name, balance);
                }
            }
            None if name != HOUSE => return Err(unknown(name)),
            None => show(session, name, accounts::Balance { cash: 0, bonus: 0, held: 0 }),
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

fn unknown(name: &str) -> Failure {
    Failure::new(ErrorCode::NotFound).with("value", format!("`{name}`")).with("hint", KEYS_LS)
}

fn show(session: &Session, name: &str, balance: accounts::Balance) {
    let money = |amount| Money::new(amount, session.config().money.currency);
    session.console.document(&json!({
        "account": name, "cash": money(balance.cash), "bonus": money(balance.bonus), "held": money(balance.held),
    }));
    let (cash, bonus, held) =
        (money(balance.cash).to_string(), money(balance.bonus).to_string(), money(balance.held).to_string());
    let args = [
        ("account", name.into()),
        ("cash", (&cash).into()),
        ("bonus", (&bonus).into()),
        ("held", (&held).into()),
    ];
    if !session.console.json {
        session.console.say(&session.console.text("balance-line", &args));
    }
}
