//! What is said about a list: why it cannot be read, what was assumed, which rows are bad and which words stand there twice.

use crate::{commands::Session, failure::Failure};
use palitra_decks::words::{WordList, WordsError};
use palitra_domain::ErrorCode;

/// Rows that are named one by one; of more only how many.
const NAMED_MAX: usize = 10;

/// Names the file, what is wrong and what to do.
pub(super) fn failure(file: &str, error: &WordsError) -> Failure {
    let failure = Failure::new(ErrorCode::BadList).with("place", file).with("why", error.to_string());
    failure.with("hint", error.hint())
}

/// A wrong guess costs money, so every guess is told before anything is paid.
pub(super) fn assumed(session: &Session, list: &WordList) {
    let console = &session.console;
    for assumption in &list.assumed {
        console.note(&console.text("list-assumed", &[("what", (&assumption.to_string()).into())]));
    }
    for bad in list.bad.iter().take(NAMED_MAX) {
        let (place, why) = (bad.place.to_string(), bad.reason.to_string());
        console.note(&console.text("list-bad-row", &[("place", (&place).into()), ("why", (&why).into())]));
    }
    for twice in list.duplicates.iter().take(NAMED_MAX) {
        let place = twice.place.to_string();
        console.note(
            &console.text("list-duplicate", &[("place", (&place).into()), ("number", twice.number.into())]),
        );
    }
    for (key, count) in [("list-more-bad", list.bad.len()), ("list-more-duplicates", list.duplicates.len())] {
        if count > NAMED_MAX {
            console.note(&console.text(key, &[("count", (count - NAMED_MAX).into())]));
        }
    }
}
