//! A server that gives the answer it has at the moment, counts, and waits with it while its gate is shut.

use super::local;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};

pub(crate) struct Gate {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<String>>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// Open, with this answer.
    pub(crate) async fn start(answer: String) -> Gate {
        let listener = TcpListener::bind(local()).await.expect("a port");
        let gate = Gate {
            address: listener.local_addr().expect("an address"),
            asked: Arc::default(),
            heads: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
            open: watch::Sender::new(true),
        };
        let (asked, heads) = (Arc::clone(&gate.asked), Arc::clone(&gate.heads));
        let (answer, open) = (Arc::clone(&gate.answer), gate.open.subscribe());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, heads) = (Arc::clone(&asked), Arc::clone(&heads));
                let (answer, mut open) = (Arc::clone(&answer), open.clone());
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    let length = stream.read(&mut buffer).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&buffer[..length]).to_lowercase();
                    heads.lock().expect("a test").push(head);
                    asked.fetch_add(1, Ordering::SeqCst);
                    if open.wait_for(|open| *open).await.is_err() {
                        return;
                    }
                    let answer = answer.lock().expect("a test").clone();
                    // A client that has read enough closes.
                    drop(stream.write_all(answer.as_bytes()).await);
                });
            }
        });
        gate
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn says(&self, answer: String) {
        *self.answer.lock().expect("a test") = answer;
    }

    pub(crate) fn shut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The requests, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("a test").clone()
    }
}
