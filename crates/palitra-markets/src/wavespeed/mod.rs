//! WaveSpeedAI: the task API `/api/v3` (`providers.md` §3, `docs/markets.md`). Sync mode is not used: its time-out leaves work
//! that runs and is billed.
//!
//! Beside the port: [`WaveSpeed::price`], [`WaveSpeed::balance`] and [`WaveSpeed::upload`].

mod account;
mod calls;
mod envelope;
mod errors;
mod listing;
mod outcome;
mod remote;
mod settings;
mod upload;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

pub use account::Balance;
pub use settings::WaveSpeedSettings;
pub use upload::Upload;

use crate::{
    files,
    http::{Clients, Downloads, FILE_BYTES_MAX, Mask, Origins, SettingError, base_url, headers},
};
use calls::Calls;
use palitra_domain::{
    BoxFuture, Timestamp,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Listed, Market, MarketError, Polled, RemoteRef, Request,
        Submitted, WebhookNote, WebhookRefused,
    },
    objects::ByteStream,
    secret::Secret,
};
use remote::{Addresses, Remote};
use std::time::Duration;
use webhook::Distrust;

/// WaveSpeedAI with its keys.
pub struct WaveSpeed {
    keys: Vec<(String, Secret)>,
    calls: Calls,
    downloads: Downloads,
    webhook_secrets: webhook::Secrets,
    price_within: Duration,
}

impl WaveSpeed {
    /// Builds the clients; calls nobody.
    pub fn new(settings: WaveSpeedSettings) -> Result<WaveSpeed, SettingError> {
        let base = base_url("base_url", &settings.base_url)?;
        let origins = Origins::new([base.clone()]);
        for (label, key) in &settings.keys {
            if key.reveal().trim().is_empty() || calls::authorization(key).is_none() {
                return Err(SettingError::Key(label.clone()));
            }
        }
        let clients = Clients::new(settings.timeouts)?;
        let secrets = settings.keys.iter().chain(&settings.headers).map(|(_, secret)| secret);
        let calls = Calls {
            clients: clients.clone(),
            addresses: Addresses { base, origins: origins.clone() },
            headers: headers(&settings.headers)?,
            mask: Mask::new(secrets),
        };
        Ok(WaveSpeed {
            webhook_secrets: webhook::Secrets::new(calls.clone(), settings.timeouts.answer),
            calls,
            downloads: Downloads {
                clients,
                origins,
                allow_private: settings.allow_private_links,
                bytes_max: FILE_BYTES_MAX,
            },
            keys: settings.keys,
            price_within: settings.price_within,
        })
    }

    /// The body of a submission: the input, with links of our uploads in the place of files.
    async fn body(&self, key: &str, request: &Request) -> Result<serde_json::Value, MarketError> {
        files::linked(request, |file| async move {
            let (file_name, content_type) = (files::name(file), file.mime.clone());
            self.upload(key, &Upload { file_name, content_type, bytes: file.bytes.clone() }).await
        })
        .await
    }

    fn key(&self, label: &str) -> Result<&Secret, MarketError> {
        let found = self.keys.iter().find(|(known, _)| known == label).map(|(_, key)| key);
        found.ok_or_else(|| {
            MarketError::new(ErrorClass::Auth, format!("WaveSpeed has no key `{label}` any more"))
        })
    }
}

impl Market for WaveSpeed {
    /// No call to cancel is documented (`providers.md` §3.4); deleting the record of running work is not known to stop it.
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: true, answers_in_call: false }
    }

    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async move {
            let ready = async { Ok((self.key(key)?, self.body(key, request).await?)) };
            let (key, body) = match ready.await {
                Ok(ready) => ready,
                Err(error) => return Submitted::Refused(error),
            };
            // Before the submission and never after it: an accepted id is not held back for a price.
            let cost = self.priced(key, &request.model, &body, Some(self.price_within)).await;
            let cost = cost
                .inspect_err(
                    |error| tracing::warn!(%error, model = %request.model, "the price of a run is unknown"),
                )
                .ok();
            let url = self.calls.addresses.submit(&request.model, request.webhook.as_deref());
            let reply = self.calls.submit(key, &url, &body).await;
            outcome::submitted(&self.calls, &request.model, cost, reply)
        })
    }

    fn poll<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(async move {
            let (key, remote) = match self.key(key).and_then(|key| Ok((key, read(remote)?))) {
                Ok(known) => known,
                Err(error) => return Polled::Unreachable(error),
            };
            let reply = self.calls.ask(key, &self.calls.addresses.result(&remote), None, None).await;
            outcome::looked(&self.calls, &remote, reply)
        })
    }

    fn cancel<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    fn list_models<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<Listed>>, MarketError>> {
        Box::pin(async move { self.all_models(key).await.map(Some) })
    }

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(self.downloads.open(link))
    }

    /// Each key has a secret of its own, so the key decides who may have signed.
    fn verify_webhook<'a>(
        &'a self,
        key: &'a str,
        headers: &'a [(String, String)],
        body: &'a [u8],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<WebhookNote, WebhookRefused>> {
        Box::pin(async move {
            let held = self.webhook_secrets.held(key, now);
            let verified = match webhook::verify(headers, body, now, held.as_ref()) {
                // No secret yet, or a new one at WaveSpeedAI.
                Err(Distrust::Signature) => {
                    let secret = self.key(key).map_err(|why| WebhookRefused::Unavailable(why.to_string()))?;
                    let secret = self.webhook_secrets.fetched(key, secret, now).await;
                    let secret = secret.map_err(|why| WebhookRefused::Unavailable(why.to_string()))?;
                    webhook::verify(headers, body, now, Some(&secret))
                }
                decided => decided,
            };
            verified.map_err(|why| WebhookRefused::Untrusted(why.to_string()))
        })
    }

    fn is_about(&self, note: &WebhookNote, remote: &RemoteRef) -> bool {
        Remote::read(remote).is_some_and(|remote| remote.id == note.request_id)
    }

    /// Without a cost: what the run was said to cost went with the answer that never came.
    fn reference(&self, model: &str, note: &WebhookNote) -> Option<RemoteRef> {
        Remote::new(model, &note.request_id, None).map(|remote| remote.write())
    }
}

fn read(remote: &RemoteRef) -> Result<Remote, MarketError> {
    Remote::read(remote).ok_or_else(|| {
        MarketError::new(ErrorClass::Protocol, "the stored reference is not one of WaveSpeed's")
    })
}
