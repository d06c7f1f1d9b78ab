//! Addresses, links, waits and masks without a network.

use super::{
    Clients, Downloads, Mask, Origins, Timeouts, address::is_public, base_url, decode_data_uri, retry_after,
};
use palitra_domain::{market::ErrorClass, secret::Secret};
use reqwest::{Url, header::HeaderMap};
use std::{net::IpAddr, time::Duration};

#[test]
fn only_public_addresses_are_public() {
    for public in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "193.168.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
    ] {
        assert!(is_public(public.parse::<IpAddr>().expect(public)), "{public}");
    }
    for private in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "4000::1",
    ] {
        assert!(!is_public(private.parse::<IpAddr>().expect(private)), "{private}");
    }
}

fn downloads() -> Downloads {
    Downloads {
        clients: Clients::new(Timeouts::default()).expect("clients"),
        origins: Origins::new([Url::parse("http://127.0.0.1:9/queue").expect("an address")]),
        allow_private: false,
        bytes_max: 1,
    }
}

#[tokio::test]
async fn links_that_may_not_be_followed_are_refused_before_a_connection() {
    let downloads = downloads();
    for link in [
        "http://example.com/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://169.254.169.254/latest/meta-data",
        // Other spellings of 127.0.0.1.
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        // A name that leads home is found out by the resolver.
        "https://localhost/a.png",
        "https://me:secret@example.com/a.png",
        // The origin of the queue, and another port of the same machine.
        "http://127.0.0.1:10/a.png",
        "not an address",
        "data:image/png,plain",
    ] {
        let error = downloads.open(link).await.err().expect(link);
        assert_eq!(error.class, ErrorClass::Protocol, "{link}: {error}");
    }
}

#[tokio::test]
async fn a_file_without_a_length_ends_at_the_bound() {
    use futures_util::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).await.expect("a request") > 0);
            let answer =
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
            stream.write_all(answer).await.expect("a listening client");
        }
    });
    let url = format!("http://{address}/a.png");
    for (bytes_max, wanted) in [(10, Ok(10)), (9, Err(std::io::ErrorKind::FileTooLarge))] {
        let origins = Origins::new([Url::parse(&url).expect("an address")]);
        let downloads = Downloads { bytes_max, origins, ..downloads() };
        let pieces: Vec<_> = downloads.open(&url).await.expect("an answer").collect().await;
        let read: Result<usize, _> = pieces
            .into_iter()
            .map(|piece| piece.map(|bytes| bytes.len()).map_err(|error| error.kind()))
            .sum();
        assert_eq!(read, wanted);
    }
}

#[test]
fn origins_are_scheme_host_and_port() {
    let origins = Origins::new([
        Url::parse("https://queue.fal.run").expect("an address"),
        Url::parse("http://127.0.0.1:8443/queue").expect("an address"),
    ]);
    for (url, known) in [
        ("https://queue.fal.run/any/path?x=1", true),
        ("https://queue.fal.run:443/", true),
        ("https://QUEUE.fal.run/", true),
        ("http://127.0.0.1:8443/other", true),
        ("http://queue.fal.run/", false),
        ("https://queue.fal.run:444/", false),
        ("https://fal.run/", false),
        ("http://127.0.0.1/", false),
        ("https://a@queue.fal.run/", false),
    ] {
        assert_eq!(origins.contains(&Url::parse(url).expect(url)), known, "{url}");
    }
}

#[test]
fn settings_that_are_no_base_are_refused() {
    for good in ["https://queue.fal.run", "http://127.0.0.1:80/queue/", " https://a.example/b "] {
        assert!(base_url("queue_url", good).is_ok(), "{good}");
    }
    for bad in
        ["", "queue.fal.run", "ftp://a.example", "https://a.example?x=1", "https://k:s@a.example", "https://"]
    {
        assert!(base_url("queue_url", bad).is_err(), "{bad}");
    }
}

#[test]
fn waits_are_read_in_order() {
    let wait = |pairs: &[(&'static str, &str)]| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a value"));
        }
        retry_after(&headers)
    };
    let date = ("date", "Fri, 20 Nov 2026 08:30:00 GMT");
    let later = ("retry-after", "Fri, 20 Nov 2026 08:30:12 GMT");
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(wait(&[]), None);
    assert_eq!(wait(&[("retry-after", "3")]), seconds(3));
    assert_eq!(wait(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
    assert_eq!(wait(&[("retry-after-ms", "250"), ("retry-after", "3")]), Some(Duration::from_millis(250)));
    assert_eq!(wait(&[later, date]), seconds(12));
    assert_eq!(wait(&[("retry-after", date.1), ("date", later.1)]), seconds(0));
    assert_eq!(wait(&[later]), None);
    assert_eq!(wait(&[("x-ratelimit-reset", "9")]), seconds(9));
    assert_eq!(wait(&[("retry-after", "soon"), ("x-ratelimit-reset", "9")]), seconds(9));
    assert_eq!(wait(&[("retry-after", "-1")]), None);
    assert_eq!(wait(&[("retry-after", "99999999")]), seconds(3600));
    let used_up = ("x-ratelimit-remaining-tokens", "0");
    for (text, wanted) in [
        ("6s", seconds(6)),
        ("1m30s", seconds(90)),
        ("12ms", Some(Duration::from_millis(12))),
        ("6m0.5s", Some(Duration::from_millis(360_500))),
        ("1h", seconds(3600)),
        ("2d", None),
        ("s", None),
        ("7", None),
        ("", None),
    ] {
        assert_eq!(wait(&[used_up, ("x-ratelimit-reset-tokens", text)]), wanted, "{text}");
    }
    // The limit that is not used up says nothing, of two that are the longer counts.
    let left = ("x-ratelimit-remaining-requests", "9");
    let resets = [("x-ratelimit-reset-requests", "9s"), ("x-ratelimit-reset-tokens", "2s")];
    assert_eq!(wait(&[used_up, left, resets[0], resets[1]]), seconds(2));
    let both = ("x-ratelimit-remaining-requests", "0");
    assert_eq!(wait(&[used_up, both, resets[0], resets[1]]), seconds(9));
    assert_eq!(wait(&[both, resets[0], ("retry-after", "1")]), seconds(1));
}

#[test]
fn secrets_are_masked_whole_and_in_halves() {
    let mask = Mask::new(&[Secret::new("key-id-0001:key-secret-0002"), Secret::new("tiny"), Secret::new("")]);
    assert_eq!(mask.apply("Key key-id-0001:key-secret-0002!", 99), "Key [redacted]!");
    assert_eq!(mask.apply("id key-id-0001, secret key-secret-0002", 99), "id [redacted], secret [redacted]");
    assert_eq!(mask.apply("a tiny thing", 99), "a tiny thing");
    assert_eq!(mask.apply("яя", 3), "я");
}

#[test]
fn data_uris_are_decoded() {
    for (link, bytes) in [
        ("data:image/png;base64,aGk=", Some(b"hi".as_slice())),
        ("data:image/png;base64,aGk", Some(b"hi")),
        ("data:;BASE64,aGk=", Some(b"hi")),
        ("data:image/png,hi", None),
        ("data:image/png;base64,a?k=", None),
        ("https://a.example", None),
    ] {
        assert_eq!(decode_data_uri(link).as_deref(), bytes, "{link}");
    }
}
