//! Commands that make one thing: the way they have in common. Files in, a price, an agreement, a run that is followed, files out.

mod create;
mod edit;
mod files;
mod local;
mod offer;
mod remote;
mod sound;
mod write;

pub(super) use create::create;
pub(super) use edit::{edit, retouch, swap_face, upscale};
pub(super) use files::{Brought, upload_here, upload_there};
pub(super) use local::{contact_sheet, convert, text};
pub(super) use sound::{speak, speech_model, video};
pub(super) use write::write;

use super::{
    Session, Stop, market_failure, markets, money,
    place::{Place, place},
    stop,
};
use crate::{
    args::Making,
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
use serde_json::{Map, Value, json};
use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// No model takes longer words.
const PIPED_BYTES_MAX: u64 = 1024 * 1024;

/// What a command asks for.
struct Job<'a> {
    mode: &'static str,
    /// Unless `--model` says another one.
    model: &'a str,
    input: Map<String, Value>,
    /// Files on this machine, and the word that each list of them is an input for; a single one stands there without a list.
    files: Vec<(&'static str, Vec<PathBuf>)>,
    making: Making,
}

/// Makes what is asked for and writes it where it was asked for.
async fn make(session: &Session, job: Job<'_>) -> Result<(), Stop> {
    match place(session).await? {
        Place::Here(app) => make_with(session, *app, job).await,
        Place::There(service) => remote::make(session, &service, job).await,
    }
}

async fn make_with(session: &Session, app: App, job: Job<'_>) -> Result<(), Stop> {
    let Job { mode, model, mut input, files, making } = job;
    let out = making.out.clone().unwrap_or_else(|| PathBuf::from("."));
    let livemode = session.livemode();
    for (word, paths) in files {
        let (ids, size) = files::as_input(files::upload_here(&app, livemode, &paths).await?);
        input.insert(word.to_owned(), ids);
        // S2-049: an edit that nobody gave a format keeps that of its picture.
        if let (true, false, Some(size)) = (mode == "edit", input.contains_key("width"), size) {
            put_format(&mut input, edited(size));
        }
    }
    input.extend(making.set.clone());
    let model = making.model.as_deref().unwrap_or(model);
    let wish = Wish {
        account: app.engine.house.id.clone(),
        livemode,
        model: fast_or(&app, model, mode, making.fast)?,
        mode: mode.to_owned(),
        input: Value::Object(input),
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    };
    let offer = app.engine.offer(&wish).await?;
    offer::tell_notices(session, &offer.notices);
    if making.spend.plan {
        offer::tell_plan(session, &app, &wish, &offer).await?;
        return Ok(());
    }
    super::slides::check_writable(files::folder_of(&out))?;
    let currency = app.engine.settings.prices.currency;
    let (price, cost) = (Money::new(offer.quote.price, currency), Money::new(offer.cost, currency));
    money::agree(session, &making.spend, (price, cost), app.engine.is_real_market(&wish.model, mode))?;
    let seed = wish.input.get("seed").cloned();
    let model = offer.quote.model.clone();
    let generation = run(session, &app, wish, offer).await?;
    let files = files::write_results(&app, &generation, &out, !making.no_recipe).await?;
    let shown = json!({
        "id": generation.id, "status": generation.state, "model": model, "seed": seed,
        "price": Money::new(generation.price, app.engine.settings.prices.currency), "file": files.first(), "files": files,
    });
    session.console.document(&shown);
    for file in &files {
        session
            .console
            .say(&session.console.text("done-file", &[("file", (&file.display().to_string()).into())]));
    }
    app.close().await;
    Ok(())
}

/// `--fast`: the model that does the same sooner.
fn fast_or(app: &App, model: &str, mode: &str, fast: bool) -> Result<String, Failure> {
    if !fast {
        return Ok(model.to_owned());
    }
    let (found, of_mode) = app.engine.model(model, mode)?;
    of_mode.fast.clone().ok_or_else(|| {
        Failure::new(ErrorCode::UnknownMode).with("value", format!("`{}`", found.id)).with("mode", "--fast")
    })
}

/// Queues it at its price, carries it out and answers how it ended.
async fn run(
    session: &Session,
    app: &App,
    wish: Wish,
    offer: palitra_engine::generations::Offer,
) -> Result<Generation, Stop> {
    let (model, mode) = (wish.model.clone(), wish.mode.clone());
    app.engine.retry_keys().await?;
    let id = app.engine.create(wish, Some(offer.quote.id)).await?;
    markets::note_pauses(session, app, &[(&model, &mode)]).await?;
    let running = app.engine.start(Some(id.to_string())).await?;
    let status = status_line(session, &model, money::whole_seconds(offer.history.p50));
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
    if generation.state != GenerationState::Succeeded {
        let code = generation.error_code.unwrap_or(ErrorCode::GenerationFailed);
        let of = (generation.market.as_str(), generation.model.as_str());
        return Err(market_failure::failure(code, of, generation.error_text.as_deref()).into());
    }
    Ok(generation)
}

/// One line on a terminal while it is made; a pipe gets none.
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

/// Words that stand on the command line, or `-`: those that come through a pipe.
async fn words(text: String) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text);
    }
    let read = || {
        let mut piped = Vec::new();
        std::io::stdin().lock().take(PIPED_BYTES_MAX).read_to_end(&mut piped).map(|_| piped)
    };
    let piped = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::from).flatten();
    let piped = piped.map_err(|error| crate::wiring::io_failure(Path::new("-"), error))?;
    Ok(String::from_utf8_lossy(&piped).trim().to_owned())
}

/// `--format`, where it was given.
fn format(text: Option<&str>) -> Result<Option<Format>, Failure> {
    let bad = |bad: palitra_domain::format::BadFormat| {
        Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0))
    };
    text.map(Format::parse).transpose().map_err(bad)
}

fn put_format(input: &mut Map<String, Value>, format: Format) {
    input.insert("width".to_owned(), json!(format.width));
    input.insert("height".to_owned(), json!(format.height));
}

/// A format that models of editing make: as upright as the picture, its shorter side at least 1024, its longer one at most 4096.
fn edited((width, height): (u32, u32)) -> Format {
    let (short, long) = (u64::from(width.min(height)).max(1), u64::from(width.max(height)).max(1));
    // A fraction that everything is multiplied by.
    let (up, down) = match (short < 1024, long > 4096) {
        (true, _) if long * 1024 > 4096 * short => (4096, long),
        (true, _) => (1024, short),
        (false, true) => (4096, long),
        (false, false) => (1, 1),
    };
    let side = |side: u32| u32::try_from((u64::from(side) * up / down).clamp(480, 4096)).unwrap_or(4096);
    Format { width: side(width), height: side(height) }
}

fn random_seed() -> u32 {
    u32::try_from(crate::clock::random() & 0x7fff_ffff).unwrap_or(0)
}

impl Session {
    /// Everything is a test in test mode.
    pub(in crate::commands) fn livemode(&self) -> Livemode {
        if self.config().engine.test_mode { Livemode::Test } else { Livemode::Live }
    }
}

/// Where the command line's own files go.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
