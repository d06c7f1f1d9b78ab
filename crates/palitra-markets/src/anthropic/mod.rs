//! Anthropic's Messages API: texts (`providers.md` §5, `docs/markets.md`). The answer comes in the call itself, never as a stream of events.

mod errors;
mod order;
mod outcome;
mod settings;
mod wire;

#[cfg(test)]
mod tests;

pub use settings::AnthropicSettings;

use crate::{
    http::{Reply, SettingError},
    in_call::{CAPABILITIES, Connection, Identity, InCall, KeyHeader, Manner, Order, Said, Shape},
};
use palitra_domain::{
    BoxFuture,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, Outputs, Polled, RemoteRef, Request,
        Submitted,
    },
    objects::ByteStream,
};
use reqwest::Url;

/// Anthropic with its keys.
pub struct Anthropic(InCall);

impl Anthropic {
    /// Builds the clients; calls nobody.
    pub fn new(settings: AnthropicSettings) -> Result<Anthropic, SettingError> {
        let connection = Connection {
            base_url: settings.base_url,
            keys: settings.keys,
            headers: settings.headers,
            allow_private_links: settings.allow_private_links,
            timeouts: settings.timeouts,
        };
        InCall::new(Box::new(Speaks), connection).map(Anthropic)
    }
}

/// Anthropic's language.
struct Speaks;

impl Manner for Speaks {
    fn identity(&self) -> Identity {
        Identity {
            name: "Anthropic",
            host: "api.anthropic.com",
            key_header: KeyHeader::Named("x-api-key"),
            // The only version there is (`anthropic-sdk-python`).
            fixed_headers: &[("anthropic-version", "2023-06-01")],
        }
    }

    fn order(&self, request: &Request) -> Result<Order, MarketError> {
        order::of(request)
    }

    fn read(&self, _request: &Request, reply: &Reply, _base: &Url) -> Result<Outputs, Shape> {
        outcome::read(reply)
    }

    fn class(&self, status: u16, said: &Said) -> ErrorClass {
        errors::class(status, said)
    }

    fn is_surely_refused(&self, status: u16, said: &Said) -> bool {
        errors::is_surely_refused(status, said)
    }
}

impl Market for Anthropic {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(self.0.submit(key, request))
    }

    fn answered(&self, request: &Request, body: &[u8]) -> Submitted {
        self.0.answered(request, body)
    }

    /// No work outlives its call.
    fn poll<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(std::future::ready(Polled::NotFound))
    }

    fn cancel<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    /// Texts hold no links of files; there is nothing to open but what is asked for.
    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(self.0.fetch(link))
    }
}
