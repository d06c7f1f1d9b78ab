//! What webhooks say of generations and batches: the documents of the API, as their account sees them, in English.

use crate::{
    documents::{batch, generation},
    door::Door,
    signed::{self, Until},
};
use palitra_domain::{BoxFuture, ErrorCode, i18n::Lang};
use palitra_engine::{
    Engine, Error,
    webhooks::{Documents, Subject},
};
use serde_json::Value;

/// Shows what a delivery is about.
pub struct Told(pub Door);

impl Documents for Told {
    fn document<'a>(
        &'a self,
        _: &'a Engine,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Value>, Error>> {
        Box::pin(async move {
            let until = signed::until(self.0.engine.clock.now(), signed::LETTER_LINK_LIFE);
            document(&self.0, subject, until).await
        })
    }
}

/// With links for so long; `None` where it has left. Any other error may pass.
pub(crate) async fn document(door: &Door, subject: &Subject, until: Until) -> Result<Option<Value>, Error> {
    match shown(door, subject, until).await {
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        other => other.map(Some),
    }
}

async fn shown(door: &Door, subject: &Subject, until: Until) -> Result<Value, Error> {
    let shown = match subject {
        Subject::Generation(id) => {
            let view = door.engine.generation_view(None, id).await?;
            serde_json::to_value(generation::document_until(door, &view, Lang::En, until))
        }
        Subject::Batch(id) => {
            let found = door.engine.batch_view(None, id).await?;
            serde_json::to_value(batch::document(door, &found).await?)
        }
    };
    Ok(shown.unwrap_or_default())
}
