//! Many cancelled at once.

use super::*;
use crate::town::{Town, order};

#[tokio::test]
async fn who_cancels_many_hears_whether_there_are_more() {
    let town = Town::new();
    let engine = town.alone().await;
    let many = async |open: u32, limit: u32| {
        for n in 0..open {
            order(&engine, &format!("lake {n}")).await;
        }
        engine.cancel_all(Filter { limit, ..Filter::default() }).await.unwrap()
    };
    assert_eq!(many(3, 2).await, CancelledMany { cancelled: 2, requested: 0, more: true });
    assert_eq!(many(0, 2).await, CancelledMany { cancelled: 1, requested: 0, more: false });
    assert_eq!(many(2, 2).await, CancelledMany { cancelled: 2, requested: 0, more: false });
}
