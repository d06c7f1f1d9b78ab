//! Files in: the presigned way (`providers.md` §1.9 A). fal's storage service names an address to put a file at, and the link under which
//! its models can then read it. What is put there goes when our results at fal go ([`super::FalSettings::keep_files`]).

use super::{Fal, errors::Phase, wire};
use crate::{
    files,
    http::{FILE_BYTES_MAX, NoReply},
};
use palitra_domain::{
    market::{ErrorClass, InputFile, MarketError},
    secret::Secret,
};
use reqwest::{
    Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::json;

impl Fal {
    /// Puts a file where fal can read it and answers its link, for an input. Uploads are free and may be repeated.
    pub async fn upload(&self, key: &str, file: &InputFile) -> Result<String, MarketError> {
        let key = self.key(key)?;
        let size = file.bytes.len();
        if size == 0 || u64::try_from(size).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            let message = format!("a file of {size} bytes is not uploaded, at most {FILE_BYTES_MAX}");
            return Err(MarketError::new(ErrorClass::InvalidInput, message));
        }
        let plan = self.upload_plan(key, file).await?;
        let link = Url::parse(&plan.file_url).ok();
        if link.is_none_or(|url| !matches!(url.scheme(), "http" | "https") || !url.has_host()) {
            return Err(MarketError::new(ErrorClass::Protocol, "fal's upload leads to no link"));
        }
        let content_type = HeaderValue::from_str(&file.mime)
            .map_err(|_| MarketError::new(ErrorClass::InvalidInput, "the file's type cannot be sent"))?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
        self.downloads.put(&plan.upload_url, headers, file.bytes.clone(), ("fal", &self.calls.mask)).await?;
        Ok(plan.file_url)
    }

    async fn upload_plan(&self, key: &Secret, file: &InputFile) -> Result<wire::UploadPlan, MarketError> {
        let about = json!({"content_type": file.mime, "file_name": files::name(file)});
        let reply = self.calls.initiate_upload(key, &about).await.map_err(NoReply::error)?;
        if !reply.is_success() {
            return Err(self.calls.error(Phase::Look, &reply));
        }
        reply.parse().map_err(|unreadable| {
            self.calls.describe(ErrorClass::Protocol, &unreadable.message("fal"), &reply)
        })
    }
}
