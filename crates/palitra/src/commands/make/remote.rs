//! The same way over a service: files are uploaded, the price is quoted, the generation is followed, its files come back.

use super::{Job, files, name_of, offer, status_line};
use crate::{
    commands::{Session, Stop, money},
    control::{Service, query, segment},
    failure::{Failure, Phrase},
    wiring::io_failure,
};
use bytes::Bytes;
use palitra_domain::{Currency, ErrorCode, Money, catalogue::Notice};
use palitra_engine::{failure::Failure as Failed, market_failure, uploads::UPLOAD_BYTES_MAX};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The answer is held back so long, then asked for again.
const WAIT_S: u32 = 20;

pub(super) async fn make(session: &Session, service: &Service, job: Job<'_>) -> Result<(), Stop> {
    let Job { mode, model, mut input, files: brought, making } = job;
    let out = making.out.clone().unwrap_or_else(|| PathBuf::from("."));
    if !making.spend.plan {
        crate::commands::slides::check_writable(files::folder_of(&out))?;
    }
    for (word, paths) in brought {
        let (ids, size) = upload(session, service, &paths).await?;
        input.insert(word.to_owned(), ids);
        if let (true, false, Some(size)) = (mode == "edit", input.contains_key("width"), size) {
            super::put_format(&mut input, super::edited(size));
        }
    }
    input.extend(making.set.clone());
    let model = making.model.as_deref().unwrap_or(model);
    if making.fast {
        let failure = Failure::new(ErrorCode::InvalidInput).with("value", "`--fast`");
        return Err(failure.with("hint", Phrase::new("hint-fast-here")).into());
    }
    let wish = json!({ "model": model, "mode": mode, "input": input });
    let quote = service.ask(session, "POST", "/v1/quotes", &wish).await?;
    let notices = notices(&quote);
    offer::tell_notices(session, &notices);
    let price = price(&quote["price"]);
    if making.spend.plan {
        let document = json!({ "items": 1, "unchanged": 0, "to_run": 1, "price": price, "eta_s": quote["p50_s"], "quote": quote });
        session.console.document(&document);
        let said = price.to_string();
        let args = [
            ("unchanged", 0u32.into()),
            ("run", 1u32.into()),
            ("price", (&said).into()),
            ("seconds", quote["p50_s"].as_i64().unwrap_or(0).into()),
            ("model", quote["model"].as_str().unwrap_or_default().into()),
        ];
        session.console.say(&session.console.text("plan-line", &args));
        return Ok(());
    }
    // Whether it is a real market is the service's to know: what costs something is asked about.
    money::agree(session, &making.spend, (price, price), price.amount > 0)?;
    let made = run(session, service, wish, &quote).await?;
    let written = write_results(session, service, &made, &out, !making.no_recipe).await?;
    session.console.document(&json!({
        "id": made["id"], "status": made["status"], "model": made["model"], "seed": made["input"]["seed"], "price": made["price"],
        "file": written.first(), "files": written,
    }));
    for file in &written {
        let file = file.display().to_string();
        session.console.say(&session.console.text("done-file", &[("file", (&file).into())]));
    }
    Ok(())
}

async fn upload(
    session: &Session,
    service: &Service,
    paths: &[PathBuf],
) -> Result<(Value, Option<(u32, u32)>), Failure> {
    let (mut ids, mut size) = (Vec::new(), None);
    for path in paths {
        let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", path.display()));
        let about = tokio::fs::metadata(path).await.map_err(|_| missing())?;
        if !about.is_file() {
            return Err(missing());
        }
        if about.len() > u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX) {
            return Err(palitra_engine::uploads::too_large(&name_of(path)).into());
        }
        let bytes = tokio::fs::read(path).await.map_err(|error| io_failure(path, error))?;
        let to = format!("/v1/uploads{}", query(&json!({ "name": name_of(path) })));
        let kept =
            service.put(session, "POST", &to, ("application/octet-stream", Bytes::from(bytes))).await?;
        let side = |name: &str| kept[name].as_u64().and_then(|side| u32::try_from(side).ok());
        size = size.or(side("width").zip(side("height")));
        ids.push(kept["id"].clone());
    }
    Ok((if ids.len() == 1 { ids.remove(0) } else { Value::Array(ids) }, size))
}

