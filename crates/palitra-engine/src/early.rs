//! Pictures that came before the one that is drawn, for whoever looks on in this process. They are shown and never stored, and nothing of
//! them remains when their generation has ended or has left this process, and nobody looks on any more.
//!
//! A generation that another process carries out shows none here.

use crate::Engine;
use palitra_domain::{
    GenerationId,
    early::{EarlyPicture, EarlySink, PICTURES_MAX},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::watch;

/// Of all generations together; a picture that finds no room is not shown.
const BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct EarlyPictures(Mutex<All>);

#[derive(Default)]
struct All {
    of: HashMap<GenerationId, Weak<Shown>>,
    bytes: usize,
}

/// What has come of one generation. It is there as long as somebody works on it or looks on.
pub(crate) struct Shown {
    all: Arc<EarlyPictures>,
    id: GenerationId,
    pictures: watch::Sender<Vec<EarlyPicture>>,
}

impl EarlyPictures {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for who draws and for who looks on, whoever comes first.
    pub(crate) fn of(self: &Arc<Self>, id: &GenerationId) -> Arc<Shown> {
        let mut all = self.all();
        if let Some(shown) = all.of.get(id).and_then(Weak::upgrade) {
            return shown;
        }
        let pictures = watch::Sender::new(Vec::new());
        let shown = Arc::new(Shown { all: self.clone(), id: id.clone(), pictures });
        all.of.insert(id.clone(), Arc::downgrade(&shown));
        shown
    }
}

impl Shown {
    /// Where its pictures go. Nobody is waited for.
    pub(crate) fn sink(self: &Arc<Self>) -> EarlySink {
        let shown = self.clone();
        EarlySink::new(move |picture| shown.show(picture))
    }

    fn show(&self, picture: EarlyPicture) {
        let mut all = self.all.all();
        let bytes = all.bytes.saturating_add(picture.bytes.len());
        if bytes > BYTES_MAX || self.pictures.borrow().len() >= PICTURES_MAX {
            return;
        }
        all.bytes = bytes;
        self.pictures.send_modify(|pictures| pictures.push(picture));
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let bytes: usize = self.pictures.borrow().iter().map(|picture| picture.bytes.len()).sum();
        let mut all = self.all.all();
        all.bytes = all.bytes.saturating_sub(bytes);
        // Somebody may have come anew in the meantime.
        if all.of.get(&self.id).is_some_and(|shown| shown.strong_count() == 0) {
            all.of.remove(&self.id);
        }
    }
}

/// Somebody who looks on.
pub struct Early {
    shown: Arc<Shown>,
    seen: usize,
}

impl Early {
    /// The next one, from the first on. It may never come: whoever waits for it waits for the end of the generation, too.
    pub async fn next(&mut self) -> EarlyPicture {
        let mut coming = self.shown.pictures.subscribe();
        let seen = self.seen;
        let come = coming.wait_for(|pictures| pictures.len() > seen).await.ok();
        let next = come.and_then(|pictures| pictures.get(seen).cloned());
        match next {
            Some(picture) => {
                self.seen += 1;
                picture
            }
            None => std::future::pending().await,
        }
    }

    /// Those that are there and were not taken.
    pub fn rest(&mut self) -> Vec<EarlyPicture> {
        let rest: Vec<EarlyPicture> = self.shown.pictures.borrow().iter().skip(self.seen).cloned().collect();
        self.seen += rest.len();
        rest
    }
}

impl Engine {
    /// Looks on while a generation is drawn.
    pub fn early(&self, id: &GenerationId) -> Early {
        Early { shown: self.early.of(id), seen: 0 }
    }
}

#[cfg(test)]
mod tests;
