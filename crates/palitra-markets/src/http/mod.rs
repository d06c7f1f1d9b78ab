//! The careful side of HTTP that every market needs: clients, bounded bodies, checked links, masked secrets, waits.
//!
//! Nothing here knows a market.

mod address;
mod body;
mod client;
mod data_uri;
mod download;
mod events;
mod kept;
mod keys;
mod list;
mod mask;
mod multipart;
mod operator;
mod origins;
mod reply;
mod retry_after;
mod signed;
mod storage;

#[cfg(test)]
mod tests;

pub(crate) use address::{is_public_host, leads_to_public};
pub(crate) use body::{BodyError, read};
pub(crate) use client::{Clients, GuardedClients, why};
pub(crate) use data_uri::{decode as decode_data_uri, decode_base64};
pub(crate) use download::{Downloads, FILE_BYTES_MAX, leads_home};
pub(crate) use events::{Event, Events};
pub(crate) use kept::{Ear, Keep};
pub(crate) use keys::Keys;
pub(crate) use list::send_for_list;
pub(crate) use mask::Mask;
pub(crate) use multipart::Multipart;
pub(crate) use operator::headers;
pub(crate) use origins::{Origins, base_url};
pub(crate) use reply::{NoReply, Reply, Unreadable, send, send_for_result, trouble};
pub(crate) use retry_after::retry_after;
#[cfg(test)]
pub(crate) use signed::DRIFT_MAX;
pub(crate) use signed::{is_near, the_header, unix_seconds};

pub use client::Timeouts;
pub use origins::SettingError;
