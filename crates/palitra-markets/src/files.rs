//! The files of a request on their way to where the market can read them. Nothing is submitted before they are there, so whatever goes wrong
//! here refuses the submission.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use palitra_domain::market::{ErrorClass, InputFile, MarketError, Request};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future};

/// Uploads of one request under way together.
const AT_ONCE: usize = 4;

/// The name that a market sees: nothing of whoever owns the file belongs into it.
pub(crate) fn name(file: &InputFile) -> String {
    format!("input.{}", file.extension)
}

/// The input with the link of each file in the place of its id; a file that stands there twice is uploaded once.
pub(crate) async fn linked<'a, Upload, Link>(
    request: &'a Request,
    upload: Upload,
) -> Result<Value, MarketError>
where
    Upload: Fn(&'a InputFile) -> Link,
    Link: Future<Output = Result<String, MarketError>>,
{
    let files: BTreeMap<&str, &InputFile> =
        request.files.iter().map(|file| (file.id.as_str(), file)).collect();
    let uploads: Vec<Link> = files.values().map(|file| upload(file)).collect();
    let links: Vec<String> = stream::iter(uploads).buffered(AT_ONCE).try_collect().await.map_err(unplaced)?;
    let links: BTreeMap<&str, String> = files.into_keys().zip(links).collect();
    Ok(request.input_with(|file| links.get(file.id.as_str()).cloned()))
}

/// What stands in the way of every call keeps its class; all else is trouble with the file.
fn unplaced(error: MarketError) -> MarketError {
    let class = match error.class {
        class @ (ErrorClass::Auth
        | ErrorClass::Permission
        | ErrorClass::Credits
        | ErrorClass::RateLimited
        | ErrorClass::ConcurrencyLimited
        | ErrorClass::Unavailable) => class,
        _ => ErrorClass::InputFetch,
    };
    MarketError { class, message: format!("an input file was not uploaded: {}", error.message), ..error }
}
