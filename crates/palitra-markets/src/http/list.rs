//! Long answers: lists of models, with the schema of each.

use super::{Mask, NoReply, Reply, read, trouble};
use reqwest::RequestBuilder;

/// A thousand models with their schemas are a few megabytes.
const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A question that may be asked again, whose answer may be long.
pub(crate) async fn send_for_list(call: RequestBuilder, market: &str, mask: &Mask) -> Result<Reply, NoReply> {
    let response = call
        .send()
        .await
        .map_err(|error| NoReply::NoAnswer(trouble(&format!("no answer from {market}"), &error, mask)))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = read(response, LIST_BYTES_MAX).await;
    Ok(Reply { status, headers, body })
}
