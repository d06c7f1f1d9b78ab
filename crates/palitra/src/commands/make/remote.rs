//! The same way over a service: files are uploaded, the price is quoted, the generation is followed, its files come back.

use super::{Job, files, offer, status_line};
use crate::{
    commands::{Session, Stop, batch::Shelf, money, stop},
    control::{Service, segment},
    failure::{Failure, Phrase},
};
use palitra_domain::{Clock, Currency, ErrorCode, Money, catalogue::Notice, media_type};
use palitra_engine::market_failure;
use serde_json::{Map, Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// The answer is held back so long, then asked for again.
const WAIT_S: u32 = 20;

pub(super) async fn make(session: &Session, service: &Service, job: Job<'_>) -> Result<(), Stop> {
    let Job { mode, model, mut input, files: brought, making } = job;
    let out = making.out.clone().unwrap_or_else(|| PathBuf::from("."));
    if !making.spend.plan {
        crate::commands::slides::check_writable(files::folder_of(&out))?;
    }
    for (word, paths) in brought {
        let (ids, size) = files::as_input(files::upload_there(session, service, &paths).await?);
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
    let wanted =
        Wanted { session, service, clock: session.clock(), out: &out, with_recipe: !making.no_recipe };
    // From here on a signal leaves it to the service, also while it is being asked for.
    let (made, written) = stop::until_told(|told| wanted.run(wish, &quote, told)).await?;
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

/// What is asked for, and where it goes.
struct Wanted<'a> {
    session: &'a Session,
    service: &'a Service,
    clock: Arc<dyn Clock>,
    out: &'a Path,
    with_recipe: bool,
}

impl Wanted<'_> {
    /// Created once under the quote's id, whatever becomes of the connection; followed to its end, and written. Whoever is told to stop, or
    /// hears nothing any more, leaves it to the service.
    async fn run(
        &self,
        mut wish: Value,
        quote: &Value,
        told: CancellationToken,
    ) -> Result<(Value, Vec<PathBuf>), Stop> {
        wish["quote_id"] = quote["id"].clone();
        let key = quote["id"].as_str().unwrap_or_default();
        let made = Service::insist(&*self.clock, async || {
            self.service.post_once(self.session, "/v1/generations", key, &wish).await
        });
        let made = made.await?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        let goes_on = || Phrase::new("hint-goes-on").with("id", id.as_str());
        let status = status_line(
            self.session,
            quote["model"].as_str().unwrap_or_default(),
            quote["p50_s"].as_i64().unwrap_or(0),
        );
        let written = tokio::select! {
            written = self.followed(made, quote) => written,
            () = told.cancelled() => Err(Failure::new(ErrorCode::Interrupted).with("hint", goes_on())),
        };
        status.finish_and_clear();
        Ok(written.map_err(|failure| match failure.code() {
            ErrorCode::ServiceAway => failure.with("hint", goes_on()),
            _ => failure,
        })?)
    }

    async fn followed(&self, mut made: Value, quote: &Value) -> Result<(Value, Vec<PathBuf>), Failure> {
        let path =
            format!("/v1/generations/{}?wait={WAIT_S}", segment(made["id"].as_str().unwrap_or_default()));
        while made["finished_at"].is_null() {
            let asked = Service::insist(&*self.clock, async || {
                self.service.ask(self.session, "GET", &path, &Value::Null).await
            });
            made = asked.await?;
        }
        if made["status"] == "succeeded" {
            let written = self.write(&made).await?;
            return Ok((made, written));
        }
        let code =
            made["error"]["code"].as_str().and_then(ErrorCode::parse).unwrap_or(ErrorCode::GenerationFailed);
        let market = made["market"].as_str().unwrap_or_default();
        let of = (market, quote["model"].as_str().unwrap_or_default());
        Err(market_failure::failure(code, of, made["error"]["message"].as_str()))
    }

    async fn write(&self, made: &Value) -> Result<Vec<PathBuf>, Failure> {
        let assets = made["assets"].as_array().map(Vec::as_slice).unwrap_or_default();
        if assets.is_empty() {
            let market = made["market"].as_str().unwrap_or_default();
            return Err(Failure::new(ErrorCode::ResultExpired).with("value", market));
        }
        let empty = Map::new();
        let input = made["input"].as_object().unwrap_or(&empty);
        let of = |name: &str| made[name].as_str().unwrap_or_default();
        let stored = Shelf::new(self.session, self.service.clone());
        let mut written = Vec::with_capacity(assets.len());
        for (n, asset) in assets.iter().enumerate() {
            let mime = asset["mime"].as_str().unwrap_or_default();
            let extension = media_type::of_mime(mime).map_or("bin", |media| media.extension);
            let key = format!("{}.{extension}", asset["id"].as_str().unwrap_or_default());
            let number = (assets.len() > 1).then_some(n + 1);
            let file = files::place(self.out, of("id"), number, extension);
            if mime.starts_with("image/") {
                let bytes = stored.fetch(&key).await?;
                let export = files::export_of((of("market"), of("model")), input, &file, self.with_recipe);
                files::leave_bytes(bytes.to_vec(), mime, export, &file).await?;
            } else {
                stored.copy(&key, &file).await?;
            }
            written.push(file);
        }
        Ok(written)
    }
}
