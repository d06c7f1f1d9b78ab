//! Several requests in one round trip.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

pub(super) type Request<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Sends all requests in their order, then waits for all answers in their order. The client library sends a
/// request when it is first polled, and the server answers in the order of sending.
pub(super) async fn send_all<T>(mut requests: Vec<Request<'_, T>>) -> Vec<T> {
    let mut early: Vec<Option<T>> = Vec::with_capacity(requests.len());
    poll_fn(|context| {
        for request in &mut requests {
            early.push(match request.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            });
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(requests.len());
    for (request, early) in requests.into_iter().zip(early) {
        answers.push(match early {
            Some(answer) => answer,
            None => request.await,
        });
    }
    answers
}
