//! A server that says to everybody what a test wants, byte for byte.

use super::local;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

/// Its base. Every connection gets the answer once the request has begun to come, and stays open until the client leaves.
pub(crate) async fn says(answer: impl Into<Vec<u8>>) -> String {
    let answer: Vec<u8> = answer.into();
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                assert!(stream.read(&mut buffer).await.expect("a request") > 0);
                // A client that has heard enough closes while this still speaks.
                stream.write_all(&answer).await.ok();
                while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
            });
        }
    });
    format!("http://{address}")
}

/// The base of a server that says this body to everybody and lets a connection be used again; but a second request over one closes it.
pub(crate) async fn says_once(body: &str) -> String {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                assert!(stream.read(&mut buffer).await.expect("a request") > 0);
                stream.write_all(answer.as_bytes()).await.expect("a listening client");
                assert!(stream.read(&mut buffer).await.is_ok(), "an end or a second request");
            });
        }
    });
    format!("http://{address}")
}

/// The base of a server that resets every connection: it closes with the request unread.
pub(crate) async fn resets() -> String {
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.expect("a request");
        }
    });
    format!("http://{address}")
}

/// 200 with this body and its length, and nothing more over this connection.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// 200 with this body in one chunk, so that its length is not said before.
pub(crate) fn chunked(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

/// Puts fields that nobody knows into every object.
pub(crate) fn embellish(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(embellish);
            fields.insert("of_tomorrow".into(), json!({"a": [1, null, {"b": "c"}]}));
        }
        Value::Array(values) => values.iter_mut().for_each(embellish),
        _ => {}
    }
}

/// The base of a server that begins a body, and says the rest of it when somebody rings.
pub(crate) async fn says_the_rest(begun: String, rest: String, bell: Arc<Notify>) -> String {
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut buffer = vec![0; 64 * 1024];
        assert!(stream.read(&mut buffer).await.expect("a request") > 0);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", begun.len() + rest.len());
        stream.write_all([head, begun].concat().as_bytes()).await.expect("a listening client");
        bell.notified().await;
        stream.write_all(rest.as_bytes()).await.expect("a listening client");
        while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
    });
    format!("http://{address}")
}
