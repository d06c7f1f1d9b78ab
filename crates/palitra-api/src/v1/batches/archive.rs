//! The files of a batch as one zip, made while it is sent: of each client one piece of one file is in memory, and nothing is written.

use crate::{door::Door, problem::Problem};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use palitra_domain::{GenerationId, objects::ByteStream};
use palitra_engine::batches::ItemReport;
use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
    vec,
};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// A file in it.
struct Entry {
    name: String,
    key: String,
    bytes: u64,
}

/// `004-picture.png`: number of the item, its step. A file that cannot be read to its end breaks the answer off: what came is no whole zip.
pub(super) async fn body(door: &Door, items: &[ItemReport]) -> Result<Body, Problem> {
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
    let door = door.clone();
    let open = move |entry: &Entry| {
        let (door, key, bytes) = (door.clone(), entry.key.clone(), entry.bytes);
        async move { door.engine.content(&key, 0, bytes).await.map_err(io::Error::other) }
    };
    Ok(Body::from_stream(zipped(entries, open).fuse()))
}

/// What the zip has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Vec<u8>>>);

impl Tray {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Tray {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A zip that is being made.
struct Zipping<F> {
    open: F,
    entries: vec::IntoIter<Entry>,
    /// The file that is in it in part, and how much of it is to come.
    content: Option<(ByteStream, u64)>,
    /// `None` after its end.
    zip: Option<Box<ZipWriter<StreamWriter<Tray>>>>,
    tray: Tray,
}

/// The zip in pieces, each made when it is asked for.
fn zipped<F, R>(entries: Vec<Entry>, open: F) -> impl Stream<Item = io::Result<Bytes>>
where
    F: Fn(&Entry) -> R,
    R: Future<Output = io::Result<ByteStream>>,
{
    let tray = Tray::default();
    let zip = Some(Box::new(ZipWriter::new_stream(tray.clone())));
    let zipping = Zipping { open, entries: entries.into_iter(), content: None, zip, tray };
    stream::try_unfold(zipping, |mut zipping| async move {
        while zipping.zip.is_some() {
            zipping.go_on().await?;
            let piece = zipping.tray.take();
            if !piece.is_empty() {
                return Ok(Some((piece, zipping)));
            }
        }
        Ok(None)
    })
}

impl<F, R> Zipping<F>
where
    F: Fn(&Entry) -> R,
    R: Future<Output = io::Result<ByteStream>>,
{
    /// A piece of the file, the beginning of the next one, or the end of all.
    async fn go_on(&mut self) -> io::Result<()> {
        let Some(zip) = &mut self.zip else { return Ok(()) };
        if let Some((content, left)) = &mut self.content {
            let Some(part) = content.next().await.transpose()? else {
                let is_whole = *left == 0;
                self.content = None;
                return if is_whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            };
            zip.write_all(&part)?;
            *left = left.saturating_sub(u64::try_from(part.len()).unwrap_or(u64::MAX));
        } else if let Some(entry) = self.entries.next() {
            let content = (self.open)(&entry).await?;
            // Media are compressed already.
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            zip.start_file(entry.name, options.large_file(entry.bytes >= u64::from(u32::MAX)))?;
            self.content = Some((content, entry.bytes));
        } else if let Some(zip) = self.zip.take() {
            (*zip).finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::ready, io::Read};
    use zip::ZipArchive;

    fn entry(key: &str, bytes: u64) -> Entry {
        Entry { name: format!("{key}.bin"), key: key.to_owned(), bytes }
    }

    /// Files of their names, in two pieces each; `broken` cannot be read to its end.
    fn open(entry: &Entry) -> std::future::Ready<io::Result<ByteStream>> {
        let (one, two) = entry.key.split_at(3);
        let two =
            if entry.key == "broken" { Err(io::ErrorKind::Other.into()) } else { Ok(two.to_owned().into()) };
        let pieces: Vec<io::Result<Bytes>> = vec![Ok(one.to_owned().into()), two];
        ready(Ok(Box::pin(stream::iter(pieces))))
    }

    async fn all(entries: Vec<Entry>) -> (Vec<u8>, Option<io::Error>) {
        let pieces: Vec<io::Result<Bytes>> = zipped(entries, open).collect().await;
        let mut bytes = Vec::new();
        for piece in pieces {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(error) => return (bytes, Some(error)),
            }
        }
        (bytes, None)
    }

    #[tokio::test]
    async fn every_file_is_in_it_under_its_name() {
        let (bytes, error) = all(vec![entry("picture", 7), entry("sound", 5)]).await;
        assert!(error.is_none());
        let mut zip = ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        for (at, content) in ["picture", "sound"].into_iter().enumerate() {
            let mut file = zip.by_index(at).unwrap();
            let mut told = String::new();
            file.read_to_string(&mut told).unwrap();
            assert_eq!((told.as_str(), file.name().unwrap()), (content, format!("{content}.bin").into()));
        }
    }

    #[tokio::test]
    async fn a_file_that_breaks_off_is_the_end_and_not_of_a_whole_zip() {
        for bad in [entry("broken", 6), entry("shorter than said", 18)] {
            let (bytes, error) = all(vec![entry("picture", 7), bad, entry("sound", 5)]).await;
            assert!(error.is_some() && ZipArchive::new(io::Cursor::new(bytes)).is_err());
        }
    }

    /// Nobody's reading is anybody else's waiting.
    #[tokio::test]
    async fn who_reads_slowly_holds_up_nobody() {
        let mut slow: Vec<_> = (0..100).map(|_| Box::pin(zipped(vec![entry("picture", 7)], open))).collect();
        for one in &mut slow {
            one.next().await.unwrap().unwrap();
        }
        assert!(all(vec![entry("picture", 7)]).await.1.is_none());
    }
}
