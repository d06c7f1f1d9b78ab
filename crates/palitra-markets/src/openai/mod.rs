//! OpenAI, and every server that speaks its language (`providers.md` §4 and §8.3, `docs/markets.md`): pictures, edits, speech, text. The
//! answer comes in the call itself.
//!
//! Only pictures that are to be seen while they are drawn come as a stream of events ([`streamed`]): it is kept as it comes, and read again
//! as any other body. Everything else is one JSON, or a sound.

mod errors;
mod order;
mod outcome;
mod settings;
mod streamed;
mod wire;

#[cfg(test)]
mod tests;

pub use settings::OpenAiSettings;

use crate::{
    http::{Ear, Reply, SettingError},
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

/// OpenAI, or a compatible server, with its keys.
pub struct OpenAi(InCall);

impl OpenAi {
    /// Builds the clients; calls nobody.
    pub fn new(settings: OpenAiSettings) -> Result<OpenAi, SettingError> {
        let connection = Connection {
            base_url: settings.base_url,
            keys: settings.keys,
            headers: settings.headers,
            allow_private_links: settings.allow_private_links,
            timeouts: settings.timeouts,
        };
        InCall::new(Box::new(Speaks), connection).map(OpenAi)
    }
}

/// OpenAI's language.
struct Speaks;

impl Manner for Speaks {
    fn identity(&self) -> Identity {
        Identity { name: "OpenAI", host: "api.openai.com", key_header: KeyHeader::Bearer, fixed_headers: &[] }
    }

    fn order(&self, request: &Request) -> Result<Order, MarketError> {
        order::of(request)
    }

    fn read(&self, request: &Request, reply: &Reply, base: &Url) -> Result<Outputs, Shape> {
        outcome::read(request, reply, base)
    }

    fn ear(&self, request: &Request) -> Option<Ear> {
        request.early.clone().filter(|_| streamed::is_asked(request)).map(streamed::ear)
    }

    fn class(&self, status: u16, said: &Said) -> ErrorClass {
        errors::class(status, said)
    }
}

impl Market for OpenAi {
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

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(self.0.fetch(link))
    }
}
