//! Objects in memory, whole or not at all, for answers that are kept first; and a storage that is full.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use palitra_domain::{
    BoxFuture,
    market::{Request, Spool},
    objects::{ByteStream, Listed, ObjectError, Objects, Stored},
};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

/// Where the answer of every test is kept.
pub(crate) const KEY: &str = "answers/gen_1.1";

#[derive(Default)]
pub(crate) struct Shelf {
    objects: Mutex<BTreeMap<String, Bytes>>,
    is_full: bool,
}

impl Shelf {
    pub(crate) fn new() -> Arc<Shelf> {
        Arc::default()
    }

    /// Takes nothing.
    pub(crate) fn full() -> Arc<Shelf> {
        Arc::new(Shelf { is_full: true, ..Shelf::default() })
    }

    pub(crate) fn spool(self: &Arc<Shelf>) -> Option<Spool> {
        Some(Spool::new(Arc::clone(self) as Arc<dyn Objects>, KEY.into()))
    }

    /// What is there when whoever asked has written down what was held.
    pub(crate) async fn kept_of(&self, request: &Request) -> Option<Bytes> {
        let spool = request.spool.as_ref().expect("a place");
        let is_there = spool.is_written();
        match spool.take() {
            Some(body) => {
                assert!(!is_there && self.kept().is_none() && body.len() <= Spool::HELD_BYTES_MAX);
                spool.put(Box::pin(stream::iter([Ok(body)]))).await.ok();
            }
            None => assert!(is_there || self.kept().is_none()),
        }
        self.kept()
    }

    /// What is there.
    fn kept(&self) -> Option<Bytes> {
        let objects = self.objects.lock().expect("no test panics while it holds this");
        assert!(objects.keys().all(|key| key == KEY), "{:?}", objects.keys());
        objects.get(KEY).cloned()
    }

    fn failed<T>(&self, key: &str, doing: &'static str, source: io::Error) -> Result<T, ObjectError> {
        Err(ObjectError { key: key.to_owned(), doing, source })
    }
}

impl Objects for Shelf {
    fn put<'a>(&'a self, key: &'a str, mut body: ByteStream) -> BoxFuture<'a, Result<Stored, ObjectError>> {
        Box::pin(async move {
            let mut whole = BytesMut::new();
            while let Some(piece) = body.next().await {
                match piece {
                    Ok(_) if self.is_full => {
                        return self.failed(key, "written", io::ErrorKind::StorageFull.into());
                    }
                    Ok(piece) => whole.extend_from_slice(&piece),
                    Err(source) => return self.failed(key, "written", source),
                }
            }
            let stored = Stored { bytes: u64::try_from(whole.len()).expect("small"), sha256: String::new() };
            self.objects
                .lock()
                .expect("no test panics while it holds this")
                .insert(key.into(), whole.freeze());
            Ok(stored)
        })
    }

    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ByteStream, ObjectError>> {
        Box::pin(async move {
            match self.kept() {
                Some(bytes) => Ok(Box::pin(stream::iter([Ok(bytes)])) as ByteStream),
                None => self.failed(key, "read", io::ErrorKind::NotFound.into()),
            }
        })
    }

    fn read_part<'a>(
        &'a self,
        key: &'a str,
        _from: u64,
        _bytes: u64,
    ) -> BoxFuture<'a, Result<ByteStream, ObjectError>> {
        Box::pin(std::future::ready(self.failed(key, "read", io::ErrorKind::Unsupported.into())))
    }

    fn exists<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<bool, ObjectError>> {
        Box::pin(std::future::ready(Ok(self.kept().is_some())))
    }

    fn bytes<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<Option<u64>, ObjectError>> {
        Box::pin(std::future::ready(Ok(self.kept().map(|bytes| bytes.len() as u64))))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.objects.lock().expect("no test panics while it holds this").remove(key);
        Box::pin(std::future::ready(Ok(())))
    }

    fn list<'a>(
        &'a self,
        folder: &'a str,
        _after: &'a str,
        _max: usize,
    ) -> BoxFuture<'a, Result<Vec<Listed>, ObjectError>> {
        Box::pin(std::future::ready(self.failed(folder, "listed", io::ErrorKind::Unsupported.into())))
    }
}
