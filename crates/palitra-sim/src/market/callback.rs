//! How a callback leaves: when its work has ended, as plain POSTs to an address of this machine until somebody takes it. A simulator calls
//! nobody else.

use super::{
    log::{Delivery, Submission},
    script::Faulty,
    sim::{Inner, Market, Simulated},
};
use axum::http::Uri;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Between two looks at work of which it is not known yet when it ends.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A market that calls back.
pub(crate) trait CallsBack: Simulated {
    const TRIES_MAX: u32;
    /// How long somebody may take to answer.
    const ANSWER_MAX: Duration;
    /// After a try that was not taken; tries count from 0.
    fn pause(tried: u32) -> Duration;
    /// How long until the work ends, zero where that is not known; `None` when it has ended.
    fn ends_in(market: &Market<Self>, id: &str) -> Option<Duration>;
    /// Headers and body, signed anew for each try.
    fn request(market: &Market<Self>, order: &Order<Self>) -> (Vec<(&'static str, String)>, String);
}

/// One callback of accepted work.
pub(crate) struct Order<M: Simulated> {
    market: Weak<Market<M>>,
    pub(crate) id: String,
    /// Tag of the key.
    pub(crate) key: String,
    pub(crate) prompt: String,
    pub(crate) fault: Option<M::Fault>,
    target: Target,
}

/// Delivers the callback of accepted work when it has ended, if one was asked for.
pub(crate) fn deliver<M: CallsBack>(
    inner: &mut Inner<M>,
    market: &Arc<Market<M>>,
    call: <M::Fault as Faulty>::Call,
    id: &str,
    entry: &Submission,
) {
    let Some(target) = entry.webhook.as_deref().and_then(Target::of) else { return };
    let plan = inner.faults.plan(call, super::script::About::of(&entry.endpoint, &entry.prompt));
    let order = Order {
        market: Arc::downgrade(market),
        id: id.to_owned(),
        key: entry.key.clone(),
        prompt: entry.prompt.clone(),
        fault: plan.fault,
        target,
    };
    market.deliver(async move { order.carry_out(plan.delay_before).await.unwrap_or_default() });
}

impl<M: CallsBack> Order<M> {
    /// `None` when the simulator was dropped meanwhile.
    async fn carry_out(self, late: Duration) -> Option<()> {
        let (times, early) =
            self.fault.as_ref().map_or((1, false), |fault| (fault.deliveries(), fault.is_early()));
        let clock = Arc::clone(&self.market.upgrade()?.clock);
        if times == 0 {
            return Some(());
        }
        while let Some(pause) = M::ends_in(&*self.market.upgrade()?, &self.id).filter(|_| !early) {
            clock.sleep(if pause.is_zero() { LOOK_AGAIN } else { pause }).await;
        }
        clock.sleep(late).await;
        for _ in 0..times {
            for tried in 0..M::TRIES_MAX {
                let (headers, body) = M::request(&*self.market.upgrade()?, &self);
                let status = tokio::select! {
                    answer = self.target.post(&headers, &body) => answer.ok().flatten(),
                    () = clock.sleep(M::ANSWER_MAX) => None,
                };
                let market = self.market.upgrade()?;
                let delivery = Delivery { request_id: self.id.clone(), prompt: self.prompt.clone(), status };
                market.lock().journal.delivery(delivery);
                market.has_delivered();
                drop(market);
                if status.is_some_and(|status| (200..300).contains(&status)) {
                    break;
                }
                clock.sleep(M::pause(tried)).await;
            }
        }
        Some(())
    }
}

/// Where on this machine a callback goes.
#[derive(Debug, Clone)]
struct Target {
    address: SocketAddr,
    path: String,
}

impl Target {
    /// Host and path of an `http` address of this machine; `None` for every other.
    fn of(webhook: &str) -> Option<Target> {
        let uri: Uri = webhook.parse().ok().filter(|uri: &Uri| uri.scheme_str() == Some("http"))?;
        let ip: IpAddr = uri.host()?.parse().ok().filter(IpAddr::is_loopback)?;
        let address = SocketAddr::new(ip, uri.port_u16().unwrap_or(80));
        Some(Target { address, path: uri.path_and_query()?.to_string() })
    }

    /// Posts JSON; the status of the answer, when one came.
    async fn post(&self, headers: &[(&str, String)], body: &str) -> io::Result<Option<u16>> {
        let mut head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n",
            self.path,
            self.address,
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()))
    }
}
