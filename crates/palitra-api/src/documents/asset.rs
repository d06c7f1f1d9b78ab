//! A stored file.

use crate::{
    door::Door,
    signed::{self, Until},
};
use palitra_domain::AssetId;
use palitra_engine::generations::Asset;
use serde::Serialize;
use utoipa::ToSchema;

/// A file of a result, or one that was uploaded. Its addresses need no key and live for an hour; in a webhook, for a week.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Asset)]
pub(crate) struct AssetDocument {
    #[schema(example = "ast_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    pub(crate) id: String,
    /// `image`, `audio` or `video`.
    pub(crate) kind: String,
    pub(crate) mime: String,
    pub(crate) width: Option<i64>,
    pub(crate) height: Option<i64>,
    /// Of sound and video.
    pub(crate) duration_s: Option<f64>,
    pub(crate) bytes: i64,
    pub(crate) url: String,
    /// A WebP of at most 512 pixels a side; `null` where there is none.
    pub(crate) thumbnail_url: Option<String>,
    /// See blurha.sh.
    pub(crate) blurhash: Option<String>,
}

/// Of the small copies that are stored, the one that is handed out where nothing is said.
pub(crate) const THUMBNAIL_SIDE_MAX: u32 = 512;

pub(crate) fn document(door: &Door, asset: &Asset, until: Until) -> AssetDocument {
    let side = sides(asset).filter(|side| *side <= THUMBNAIL_SIDE_MAX).max();
    AssetDocument {
        id: asset.id.as_str().to_owned(),
        kind: asset.kind.clone(),
        mime: asset.mime.clone(),
        width: asset.width,
        height: asset.height,
        duration_s: asset.duration_ms.map(seconds),
        bytes: asset.bytes,
        url: content_url(door, &asset.id, until),
        thumbnail_url: side.map(|side| thumbnail_url(door, &asset.id, side, until)),
        blurhash: asset.blurhash.clone(),
    }
}

/// Of the small copies.
pub(crate) fn sides(asset: &Asset) -> impl Iterator<Item = u32> {
    asset.thumbnails.split(',').filter_map(|side| side.parse().ok())
}

pub(crate) fn content_url(door: &Door, id: &AssetId, until: Until) -> String {
    let permission = signed::sign(&door.engine.secret, id, "content", until);
    door.address(&format!("/v1/assets/{}/content?{permission}", id.as_str()))
}

fn thumbnail_url(door: &Door, id: &AssetId, side: u32, until: Until) -> String {
    let permission = signed::sign(&door.engine.secret, id, &side.to_string(), until);
    door.address(&format!("/v1/assets/{}/thumbnail?side={side}&{permission}", id.as_str()))
}

#[expect(clippy::float_arithmetic, reason = "seconds for people; no money here")]
fn seconds(ms: i64) -> f64 {
    f64::from(i32::try_from(ms).unwrap_or(i32::MAX)) / 1_000.0
}
