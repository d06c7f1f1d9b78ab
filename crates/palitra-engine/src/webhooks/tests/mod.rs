//! Webhooks out, from the event to a real server on this machine, by the clock that the test turns.

mod callbacks;
mod endpoints;
mod failures;
mod kills;
mod receiver;
mod replays;
mod sending;

use super::{
    Delivery, Documents, NewEndpoint, Page, Sending, Subject, Webhook, deliver::Round, tell::tell_some,
};
use crate::{
    Engine, Result,
    scheduler::Machine,
    town::{Town, order, until},
};
use palitra_domain::{
    AccountId, BoxFuture, DeliveryId, GenerationId, Livemode, WebhookId,
    secret::Secret,
    webhook::{DeliveryState, TRY_TIME},
};
use palitra_markets::post::Poster;
use palitra_store::{Tx, outbox, p};
use receiver::{Answer, Receiver};
use serde_json::{Value, json};
use std::sync::Arc;

/// Shows what a door would, in short.
struct Short;

impl Documents for Short {
    fn document<'a>(
        &'a self,
        engine: &'a Engine,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Value>>> {
        Box::pin(async move {
            match subject {
                Subject::Generation(id) => {
                    let found = engine.generation(id).await.ok();
                    Ok(found.map(|found| json!({ "id": found.id, "status": found.state })))
                }
                Subject::Batch(id) => Ok(Some(json!({ "id": id }))),
            }
        })
    }
}

fn sending(allow_private: bool) -> Sending {
    Sending { post: Arc::new(Poster::new(allow_private).unwrap()), documents: Arc::new(Short), fal: None }
}

/// A service that may call this machine, and does nothing by itself: the test lets it tell and send.
struct Stage {
    engine: Engine,
    machine: Machine,
    round: Round,
}

async fn stage(town: &Town) -> Stage {
    staged(town.alone().await, sending(true))
}

fn staged(engine: Engine, sending: Sending) -> Stage {
    engine.send_webhooks(sending);
    let machine = crate::town::service(&engine);
    Stage { round: Round::new(machine.clone()), engine, machine }
}

impl Stage {
    fn owner(&self) -> (&AccountId, Livemode) {
        (&self.engine.house.id, Livemode::Live)
    }

    async fn endpoint(&self, receiver: &Receiver) -> (Webhook, Secret) {
        self.engine.create_webhook(wanted(&self.engine, receiver.url()), None).await.unwrap().fresh().unwrap()
    }

    /// A generation that has ended.
    async fn ended(&self) -> GenerationId {
        let id = order(&self.engine, "a cat").await;
        self.engine.cancel(&id).await.unwrap();
        id
    }

    async fn tell(&self) {
        for kind in outbox::EVENTS {
            tell_some(&self.machine, kind).await.unwrap();
        }
    }

    /// Sends what is due and waits until it is recorded. Answers how much it was.
    async fn send(&mut self) -> usize {
        let started = self.round.start_some().await.unwrap();
        self.idle().await;
        started
    }

    /// Until nothing is under way.
    async fn idle(&self) {
        while self.number("select count(*) from webhook_delivery where owner is not null").await > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn deliveries(&self, webhook: &WebhookId) -> Vec<Delivery> {
        let page = Page { webhook: Some(webhook.clone()), limit: 100, ..Page::default() };
        self.engine.webhook_deliveries(self.owner(), page).await.unwrap()
    }

    async fn delivery(&self, id: &DeliveryId) -> Delivery {
        self.engine.webhook_delivery(self.owner(), id).await.unwrap()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let read = move |tx: &mut Tx<'_>| tx.query_one(sql, p![])?.get(0);
        self.engine.store.read(read).await.unwrap()
    }
}

fn wanted(engine: &Engine, url: String) -> NewEndpoint {
    NewEndpoint {
        account: engine.house.id.clone(),
        livemode: Livemode::Live,
        url,
        events: vec!["*".to_owned()],
        only: None,
        description: String::new(),
    }
}

/// Lets time pass until something has come, but none while something is being sent.
async fn heard(town: &Town, receiver: &Receiver) {
    while receiver.got().is_empty() {
        if town.clock.asleep_for(TRY_TIME) == 0 {
            town.clock.turn(1);
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn from_the_end_of_a_generation_to_its_receiver_by_the_machine_itself() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let stage = stage(&town).await;
    let (webhook, secret) = stage.endpoint(&receiver).await;
    let id = stage.ended().await;
    let running = stage.engine.start(None).await.unwrap();
    heard(&town, &receiver).await;
    stage.idle().await;
    let got = receiver.got();
    assert!(got[0].is_signed_with(secret.reveal()));
    let body: Value = serde_json::from_str(&got[0].body).unwrap();
    assert_eq!(body["type"], "generation.cancelled");
    assert_eq!(body["data"], json!({ "id": id, "status": "cancelled" }));
    let log = stage.deliveries(&webhook.id).await;
    assert_eq!((log.len(), log[0].state), (1, DeliveryState::Delivered));
    assert_eq!(got[0].header("webhook-id"), log[0].id.as_str());
    running.abort().await;
}
