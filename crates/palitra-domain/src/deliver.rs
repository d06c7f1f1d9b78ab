//! Port: who receives deliveries, the effects outside the database that were written with the change that caused them.
//!
//! A delivery gets there at least once. After a crash its receiver may see it a second time, and then under the same id.

use crate::{AccountId, BatchId, BoxFuture, DeliveryId, GenerationId, Timestamp};
use std::time::Duration;

/// An effect to be written. Who makes it twice makes the same id of it, so that it is written once.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub id: DeliveryId,
    /// Which receiver.
    pub kind: String,
    pub account: AccountId,
    pub generation: Option<GenerationId>,
    pub batch: Option<BatchId>,
    /// JSON, as its kind says.
    pub payload: String,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub kind: String,
    pub account: AccountId,
    pub generation: Option<GenerationId>,
    pub batch: Option<BatchId>,
    pub payload: String,
    /// The number of this try, from 1.
    pub attempt: i64,
    pub created_at: Timestamp,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    Done,
    /// Not now: tried again, after that time where the receiver named one.
    Again {
        why: String,
        after: Option<Duration>,
    },
    /// Never: the payload makes no sense, or nobody is there any more.
    Never {
        why: String,
    },
}

/// Receives one kind of deliveries.
pub trait Deliver: Send + Sync {
    fn kind(&self) -> &'static str;

    /// Whether those of one account go one after another, as they came to be. One that fails then holds up those behind it until it gets
    /// there or is given up.
    fn in_order(&self) -> bool {
        false
    }

    /// One try. It is broken off when it takes too long, and then counts as [`Delivered::Again`].
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Delivered>;
}
