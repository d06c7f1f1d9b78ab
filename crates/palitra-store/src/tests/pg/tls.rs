//! Encryption, by a front that speaks TLS for the server and takes nothing else.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::super::{
    harness::{Fresh, PROBE, ids, insert},
    server::{settings, through},
};
use crate::{Error, Store};

/// What a client says first when it wants TLS (PostgreSQL, "Message Formats", SSLRequest).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Its address, for the host name `localhost`, and the file of the certificate it signed itself.
fn front(url: &str) -> (String, NamedTempFile) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(cert.pem().as_bytes()).unwrap();
    let (chain, key) = (CertificateDer::from(cert), PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], PrivateKeyDer::from(key))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (fronted, server) = through(url, listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, acceptor.clone(), server.clone()));
            }
        });
    });
    (fronted.replace("@127.0.0.1:", "@localhost:"), file)
}

async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, server: String) -> std::io::Result<()> {
    let mut first = [0; 8];
    client.read_exact(&mut first).await?;
    if first != SSL_REQUEST {
        return Ok(());
    }
    client.write_all(b"S").await?;
    let mut encrypted = acceptor.accept(client).await?;
    copy_bidirectional(&mut encrypted, &mut TcpStream::connect(server).await?).await.map(drop)
}

fn failure(url: &str) -> String {
    match Store::postgres(&settings(url, 1)) {
        Err(Error::Unreachable { why, .. }) => why,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_and_verified_as_asked() {
    let fresh = Fresh::postgres(PROBE).await;
    let (url, root) = front(fresh.database().url());
    let verified = format!("{url}?sslmode=verify-full&sslrootcert={}", root.path().display());
    for (id, url) in (1..).zip([&url, &format!("{url}?sslmode=require"), &verified]) {
        let store = Store::postgres(&settings(url, 1)).unwrap();
        store.write(insert(id)).await.unwrap();
    }
    assert_eq!(ids(&fresh.store).await, [1, 2, 3]);

    let unknown = failure(&format!("{url}?sslmode=verify-full"));
    assert!(unknown.contains("TLS handshake") && unknown.contains("UnknownIssuer"), "{unknown}");
    let other_name = failure(&verified.replace("@localhost:", "@127.0.0.1:"));
    assert!(other_name.contains("not valid for name"), "{other_name}");
    // The front hangs up on whoever does not encrypt.
    failure(&format!("{url}?sslmode=disable"));
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_when_it_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut first = [0; 8];
            client.read_exact(&mut first).unwrap();
            assert_eq!(first, SSL_REQUEST);
            client.write_all(b"N").unwrap();
        }
    });
    for mode in ["require", "verify-full"] {
        let why = failure(&format!("postgres://palitra@localhost:{port}/palitra?sslmode={mode}"));
        assert!(why.contains("server does not support TLS"), "{why}");
    }
}
