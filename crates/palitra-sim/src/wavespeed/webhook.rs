//! Webhooks as WaveSpeedAI sends them (`providers.md` §3.6): the record itself, signed with the secret of the key, tried again with
//! growing pauses. Only to addresses of this machine: a simulator calls nobody else.

use super::{
    Inner, Market,
    fault::{Call, Fault},
    log::{Delivery, Submission},
    output,
    world::State,
};
use axum::http::Uri;
use palitra_domain::recipe::hex;
use ring::hmac;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The first try and three more; the pause doubles.
const TRIES_MAX: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// How long somebody may take to answer: 10 s on one page of WaveSpeedAI, 20 min on another.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Between two looks at work that waits for a slot.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Older than anybody should believe.
const STALE: Duration = Duration::from_secs(301);

/// The secrets of all keys, made of one seed: one that is started again has others.
pub(super) struct Secrets {
    seed: [u8; 32],
}

impl Secrets {
    pub(super) fn new() -> Secrets {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the system has randomness");
        Secrets { seed }
    }

    /// Of the key with this tag, as the API shows it: `whsec_…`.
    pub(super) fn of(&self, key_tag: &str) -> String {
        let digest = Sha256::digest([self.seed.as_slice(), key_tag.as_bytes()].concat());
        format!("whsec_{}", hex(&digest[..16]))
    }
}

/// Delivers the webhook of accepted work when it has ended.
pub(super) fn deliver(inner: &mut Inner, market: &Arc<Market>, id: &str, entry: &Submission) {
    let Some((address, path)) = entry.webhook.as_deref().and_then(target) else { return };
    let plan = inner.faults.plan(Call::Webhook, &entry.model, &entry.prompt);
    let order = Order {
        market: Arc::downgrade(market),
        id: id.to_owned(),
        key: entry.key.clone(),
        prompt: entry.prompt.clone(),
        address,
        path,
        fault: plan.fault,
    };
    let late = plan.delay_before;
    let mut deliveries = market.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
    while deliveries.try_join_next().is_some() {}
    deliveries.spawn(async move { order.carry_out(late).await.unwrap_or_default() });
}

/// Host and path of an address on this machine.
fn target(webhook: &str) -> Option<(SocketAddr, String)> {
    let uri: Uri = webhook.parse().ok().filter(|uri: &Uri| uri.scheme_str() == Some("http"))?;
    let ip: IpAddr = uri.host()?.parse().ok().filter(IpAddr::is_loopback)?;
    Some((SocketAddr::new(ip, uri.port_u16().unwrap_or(80)), uri.path_and_query()?.to_string()))
}

struct Order {
    market: Weak<Market>,
    id: String,
    /// Tag of the key.
    key: String,
    prompt: String,
    address: SocketAddr,
    path: String,
    fault: Option<Fault>,
}

impl Order {
    /// `None` when the simulator was dropped meanwhile.
    async fn carry_out(self, late: Duration) -> Option<()> {
        if self.fault == Some(Fault::Drop {}) {
            return Some(());
        }
        let clock = self.market.upgrade()?.clock.clone();
        if self.fault != Some(Fault::Early {}) {
            while let Some(pause) = self.market.upgrade()?.ends_in(&self.id) {
                clock.sleep(pause).await;
            }
        }
        clock.sleep(late).await;
        let times = if self.fault == Some(Fault::Duplicate {}) { 2 } else { 1 };
        for _ in 0..times {
            for tried in 0..TRIES_MAX {
                let market = self.market.upgrade()?;
                let request = self.request(&market);
                drop(market);
                let status = tokio::select! {
                    answer = post(self.address, &request) => answer.ok().flatten(),
                    () = clock.sleep(ANSWER_MAX) => None,
                };
                let market = self.market.upgrade()?;
                let delivery = Delivery { id: self.id.clone(), prompt: self.prompt.clone(), status };
                market.lock().journal.log.deliveries.push(delivery);
                market.delivered.notify_waiters();
                if status.is_some_and(|status| (200..300).contains(&status)) {
                    break;
                }
                clock.sleep(PAUSE * 2_u32.pow(tried)).await;
            }
        }
        Some(())
    }

    /// Signed anew for each try, under one id.
    fn request(&self, market: &Market) -> Vec<u8> {
        let mut body = market.note(&self.id).to_string();
        let now = market.clock.now();
        let signed_at = if self.fault == Some(Fault::Stale {}) { now.minus(STALE) } else { now };
        let at = (signed_at.micros() / 1_000_000).to_string();
        let secret = match self.fault {
            Some(Fault::WrongKey {}) => market.lock().secrets.of("nobody"),
            _ => market.lock().secrets.of(&self.key),
        };
        let id = format!("msg_{}", self.id);
        let signature = sign(&secret, &id, &at, &body);
        if self.fault == Some(Fault::Forged {}) {
            body.push(' ');
        }
        let head = [
            format!("POST {} HTTP/1.1", self.path),
            format!("host: {}", self.address),
            "content-type: application/json".to_owned(),
            format!("content-length: {}", body.len()),
            "connection: close".to_owned(),
            format!("webhook-id: {id}"),
            format!("webhook-timestamp: {at}"),
            format!("webhook-signature: {signature}"),
        ];
        format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
    }
}

/// `v3,<hex>` over id, time and body. The secret is text behind its prefix, not base64.
pub(super) fn sign(secret: &str, id: &str, at: &str, body: &str) -> String {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
    let signature = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v3,{}", hex(signature.as_ref()))
}

impl Market {
    /// How long until it is worth another look; `None` when it has ended.
    fn ends_in(&self, id: &str) -> Option<Duration> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let concurrency = inner.script.concurrency();
        inner.world.advance(now, concurrency);
        if inner.world.state(id)? == State::Ended {
            return None;
        }
        Some(inner.world.ends_at(id).map_or(LOOK_AGAIN, |at| at.since(now)))
    }

    /// The record of work that has ended, and its input; early, it says so of work that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(work) = inner.world.find(id) else { return Value::Null };
        let mut note = output::record(work, State::Ended, self, id, &self.base());
        note["input"] = work.new.input.clone();
        note
    }
}

/// The status of the answer, when one came.
async fn post(address: SocketAddr, request: &[u8]) -> io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut head = Vec::new();
    stream.take(4096).read_to_end(&mut head).await?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.split(' ').nth(1).and_then(|status| status.parse().ok()))
}
