//! What is said before anything is made: the price and what is known about such runs (D1), and what of the wish is not sent.

use crate::{
    commands::{Session, money},
    failure::{Failure, Phrase},
    wiring::App,
};
use palitra_domain::{Money, catalogue::Notice};
use palitra_engine::generations::{Offer, Wish};
use serde_json::{Value, json};

/// To people only; a program reads them in the plan.
pub(super) fn tell_notices(session: &Session, notices: &[Notice]) {
    for notice in notices.iter().filter(|notice| **notice != Notice::Dropped("seed".to_owned())) {
        session.console.note(&phrase(notice).text(session.console.lang));
    }
}

fn phrase(notice: &Notice) -> Phrase {
    match notice {
        Notice::Dropped(name) => Phrase::new("notice-dropped").with("value", name.as_str()),
        Notice::Avoided => Phrase::new("notice-avoided"),
        Notice::Translated => Phrase::new("notice-translated"),
        Notice::PromptCut(limit) => {
            Phrase::new("notice-prompt-cut").with("value", i64::try_from(*limit).unwrap_or(i64::MAX))
        }
    }
}

/// `{items, unchanged, to_run, price, eta_s, quote: {…}}`, and the accelerated model beside it where there is one (S3-57).
pub(super) async fn tell_plan(
    session: &Session,
    app: &App,
    wish: &Wish,
    offer: &Offer,
) -> Result<(), Failure> {
    let currency = app.engine.settings.prices.currency;
    let price = Money::new(offer.quote.price, currency);
    let waits = offer.place.map_or(0, |place| place.before / place.slots.max(1));
    let runs = offer.history.p50.saturating_mul(1 + u32::try_from(waits).unwrap_or(u32::MAX - 1));
    let seconds = money::whole_seconds(runs);
    let mut document = json!({
        "items": 1, "unchanged": 0, "to_run": 1, "price": price, "eta_s": seconds, "quote": quote(offer, currency),
    });
    let faster = faster(app, wish).await?;
    if let Some(faster) = &faster {
        document["faster"] = json!({ "model": faster.quote.model, "quote": quote(faster, currency) });
    }
    session.console.document(&document);
    let line = |key, offer: &Offer, seconds: i64| {
        let price = Money::new(offer.quote.price, currency).to_string();
        let args = [
            ("unchanged", 0u32.into()),
            ("run", 1u32.into()),
            ("price", (&price).into()),
            ("seconds", seconds.into()),
            ("model", (&offer.quote.model).into()),
        ];
        session.console.say(&session.console.text(key, &args));
    };
    line("plan-line", offer, seconds);
    if let Some(faster) = &faster {
        line("plan-faster", faster, money::whole_seconds(faster.history.p50));
    }
    Ok(())
}

async fn faster(app: &App, wish: &Wish) -> Result<Option<Offer>, Failure> {
    let Ok((_, mode)) = app.engine.model(&wish.model, &wish.mode) else { return Ok(None) };
    let Some(fast) = mode.fast.clone() else { return Ok(None) };
    if app.engine.model(&fast, &wish.mode).is_err() {
        return Ok(None);
    }
    Ok(app.engine.offer(&Wish { model: fast, ..wish.clone() }).await.ok())
}

/// What a program needs to decide, and to hold us to it.
fn quote(offer: &Offer, currency: palitra_domain::Currency) -> Value {
    let seconds = |time: std::time::Duration| money::whole_seconds(time);
    json!({
        "id": offer.quote.id, "model": offer.quote.model, "price": Money::new(offer.quote.price, currency),
        "price_version": offer.quote.price_version, "expires_at": offer.quote.expires_at.rfc3339(),
        "p50_s": seconds(offer.history.p50), "p90_s": seconds(offer.history.p90),
        "succeeded_percent": offer.history.succeeded_percent, "before": offer.place.map(|place| place.before),
        "notices": offer.notices,
    })
}