fn price(money: &Value) -> Money {
    let currency = money["currency"].as_str().and_then(Currency::parse).unwrap_or(Currency::RUB);
    Money::new(money["amount"].as_i64().unwrap_or(0), currency)
}

fn notices(quote: &Value) -> Vec<Notice> {
    let notice = |notice: &Value| {
        let about = notice["about"].as_str().unwrap_or_default();
        match notice["kind"].as_str()? {
            "dropped" => Some(Notice::Dropped(about.to_owned())),
            "avoided" => Some(Notice::Avoided),
            "translated" => Some(Notice::Translated),
            "prompt_cut" => Some(Notice::PromptCut(about.parse().ok()?)),
            _ => None,
        }
    };
    quote["notices"].as_array().into_iter().flatten().filter_map(notice).collect()
}

/// Created once, whatever becomes of the connection, and followed to its end. Ctrl-C leaves it to the service.
async fn run(session: &Session, service: &Service, mut wish: Value, quote: &Value) -> Result<Value, Stop> {
    wish["quote_id"] = quote["id"].clone();
    let model = quote["model"].as_str().unwrap_or_default();
    let mut made = service.ask(session, "POST", "/v1/generations", &wish).await?;
    let status = status_line(session, model, quote["p50_s"].as_i64().unwrap_or(0));
    let id = made["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/generations/{}?wait={WAIT_S}", segment(&id));
    while made["finished_at"].is_null() {
        made = tokio::select! {
            made = service.ask(session, "GET", &path, &Value::Null) => made?,
            _ = tokio::signal::ctrl_c() => {
                status.finish_and_clear();
                let hint = Phrase::new("hint-goes-on").with("id", id.as_str());
                return Err(Failure::new(ErrorCode::Interrupted).with("hint", hint).into());
            }
        };
    }
    status.finish_and_clear();
    if made["status"] == "succeeded" {
        return Ok(made);
    }
    let code =
        made["error"]["code"].as_str().and_then(ErrorCode::parse).unwrap_or(ErrorCode::GenerationFailed);
    let of = (made["market"].as_str().unwrap_or_default(), model);
    let failed: Failed = market_failure::failure(code, of, made["error"]["message"].as_str());
    Err(failed.into())
}

async fn write_results(
    session: &Session,
    service: &Service,
    made: &Value,
    out: &Path,
    with_recipe: bool,
) -> Result<Vec<PathBuf>, Failure> {
    let assets = made["assets"].as_array().map(Vec::as_slice).unwrap_or_default();
    if assets.is_empty() {
        let market = made["market"].as_str().unwrap_or_default();
        return Err(Failure::new(ErrorCode::ResultExpired).with("value", market));
    }
    let empty = Map::new();
    let input = made["input"].as_object().unwrap_or(&empty);
    let of = |name: &str| made[name].as_str().unwrap_or_default();
    let mut written = Vec::with_capacity(assets.len());
    for (n, asset) in assets.iter().enumerate() {
        let id = asset["id"].as_str().unwrap_or_default();
        let bytes = service.get(session, &format!("/v1/assets/{}/content", segment(id))).await?;
        let extension = palitra_domain::media_type::sniff(&bytes).map_or("bin", |media| media.extension);
        let number = (assets.len() > 1).then_some(n + 1);
        let file = files::place(out, of("id"), number, extension);
        let export = files::export_of((of("market"), of("model")), input, &file, with_recipe);
        files::leave_bytes(bytes.to_vec(), asset["mime"].as_str().unwrap_or_default(), export, &file).await?;
        written.push(file);
    }
    Ok(written)
}
