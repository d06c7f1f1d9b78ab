//! The map from members of a package to names of media: JSON in packages of the old kinds, a Protocol Buffers message in new ones
//! (`MediaEntries` of `proto/anki/import_export.proto`).

use super::proto::{self, Value};
use std::collections::BTreeMap;

/// A media file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaFile {
    /// Its member, a number in all packages.
    pub(super) member: String,
    pub(super) name: String,
    /// Of the new kind: its entry in the map, unchanged.
    pub(super) entry: Vec<u8>,
}

/// `{"0": "cat.jpg"}`, in the order of the members' numbers. Why it is none is the error.
pub(super) fn read_json(bytes: &[u8]) -> Result<Vec<MediaFile>, String> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let map: BTreeMap<String, String> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut files: Vec<MediaFile> =
        map.into_iter().map(|(member, name)| MediaFile { member, name, entry: Vec::new() }).collect();
    files.sort_by_key(|file| file.member.parse::<u64>().unwrap_or(u64::MAX));
    Ok(files)
}

pub(super) fn write_json(files: &[MediaFile]) -> Vec<u8> {
    let map: serde_json::Map<String, serde_json::Value> =
        files.iter().map(|file| (file.member.clone(), file.name.clone().into())).collect();
    serde_json::Value::Object(map).to_string().into_bytes()
}

/// `repeated MediaEntry entries = 1`, the member of an entry is its position, unless it says so itself.
pub(super) fn read_proto(bytes: &[u8]) -> Result<Vec<MediaFile>, String> {
    let cut = || "the map of media is cut off".to_owned();
    let mut files = Vec::new();
    for field in proto::fields(bytes) {
        let (1, Value::Bytes(entry)) = field.ok_or_else(cut)? else { continue };
        let (mut name, mut member) = (String::new(), files.len() as u64);
        for field in proto::fields(entry) {
            match field.ok_or_else(cut)? {
                (1, Value::Bytes(bytes)) => {
                    name = String::from_utf8(bytes.to_vec()).map_err(|_| "a name is not UTF-8".to_owned())?;
                }
                (255, Value::Number(number)) => member = number,
                _ => {}
            }
        }
        files.push(MediaFile { member: member.to_string(), name, entry: entry.to_vec() });
    }
    Ok(files)
}

pub(super) fn write_proto(files: &[MediaFile]) -> Vec<u8> {
    let mut map = Vec::new();
    for file in files {
        proto::put_bytes(&mut map, 1, &file.entry);
    }
    map
}

/// `MediaEntry`: name, size in bytes, SHA-1.
pub(super) fn entry(name: &str, size: u64, sha1: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    proto::put_bytes(&mut entry, 1, name.as_bytes());
    proto::put_number(&mut entry, 2, size);
    proto::put_bytes(&mut entry, 3, sha1);
    entry
}
