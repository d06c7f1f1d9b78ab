//! Receivers that are always there: alerts go to the operator's log, objects that nobody may have any more are deleted.

use crate::{Context, work::examine::thumbnail_key};
use palitra_domain::{
    BoxFuture, DeliveryId, Timestamp,
    deliver::{Deliver, Delivered, Delivery, NewDelivery},
    objects::Objects,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Something the operator has to look at.
pub(crate) const ALERT: &str = "alert";

/// An object whose row says that it is deleted.
pub(crate) const ERASE: &str = "erase";

/// What is written where something goes wrong that the operator has to see. The same words come once a day.
pub(crate) fn alert(context: &Context, code: &str, words: &str, now: Timestamp) -> NewDelivery {
    const DAY: i64 = 86_400_000_000;
    let day = Timestamp::from_micros(now.micros().div_euclid(DAY) * DAY);
    NewDelivery {
        id: DeliveryId::of_text(ALERT, day, &format!("{code} {words}")),
        kind: ALERT.to_owned(),
        account: context.house.id.clone(),
        generation: None,
        batch: None,
        payload: json!({ "code": code, "words": words }).to_string(),
    }
}

/// To the log, where the operator's own alarms listen.
pub(super) struct Alerts;

impl Deliver for Alerts {
    fn kind(&self) -> &'static str {
        ALERT
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Delivered> {
        Box::pin(async {
            let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
            let field = |name: &str| payload.get(name).and_then(Value::as_str);
            let Some((code, words)) = field("code").zip(field("words")) else {
                return Delivered::Never { why: "this is no alert".to_owned() };
            };
            tracing::error!(alert = code, alert.id = %delivery.id, "{words}");
            Delivered::Done
        })
    }
}

/// Deleting what is not there is no error, so a crash between the deletion and its record does no harm.
pub(super) struct Erase(pub(super) Arc<dyn Objects>);

impl Deliver for Erase {
    fn kind(&self) -> &'static str {
        ERASE
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Delivered> {
        Box::pin(async {
            let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
            let Some(key) = payload.get("object").and_then(Value::as_str) else {
                return Delivered::Never { why: "this names no object".to_owned() };
            };
            let sides = payload.get("thumbnails").and_then(Value::as_str).unwrap_or_default();
            for side in sides.split(',').filter_map(|side| side.parse().ok()) {
                if let Err(error) = self.0.delete(&thumbnail_key(key, side)).await {
                    return Delivered::Again { why: format!("{error}: {}", error.source), after: None };
                }
            }
            match self.0.delete(key).await {
                Ok(()) => Delivered::Done,
                Err(error) => Delivered::Again { why: format!("{error}: {}", error.source), after: None },
            }
        })
    }
}
