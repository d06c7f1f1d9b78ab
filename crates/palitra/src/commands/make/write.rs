//! `palitra write IDEA`: a prompt out of a few words.

use super::{name_of, words};
use crate::{
    args::{Write, WriteFor},
    commands::{Session, Stop, market_failure, money, stop},
    failure::Failure,
    wiring::io_failure,
};
use palitra_domain::{ErrorCode, prompt::writing::Purpose};
use palitra_engine::prompts::{Idea, MODEL};
use serde_json::json;

/// A question that its market did not answer is told like any other generation.
fn unanswered(error: palitra_engine::Error) -> Failure {
    let arg = |wanted| error.args.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    match (arg(MODEL), arg("value")) {
        (Some(model), Some(market)) => market_failure::failure(error.code, (market, model), arg("hint")),
        _ => error.into(),
    }
}

pub(in crate::commands) async fn write(session: &Session, args: Write) -> Result<(), Stop> {
    let Write { idea, purpose, language, out, model, spend } = args;
    let app = session.open().await?;
    let idea = Idea {
        account: app.engine.house.id.clone(),
        livemode: session.livemode(),
        key: None,
        words: words(idea).await?,
        purpose: if purpose == WriteFor::Edit { Purpose::Edit } else { Purpose::Create },
        lang: language,
        model,
    };
    let price = app.engine.compose_price(&idea).await?;
    if spend.plan {
        session
            .console
            .document(&json!({ "items": 1, "unchanged": 0, "to_run": 1, "price": price, "eta_s": 0 }));
        session.console.say(&session.console.text("plan-write", &[("price", (&price.to_string()).into())]));
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
    for flag in &composed.flags {
        session.console.note(&session.console.text(&format!("flag-{flag}"), &[]));
    }
    let mut document = json!(composed);
    if let Some(file) = &out {
        let text = format!("{}\n", composed.prompt);
        tokio::fs::write(file, text).await.map_err(|error| io_failure(file, error))?;
        document["file"] = json!(name_of(file));
        let shown = file.display().to_string();
        session.console.say(&session.console.text("done-file", &[("file", (&shown).into())]));
    } else {
        session.console.say(&composed.prompt);
    }
    session.console.document(&document);
    app.close().await;
    Ok(())
}
