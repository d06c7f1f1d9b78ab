//! Use cases of the log: a test, pages of deliveries, sending again.

use super::{Delivery, Page, Range, Replayed, body::standard};
use crate::{Engine, Result};
use palitra_domain::{AccountId, DeliveryId, Livemode, WebhookId, webhook::EventType};
use palitra_store::webhooks as rows;
use serde_json::json;

/// A test on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    pub delivery: DeliveryId,
}

impl Engine {
    /// Sends `webhook.test` to the endpoint, whatever it wants to hear of.
    pub async fn test_webhook(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
    ) -> Result<Test> {
        let now = self.now();
        let (account, webhook, delivery) = (account.clone(), id.clone(), DeliveryId::new(now, self.random()));
        let body = standard(EventType::WebhookTest, now, json!({ "webhook_id": id }));
        let test = Test { delivery: delivery.clone() };
        let write = self
            .store
            .write(move |tx| rows::test(tx, (&account, livemode), &webhook, (&delivery, &body), now));
        write.await?;
        self.posted.notify_waiters();
        Ok(test)
    }

    /// Newest first: of an endpoint, or of the addresses that came with generations.
    pub async fn webhook_deliveries(
        &self,
        (account, livemode): (&AccountId, Livemode),
        page: Page,
    ) -> Result<Vec<Delivery>> {
        let account = account.clone();
        Ok(self.store.read(move |tx| rows::deliveries(tx, (&account, livemode), &page)).await?)
    }

    pub async fn webhook_delivery(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &DeliveryId,
    ) -> Result<Delivery> {
        let (account, id) = (account.clone(), id.clone());
        Ok(self.store.read(move |tx| rows::delivery(tx, (&account, livemode), &id)).await?)
    }

    /// Sends it again, under the same id and with the same body, from the beginning of the schedule.
    pub async fn replay_delivery(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &DeliveryId,
    ) -> Result<()> {
        let (account, id, now) = (account.clone(), id.clone(), self.now());
        self.store.write(move |tx| rows::replay(tx, (&account, livemode), &id, now)).await?;
        self.posted.notify_waiters();
        Ok(())
    }

    /// The same for what happened in a time, a bounded part at a call.
    pub async fn replay_deliveries(
        &self,
        (account, livemode): (&AccountId, Livemode),
        webhook: &WebhookId,
        range: Range,
    ) -> Result<Replayed> {
        let (account, webhook, now) = (account.clone(), webhook.clone(), self.now());
        let write =
            self.store.write(move |tx| rows::replay_range(tx, (&account, livemode), &webhook, &range, now));
        let replayed = write.await?;
        self.posted.notify_waiters();
        Ok(replayed)
    }
}
