//! Files by addresses that users give: past the same guard as links of markets, whole and bounded.

use crate::http::{Clients, Downloads, Origins, SettingError, Timeouts};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use palitra_domain::market::{ErrorClass, MarketError};
use std::{io, time::Duration};

/// How long one may take.
const TIME: Duration = Duration::from_secs(60);

/// Opens what users link to: public addresses by https, every redirect checked again, or `data:`.
pub struct Links(Downloads);

impl Links {
    /// `allow_private`: any address, also by plain http (`security.allow_private_urls`).
    pub fn new(allow_private: bool) -> Result<Links, SettingError> {
        let clients = Clients::new(Timeouts { download: TIME, ..Timeouts::default() })?;
        Ok(Links(Downloads { clients, origins: Origins::new([]), allow_private, bytes_max: u64::MAX }))
    }

    /// The whole file. One that is longer than `bytes_max` is refused with [`io::ErrorKind::FileTooLarge`] as its cause's kind.
    pub async fn fetch(&self, link: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
        let mut parts = self.0.open(link).await?;
        let mut all = BytesMut::new();
        while let Some(part) = parts.next().await {
            let part = part.map_err(FetchError::Broken)?;
            if all.len() + part.len() > bytes_max {
                return Err(FetchError::TooLong);
            }
            all.extend_from_slice(&part);
        }
        Ok(all.freeze())
    }
}

/// Why a link gave no file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Refused(String),
    #[error("the file is too long")]
    TooLong,
    #[error("it broke off")]
    Broken(#[source] io::Error),
}

impl From<MarketError> for FetchError {
    fn from(error: MarketError) -> FetchError {
        // The classes speak of markets; what is left of one is its words.
        match error.class {
            ErrorClass::ResultExpired => FetchError::Refused("there is no such file".to_owned()),
            _ => FetchError::Refused(error.message),
        }
    }
}
