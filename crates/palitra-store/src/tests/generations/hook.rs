//! What a callback finds, and the one thing it may leave: a reference with an attempt that has none.

use crate::{
    MIGRATIONS, Tx,
    generations::{self, Adoption, Claim, Hook},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{MARKET, anna, at, claiming, commit, create, fence, id, open, trouble, wanted},
    },
};
use palitra_domain::state::{AttemptState, GenerationState};

on_every_database!(MIGRATIONS =>
    an_attempt_is_found_with_the_token_of_its_claim,
    a_reference_is_noted_once_and_only_while_it_is_wanted,
);

async fn hook(fresh: &Fresh, generation: u64, n: i64) -> Option<Hook> {
    fresh.store.read(move |tx| generations::hook(tx, &id(generation), n)).await.unwrap()
}

fn claim(tx: &mut Tx, tokens: &[&str]) -> crate::Result<Vec<generations::Claimed>> {
    let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
    let claim = Claim { max: 2, tokens, ..claiming() };
    Ok(generations::claim(tx, &claim, at(1))?.claimed)
}

async fn an_attempt_is_found_with_the_token_of_its_claim(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])).await;
    let claimed = commit(&fresh, |tx| claim(tx, &["t1", "t2"])).await;
    let given: Vec<_> = claimed.iter().map(|claimed| claimed.token.as_deref()).collect();
    assert_eq!(given, [Some("t1"), Some("t2")]);
    let found = hook(&fresh, 2, 1).await.unwrap();
    assert_eq!((found.market.as_str(), found.token.as_deref()), (MARKET, Some("t2")));
    assert_eq!((found.state, found.attempt), (GenerationState::Submitting, AttemptState::Submitting));
    assert_eq!((found.reference, found.opened_at), (None, at(1)));
    assert!(hook(&fresh, 2, 2).await.is_none() && hook(&fresh, 3, 1).await.is_none());
    // A market that does not call is given no token.
    assert_eq!(commit(&fresh, |tx| claim(tx, &[])).await[0].token, None);
    assert_eq!(hook(&fresh, 3, 1).await.unwrap().token, None);
    // Whoever takes the work over knows which market calls.
    let adopted = commit(&fresh, |tx| generations::adopt(tx, &id(99), &Adoption::EveryoneElse, at(2))).await;
    assert_eq!(adopted.iter().map(|work| work.webhook).collect::<Vec<_>>(), [true, true, false]);
}

async fn a_reference_is_noted_once_and_only_while_it_is_wanted(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    let claimed = commit(&fresh, |tx| claim(tx, &["t1", "t2"])).await;
    let note = |generation, reference| {
        commit(&fresh, move |tx| generations::note_reference(tx, &id(generation), 1, reference))
    };
    note(1, "first").await;
    note(1, "second").await;
    assert_eq!(hook(&fresh, 1, 1).await.unwrap().reference.as_deref(), Some("first"));
    // The answer to the submission is the better source.
    let first = fence(&claimed[0], GenerationState::Submitting);
    commit(&fresh, move |tx| generations::accept(tx, &first, "answer", at(2))).await;
    note(1, "late").await;
    let found = hook(&fresh, 1, 1).await.unwrap();
    assert_eq!((found.attempt, found.reference.as_deref()), (AttemptState::Accepted, Some("answer")));
    // An attempt that was given up stays as it was closed.
    let second = fence(&claimed[1], GenerationState::Submitting);
    commit(&fresh, move |tx| generations::resubmit(tx, &second, &trouble(), at(60), at(2))).await;
    note(2, "late").await;
    let found = hook(&fresh, 2, 1).await.unwrap();
    assert_eq!((found.attempt, found.reference), (AttemptState::Unknown, None));
}
