//! Who pays for what is asked about prompts.

use super::*;
use crate::{
    accounts::HOUSE,
    api_keys::{KeyOwner, KeyWish},
    town::Town,
};
use std::sync::Arc;

/// Has a price, and writes.
const PRICED: &str = "openrouter/router";

/// A process whose writer and translator is this, and an account without money.
async fn with_stranger(town: &Town, writer: &str) -> (Engine, Idea) {
    let mut engine = town.alone().await;
    let prompts = &mut Arc::get_mut(&mut engine.0).unwrap().settings.prompts;
    (prompts.writer, prompts.translator) = (writer.to_owned(), writer.to_owned());
    let wish = KeyWish::usual(KeyOwner::Named("stranger".to_owned()), Livemode::Live);
    let operator = crate::Caller::operator(engine.account(HOUSE).await.unwrap().id);
    let issued = engine.create_key(wish, &operator, None).await.unwrap().fresh().unwrap();
    let idea = Idea {
        account: issued.account,
        livemode: Livemode::Live,
        key: None,
        words: "a lighthouse".to_owned(),
        purpose: Purpose::Create,
        lang: Lang::En,
        model: None,
        once: None,
    };
    (engine, idea)
}

#[tokio::test]
async fn the_house_pays_its_own_questions_to_its_own_writer_and_nothing_else() {
    let town = Town::new();
    let (engine, idea) = with_stranger(&town, PRICED).await;
    let own = engine.writer_wish(&idea, "", &[]);
    assert_eq!(engine.quote(&own).await.unwrap().price, 0);
    assert_eq!(engine.compose_price(&idea).await.unwrap().amount, 0);
    // The same question as anybody may ask it, with a system prompt of his own.
    let theirs = Wish { is_own: false, ..own };
    assert!(engine.quote(&theirs).await.unwrap().price > 0);
    let refused = engine.create(theirs, None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InsufficientFunds);
}

#[tokio::test]
async fn a_writer_that_somebody_chooses_is_paid_by_him() {
    let town = Town::new();
    let (engine, idea) = with_stranger(&town, "sandbox/writer").await;
    let chosen = Idea { model: Some(PRICED.to_owned()), ..idea };
    assert!(engine.compose_price(&chosen).await.unwrap().amount > 0);
    let refused = engine.compose(&chosen, |_| ()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InsufficientFunds);
}
