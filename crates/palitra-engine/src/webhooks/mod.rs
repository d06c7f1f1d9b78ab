//! Webhooks out: an account names addresses that hear of its events, and a generation may bring one of its own.
//!
//! ```text
//! outbox ── tell (one transaction: a row for each address that hears of it) ──▶ webhook_delivery ── deliver ──▶ their server
//! ```
//!
//! `tell` turns events into deliveries, in every process that runs the machine; `deliver` makes the body of each once, signs it
//! (`sign`) and sends it through the port [`Post`], in services alone. What is shown of a generation or a batch is a door's affair
//! ([`Documents`]), and so are forms other than ours ([`Writer`]).

mod body;
mod deliver;
mod endpoints;
mod log;
mod sign;
mod tell;

#[cfg(test)]
mod tests;

pub use endpoints::{NewEndpoint, Update};
pub use log::Test;
pub use palitra_store::webhooks::{Delivery, Page, Range, Replayed, Webhook};
#[cfg(test)]
pub(crate) use tell::LOOK_FOR_EVENTS;
pub(crate) use tell::tell_all;

use crate::{Context, Engine, Error, Result, scheduler::Machine};
use palitra_domain::{
    AccountId, BatchId, BoxFuture, DeliveryId, ErrorCode, GenerationId, Livemode, Timestamp,
    webhook::{Callback, EventType, Form, Post},
};
use serde_json::Value;
use std::sync::Arc;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Generation(GenerationId),
    Batch(BatchId),
}

impl Subject {
    fn parse(id: &str) -> Option<Subject> {
        let generation = GenerationId::parse(id).ok().map(Subject::Generation);
        generation.or_else(|| BatchId::parse(id).ok().map(Subject::Batch))
    }
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Of the delivery: the same for every try.
    pub id: DeliveryId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub what: EventType,
    pub subject: Subject,
    /// When it happened.
    pub at: Timestamp,
}

/// Shows generations and batches as the API does.
pub trait Documents: Send + Sync {
    /// `None` when it is not there any more.
    fn document<'a>(
        &'a self,
        engine: &'a Engine,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Value>>>;
}

/// Writes and signs letters in a form that is not ours.
pub trait Writer: Send + Sync {
    /// The whole body, made once before the first try; `None` when there is nothing to tell of any more.
    fn body<'a>(&'a self, engine: &'a Engine, event: &'a Event) -> BoxFuture<'a, Result<Option<String>>>;

    /// The headers of one try.
    fn headers<'a>(
        &'a self,
        engine: &'a Engine,
        event: &'a Event,
        body: &'a str,
        sent_at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>>>;
}

/// What a process needs that sends webhooks, or takes addresses for them.
#[derive(Clone)]
pub struct Sending {
    pub post: Arc<dyn Post>,
    pub documents: Arc<dyn Documents>,
    /// Writes letters of the form `fal`; without it none are taken.
    pub fal: Option<Arc<dyn Writer>>,
}

impl Engine {
    /// Once, before the start. Without it no endpoint can be made and nothing is sent; what is to be sent waits.
    pub fn send_webhooks(&self, sending: Sending) {
        self.sending.get_or_init(|| sending);
    }

    /// The end of one generation is told there: an address that may be called, in a form that is known.
    pub(crate) async fn checked_callback(&self, callback: &Callback) -> Result<()> {
        self.checked_url(&callback.url).await?;
        match callback.form {
            Form::Fal if self.sending()?.fal.is_none() => {
                Err(Error::new(ErrorCode::Internal).with("why", "nobody writes letters of this form"))
            }
            Form::Standard | Form::Fal => Ok(()),
        }
    }

    async fn checked_url(&self, url: &str) -> Result<()> {
        let refused = |why: palitra_domain::webhook::Refused| {
            let shown: String = url.chars().take(200).collect();
            Error::new(ErrorCode::WebhookUrl).with("value", without_user(&shown)).with("why", why.as_str())
        };
        self.sending()?.post.check(url).await.map_err(refused)
    }
}

/// An address without what may be a password in it.
fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://…{}", &url[at..]),
        _ => url.to_owned(),
    }
}

impl Context {
    fn sending(&self) -> Result<&Sending> {
        let missing = || Error::new(ErrorCode::Internal).with("why", "this process sends no webhooks");
        self.sending.get().ok_or_else(missing)
    }
}

/// A secret that nobody has yet.
pub(crate) fn new_secret(context: &Context) -> String {
    sign::new_secret(|| context.random())
}

/// A service sends; what the dead of a service had taken is free again.
pub(crate) async fn start(machine: &Machine) -> Result<()> {
    if !machine.is_service || machine.sending.get().is_none() {
        return Ok(());
    }
    if !machine.lease.is_shared {
        let now = machine.now();
        machine.store.write(move |tx| palitra_store::webhooks::release_all(tx, now)).await?;
    }
    machine.spawn(deliver::deliver_all(machine.clone()));
    Ok(())
}
