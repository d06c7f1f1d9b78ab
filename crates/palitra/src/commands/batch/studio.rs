//! Who makes a batch for a command: the engine of this process, or a service. What a run needs of either, and nothing else of them.

use super::{
    files::Files,
    here::Here,
    there::{Events, There},
};
use crate::{
    commands::{
        Session,
        make::Brought,
        place::{Place, place},
    },
    failure::Failure,
};
use palitra_api::batches::BatchRequest;
use palitra_domain::{BatchId, Clock, ErrorCode, GenerationId, Money, Timestamp, state::BatchState};
use palitra_engine::batches::{BatchEvent, Follower, Plan, Progress, Report, Stage};
use std::{path::PathBuf, sync::Arc, time::Duration};

pub(in crate::commands) enum Studio {
    Here(Here),
    There(There),
}

/// What would be done about a request.
pub(in crate::commands) struct Planned {
    pub(in crate::commands) items: usize,
    pub(in crate::commands) unchanged: usize,
    pub(in crate::commands) to_run: usize,
    pub(in crate::commands) failed: usize,
    pub(in crate::commands) refused: usize,
    pub(in crate::commands) price: Money,
    /// What markets may take for it, whoever pays it; a service says its price alone to all but the operator.
    pub(in crate::commands) cost: Money,
    /// Real money may be spent.
    pub(in crate::commands) is_real: bool,
    pub(in crate::commands) eta: Duration,
    /// Of lines: those that cannot be made, by their numbers.
    pub(in crate::commands) left_out: Vec<(u32, Bad)>,
    /// The run of just this that is not over.
    pub(in crate::commands) open: Option<BatchId>,
    /// Some of it is at a market for an earlier run that nobody continues.
    pub(in crate::commands) under_way: bool,
    pub(super) kept: Kept,
}

/// What it is started from.
pub(super) enum Kept {
    Plan(Box<Plan>),
    Request(Box<BatchRequest>),
}

/// What is wrong with an item.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Bad {
    pub(in crate::commands) code: ErrorCode,
    pub(in crate::commands) message: String,
}

/// A batch that is at work now.
pub(in crate::commands) struct Begun {
    pub(in crate::commands) id: BatchId,
    /// Earlier runs that it replaces.
    pub(in crate::commands) superseded: Vec<BatchId>,
}

/// Events of a batch, one after another.
pub(in crate::commands) enum Feed {
    Here(Box<Follower>),
    There(Box<Events>),
}

impl Planned {
    /// The models it was planned with, and their modes, where this process knows them.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        let plan = match &self.kept {
            Kept::Plan(plan) => Some(plan),
            Kept::Request(_) => None,
        };
        plan.into_iter().flat_map(|plan| plan.models())
    }
}

impl Feed {
    /// `None` after the end of the batch.
    pub(in crate::commands) async fn next(&mut self) -> Result<Option<BatchEvent>, Failure> {
        match self {
            Feed::Here(follower) => Ok(follower.next().await?),
            Feed::There(events) => events.next().await,
        }
    }

    /// What has happened already; `None` when there is nothing.
    pub(in crate::commands) fn at_once(&mut self) -> Option<BatchEvent> {
        match self {
            Feed::Here(follower) => follower.at_once(),
            Feed::There(_) => None,
        }
    }

    /// Where it stands; of a service, where it stood when it last said so.
    pub(in crate::commands) async fn count(&self) -> Result<Option<Progress>, Failure> {
        match self {
            Feed::Here(follower) => Ok(Some(follower.count().await?)),
            Feed::There(events) => Ok(events.counted()),
        }
    }
}

impl Studio {
    pub(in crate::commands) async fn open(session: &Session) -> Result<Studio, Failure> {
        Ok(match place(session).await? {
            Place::Here(app) => Studio::Here(Here::new(session, *app)?),
            Place::There(service) => Studio::There(There::new(session, service)),
        })
    }

    pub(in crate::commands) fn clock(&self) -> &Arc<dyn Clock> {
        match self {
            Studio::Here(here) => &here.app.clock,
            Studio::There(there) => there.clock(),
        }
    }

