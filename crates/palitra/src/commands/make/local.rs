//! `palitra text`, `palitra convert` and `palitra contact-sheet`: what this machine does by itself.

use super::{Job, Place, format, make, make_with, place, put_format, remote, words};
use crate::{
    args::{Captions, ContactSheet, Convert, Spend, Text},
    commands::{Session, Stop, money, stop},
    failure::{Failure, Phrase},
    wiring::App,
};
use palitra_domain::{ErrorCode, Money, state::Priority};
use palitra_engine::generations::Wish;
use palitra_media::text::wish;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What neither the rules nor the writer understand of a wish is said, and the rest is done.
pub(in crate::commands) async fn text(session: &Session, args: Text) -> Result<(), Stop> {
    let Text { image, text, wish, making } = args;
    written_as(making.out.as_deref(), "png")?;
    let mut input = Map::from_iter([("text".to_owned(), json!(words(text).await?))]);
    let place = place(session).await?;
    let parsed = wish::parse(&wish);
    let asked = match (wish::prompt_for_leftovers(&wish, &parsed), &place) {
        (Some(question), Place::Here(app)) if !making.spend.plan => {
            ask(session, app, &making.spend, question).await?
        }
        _ => None,
    };
    let style = match asked.and_then(|answer| wish::accept_json(&parsed, &answer).ok()) {
        Some(style) => json!(style),
        None => {
            tell_left_over(session, &parsed.left_over);
            parsed.changes()
        }
    };
    if style.as_object().is_some_and(|style| !style.is_empty()) {
        input.insert("style".to_owned(), style);
    }
    let job = Job { mode: "text", model: "local/text", input, files: vec![("images", vec![image])], making };
    match place {
        Place::Here(app) => make_with(session, *app, job).await,
        Place::There(service) => remote::make(session, &service, job).await,
    }
}

fn tell_left_over(session: &Session, left_over: &[String]) {
    if !left_over.is_empty() {
        let words = left_over.iter().map(|words| format!("`{words}`")).collect::<Vec<_>>().join(", ");
        session.console.note(&session.console.text("wish-left-over", &[("words", (&words).into())]));
    }
}

/// The writer's answer, where that is a real model and its price is agreed to: the built-in one understands no wishes. Whatever comes of
/// it, the text is drawn; only a signal stops the command.
async fn ask(
    session: &Session,
    app: &App,
    spend: &Spend,
    question: String,
) -> Result<Option<String>, Failure> {
    let engine = app.engine.clone();
    let wish = Wish {
        account: engine.house.id.clone(),
        livemode: session.livemode(),
        model: engine.settings.prompts.writer.clone(),
        mode: "write".to_owned(),
        input: json!({ "prompt": question }),
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    };
    if !engine.is_real_market(&wish.model, &wish.mode) {
        return Ok(None);
    }
    let Ok(offer) = engine.offer(&wish).await else { return Ok(None) };
    let currency = engine.settings.prices.currency;
    let (price, cost) = (Money::new(offer.quote.price, currency), Money::new(offer.cost, currency));
    if money::agree(session, spend, (price, cost), true).is_err() {
        return Ok(None);
    }
    let running = engine.start(Some("text".to_owned())).await?;
    let focus = running.focus();
    let told = || session.console.note(&session.console.text("draining", &[]));
    let answered = stop::until_done(running, told, |drained| async move {
        tokio::select! {
            answered = engine.answered(wish, Some(offer.quote.id), |id| focus.on(id)) => Ok(answered.ok()),
            () = drained.cancelled() => Err(Failure::new(ErrorCode::Interrupted)),
        }
    });
    Ok(answered.await?.and_then(|generation| generation.output))
}

pub(in crate::commands) async fn convert(session: &Session, args: Convert) -> Result<(), Stop> {
    let Convert { image, to, size, quality, crop, turn, mirror, filters, strip, small, making } = args;
    if strip {
        let files = vec![("images", vec![image])];
        let input = Map::new();
        return make(session, Job { mode: "strip", model: "local/convert", input, files, making }).await;
    }
    let mut steps: Vec<Value> = Vec::new();
    if let Some([left, top, width, height]) = crop {
        steps.push(json!({ "crop": { "left": left, "top": top, "width": width, "height": height } }));
    }
    let quarters = turn.map(|turn| match turn.as_str() {
        "right" => 1,
        "around" => 2,
        _ => 3,
    });
    steps.extend(quarters.map(|quarters| json!({ "turn": { "quarters": quarters } })));
    steps.extend(mirror.then(|| json!("mirror")));
    for (name, amount) in filters {
        let of = if name == "blur" { "radius" } else { "amount" };
        steps.push(json!({ name: { of: amount } }));
    }
    let named = making.out.as_deref().and_then(format_of);
    let to = to.as_deref().or(named).unwrap_or("png");
    written_as(making.out.as_deref(), to)?;
    if small && to != "png" {
        let hint = Phrase::new("hint-ending").with("ending", "`.png`");
        let failure = Failure::new(ErrorCode::InvalidInput).with("value", "`--small`");
        return Err(failure.with("hint", hint).into());
    }
    let mut input = Map::from_iter([("output_format".to_owned(), json!(to))]);
    if !steps.is_empty() {
        input.insert("steps".to_owned(), json!(steps));
    }
    if small {
        input.insert("small".to_owned(), json!(true));
    }
    input.extend(quality.map(|quality| ("quality".to_owned(), json!(quality))));
    if let Some(size) = format(size.as_deref())? {
        put_format(&mut input, size);
    }
    let files = vec![("images", vec![image])];
    make(session, Job { mode: "convert", model: "local/convert", input, files, making }).await
}

pub(in crate::commands) async fn contact_sheet(session: &Session, args: ContactSheet) -> Result<(), Stop> {
    let ContactSheet { images, title, captions, card, making } = args;
    written_as(making.out.as_deref(), "png")?;
    let mut input = Map::new();
    if let Some(about) = card {
        input.insert("name".to_owned(), json!(title));
        input.insert("about".to_owned(), json!(about));
        let files = vec![("images", images)];
        return make(session, Job { mode: "style_card", model: "local/sheet", input, files, making }).await;
    }
    if captions == Captions::Names {
        let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        input.insert("captions".to_owned(), images.iter().map(stem).collect());
    }
    input.extend(title.map(|title| ("title".to_owned(), json!(title))));
    let files = vec![("images", images)];
    make(session, Job { mode: "contact_sheet", model: "local/sheet", input, files, making }).await
}

/// A name must not promise another format than is written.
fn written_as(out: Option<&Path>, format: &str) -> Result<(), Failure> {
    let Some(out) = out.filter(|out| out.extension().is_some() && !out.is_dir()) else { return Ok(()) };
    if format_of(out) == Some(format) {
        return Ok(());
    }
    let hint = Phrase::new("hint-ending").with("ending", format!("`.{format}`"));
    let value = format!("`{}`", out.display());
    Err(Failure::new(ErrorCode::InvalidInput).with("value", value).with("hint", hint))
}

/// What the name of a file promises.
fn format_of(out: &Path) -> Option<&'static str> {
    match out.extension()?.to_str()?.to_lowercase().as_str() {
        "png" => Some("png"),
        "jpg" | "jpeg" => Some("jpeg"),
        "webp" => Some("webp"),
        _ => None,
    }
}
