//! What people read when a market ended a generation without a result.

use crate::failure::{Failure, Phrase};
use palitra_domain::{ErrorCode, acceptance::Defect, catalogue::Catalogue};

/// Names what the text of the code speaks of: the model where it is the matter, else its market. `words` are the market's own.
pub fn failure(code: ErrorCode, (market, model): (&str, &str), words: Option<&str>) -> Failure {
    let catalogue = Catalogue::shipped();
    let market = match market {
        "" => catalogue.find(model).map_or("", |found| found.market.as_str()),
        market => market,
    };
    // These two are also said of a request before anything was sent; here it was, and what became of the money has to be said.
    let of_model = |key| Phrase::new(key).with("model", model).with("market", market);
    match code {
        ErrorCode::UnknownModel => Failure::new(code).with("value", of_model("market-has-no-model")),
        ErrorCode::InvalidInput => Failure::new(code)
            .with("value", of_model("market-refused-input"))
            .with("hint", words.unwrap_or("`palitra jobs ls`")),
        ErrorCode::UnacceptableResult => {
            // `blank: …`: what is wrong with it, and the figures for the operator.
            let defect = words.and_then(|words| Defect::parse(words.split(':').next()?));
            let why = Phrase::new(format!("defect-{}", defect.unwrap_or(Defect::Broken)));
            Failure::new(code).with("value", market).with("why", why)
        }
        _ => Failure::new(code).with("value", market),
    }
}
