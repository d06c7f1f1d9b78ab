//! Objects as files under one folder.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use palitra_domain::{
    BoxFuture, Timestamp,
    objects::{ByteStream, Listed, ObjectError, Objects, Stored},
    recipe::hex,
};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Write},
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    fs,
    io::{AsyncRead, AsyncReadExt, AsyncSeekExt},
    sync::Semaphore,
};

/// How much of a file is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How much of a file is gathered before it is written.
const GATHERED_BYTES: usize = 256 * 1024;

/// Files begun by this process.
static PARTS: AtomicU64 = AtomicU64::new(0);

/// Nobody writes a file for so long.
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Media under a folder; keys are relative paths such as `images/2026/11/20/ast_….png`.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// Who writes now.
    writing: Arc<Semaphore>,
}

/// Pieces that are written or flushed at once: more of them wait for each other in the file system, each with a thread of its own.
const WRITES_MAX: usize = 8;

impl Disk {
    /// Creates the folder and clears what a killed process left half-written.
    pub fn open(root: &Path) -> io::Result<Disk> {
        let disk = Disk::beside(root);
        std::fs::create_dir_all(disk.parts())?;
        for entry in std::fs::read_dir(disk.parts())? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(disk)
    }

    /// As [`Disk::open`], where other processes work too: what is half-written may be theirs, unless it is old.
    pub fn open_shared(root: &Path) -> io::Result<Disk> {
        let disk = Disk::beside(root);
        std::fs::create_dir_all(disk.parts())?;
        for entry in std::fs::read_dir(disk.parts())? {
            let part = entry?;
            // Whoever has just finished it has also renamed it.
            let written = part.metadata().and_then(|metadata| metadata.modified());
            if written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED_AFTER)) {
                std::fs::remove_file(part.path()).ok();
            }
        }
        Ok(disk)
    }

    /// Beside the process that works there, to look: what is half-written is being written.
    pub fn beside(root: &Path) -> Disk {
        Disk { root: root.to_owned(), writing: Arc::new(Semaphore::new(WRITES_MAX)) }
    }

    /// Half-written files live here, out of sight of every key.
    fn parts(&self) -> PathBuf {
        self.root.join(".parts")
    }

    /// The file of a key, for doors that can hand out a path instead of a stream. Keys never leave the folder.
    pub fn path(&self, key: &str) -> io::Result<PathBuf> {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
        if key.is_empty() || !Path::new(key).components().all(plain) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an object key"));
        }
        Ok(self.root.join(key))
    }

    async fn write(&self, key: &str, mut body: ByteStream) -> io::Result<Stored> {
        let path = self.path(key)?;
        // A process that was stopped may wake while another writes the same.
        let nth = PARTS.fetch_add(1, Ordering::Relaxed);
        let part = self.parts().join(format!("{}.{}.{nth}", key.replace('/', "_"), std::process::id()));
        let mut begun = Begun { part, file: None, hasher: Sha256::new(), bytes: 0 };
        loop {
            let (pieces, is_last) = gather(&mut body).await?;
            if is_last {
                let root = self.root.clone();
                return self.blocking(move || begun.finish(&pieces, &root, &path)).await;
            }
            begun = self.blocking(move || begun.add(&pieces).map(|()| begun)).await?;
        }
    }

    /// Where it may block: a small file is one trip there.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let _turn = self.writing.acquire().await.map_err(io::Error::other)?;
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

/// The next pieces of a body, some [`GATHERED_BYTES`] of them or all that is left, and whether they are the last.
async fn gather(body: &mut ByteStream) -> io::Result<(Vec<Bytes>, bool)> {
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    while bytes < GATHERED_BYTES {
        let Some(piece) = body.next().await else { return Ok((pieces, true)) };
        let piece = piece?;
        bytes += piece.len();
        pieces.push(piece);
    }
    Ok((pieces, false))
}

/// A file that is being written, out of sight of its key. It goes with this, whether writing it fails or nobody waits for it any more.
struct Begun {
    part: PathBuf,
    /// `None` before its first bytes, and when it is in its place.
    file: Option<std::fs::File>,
    hasher: Sha256,
    bytes: u64,
}

