//! What operators and owners of accounts do is written down: with the change where the change is a transaction of ours, else right after.

use crate::{Caller, Engine, Result};
use palitra_domain::{AuditId, KeyId, audit::Action};
use palitra_store::audit as rows;

pub use rows::{Entry as AuditEntry, Filter as AuditFilter};

/// Whoever is on the machine itself.
const OPERATOR: &str = "operator";

/// The longest text of an entry, in characters.
const TEXT_CHARS_MAX: usize = 500;

impl Engine {
    /// The same engine, on whose doings the name of this caller stands.
    #[must_use]
    pub fn acting_for(&self, caller: &Caller) -> Engine {
        Engine(self.0.clone(), caller.key.clone())
    }

    /// An entry about what is done now.
    pub(crate) fn entry(&self, action: Action, subject: impl ToString, about: impl ToString) -> AuditEntry {
        let now = self.now();
        let short = |text: String| text.chars().take(TEXT_CHARS_MAX).collect();
        AuditEntry {
            id: AuditId::new(now, self.random()),
            at: now,
            who: self.1.as_ref().map_or_else(|| OPERATOR.to_owned(), KeyId::to_string),
            action,
            subject: short(subject.to_string()),
            about: short(about.to_string()),
        }
    }

    /// Writes down what was done.
    pub async fn audit(&self, action: Action, subject: impl ToString, about: impl ToString) -> Result<()> {
        let entry = self.entry(action, subject, about);
        Ok(self.store.write(move |tx| rows::insert(tx, &entry)).await?)
    }

    /// Newest first.
    pub async fn audited(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>> {
        Ok(self.store.read(move |tx| rows::list(tx, &filter)).await?)
    }
}
