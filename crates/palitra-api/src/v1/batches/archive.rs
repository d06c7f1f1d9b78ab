//! The files of a batch as one zip, made while it is sent: nothing is held whole, and nothing is written.

use crate::{door::Door, problem::Problem};
use axum::body::Body;
use futures_util::StreamExt;
use palitra_domain::{ErrorCode, GenerationId};
use palitra_engine::{batches::ItemReport, failure::Failure};
use std::{
    io::{self, Write},
    sync::LazyLock,
};
use tokio::{
    io::{DuplexStream, duplex},
    runtime::Handle,
    sync::Semaphore,
};
use tokio_util::io::{ReaderStream, SyncIoBridge};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// What is on its way between a file and the client.
const PIPE_BYTES: usize = 256 * 1024;

/// Zips at once: each takes a thread as long as its client reads.
static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(8));

/// A file in it.
struct Entry {
    name: String,
    key: String,
    bytes: u64,
}

/// `004-picture.png`: number of the item, its step.
pub(super) async fn body(door: &Door, items: &[ItemReport]) -> Result<Body, Problem> {
    let permit = ROOM.try_acquire().map_err(|_| Failure::new(ErrorCode::StoreBusy))?;
    let steps: Vec<(u32, &str, GenerationId)> = items
        .iter()
        .flat_map(|item| item.steps.iter().map(move |step| (item.number, step)))
        .filter_map(|(number, step)| Some((number, step.step.as_str(), step.id.clone()?)))
        .collect();
    let assets = door.engine.assets_of(steps.iter().map(|(.., id)| id.clone()).collect()).await?;
    let mut entries = Vec::new();
    for (number, step, id) in steps {
        let made = assets.get(&id).map(Vec::as_slice).unwrap_or_default();
        for (n, asset) in made.iter().enumerate() {
            let extension = asset.object_key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
            let nth = if made.len() > 1 { format!("-{}", n + 1) } else { String::new() };
            entries.push(Entry {
                name: format!("{number:03}-{step}{nth}.{extension}"),
                key: asset.object_key.clone(),
                bytes: u64::try_from(asset.bytes).unwrap_or(0),
            });
        }
    }
    let (ours, theirs) = duplex(PIPE_BYTES);
    let (door, handle) = (door.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        // A client that goes away breaks the pipe, and that is the end of it.
        if let Err(error) = write(&door, &handle, ours, entries) {
            tracing::debug!(%error, "a zip was not sent to its end");
        }
    });
    Ok(Body::from_stream(ReaderStream::new(theirs).fuse()))
}

fn write(door: &Door, handle: &Handle, pipe: DuplexStream, entries: Vec<Entry>) -> io::Result<()> {
    let mut zip = ZipWriter::new_stream(SyncIoBridge::new_with_handle(pipe, handle.clone()));
    // Media are compressed already.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for entry in entries {
        zip.start_file(entry.name, options.large_file(entry.bytes >= u64::from(u32::MAX)))?;
        let content = handle.block_on(door.engine.content(&entry.key, 0, entry.bytes));
        let mut parts = content.map_err(io::Error::other)?;
        while let Some(part) = handle.block_on(parts.next()) {
            zip.write_all(&part?)?;
        }
    }
    zip.finish()?.into_inner().flush()
}
