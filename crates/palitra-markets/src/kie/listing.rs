//! KIE's models (KIE's agent skill *kie-models*): the list, and what one of them takes. Prices are prose, and list, schema and price share one
//! question a second: the list alone is asked for, a schema when somebody wants it.

use super::{
    Kie,
    calls::Calls,
    errors::Phase,
    wire::{self, Envelope},
};
use crate::{
    http::{NoReply, Reply},
    openapi,
};
use palitra_domain::market::{ErrorClass, Listed, MarketError};
use serde_json::Value;

/// Models that are listed at most; KIE has a few hundred.
const MODELS_MAX: usize = 5_000;

impl Kie {
    /// JSON Schema of a model's input; `None` where KIE shows none. One question a second is answered.
    pub async fn schema(&self, key: &str, model: &str) -> Result<Option<Value>, MarketError> {
        let path: Vec<&str> = model.split('/').chain(["schema"]).collect();
        let data = data(&self.calls, self.calls.models(self.key(key)?, &path).await)?;
        // The document describes the whole call; its `input` is ours.
        let body = openapi::body(&data["openapi"]);
        Ok(body
            .map(|mut body| body["properties"]["input"].take())
            .filter(|input| input["properties"].is_object()))
    }

    pub(super) async fn all_models(&self, key: &str) -> Result<Vec<Listed>, MarketError> {
        let mut data = data(&self.calls, self.calls.models(self.key(key)?, &[]).await)?;
        let Value::Array(entries) = data["models"].take() else {
            return Err(MarketError::new(ErrorClass::Protocol, "KIE's answer holds no list of models"));
        };
        let read = entries.into_iter().filter_map(|entry| serde_json::from_value::<wire::Model>(entry).ok());
        Ok(read.map(listed).take(MODELS_MAX).collect())
    }
}

fn listed(model: wire::Model) -> Listed {
    Listed {
        name: wire::text(&model.title).unwrap_or_else(|| model.model.clone()),
        category: model.task_types().into_iter().next().unwrap_or_default(),
        market_id: model.model,
        schema: None,
        price: None,
        deprecated: false,
    }
}

fn data(calls: &Calls, reply: Result<Reply, NoReply>) -> Result<Value, MarketError> {
    let reply = reply.map_err(NoReply::error)?;
    match reply.parse::<Envelope>() {
        Ok(envelope) if reply.is_success() && envelope.code().is_none_or(|code| code == 200) => {
            Ok(envelope.data)
        }
        Err(unreadable) if reply.is_success() => {
            Err(super::outcome::not_understood(calls, &unreadable, &reply))
        }
        _ => Err(calls.error(Phase::Look, &reply)),
    }
}
