//! fal.ai: the queue API (`providers.md` §1, `docs/markets.md`). The direct calls of `fal.run` are not used: an answer that
//! gets lost there is paid for and gone.

mod calls;
mod errors;
mod input;
mod outcome;
mod platform;
mod remote;
mod settings;
mod upload;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

pub use platform::{ModelPage, Price, Usage};
pub use settings::FalSettings;

use crate::{
    files,
    http::{Clients, Downloads, FILE_BYTES_MAX, Mask, Origins, SettingError, base_url, headers},
};
use calls::Calls;
use outcome::Looked;
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
use webhook::Distrust;

/// fal.ai with its keys.
pub struct Fal {
    keys: Vec<(String, Secret)>,
    writer_model: String,
    calls: Calls,
    downloads: Downloads,
    webhook_keys: webhook::Keys,
}

impl Fal {
    /// Builds the clients; calls nobody.
    pub fn new(settings: FalSettings) -> Result<Fal, SettingError> {
        let queue = base_url("queue_url", &settings.queue_url)?;
        let rest = base_url("rest_url", &settings.rest_url)?;
        let platform = base_url("platform_url", &settings.platform_url)?;
        let origins = Origins::new([
            queue.clone(),
            base_url("run_url", &settings.run_url)?,
            rest.clone(),
            platform.clone(),
        ]);
        for (label, key) in &settings.keys {
            if key.reveal().trim().is_empty() || calls::authorization(key).is_none() {
                return Err(SettingError::Key(label.clone()));
            }
        }
        let clients = Clients::new(settings.timeouts)?;
        let headers = headers(&settings.headers)?;
        let secrets = settings.keys.iter().chain(&settings.headers).map(|(_, secret)| secret);
        Ok(Fal {
            webhook_keys: webhook::Keys::new(
                clients.calls.clone(),
                rest.clone(),
                headers.clone(),
                settings.timeouts.answer,
            ),
            calls: Calls {
                clients: clients.clone(),
                addresses: Addresses { queue, rest, platform, origins: origins.clone() },
                headers,
                keep_files: settings.keep_files,
                mask: Mask::new(secrets),
            },
            downloads: Downloads {
                clients,
                origins,
                allow_private: settings.allow_private_links,
                bytes_max: FILE_BYTES_MAX,
            },
            keys: settings.keys,
            writer_model: settings.writer_model,
        })
    }

    fn key(&self, label: &str) -> Result<&Secret, MarketError> {
        let found = self.keys.iter().find(|(known, _)| known == label).map(|(_, key)| key);
        found.ok_or_else(|| MarketError::new(ErrorClass::Auth, format!("fal has no key `{label}` any more")))
    }
}

impl Market for Fal {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: true, webhooks: true, answers_in_call: false }
    }

    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async move {
            let ready = async {
                let input = files::linked(request, |file| self.upload(key, file)).await?;
                Ok((self.key(key)?, input::body(&request.model, input, &self.writer_model)))
            };
            match ready.await {
                Ok((key, body)) => {
                    let reply = self.calls.submit(key, request, &body).await;
                    outcome::submitted(&self.calls, &request.model, reply)
                }
                Err(error) => Submitted::Refused(error),
            }
        })
    }

    fn poll<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(async move {
            let (key, remote) = match self.key(key).and_then(|key| Ok((key, read(remote)?))) {
                Ok(known) => known,
                Err(error) => return Polled::Unreachable(error),
            };
            let reply = self.calls.get(key, &self.calls.addresses.status(&remote)).await;
            match outcome::status(&self.calls, reply) {
                Looked::Settled(polled) => polled,
                Looked::Completed(status) => {
                    let reply = self.calls.get(key, &self.calls.addresses.response(&remote)).await;
                    outcome::result(&self.calls, &status, reply)
                }
            }
        })
    }

    /// A request to stop that did not arrive is also `Requested`: the next poll decides either way.
    fn cancel<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async move {
            let Ok((key, remote)) = self.key(key).and_then(|key| Ok((key, read(remote)?))) else {
                return CancelAnswer::Unsupported;
            };
            match self.calls.put(key, &self.calls.addresses.cancel(&remote)).await {
                // 400 `ALREADY_COMPLETED`, 404 `NOT_FOUND` (`providers.md` §1.5).
                Ok(reply) if matches!(reply.status, 400 | 404 | 410) => CancelAnswer::TooLate,
                _ => CancelAnswer::Requested,
            }
        })
    }

    fn list_models<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<Listed>>, MarketError>> {
        Box::pin(async move { self.all_models(key).await.map(Some) })
    }

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(self.downloads.open(link))
    }

    /// fal signs for all its keys, and for all its customers, with the same few keys of its own.
    fn verify_webhook<'a>(
        &'a self,
        _key: &'a str,
        headers: &'a [(String, String)],
        body: &'a [u8],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<WebhookNote, WebhookRefused>> {
        Box::pin(async move {
            let held = self.webhook_keys.held(now);
            let verified = match webhook::verify(headers, body, now, &held) {
                // No keys yet, or new ones at fal.
                Err(Distrust::Signature) => {
                    let keys = self.webhook_keys.fetched(now).await;
                    let keys = keys.map_err(|why| WebhookRefused::Unavailable(why.to_string()))?;
                    webhook::verify(headers, body, now, &keys)
                }
                decided => decided,
            };
            verified.map_err(|why| WebhookRefused::Untrusted(why.to_string()))
        })
    }

    fn is_about(&self, note: &WebhookNote, remote: &RemoteRef) -> bool {
        Remote::read(remote).is_some_and(|remote| remote.request_id == note.request_id)
    }

    fn reference(&self, model: &str, note: &WebhookNote) -> Option<RemoteRef> {
        let accepted = wire::Accepted {
            request_id: note.request_id.clone(),
            status_url: None,
            response_url: None,
            cancel_url: None,
        };
        self.calls.addresses.accepted(model, accepted).map(|remote| remote.write())
    }
}

fn read(remote: &RemoteRef) -> Result<Remote, MarketError> {
    Remote::read(remote)
        .ok_or_else(|| MarketError::new(ErrorClass::Protocol, "the stored reference is not one of fal's"))
}
