//! KIE.ai: the market API of tasks (KIE documentation at `docs.kie.ai`, `docs/markets.md`). The older families with calls of their own
//! (Veo, Suno, Runway, 4o pictures) are not used.

mod calls;
mod errors;
mod input;
mod listing;
mod outcome;
mod remote;
mod result;
mod settings;
mod upload;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

pub use settings::KieSettings;

use crate::{
    files,
    http::{Clients, Downloads, FILE_BYTES_MAX, Mask, Origins, SettingError, base_url, headers},
};
use bytes::Bytes;
use calls::Calls;
use palitra_domain::{
    BoxFuture, Timestamp,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Listed, Market, MarketError, Polled, RemoteRef, Request,
        Submitted, WebhookNote, WebhookRefused,
    },
    money::Millionths,
    objects::ByteStream,
    secret::Secret,
};
use remote::Remote;

/// KIE.ai with its keys.
pub struct Kie {
    keys: Vec<(String, Secret)>,
    webhook_keys: Vec<(String, Secret)>,
    credit_usd: Millionths,
    calls: Calls,
    downloads: Downloads,
}

impl Kie {
    /// Builds the clients; calls nobody.
    pub fn new(settings: KieSettings) -> Result<Kie, SettingError> {
        let base = base_url("base_url", &settings.base_url)?;
        let upload = base_url("upload_url", &settings.upload_url)?;
        let origins = Origins::new([base.clone(), upload.clone()]);
        for (label, key) in &settings.keys {
            if key.reveal().trim().is_empty() || calls::authorization(key).is_none() {
                return Err(SettingError::Key(label.clone()));
            }
        }
        for (label, key) in &settings.webhook_keys {
            if key.reveal().is_empty() || find(&settings.keys, label).is_none() {
                return Err(SettingError::WebhookKey(label.clone()));
            }
        }
        let clients = Clients::new(settings.timeouts)?;
        let secrets = settings.keys.iter().chain(&settings.webhook_keys).chain(&settings.headers);
        let mask = Mask::new(secrets.map(|(_, secret)| secret));
        Ok(Kie {
            calls: Calls {
                clients: clients.clone(),
                base,
                upload,
                origins: origins.clone(),
                headers: headers(&settings.headers)?,
                mask,
            },
            downloads: Downloads {
                clients,
                origins,
                allow_private: settings.allow_private_links,
                bytes_max: FILE_BYTES_MAX,
            },
            keys: settings.keys,
            webhook_keys: settings.webhook_keys,
            credit_usd: settings.credit_usd,
        })
    }

    /// What is left on the account of a key, in credits.
    pub async fn credits(&self, key: &str) -> Result<Millionths, MarketError> {
        let reply = self.calls.credit(self.key(key)?).await;
        outcome::credits(&self.calls, reply)
    }

    /// Makes an input file public through KIE's upload service: the bytes of a picture, a sound or a video, at most 100 MiB. The
    /// answer is the address for an input. It lives for 24 hours, belongs to everybody who knows it, and costs nothing; it may be asked
    /// for again.
    pub async fn upload(&self, key: &str, bytes: &Bytes) -> Result<String, MarketError> {
        upload::bytes(&self.calls, self.key(key)?, bytes).await
    }

    /// As [`Kie::upload`], for a file that is public already: KIE fetches it within 30 s, up to 100 MB.
    pub async fn upload_link(&self, key: &str, link: &str) -> Result<String, MarketError> {
        upload::link(&self.calls, self.key(key)?, link).await
    }

    /// The input, with addresses of our uploads in the place of files.
    async fn input(&self, key: &str, request: &Request) -> Result<serde_json::Value, MarketError> {
        files::linked(request, |file| self.upload(key, &file.bytes)).await
    }

    fn key(&self, label: &str) -> Result<&Secret, MarketError> {
        find(&self.keys, label)
            .ok_or_else(|| MarketError::new(ErrorClass::Auth, format!("KIE has no key `{label}` any more")))
    }

    /// Can the callbacks of every key be checked? The engine looks rarely at work that is to be called back.
    fn has_webhooks(&self) -> bool {
        !self.keys.is_empty() && self.keys.iter().all(|(label, _)| find(&self.webhook_keys, label).is_some())
    }
}

fn find<'a>(keys: &'a [(String, Secret)], label: &str) -> Option<&'a Secret> {
    keys.iter().find(|(known, _)| known == label).map(|(_, key)| key)
}

impl Market for Kie {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            in_process: false,
            cancel: false,
            webhooks: self.has_webhooks(),
            answers_in_call: false,
        }
    }

    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async move {
            let webhook = request.webhook.as_deref().filter(|_| self.has_webhooks());
            let ready = async { Ok((self.key(key)?, self.input(key, request).await?)) };
            match ready.await {
                Ok((key, input)) => {
                    let reply = self.calls.submit(key, &input::body(&request.model, input, webhook)).await;
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
            let reply = self.calls.record(key, &remote.task_id).await;
            outcome::polled(&self.calls, &remote, self.credit_usd, reply)
        })
    }

    /// KIE documents no way to stop a task: it may still finish, and be billed.
    fn cancel<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    fn list_models<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<Listed>>, MarketError>> {
        Box::pin(async move { self.all_models(key).await.map(Some) })
    }

    fn describe<'a>(
        &'a self,
        key: &'a str,
        model: &'a str,
    ) -> BoxFuture<'a, Result<Option<serde_json::Value>, MarketError>> {
        Box::pin(self.schema(key, model))
    }

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(self.downloads.open(link))
    }

    /// Each account signs with a key of its own.
    fn verify_webhook<'a>(
        &'a self,
        key: &'a str,
        headers: &'a [(String, String)],
        body: &'a [u8],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<WebhookNote, WebhookRefused>> {
        let verified = match find(&self.webhook_keys, key) {
            Some(key) => webhook::verify(headers, body, now, key)
                .map_err(|why| WebhookRefused::Untrusted(why.to_string())),
            None => Err(WebhookRefused::Unsupported),
        };
        Box::pin(std::future::ready(verified))
    }

    fn is_about(&self, note: &WebhookNote, remote: &RemoteRef) -> bool {
        Remote::read(remote).is_some_and(|remote| remote.task_id == note.request_id)
    }

    fn reference(&self, model: &str, note: &WebhookNote) -> Option<RemoteRef> {
        Remote::new(model, &note.request_id).map(|remote| remote.write())
    }
}

fn read(remote: &RemoteRef) -> Result<Remote, MarketError> {
    Remote::read(remote)
        .ok_or_else(|| MarketError::new(ErrorClass::Protocol, "the stored reference is not one of KIE's"))
}
