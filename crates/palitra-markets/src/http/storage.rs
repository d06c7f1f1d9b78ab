//! Putting a file into storage that a market names. The storage is not the market: it is reached under the rules for links of results, and
//! sees the bytes and the headers that were asked for, never the key or the operator's headers (trap 21).

use super::{Downloads, Mask, leads_home, trouble};
use bytes::Bytes;
use palitra_domain::market::{ErrorClass, MarketError};
use reqwest::{Url, header::HeaderMap};

impl Downloads {
    /// `PUT` of the whole file; `whose` names the market in errors.
    pub(crate) async fn put(
        &self,
        link: &str,
        headers: HeaderMap,
        bytes: Bytes,
        (whose, mask): (&str, &Mask),
    ) -> Result<(), MarketError> {
        let astray =
            || MarketError::new(ErrorClass::Protocol, format!("{whose}'s upload leads to no address"));
        let url = Url::parse(link).map_err(|_| astray())?;
        let call = self.client_for(&url)?.put(url).headers(headers).body(bytes);
        let response = call.send().await.map_err(|error| {
            leads_home(&error).unwrap_or_else(|| trouble("the upload failed", &error, mask))
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let class = match status.as_u16() {
            408 | 429 | 500.. => ErrorClass::Unavailable,
            _ => ErrorClass::Protocol,
        };
        let message = format!("the storage of {whose}'s uploads answered {status}");
        Err(MarketError { status: Some(status.as_u16()), ..MarketError::new(class, message) })
    }
}