impl Begun {
    fn add(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(std::fs::File::create(&self.part)?),
        };
        for piece in pieces {
            self.hasher.update(piece);
            self.bytes += u64::try_from(piece.len()).expect("a length fits into 64 bits");
            file.write_all(piece)?;
        }
        Ok(())
    }

    /// Durable, and then in its place.
    fn finish(mut self, last: &[Bytes], root: &Path, path: &Path) -> io::Result<Stored> {
        self.add(last)?;
        if let Some(file) = &self.file {
            file.sync_all()?;
        }
        let folder = path.parent().unwrap_or(root);
        create_folders(root, folder)?;
        std::fs::rename(&self.part, path)?;
        self.file = None;
        std::fs::File::open(folder)?.sync_all()?;
        Ok(Stored { bytes: self.bytes, sha256: hex(&std::mem::take(&mut self.hasher).finalize()) })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.file.is_some() {
            std::fs::remove_file(&self.part).ok();
        }
    }
}

/// Held while folders are created: whoever of this process finds one there finds it durable.
static CREATING: Mutex<()> = Mutex::new(());

/// Creates missing folders from the root down and flushes each parent, so that a rename is never durable in a folder that is not.
fn create_folders(root: &Path, folder: &Path) -> io::Result<()> {
    let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| *path != root && !path.exists()).collect();
    for path in missing.into_iter().rev() {
        match std::fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::File::open(path.parent().unwrap_or(root))?.sync_all()?;
    }
    Ok(())
}

/// All files of a folder with their keys, those of the folders in it too.
fn walk(folder: &Path, key: &str, found: &mut Vec<Listed>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{key}/{name}");
        match entry.metadata() {
            Ok(file) if file.is_dir() => walk(&entry.path(), &key, found)?,
            Ok(file) => found.push(Listed { key, bytes: file.len(), written_at: written_at(&file)? }),
            // Deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn written_at(file: &std::fs::Metadata) -> io::Result<Timestamp> {
    let since = file.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}

fn stream_file(file: impl AsyncRead + Unpin + Send + 'static) -> ByteStream {
    // Fused: bodies of HTTP are asked once more after their end.
    let parts = stream::unfold(Some(file), |file| async {
        let mut file = file?;
        let mut chunk = vec![0; CHUNK_BYTES];
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(length) => {
                chunk.truncate(length);
                Some((Ok(Bytes::from(chunk)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Box::pin(parts.fuse())
}

fn failed(key: &str, doing: &'static str) -> impl FnOnce(io::Error) -> ObjectError {
    let key = key.to_owned();
    move |source| ObjectError { key, doing, source }
}

impl Objects for Disk {
    fn put<'a>(&'a self, key: &'a str, body: ByteStream) -> BoxFuture<'a, Result<Stored, ObjectError>> {
        Box::pin(async move { self.write(key, body).await.map_err(failed(key, "written")) })
    }

    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ByteStream, ObjectError>> {
        Box::pin(async move {
            let open = async { fs::File::open(self.path(key)?).await };
            open.await.map(stream_file).map_err(failed(key, "read"))
        })
    }

    fn read_part<'a>(
        &'a self,
        key: &'a str,
        from: u64,
        bytes: u64,
    ) -> BoxFuture<'a, Result<ByteStream, ObjectError>> {
        Box::pin(async move {
            let open = async {
                let mut file = fs::File::open(self.path(key)?).await?;
                file.seek(io::SeekFrom::Start(from)).await?;
                io::Result::Ok(file.take(bytes))
            };
            open.await.map(stream_file).map_err(failed(key, "read"))
        })
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, ObjectError>> {
        Box::pin(async move {
            let look = async { fs::try_exists(self.path(key)?).await };
            look.await.map_err(failed(key, "read"))
        })
    }

    fn bytes<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<u64>, ObjectError>> {
        Box::pin(async move {
            let look = async { fs::metadata(self.path(key)?).await };
            match look.await {
                Ok(metadata) => Ok(Some(metadata.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(failed(key, "read")(error)),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ObjectError>> {
        Box::pin(async move {
            let remove = async { fs::remove_file(self.path(key)?).await };
            match remove.await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other.map_err(failed(key, "deleted")),
            }
        })
    }

    fn list<'a>(
        &'a self,
        folder: &'a str,
        after: &'a str,
        max: usize,
    ) -> BoxFuture<'a, Result<Vec<Listed>, ObjectError>> {
        Box::pin(async move {
            let list = async {
                let (path, key, after) = (self.path(folder)?, folder.to_owned(), after.to_owned());
                let listing = tokio::task::spawn_blocking(move || {
                    let mut found = Vec::new();
                    walk(&path, &key, &mut found)?;
                    found.retain(|object| object.key > after);
                    found.sort_unstable_by(|one, other| one.key.cmp(&other.key));
                    found.truncate(max);
                    Ok(found)
                });
                listing.await.map_err(io::Error::other)?
            };
            list.await.map_err(failed(folder, "listed"))
        })
    }
}
