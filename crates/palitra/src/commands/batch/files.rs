//! Files that a batch has made, fetched from where they are: the objects of this process, or a service.

use crate::{
    commands::{
        Session,
        slides::{copy_object, part_of},
    },
    control::{Service, segment},
    failure::Failure,
    wiring::io_failure,
};
use bytes::Bytes;
use palitra_domain::{Clock, i18n::Lang};
use palitra_engine::Engine;
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a file is called there (its `key`): its object's key, or the id of its asset; with its true ending either way.
#[derive(Clone)]
pub(in crate::commands) enum Files {
    Here(Engine),
    There(Arc<Shelf>),
}

/// The files of a service.
pub(in crate::commands) struct Shelf {
    pub(super) service: Service,
    pub(super) lang: Lang,
    pub(super) clock: Arc<dyn Clock>,
    /// What was fetched as it got ready, by the file that it went to: at the end it is there.
    early: Mutex<HashMap<PathBuf, String>>,
}

impl Shelf {
    pub(in crate::commands) fn new(session: &Session, service: Service) -> Shelf {
        Shelf { service, lang: session.console.lang, clock: session.clock(), early: Mutex::default() }
    }

    /// A file that is small enough to be held.
    pub(in crate::commands) async fn fetch(&self, key: &str) -> Result<Bytes, Failure> {
        let path = content(key);
        Service::insist(&*self.clock, async || self.service.bytes(self.lang, &path).await).await
    }

    fn early(&self) -> MutexGuard<'_, HashMap<PathBuf, String>> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the user, which appears whole.
    pub(in crate::commands) async fn copy(&self, key: &str, file: &Path) -> Result<(), Failure> {
        if self.early().remove(file).is_some_and(|fetched| fetched == key) && file.is_file() {
            return Ok(());
        }
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(|error| io_failure(folder, error))?;
        }
        let (part, path) = (part_of(file), content(key));
        let fetched =
            Service::insist(&*self.clock, async || self.service.download(self.lang, &path, &part).await);
        let moved = match fetched.await {
            Ok(()) => tokio::fs::rename(&part, file).await.map_err(|error| io_failure(file, error)),
            Err(failure) => Err(failure),
        };
        if moved.is_err() {
            drop(std::fs::remove_file(&part));
        }
        moved
    }
}

impl Files {
    /// A file of the user, which appears whole.
    pub(in crate::commands) async fn copy(&self, key: &str, file: &Path) -> Result<(), Failure> {
        match self {
            Files::Here(engine) => copy_object(engine, key, file).await,
            Files::There(shelf) => shelf.copy(key, file).await,
        }
    }

    /// The same before all of them are copied: it is not fetched again then.
    pub(in crate::commands) async fn copy_early(&self, key: &str, file: &Path) -> Result<(), Failure> {
        self.copy(key, file).await?;
        if let Files::There(shelf) = self {
            shelf.early().insert(file.to_owned(), key.to_owned());
        }
        Ok(())
    }

    /// A file that is small enough to be held.
    pub(in crate::commands) async fn whole(&self, key: &str) -> io::Result<Bytes> {
        match self {
            Files::Here(engine) => engine.whole(key).await,
            Files::There(shelf) => shelf.fetch(key).await.map_err(io::Error::other),
        }
    }
}

/// Of `ast_….png`.
fn content(key: &str) -> String {
    format!("/v1/assets/{}/content", segment(key.split_once('.').map_or(key, |(id, _)| id)))
}
