//! `palitra markets`: look at markets, keys and lanes, pause and resume them, change their limits.

mod pages;

use super::Session;
use crate::{
    args::{Limit, Markets},
    control,
    failure::Failure,
    wiring::App,
};
use axum::http::Method;
use palitra_api::NewLimits;
use palitra_domain::ErrorCode;
use palitra_engine::markets::{LaneShown, MarketShown, Target};
use serde_json::{Value, json};

pub(super) async fn run(session: &Session, args: Markets) -> Result<(), Failure> {
    match args {
        Markets::Ls => ls(session).await,
        Markets::Show { market } => show(session, &market).await,
        Markets::Pause(target) => pause(session, &Target::parse(&target.target)).await,
        Markets::Resume(target) => {
            let target = Target::parse(&target.target);
            let answer = ask(session, &target, "resume", &Value::Null).await?;
            said(
                session,
                &answer,
                if answer["changed"] == true { "market-resumed" } else { "market-not-paused" },
            );
            Ok(())
        }
        Markets::Limit(limit) => change_limit(session, &limit).await,
    }
}

/// Works beside a running service, too: it only looks.
async fn look(session: &Session) -> Result<Value, Failure> {
    if let Some(shown) = control::look(session, "/v1/markets").await? {
        return Ok(shown);
    }
    // Nothing is there yet: the settings alone say what there will be.
    let app = session.open().await?;
    control::ask(session, Ok(&app), Method::GET, "/v1/markets", &Value::Null).await
}

async fn ls(session: &Session) -> Result<(), Failure> {
    let shown = look(session).await?;
    session.console.document(&shown);
    if !session.console.json {
        pages::all(&session.console, &shown);
    }
    Ok(())
}

async fn show(session: &Session, name: &str) -> Result<(), Failure> {
    let shown = look(session).await?;
    let found = shown["markets"].as_array().into_iter().flatten().find(|market| market["name"] == name);
    let market = found.ok_or_else(|| {
        Failure::new(ErrorCode::NotFound)
            .with("value", format!("`{name}`"))
            .with("hint", "`palitra markets ls`")
    })?;
    session.console.document(market);
    if !session.console.json {
        pages::market(&session.console, market);
    }
    Ok(())
}

async fn pause(session: &Session, target: &Target) -> Result<(), Failure> {
    let name = target.to_string();
    let console = &session.console;
    // People wait, and their money waits with them.
    if !session.cli.yes
        && console.is_interactive()
        && !console.ask(&console.text("confirm-pause", &[("target", (&name).into())]))
    {
        return Err(Failure::new(ErrorCode::Cancelled));
    }
    let answer = ask(session, target, "pause", &Value::Null).await?;
    said(session, &answer, if answer["changed"] == true { "market-paused" } else { "market-was-paused" });
    Ok(())
}

async fn change_limit(session: &Session, limit: &Limit) -> Result<(), Failure> {
    let target = Target::parse(&limit.target);
    let new = NewLimits {
        slots: limit.slots,
        rate_per_minute: limit.rate,
        rate_burst: limit.burst,
        reset: limit.reset,
    };
    let body = serde_json::to_value(&new).unwrap_or_default();
    let answer = ask(session, &target, "limit", &body).await?;
    said(session, &answer, if limit.reset { "market-limit-reset" } else { "market-limited" });
    Ok(())
}

/// Asks the engine here, or the service that has the data directory.
async fn ask(session: &Session, target: &Target, verb: &str, body: &Value) -> Result<Value, Failure> {
    let place = match target {
        Target::Key { market, label } => format!("{}/{}", control::segment(market), control::segment(label)),
        Target::Lane(_) | Target::Market(_) => control::segment(&target.to_string()),
    };
    let path = format!("/v1/markets/{place}/{verb}");
    control::tell(session, Method::POST, &path, body).await
}

fn said(session: &Session, answer: &Value, key: &str) {
    session.console.document(answer);
    if session.console.json {
        return;
    }
    let keys = answer["keys"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let args = [("target", answer["target"].as_str().unwrap_or_default().into()), ("keys", (&keys).into())];
    session.console.say(&session.console.text(key, &args));
}

/// Whoever starts work that the operator has paused is told why it waits.
pub(super) async fn note_pauses(
    session: &Session,
    app: &App,
    models: &[(&str, &str)],
) -> Result<(), Failure> {
    let (markets, lanes) = (app.engine.markets().await?, app.engine.lanes().await?);
    let mut paused = std::collections::BTreeSet::new();
    for (model, mode) in models {
        let (model, mode) = app.engine.model(model, mode)?;
        let is_market = |market: &&MarketShown| market.name == model.market && market.paused_at.is_some();
        paused.extend(markets.iter().find(is_market).map(|market| market.name.clone()));
        let is_lane = |lane: &&LaneShown| lane.lane == mode.lane && lane.paused_at.is_some();
        paused.extend(lanes.iter().find(is_lane).map(|lane| lane.lane.to_string()));
    }
    for target in &paused {
        session.console.note(&session.console.text("market-waits", &[("target", target.into())]));
    }
    Ok(())
}

/// One line for `doctor` about each thing that somebody should look at.
pub(super) fn alert_line(session: &Session, alert: &palitra_engine::markets::Alert) -> String {
    let since = pages::whole_second(&json!(alert.since.rfc3339()));
    let args = [
        ("code", alert.code.name().into()),
        ("said", (&alert.said).into()),
        ("since", (&since).into()),
        ("target", (&alert.subject).into()),
    ];
    session.console.text("doctor-alert", &args)
}
