//! Use cases of endpoints: make, look, change, rotate the secret, delete.

use super::{Webhook, sign};
use crate::{
    Engine, Error, Result,
    inputs::Violation,
    once::{Made, OnceOf, claimed},
};
use palitra_domain::{
    AccountId, ErrorCode, Livemode, WebhookId,
    secret::Secret,
    webhook::{ALL_EVENTS, DESCRIPTION_CHARS_MAX, ENDPOINTS_MAX, EventType, Events, OLD_SECRET_FOR, Only},
};
use palitra_store::webhooks::{self as rows, Change, NewWebhook};

/// An endpoint that somebody wants.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    pub account: AccountId,
    /// Test endpoints hear of test work, live ones of live work.
    pub livemode: Livemode,
    pub url: String,
    /// Names of event types, or `*`.
    pub events: Vec<String>,
    pub only: Option<Only>,
    pub description: String,
}

/// What is to be different; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Update {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    /// `Some(None)` takes the filter away.
    pub only: Option<Option<Only>>,
    pub description: Option<String>,
    pub is_enabled: Option<bool>,
}

impl Engine {
    /// A new endpoint, and the secret that its deliveries are signed with.
    pub async fn create_webhook(
        &self,
        new: NewEndpoint,
        once: Option<OnceOf>,
    ) -> Result<Made<(Webhook, Secret)>> {
        let events = checked_events(&new.events, new.only)?;
        checked_description(&new.description)?;
        self.checked_url(&new.url).await?;
        let (now, secret) = (self.now(), sign::new_secret(|| self.random()));
        let row = NewWebhook {
            id: WebhookId::new(now, self.random()),
            account: new.account,
            livemode: new.livemode,
            url: new.url,
            events,
            description: new.description,
            secret: secret.clone(),
        };
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), row.id.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            rows::insert(tx, &row, ENDPOINTS_MAX, now)?;
            rows::find(tx, (&row.account, row.livemode), &row.id).map(Made::New)
        });
        Ok(match write.await.map_err(limited)? {
            Made::New(webhook) => {
                tracing::info!(webhook.id = %webhook.id, account.id = %webhook.account, "a webhook is made");
                Made::New((webhook, Secret::new(secret)))
            }
            Made::Before(id) => Made::Before(id),
        })
    }

    /// Oldest first.
    pub async fn webhooks(&self, (account, livemode): (&AccountId, Livemode)) -> Result<Vec<Webhook>> {
        let account = account.clone();
        Ok(self.store.read(move |tx| rows::list(tx, (&account, livemode))).await?)
    }

    pub async fn webhook_of(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
    ) -> Result<Webhook> {
        let (account, id) = (account.clone(), id.clone());
        Ok(self.store.read(move |tx| rows::find(tx, (&account, livemode), &id)).await?)
    }

    pub async fn update_webhook(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
        update: Update,
    ) -> Result<Webhook> {
        let is = self.webhook_of((account, livemode), id).await?;
        if let Some(url) = &update.url {
            self.checked_url(url).await?;
        }
        update.description.as_deref().map_or(Ok(()), checked_description)?;
        let only = update.only.unwrap_or(is.events.only);
        let events = match &update.events {
            Some(names) => Some(checked_events(names, only)?),
            None => update.only.map(|only| Events { only, ..is.events }),
        };
        let change = Change {
            url: update.url,
            events,
            description: update.description,
            is_enabled: update.is_enabled,
        };
        let (account, id, now) = (account.clone(), id.clone(), self.now());
        let write =
            self.store.write(move |tx| rows::update(tx, (&account, livemode), &id, &change, now)).await?;
        Ok(write)
    }

    /// What signs for it now. It is kept as it is, because it signs.
    pub async fn webhook_secret(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
    ) -> Result<Secret> {
        let (account, id) = (account.clone(), id.clone());
        let read = self.store.read(move |tx| rows::secret(tx, (&account, livemode), &id)).await?;
        Ok(Secret::new(read.secret))
    }

    /// A new secret; the old one signs beside it for a day.
    pub async fn rotate_webhook_secret(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
    ) -> Result<Secret> {
        let (account, id, now) = (account.clone(), id.clone(), self.now());
        let (secret, until) = (sign::new_secret(|| self.random()), now.plus(OLD_SECRET_FOR));
        let new = secret.clone();
        self.store.write(move |tx| rows::rotate(tx, (&account, livemode), &id, (&new, until), now)).await?;
        Ok(Secret::new(secret))
    }

    /// Nothing is sent there any more; its log leaves with time.
    pub async fn delete_webhook(
        &self,
        (account, livemode): (&AccountId, Livemode),
        id: &WebhookId,
    ) -> Result<()> {
        let (account, id, now) = (account.clone(), id.clone(), self.now());
        Ok(self.store.write(move |tx| rows::delete(tx, (&account, livemode), &id, now)).await?)
    }

    /// What signs deliveries to addresses that come with generations; made when it is first asked for.
    pub async fn callback_secret(&self, (account, livemode): (&AccountId, Livemode)) -> Result<Secret> {
        let (account, now) = (account.clone(), self.now());
        let new = sign::new_secret(|| self.random());
        let write =
            self.store.write(move |tx| rows::account_secret(tx, (&account, livemode), &new, now)).await?;
        Ok(Secret::new(write.secret))
    }

    /// A new one of these; the old one signs beside it for a day.
    pub async fn rotate_callback_secret(
        &self,
        (account, livemode): (&AccountId, Livemode),
    ) -> Result<Secret> {
        let (account, now) = (account.clone(), self.now());
        let (secret, until) = (sign::new_secret(|| self.random()), now.plus(OLD_SECRET_FOR));
        let new = secret.clone();
        self.store
            .write(move |tx| rows::rotate_account_secret(tx, (&account, livemode), (&new, until), now))
            .await?;
        Ok(Secret::new(secret))
    }
}

/// The text of this code speaks of a limit.
fn limited(error: palitra_store::Error) -> Error {
    match error {
        palitra_store::Error::Rule { code: code @ ErrorCode::TooManyWebhooks, value } => {
            Error::new(code).with("limit", value)
        }
        other => other.into(),
    }
}

fn checked_events(names: &[String], only: Option<Only>) -> Result<Events> {
    let allowed = || {
        let known = EventType::ALL.iter().map(|event| event.as_str());
        [ALL_EVENTS].into_iter().chain(known).collect::<Vec<_>>().join(", ")
    };
    let wrong =
        |rule| Error::of_input(vec![Violation { path: "events".to_owned(), rule, allowed: allowed() }]);
    if names.is_empty() {
        return Err(wrong("missing"));
    }
    Events::parse(names, only).map_err(|_| wrong("enum"))
}

fn checked_description(text: &str) -> Result<()> {
    if text.chars().count() <= DESCRIPTION_CHARS_MAX && !text.contains('\0') {
        return Ok(());
    }
    Err(Error::new(ErrorCode::InvalidInput)
        .with("value", "`description`")
        .with("limit", DESCRIPTION_CHARS_MAX))
}
