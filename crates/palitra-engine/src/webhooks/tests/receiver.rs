//! A server on this machine that writes down what it gets and answers as it is told.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// What it does next; 204 when nothing is said.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Status(u16),
    /// With a header.
    With(u16, &'static str, String),
    Body(u16, String),
    Hang,
}

/// One letter.
#[derive(Debug, Clone)]
pub(super) struct Got {
    headers: HeaderMap,
    pub(super) body: String,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// By an independent implementation of the specification.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let signer = standardwebhooks::Webhook::new(secret).unwrap();
        let (id, seconds) = (self.header("webhook-id"), self.header("webhook-timestamp").parse().unwrap());
        let wanted = signer.sign(id, seconds, self.body.as_bytes()).unwrap();
        self.signatures().contains(&wanted.as_str())
    }

    pub(super) fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }
}

#[derive(Clone, Default)]
struct Shared {
    next: Arc<Mutex<VecDeque<Answer>>>,
    got: Arc<Mutex<Vec<Got>>>,
}

pub(super) struct Receiver {
    port: u16,
    shared: Shared,
}

impl Receiver {
    pub(super) async fn open(next: &[Answer]) -> Receiver {
        let shared =
            Shared { next: Arc::new(Mutex::new(next.iter().cloned().collect())), ..Shared::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Receiver { port, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.got().iter().map(|got| got.header("webhook-id").to_owned()).collect()
    }

    pub(super) fn next(&self, next: &[Answer]) {
        *self.shared.next.lock().unwrap() = next.iter().cloned().collect();
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response<Body> {
    shared.got.lock().unwrap().push(Got { headers, body });
    let next = shared.next.lock().unwrap().pop_front().unwrap_or(Answer::Status(204));
    let answer = |status: u16| Response::builder().status(status);
    match next {
        Answer::Status(status) => answer(status).body(Body::empty()),
        Answer::With(status, name, value) => answer(status).header(name, value).body(Body::empty()),
        Answer::Body(status, text) => answer(status).body(Body::from(text)),
        Answer::Hang => std::future::pending().await,
    }
    .unwrap()
}