    pub(in crate::commands) fn files(&self) -> Files {
        match self {
            Studio::Here(here) => Files::Here(here.app.engine.clone()),
            Studio::There(there) => there.files(),
        }
    }

    pub(in crate::commands) async fn upload(
        &self,
        session: &Session,
        paths: &[PathBuf],
    ) -> Result<Vec<Brought>, Failure> {
        match self {
            Studio::Here(here) => here.upload(paths).await,
            Studio::There(there) => there.upload(session, paths).await,
        }
    }

    pub(in crate::commands) async fn plan(
        &self,
        session: &Session,
        request: &BatchRequest,
    ) -> Result<Planned, Failure> {
        match self {
            Studio::Here(here) => here.plan(session, request).await,
            Studio::There(there) => there.plan(session, request).await,
        }
    }

    /// Waits until what is under way of an earlier run is over, or for a while: plan again then.
    pub(in crate::commands) async fn wait(&self, planned: &Planned) -> Result<(), Failure> {
        /// A service is asked again after so long.
        const LOOK: Duration = Duration::from_secs(2);
        match (self, &planned.kept) {
            (Studio::Here(here), Kept::Plan(plan)) => Ok(here.app.engine.finish_under_way(plan).await?),
            _ => {
                self.clock().sleep(LOOK).await;
                Ok(())
            }
        }
    }

    /// Starts what is planned, or goes on with the run of it that is not over.
    pub(in crate::commands) async fn begin(
        &self,
        session: &Session,
        planned: &Planned,
    ) -> Result<Begun, Failure> {
        match (self, &planned.kept) {
            (Studio::Here(here), Kept::Plan(plan)) => here.begin(plan, planned.open.as_ref()).await,
            (Studio::There(there), Kept::Request(request)) => there.begin(session, request, planned).await,
            _ => Err(Failure::new(ErrorCode::Internal).with("why", "planned elsewhere")),
        }
    }

    pub(in crate::commands) async fn follow(&self, batch: &BatchId) -> Result<Feed, Failure> {
        Ok(match self {
            Studio::Here(here) => Feed::Here(Box::new(here.app.engine.follow(batch).await?)),
            Studio::There(there) => Feed::There(Box::new(there.follow(batch))),
        })
    }

    pub(in crate::commands) async fn stages(
        &self,
        session: &Session,
        batch: &BatchId,
    ) -> Result<Vec<Stage>, Failure> {
        match self {
            Studio::Here(here) => Ok(here.app.engine.stages(batch).await?),
            Studio::There(there) => Ok(there.look(session, batch).await?.1),
        }
    }

    pub(in crate::commands) async fn state(
        &self,
        session: &Session,
        batch: &BatchId,
    ) -> Result<BatchState, Failure> {
        match self {
            Studio::Here(here) => Ok(here.app.engine.batch(batch).await?.state),
            Studio::There(there) => Ok(there.look(session, batch).await?.0),
        }
    }

    /// `since`: when this run began; one that continues another counts its own calls only. A service counts those of the batch.
    pub(in crate::commands) async fn report(
        &self,
        session: &Session,
        batch: &BatchId,
        since: Timestamp,
    ) -> Result<Report, Failure> {
        match self {
            Studio::Here(here) => Ok(here.app.engine.report(batch, since).await?),
            Studio::There(there) => there.report(session, batch).await,
        }
    }

    /// The files of a generation, as [`Files`] fetches them.
    pub(in crate::commands) async fn made(
        &self,
        session: &Session,
        generation: &GenerationId,
    ) -> Result<Vec<String>, Failure> {
        match self {
            Studio::Here(here) => {
                let assets = here.app.engine.assets(generation).await?;
                Ok(assets.into_iter().map(|asset| asset.object_key).collect())
            }
            Studio::There(there) => there.made(session, generation).await,
        }
    }

    pub(in crate::commands) async fn close(self) {
        if let Studio::Here(here) = self {
            here.app.close().await;
        }
    }
}
