//! `palitra write IDEA`: a prompt out of a few words.

use super::{Place, name_of, place, words};
use crate::{
    args::{Write, WriteFor},
    clock,
    commands::{Session, Stop, documents, money, stop},
    control::Service,
    failure::Failure,
    wiring::{App, io_failure},
};
use palitra_domain::{ErrorCode, Money, prompt::writing::Purpose};
use palitra_engine::prompts::{Idea, unanswered};
use serde_json::{Value, json};
use std::path::Path;

pub(in crate::commands) async fn write(session: &Session, args: Write) -> Result<(), Stop> {
    match place(session).await? {
        Place::Here(app) => write_here(session, *app, args).await,
        Place::There(service) => write_there(session, &service, args).await,
    }
}

/// A service goes on with a prompt under the same key until it is there.
async fn write_there(session: &Session, service: &Service, args: Write) -> Result<(), Stop> {
    let Write { idea, purpose, language, out, model, spend } = args;
    let purpose = if purpose == WriteFor::Edit { Purpose::Edit } else { Purpose::Create };
    let idea = json!({
        "idea": words(idea).await?, "for": purpose.as_str(), "language": language.as_str(), "model": model,
    });
    let plan = service.ask(session, "POST", "/v1/prompts/plan", &idea).await?;
    let price = documents::money(&plan["price"]);
    if spend.plan {
        tell_plan(session, price);
        return Ok(());
    }
    money::agree(session, &spend, (price, price), price.amount > 0)?;
    let key = format!("{:032x}", clock::random());
    let mut written = Value::Null;
    while written["prompt"].is_null() {
        written = tokio::select! {
            written = service.post_once(session, "/v1/prompts", &key, &idea) => written?,
            _ = tokio::signal::ctrl_c() => return Err(Failure::new(ErrorCode::Interrupted).into()),
        };
    }
    let pair = |part: &Value| json!([part["name"], part["text"]]);
    written["parts"] = documents::list(&written["parts"]).iter().map(pair).collect();
    Ok(show(session, out.as_deref(), written).await?)
}

fn tell_plan(session: &Session, price: Money) {
    session.console.document(&json!({ "items": 1, "unchanged": 0, "to_run": 1, "price": price, "eta_s": 0 }));
    session.console.say(&session.console.text("plan-write", &[("price", (&price.to_string()).into())]));
}

/// The prompt, into a file or on stdout, and what there is to mind about it.
async fn show(session: &Session, out: Option<&Path>, mut document: Value) -> Result<(), Failure> {
    for flag in documents::list(&document["flags"]) {
        session.console.note(&session.console.text(&format!("flag-{}", documents::word(flag)), &[]));
    }
    let prompt = documents::word(&document["prompt"]);
    if let Some(file) = out {
        let text = format!("{prompt}\n");
        tokio::fs::write(file, text).await.map_err(|error| io_failure(file, error))?;
        document["file"] = json!(name_of(file));
        let shown = file.display().to_string();
        session.console.say(&session.console.text("done-file", &[("file", (&shown).into())]));
    } else {
        session.console.say(prompt);
    }
    session.console.document(&document);
    Ok(())
}

async fn write_here(session: &Session, app: App, args: Write) -> Result<(), Stop> {
    let Write { idea, purpose, language, out, model, spend } = args;
    let idea = Idea {
        account: app.engine.house.id.clone(),
        livemode: session.livemode(),
        key: None,
        words: words(idea).await?,
        purpose: if purpose == WriteFor::Edit { Purpose::Edit } else { Purpose::Create },
        lang: language,
        model,
        once: None,
    };
    let price = app.engine.compose_price(&idea).await?;
    if spend.plan {
        tell_plan(session, price);
        return Ok(());
    }
    let cost = app.engine.compose_cost(&idea)?;
    let writer = idea.model.clone().unwrap_or_else(|| app.engine.settings.prompts.writer.clone());
    money::agree(session, &spend, (price, cost), app.engine.is_real_market(&writer, "compose"))?;
    app.engine.retry_keys().await?;
    let running = app.engine.start(Some("write".to_owned())).await?;
    let focus = running.focus();
    let told = || session.console.note(&session.console.text("draining", &[]));
    let engine = app.engine.clone();
    let composed = stop::until_done(running, told, |drained| async move {
        tokio::select! {
            composed = engine.compose(&idea, |id| focus.on(id)) => composed.map_err(unanswered),
            () = drained.cancelled() => Err(Failure::new(ErrorCode::Interrupted)),
        }
    })
    .await?;
    show(session, out.as_deref(), json!(composed)).await?;
    app.close().await;
    Ok(())
}
