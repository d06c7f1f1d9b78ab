//! A batch that a service makes: asked with the words of its API, followed by its events. A service that goes away for a while is waited for.

mod events;
mod read;

pub(super) use events::Events;

use super::{
    files::{Files, Shelf},
    studio::{Begun, Kept, Planned},
};
use crate::{
    commands::{
        Session,
        make::{Brought, upload_there},
    },
    control::Service,
    failure::{Failure, Phrase},
};
use palitra_api::batches::BatchRequest;
use palitra_domain::{BatchId, Clock, ErrorCode, GenerationId, Livemode, state::BatchState};
use palitra_engine::batches::{Report, Stage};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

pub(in crate::commands) struct There {
    shelf: Arc<Shelf>,
    /// Of the last report: the files of its generations.
    made: Mutex<HashMap<GenerationId, Vec<String>>>,
}

impl There {
    pub(super) fn new(session: &Session, service: Service) -> There {
        There { shelf: Arc::new(Shelf::new(session, service)), made: Mutex::default() }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shelf.clock
    }

    pub(super) fn files(&self) -> Files {
        Files::There(self.shelf.clone())
    }

    pub(super) async fn upload(&self, session: &Session, paths: &[PathBuf]) -> Result<Vec<Brought>, Failure> {
        upload_there(session, &self.shelf.service, paths).await
    }

    pub(super) async fn plan(&self, session: &Session, request: &BatchRequest) -> Result<Planned, Failure> {
        let asked = self.document(request)?;
        let shelf = &self.shelf;
        let told = Service::insist(&*shelf.clock, async || {
            shelf.service.ask(session, "POST", "/v1/batches/plan", &asked).await
        });
        let answer = told.await?;
        if session.livemode() == Livemode::Test && answer["mode"] == Livemode::Live.as_str() {
            let failure = Failure::new(ErrorCode::BadSetting).with("place", "`engine.test_mode`");
            return Err(failure.with("why", Phrase::new("why-service-is-live")));
        }
        read::planned(&answer, Kept::Request(Box::new(request.clone())))
    }

    /// Under a key of its own: whatever becomes of the answer, it is started once.
    pub(super) async fn begin(
        &self,
        session: &Session,
        request: &BatchRequest,
        planned: &Planned,
    ) -> Result<Begun, Failure> {
        if let Some(open) = &planned.open {
            return Ok(Begun { id: open.clone(), superseded: Vec::new() });
        }
        // At no more than was agreed to.
        let request = BatchRequest { max_price: Some(planned.price), ..request.clone() };
        let (asked, key) = (self.document(&request)?, format!("palitra-{:032x}", crate::clock::random()));
        let answer = Service::insist(&*self.shelf.clock, async || {
            self.shelf.service.post_once(session, "/v1/batches", &key, &asked).await
        });
        let id = read::id(&answer.await?)?;
        Ok(Begun { id, superseded: Vec::new() })
    }

    pub(super) fn follow(&self, batch: &BatchId) -> Events {
        Events::new(self.shelf.clone(), batch)
    }

    /// Its state and stages.
    pub(super) async fn look(
        &self,
        session: &Session,
        batch: &BatchId,
    ) -> Result<(BatchState, Vec<Stage>), Failure> {
        let answer = self.ask(session, &format!("/v1/batches/{batch}")).await?;
        let state = answer["status"].as_str().and_then(BatchState::parse);
        let state = state.ok_or_else(|| read::unreadable("a batch without a status"))?;
        Ok((state, read::stages(&answer["stages"])))
    }

    pub(super) async fn report(&self, session: &Session, batch: &BatchId) -> Result<Report, Failure> {
        let told = self.ask(session, &format!("/v1/batches/{batch}/report")).await?;
        let shelf = &self.shelf;
        let path = format!("/v1/batches/{batch}/results");
        let lines = Service::insist(&*shelf.clock, async || shelf.service.bytes(shelf.lang, &path).await);
        let made = read::made(&lines.await?)?;
        let report = read::report(told, &made)?;
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) =
            made.into_iter().filter_map(|made| Some((made.generation?, made.keys))).collect();
        Ok(report)
    }

    pub(super) async fn made(
        &self,
        session: &Session,
        generation: &GenerationId,
    ) -> Result<Vec<String>, Failure> {
        let known = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(generation).cloned();
        match known {
            Some(keys) => Ok(keys),
            None => {
                let answer = self.ask(session, &format!("/v1/generations/{generation}")).await?;
                Ok(read::keys(&answer["assets"]))
            }
        }
    }

    /// At a service elsewhere a path alone says too little of where something comes from.
    fn document(&self, request: &BatchRequest) -> Result<Value, Failure> {
        let mut request = serde_json::to_value(request)
            .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
        if let (Service::At(_), Some(source)) = (&self.shelf.service, request["source"].as_str()) {
            request["source"] = Value::from(format!("{}:{source}", machine()));
        }
        Ok(request)
    }

    async fn ask(&self, session: &Session, path: &str) -> Result<Value, Failure> {
        let shelf = &self.shelf;
        Service::insist(&*shelf.clock, async || shelf.service.ask(session, "GET", path, &Value::Null).await)
            .await
    }
}

/// Tells this machine from others that use the same account, which may have a file of the same path: whose deck changed replaces his own runs.
fn machine() -> String {
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut hash = Sha256::new();
    hash.update(id.trim());
    hash.update([0]);
    hash.update(name);
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
