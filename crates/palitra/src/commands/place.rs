//! Where a command's work is done: in this process, which has the data directory, or at a service.

use super::Session;
use crate::{
    control::{self, Service},
    failure::Failure,
    wiring::App,
};
use palitra_domain::ErrorCode;

pub(super) enum Place {
    /// This process, in its data directory.
    Here(Box<App>),
    /// The service that `--server` names, or the one that has the data directory.
    There(Service),
}

pub(super) async fn place(session: &Session) -> Result<Place, Failure> {
    if let Some(service) = Service::named(session)? {
        return Ok(Place::There(service));
    }
    match session.open().await {
        Ok(app) => Ok(Place::Here(Box::new(app))),
        Err(failure)
            if failure.code() == ErrorCode::DataInUse && control::file(&session.cli.data).exists() =>
        {
            Ok(Place::There(Service::of_data(session)))
        }
        Err(failure) => Err(failure),
    }
}
