//! One suite for every implementation of the port; disk is the only one so far.

use super::*;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use palitra_domain::objects::{ByteStream, Objects};
use std::io;

fn body(chunks: &'static [&'static [u8]]) -> ByteStream {
    Box::pin(stream::iter(chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk)))))
}

async fn read_all(objects: &dyn Objects, key: &str) -> Vec<u8> {
    let mut stream = objects.read(key).await.unwrap();
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.extend(chunk.unwrap());
    }
    all
}

async fn suite(objects: &dyn Objects) {
    let stored = objects.put("images/2026/11/20/a.png", body(&[b"ab", b"c"])).await.unwrap();
    assert_eq!(stored.bytes, 3);
    assert_eq!(stored.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(read_all(objects, "images/2026/11/20/a.png").await, b"abc");
    assert!(objects.exists("images/2026/11/20/a.png").await.unwrap());

    objects.put("images/2026/11/20/a.png", body(&[b"abc"])).await.unwrap();
    objects.put("empty", body(&[])).await.unwrap();
    assert_eq!(read_all(objects, "empty").await, b"");

    objects.delete("images/2026/11/20/a.png").await.unwrap();
    objects.delete("images/2026/11/20/a.png").await.unwrap();
    assert!(!objects.exists("images/2026/11/20/a.png").await.unwrap());
    let missing = objects.read("images/2026/11/20/a.png").await.err().unwrap();
    assert_eq!(missing.source.kind(), io::ErrorKind::NotFound);

    for key in ["lists/b/2", "lists/a", "lists/b/1", "other"] {
        objects.put(key, body(&[b"x"])).await.unwrap();
    }
    let keys = async |folder, after, max| {
        let listed = objects.list(folder, after, max).await.unwrap();
        listed.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    assert_eq!(keys("lists", "", 10).await, ["lists/a", "lists/b/1", "lists/b/2"]);
    assert_eq!(keys("lists", "", 2).await, ["lists/a", "lists/b/1"]);
    assert_eq!(keys("lists", "lists/b/1", 2).await, ["lists/b/2"]);
    assert_eq!(keys("nothing", "", 2).await, [""; 0]);
    let written_at = objects.list("other", "", 1).await;
    assert!(written_at.is_err() || written_at.unwrap().is_empty(), "an object is no folder");
    assert!(objects.list("../escape", "", 1).await.is_err());

    let broken: ByteStream =
        Box::pin(stream::iter([Ok(Bytes::from_static(b"half")), Err(io::Error::other("cut off"))]));
    assert!(objects.put("broken", broken).await.is_err());
    assert!(!objects.exists("broken").await.unwrap(), "half an object was seen");

    for key in ["", "../escape", "/etc/passwd", "a/../../b", ".parts/x", "a/.hidden"] {
        assert!(objects.put(key, body(&[b"x"])).await.is_err(), "{key}");
    }
}

#[tokio::test]
async fn disk_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    suite(&Disk::open(folder.path()).unwrap()).await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_leaves_no_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let parts = || std::fs::read_dir(folder.path().join(".parts")).unwrap().count();
    let (begin, begun) = tokio::sync::oneshot::channel::<()>();
    // Asked for what follows when the first of it is on the disk.
    let rest = stream::once(async {
        begin.send(()).unwrap();
        std::future::pending().await
    });
    let first = stream::iter([Ok(Bytes::from(vec![0; 1024 * 1024]))]);
    let mut put = disk.put("broken/off", Box::pin(first.chain(rest)));
    tokio::select! {
        _ = &mut put => unreachable!("its body has no end"),
        begun = begun => begun.unwrap(),
    }
    assert_eq!(parts(), 1);
    drop(put);
    assert_eq!(parts(), 0);
}

#[tokio::test]
async fn half_written_files_of_a_killed_process_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    Disk::open(folder.path()).unwrap();
    std::fs::write(folder.path().join(".parts/left"), b"half").unwrap();
    Disk::beside(folder.path());
    assert!(
        folder.path().join(".parts/left").exists(),
        "somebody who only looks took it from the one who writes"
    );
    Disk::open(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join(".parts")).unwrap().count(), 0);
}
