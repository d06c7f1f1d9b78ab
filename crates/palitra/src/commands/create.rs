//! `palitra create PROMPT`: one picture.

use super::{Session, Stop, market_failure, markets, money, stop};
use crate::{
    args::Create,
    failure::{Failure, Phrase},
    wiring::App,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use palitra_domain::{
    ErrorCode, GenerationId, Livemode, Money,
    format::Format,
    state::{GenerationState, Priority},
};
use palitra_engine::{
    Engine, EngineEvent,
    generations::{Generation, Wish},
};
use serde_json::json;
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

pub(super) async fn run(session: &Session, args: Create) -> Result<(), Stop> {
    let format = args.format.as_deref().map_or(Ok(Format::SQUARE), Format::parse);
    let format =
        format.map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))?;
    let out = args.out.unwrap_or_else(|| PathBuf::from("."));
    let app = session.open().await?;
    let model = args.model.as_deref().unwrap_or("sandbox/artist");
    let seed = args.seed.unwrap_or_else(|| u32::try_from(crate::clock::random() & 0x7fff_ffff).unwrap_or(0));
    let wish = Wish {
        account: app.engine.house.id.clone(),
        livemode: Livemode::Live,
        model: model.to_owned(),
        mode: "create".to_owned(),
        input: json!({ "prompt": args.prompt, "width": format.width, "height": format.height, "seed": seed }),
        priority: Priority::Standard,
        idempotency: None,
    };
    let quote = app.engine.quote(&wish).await?;
    let price = Money::new(quote.price, app.engine.settings.prices.currency);
    let seconds = money::whole_seconds(app.engine.model(model, "create")?.1.usual_run);
    if args.spend.plan {
        session
            .console
            .document(&json!({ "items": 1, "unchanged": 0, "to_run": 1, "price": price, "eta_s": seconds }));
        let price = price.to_string();
        let args = [
            ("unchanged", 0u32.into()),
            ("run", 1u32.into()),
            ("price", (&price).into()),
            ("seconds", seconds.into()),
        ];
        session.console.say(&session.console.text("plan-line", &args));
        return Ok(());
    }
    super::slides::check_writable(folder_of(&out))?;
    money::agree(session, &args.spend, price, app.engine.is_real_market(model, "create"))?;
    app.engine.retry_keys().await?;
    let id = app.engine.create(wish, Some(quote.id)).await?;
    markets::note_pauses(session, &app, &[(model, "create")]).await?;
    let running = app.engine.start(Some(id.to_string())).await?;
    let status = status_line(session, model, seconds);
    let told = || {
        // The terminal echoes Ctrl-C behind the line, so it could not be drawn over any more.
        if !status.is_hidden() {
            status.set_draw_target(ProgressDrawTarget::hidden());
            session.console.note("");
        }
        session.console.note(&session.console.text("draining", &[]));
    };
    let followed = stop::until_done(running, told, |drained| ended(session, &app.engine, &id, drained)).await;
    status.finish_and_clear();
    let generation = followed?;
    if !generation.state.is_terminal() {
        let hint = Phrase::new("hint-interrupted-create").with("id", id.as_str());
        return Err(Failure::new(ErrorCode::Interrupted).with("hint", hint).into());
    }
    let file = write_picture(&app, &generation, &out).await?;
    let shown = json!({
        "id": generation.id, "status": generation.state, "model": generation.model, "seed": seed,
        "price": Money::new(generation.price, app.engine.settings.prices.currency), "file": file,
    });
    session.console.document(&shown);
    session
        .console
        .say(&session.console.text("done-file", &[("file", (&file.display().to_string()).into())]));
    app.close().await;
    Ok(())
}

/// One line on a terminal while the picture is made; a pipe gets none.
fn status_line(session: &Session, model: &str, seconds: i64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} · {elapsed}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let args = [("model", model.into()), ("seconds", seconds.into())];
    bar.set_message(session.console.text("create-running", &args));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// Follows a generation to its end, or until nothing is under way any more; the database is asked now and then, should an event be
/// missed.
async fn ended(
    session: &Session,
    engine: &Engine,
    id: &GenerationId,
    drained: CancellationToken,
) -> Result<Generation, Failure> {
    let mut events = engine.events();
    loop {
        let generation = engine.generation(id).await?;
        if generation.state.is_terminal() || drained.is_cancelled() {
            return Ok(generation);
        }
        tokio::select! {
            event = events.recv() => {
                if let Ok(EngineEvent::Trouble(code)) = event {
                    return Err(session.trouble(code));
                }
            }
            () = engine.clock.sleep(Duration::from_secs(1)) => {}
            () = drained.cancelled() => {}
        }
    }
}

async fn write_picture(app: &App, generation: &Generation, out: &Path) -> Result<PathBuf, Failure> {
    if generation.state != GenerationState::Succeeded {
        let code = generation.error_code.unwrap_or(ErrorCode::GenerationFailed);
        return Err(market_failure::failure(code, &generation.model, generation.error_text.as_deref()));
    }
    let assets = app.engine.assets(&generation.id).await?;
    let asset =
        assets.first().ok_or_else(|| Failure::new(ErrorCode::ResultExpired).with("value", "sandbox"))?;
    let extension = Path::new(&asset.object_key)
        .extension()
        .map_or("png".into(), |extension| extension.to_string_lossy());
    let file =
        if is_folder(out) { out.join(format!("{}.{extension}", generation.id)) } else { out.to_owned() };
    super::slides::copy_object(&app.engine, &asset.object_key, &file).await?;
    Ok(file)
}

/// A path without an extension, or one that is there as a folder, is a folder.
fn is_folder(out: &Path) -> bool {
    out.is_dir() || out.extension().is_none()
}

fn folder_of(out: &Path) -> &Path {
    if is_folder(out) {
        out
    } else {
        out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}
