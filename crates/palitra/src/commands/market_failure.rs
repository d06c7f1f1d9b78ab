//! What people read when a market ended a generation without a result.

use crate::failure::Failure;
use palitra_domain::{ErrorCode, catalogue::Catalogue};

/// Names what the text of the code speaks of: the model where it is the matter, else its market. `words` are the market's own.
pub(super) fn failure(code: ErrorCode, model: &str, words: Option<&str>) -> Failure {
    let catalogue = Catalogue::shipped();
    let market = catalogue.find(model).map_or("", |found| found.market.as_str());
    match code {
        ErrorCode::UnknownModel => Failure::new(code).with("value", format!("`{model}`")),
        ErrorCode::InvalidInput => Failure::new(code)
            .with("value", format!("`{model}`"))
            .with("hint", words.unwrap_or("`palitra jobs ls`")),
        _ => Failure::new(code).with("value", market),
    }
}
