//! Live or test: which money something is of.

use palitra_domain::Livemode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `live`, or `test`: simulated markets and test money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyMode)]
pub(crate) enum ModeDocument {
    Live,
    Test,
}

impl From<Livemode> for ModeDocument {
    fn from(livemode: Livemode) -> ModeDocument {
        match livemode {
            Livemode::Live => ModeDocument::Live,
            Livemode::Test => ModeDocument::Test,
        }
    }
}

impl From<ModeDocument> for Livemode {
    fn from(mode: ModeDocument) -> Livemode {
        match mode {
            ModeDocument::Live => Livemode::Live,
            ModeDocument::Test => Livemode::Test,
        }
    }
}
